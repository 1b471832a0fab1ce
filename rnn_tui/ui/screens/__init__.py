"""Screens that come up over the tabs."""
