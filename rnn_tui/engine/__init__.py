"""The engine: one training loop and its events, known to no user interface."""
