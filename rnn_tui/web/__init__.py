"""The app in the browser, by the scripts of textual-serve.

Each page of the server is a process of the app's own.
"""
