"""Files of sequences: one module reads one format."""
