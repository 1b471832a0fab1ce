"""Reusable widgets, each independent of the training engine's state."""
