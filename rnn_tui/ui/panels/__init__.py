"""Parts of a pane: the form, and one view for each thing to look at."""
