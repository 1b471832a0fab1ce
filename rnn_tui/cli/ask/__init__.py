"""Questions to trained networks without the app, the headless face of the panels that ask.

Nothing here needs PyTorch, so that an answer takes a fraction of a second.
"""
