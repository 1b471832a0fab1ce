"""One pane for each task: what its tab holds."""
