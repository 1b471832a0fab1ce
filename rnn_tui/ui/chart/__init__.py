"""Charts: pure geometry first, the widget that draws last."""
