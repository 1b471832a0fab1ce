"""What happens inside a network while it reads: states, gates, probes. No face in here.

Results are frozen records of numpy arrays; PyTorch and scikit-learn are loaded when a function needs them, not before.
"""
