"""The app in the browser: a server whose every page is a process of the app's own.

What runs in the browser is textual-serve's; its server is not used: it starts a shell, prints, and
waits without end for whoever has gone.
"""
