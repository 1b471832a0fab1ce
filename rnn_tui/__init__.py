"""rnn-tui: train, watch and question small recurrent networks in the terminal."""

import os

__version__ = "0.1.0"

# Without it, results of the LSTM on CUDA differ from time to time. CUDA reads it as it starts, and on Windows as it is loaded:
# so it stands here, before anything can import torch. (NVIDIA, cuBLAS: Results reproducibility.)
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:2")
