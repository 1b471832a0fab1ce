"""Whole processes, from start to end: `rnn-tui add 1011 110`, and other short commands, against
`python -c "import numpy"`.

An answer can't come sooner than NumPy is there. `add` takes both ways of starting, into a pipe and
with no runs; and on a terminal, where it has colours, with a run to ask in a database. `PYTHON` and
its environment are the same for all. Target: an answer in at most 2 times the time of NumPy. The
shortest training, which comes to little more than its start, is held against `python -c "import
torch"`.
"""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

from _common import machine, median, parser, spread, take_turns, temporary_home, verdict

TARGET = 2.0
NUMPY, TORCH = ([sys.executable, "-c", f"import {library}"] for library in ("numpy", "torch"))
MODULE, SCRIPT = [sys.executable, "-m", "rnn_tui"], [str(Path(sys.executable).with_name("rnn-tui"))]
SUM = ["add", "1011", "110"]
ANSWERS = {"python -m rnn_tui add": [*MODULE, *SUM], "rnn-tui add": [*SCRIPT, *SUM]}
SHORT = [
    "--preset",
    "fast",
    "--epochs",
    "1",
    "--seeds",
    "1",
    "--hidden-size",
    "2",
    "--batch-size",
    "10",
]
TRAINING = [
    *SCRIPT,
    "train",
    "recall",
    *SHORT,
    "--training-size",
    "20",
    "--test-size",
    "20",
    "--quiet",
]
ON_TERMINAL = "rnn-tui add, terminal, runs"
OTHERS = {f"rnn-tui {word}": [*SCRIPT, word] for word in ("--version", "--help", "runs")}


def seconds(command: list[str], home: Path, *, terminal: bool = False) -> float:
    """Seconds from the start of `command` to its end, its output read and thrown away."""
    environment = os.environ | {"RNN_TUI_HOME": str(home), "TERM": "xterm-256color"}
    # Every start but the first finds the modules compiled.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ours, theirs = pty.openpty() if terminal else os.pipe()
    began = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        try:
            while os.read(ours, 65536):
                pass
        except OSError:  # what a terminal that is closed says on Linux
            pass
        if process.wait() != 0:
            raise SystemExit(f"{command} failed")
    taken = time.perf_counter() - began
    os.close(ours)
    return taken


def main() -> None:
    """Measure and print."""
    arguments = parser(__doc__, rounds=25).parse_args()
    with temporary_home() as home:
        print(machine())
        none, runs = home / "none", home / "runs"
        seconds([*MODULE, "train", "adder", "--seeds", "1"], runs)
        contenders = {"import numpy": lambda: seconds(NUMPY, none)}
        contenders |= {
            name: lambda command=command: seconds(command, none)
            for name, command in ANSWERS.items()
        }
        contenders[ON_TERMINAL] = lambda: seconds([*SCRIPT, *SUM], runs, terminal=True)
        contenders |= {
            name: lambda command=command: seconds(command, runs) for name, command in OTHERS.items()
        }
        contenders |= {
            "import torch": lambda: seconds(TORCH, none),
            "train recall": lambda: seconds(TRAINING, none),
        }
        take_turns(contenders, 2)  # for the file cache, and the modules compiled
        taken = take_turns(contenders, arguments.rounds)
    numpy = median(taken["import numpy"])
    for name, values in taken.items():
        ratio = median(values) / numpy
        text = f"{ratio:.3f}"
        if name in (*ANSWERS, ON_TERMINAL):
            text = verdict(ratio, TARGET, at_most=True)
        print(
            f"{name:28} {1000 * median(values):6.1f} ms "
            f"({spread([1000 * value for value in values])}), of NumPy's {text}"
        )
    print(
        "train recall, of PyTorch's "
        f"{median(taken['train recall']) / median(taken['import torch']):.2f}"
    )


if __name__ == "__main__":
    main()
