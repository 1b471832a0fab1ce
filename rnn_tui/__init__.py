"""rnn-tui: train, watch and question small recurrent networks in the terminal."""

import os

__version__ = "0.1.0"
# Or the LSTM does not repeat itself on CUDA, which reads this as it is loaded: so before anything
# can import torch.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")
