"""What happens inside a network while it reads: states, gates, probes. No face in here.

Results are frozen records of numpy arrays, which any face can draw or print. PyTorch and
scikit-learn are loaded when a function needs them, not before.
"""
