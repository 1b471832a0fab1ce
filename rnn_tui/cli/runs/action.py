"""The base of an action of `rnn-tui runs`, and the arguments that several actions share."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from rnn_tui.cli.commands import WHICH_RUN

Request = TypeVar("Request")


@dataclass(frozen=True, kw_only=True)
class Action(Generic[Request]):
    """Something to do with runs: `rnn-tui runs NAME`."""

    name: str
    help: str  #: its line in `rnn-tui runs --help`.
    description: str = ""  #: what its own help begins with; empty for none.
    examples: tuple[str, ...]  #: arguments that its own help ends with.
    add_arguments: Callable[[argparse.ArgumentParser], None]
    read: Callable[[argparse.Namespace], Request]  #: what the options ask for.
    perform: Callable[[Request], int]  #: does it and shows the result; returns the exit code.

    def run(self, options: argparse.Namespace) -> int:
        """Do what the options ask for; returns the exit code."""
        return self.perform(self.read(options))


def add_run(parser: argparse.ArgumentParser) -> None:
    """Take one run."""
    parser.add_argument("run", metavar="RUN", help=WHICH_RUN)


def add_runs(
    parser: argparse.ArgumentParser, *, metavar: str = "RUN", may_be_none: bool = False
) -> None:
    """Take several runs; at least one unless there `may_be_none`."""
    parser.add_argument("runs", nargs="*" if may_be_none else "+", metavar=metavar, help=WHICH_RUN)


def add_json(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Take `--json`, which the command has as well."""
    parser.add_argument(
        "--json",
        action="store_true",
        # a default would overrule the same option before the action
        default=argparse.SUPPRESS,
        help=help_text,
    )
