"""Questions to trained networks: the prompt and the calculator."""
