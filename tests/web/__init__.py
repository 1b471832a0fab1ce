"""Pages in a browser: the app behind pipes, the server, a real browser."""
