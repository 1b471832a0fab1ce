"""A network of one's own to look into: its file, what it reads, and both typed on a line."""
