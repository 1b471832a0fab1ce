"""The app in the browser, where textual-serve's scripts run: a server whose every page is a process
of the app's own.
"""
