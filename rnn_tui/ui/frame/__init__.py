"""The frame of panes: views and tabs, the footer of keys, requests to the app and its news."""
