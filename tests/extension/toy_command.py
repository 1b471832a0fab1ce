"""A command: how many runs of each task there are."""

import argparse
from collections import Counter

from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.output import OK
from rnn_tui.runs.store import RunStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option."""
    parser.description = "Count the runs of every task."
    add_examples(parser, "rnn-tui count", "rnn-tui count --at-least 2")
    parser.add_argument("--at-least", type=int, default=1, metavar="N", help="leave out fewer")


def run(options: argparse.Namespace) -> int:
    """Print a line a task."""
    if options.at_least < 0:
        options.complain("--at-least must not be below 0")
    with RunStore() as store:
        counts = Counter(run.config.task for run in store.runs())
    for task, count in sorted(counts.items()):
        if count >= options.at_least:
            print(f"{task} {count}")
    return OK
