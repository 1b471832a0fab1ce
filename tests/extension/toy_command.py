"""A command: how many runs of each task there are.

As every command it reads its options into a frozen request, does what that asks for, and shows the
result: three functions, of which the first alone sees the options.
"""

import argparse
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from rnn_tui.archive.store import RunStore
from rnn_tui.cli.commands import add_examples
from rnn_tui.cli.output import OK


@dataclass(frozen=True)
class CountRequest:
    """Count runs."""

    at_least: int  #: leave out tasks with fewer.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One option."""
    parser.description = "Count the runs of every task."
    add_examples(parser, "rnn-tui count", "rnn-tui count --at-least 2")
    parser.add_argument("--at-least", type=int, default=1, metavar="N", help="leave out fewer")


def run(options: argparse.Namespace) -> int:
    """Print a line a task; returns the exit code."""
    request = read_request(options)
    counts = count(request)
    show(counts)
    return OK


def read_request(options: argparse.Namespace) -> CountRequest:
    """What the options ask for; ends the command where that makes no sense."""
    if options.at_least < 0:
        options.complain("--at-least must not be below 0")
    return CountRequest(options.at_least)


def count(request: CountRequest) -> Mapping[str, int]:
    """How many runs there are, by task."""
    with RunStore() as store:
        counts = Counter(run.config.task for run in store.runs())
    return {task: number for task, number in counts.items() if number >= request.at_least}


def show(counts: Mapping[str, int]) -> None:
    """Print a line a task."""
    for task, number in sorted(counts.items()):
        print(f"{task} {number}")
