"""Runs the command line in processes that are forked with PyTorch loaded, for `kills`.

A line of JSON on stdin has the arguments. A process starts with them, and its number is printed.
After another line on stdin its exit code is printed, which is -9 where it was killed.
"""

import json
import os
import sys

# All that a training imports: a process that is to be killed must not spend its life with that.
import rnn_tui.archive.training
import rnn_tui.cli.commands
import rnn_tui.cli.results
import rnn_tui.cli.train  # noqa: F401
from rnn_tui.cli.main import main as rnn_tui_main
from rnn_tui.engine.training import loop
from rnn_tui.tasks import TASKS

# Epochs of small runs take a fraction of a second; checkpoints in between are to be killed too.
CHECKPOINT_SECONDS = 0.03


def train(arguments: list[str]) -> None:
    """Run the command, and end the process."""
    code = 70
    try:
        quiet = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(quiet, stream)
        loop.CHECKPOINT_SECONDS = CHECKPOINT_SECONDS
        code = rnn_tui_main(arguments)
    finally:
        os._exit(code)


def main() -> None:
    """Start a process for each request, until stdin ends."""
    for task in TASKS.values():
        task.load()
    while line := sys.stdin.readline():
        child = os.fork()
        if child == 0:
            train(json.loads(line))
        print(child, flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
