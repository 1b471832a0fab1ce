"""The app: its tabs, keys, palette, preferences, and its end. Only the command line imports it."""
