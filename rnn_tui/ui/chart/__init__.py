"""Charts: pure functions first, the widget that draws last."""
