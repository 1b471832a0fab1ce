"""The terminal, Textual's faults and the names of keys: what all of the interface stands on."""
