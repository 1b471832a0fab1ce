"""The frame of the app: tabs, keys, messages, and what every place shares."""
