"""The commands of `rnn-tui`, in one list: a new one is a module and a line here.

A command's module is imported when the command is used: neither `rnn-tui --help` nor another
command pays for it.
"""

from __future__ import annotations

import argparse
import importlib
from dataclasses import dataclass
from typing import Protocol, cast


class CommandModule(Protocol):
    """What a command's module has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command takes, and describe it: `parser` knows its name only."""
        ...

    def run(self, options: argparse.Namespace) -> int:
        """Do what was asked for.

        Args:
            options: what was typed. `options.complain` ends the command as wrong usage, with a
                sentence.

        Returns:
            the exit code, one of those in `rnn_tui.cli.output`.

        Raises:
            UserError: if it can't be done; its sentence is printed.
        """
        ...


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        name: what is typed for it.
        help: its line in `rnn-tui --help`.
        module: the full name of its module, a `CommandModule`.
        aliases: other names for it, such as one that it had before.
    """

    name: str
    help: str
    module: str
    aliases: tuple[str, ...] = ()

    def load(self) -> CommandModule:
        """Import its module."""
        return cast("CommandModule", importlib.import_module(self.module))


COMMANDS = [
    Command("train", "train without the app, or go on with a run", "rnn_tui.cli.train"),
    Command("recall", "ask a network which digit stood at a position", "rnn_tui.cli.recall"),
    Command("add", "ask a network to add two numbers", "rnn_tui.cli.add"),
    Command("predict", "read photos of digits", "rnn_tui.cli.predict"),
    Command("inspect", "look inside a network while it reads one input", "rnn_tui.cli.inspect"),
    Command("runs", "list, show, compare, export, rename or delete runs", "rnn_tui.cli.runs"),
    Command("report", "train the report's networks over seeds, and hold its figures against ours "
            "(reproduce is its old name)", "rnn_tui.cli.report", aliases=("reproduce",)),
]  # fmt: skip


def register(command: Command) -> None:
    """Add a command.

    Raises:
        ValueError: if another one has its name.
    """
    taken = {name for other in COMMANDS for name in (other.name, *other.aliases)}
    if not taken.isdisjoint((command.name, *command.aliases)):
        raise ValueError(f"There is a command of the name {command.name} already.")
    COMMANDS.append(command)


def find(name: str) -> Command:
    """The command of that name, or with that alias.

    Raises:
        KeyError: if there is none.
    """
    for command in COMMANDS:
        if name in (command.name, *command.aliases):
            return command
    raise KeyError(name)
