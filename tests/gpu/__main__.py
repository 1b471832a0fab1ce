"""All that a GPU is wanted for: `python -m tests.gpu` names it, runs the tests, then the
benchmark.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rnn_tui.engine.training.devices import devices_here, gpus_in_words

HERE = Path(__file__).parent
VARIABLE = "RNN_TUI_TEST_DEVICE"  # as in `device`, which can't be imported where there is none


def main() -> int:
    """Returns 2 where there is no device, 1 where a test failed, else what the benchmark
    returns.
    """
    device = os.environ.get(VARIABLE) or devices_here()[0]
    if device == "cpu" and VARIABLE not in os.environ:
        print(
            f"PyTorch {torch.__version__} finds no CUDA or MPS device here; run this on a "
            "machine with one.",
            file=sys.stderr,
        )
        return 2
    print(
        gpus_in_words().get(device, device),
        f"PyTorch {torch.__version__}, CUDA {torch.version.cuda}",
        sep="; ",
        flush=True,
    )
    if pytest.main([str(HERE), "-q", "-rs", "-p", "no:cacheprovider", *sys.argv[1:]]):
        return 1
    benchmark = HERE.parent / "benchmarks" / "bench_gpu.py"
    return subprocess.run([sys.executable, benchmark, "--device", device], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
