"""The app in the browser: a server whose every page is a process of the app's own.

What runs in the browser is textual-serve's, whose server starts a shell, prints, and waits for ever.
"""
