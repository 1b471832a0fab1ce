"""The parser of the command line, and what the options of several commands share.

A module of its own, so that the app starts without it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rnn_tui import __version__
from rnn_tui.cli.commands import COMMANDS, Command
from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.paths import HOME_VARIABLE, log_file
from rnn_tui.engine.settings import Setting
from rnn_tui.runs import LAST

# What names a run; `RunStore.find` reads it.
WHICH_RUN = f"its id, the beginning of it, its name, or {LAST}"
# Where a run that is in training, or was cut off, can't do.
WHICH_FINISHED_RUN = f"{WHICH_RUN}, which is the newest finished one"


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with code 2 and a sentence where it is wrong.

    `options.command` is the name that was typed; None without a command.
    """
    parser = build_parser()
    options, others = parser.parse_known_args(arguments)
    # argparse takes the words of a question from one place only; options may stand among them.
    if "query" in options and not any(word.startswith("-") for word in others):
        options.query += others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    return options


class Parser(argparse.ArgumentParser):
    """argparse, with what was typed made harmless before it is shown again; no abbreviations.

    Those would change their meaning with every option that is added.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **keywords})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        super().error(printable(message, 400))


class _CommandParser(Parser):
    """The parser of a command, which learns its options from the command's module on first use."""

    command: Command | None = None

    def complete(self) -> None:
        """Add the options."""
        if self.command is not None:
            module, self.command = self.command.load(), None
            self.set_defaults(complain=self.error)
            module.add_arguments(self)

    def parse_known_args(self, *arguments: Any, **keywords: Any) -> Any:
        """Read the command's part of the command line."""
        self.complete()
        return super().parse_known_args(*arguments, **keywords)

    def format_help(self) -> str:
        """What `--help` prints."""
        self.complete()
        return super().format_help()


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = Parser(
        prog="rnn-tui",
        description="Train, watch and question small recurrent networks in the terminal. "
        "Without a command, the app starts.",
        epilog=f"Log file: {log_file()}. {HOME_VARIABLE} moves all that is written.",
    )
    parser.add_argument("--version", action="version", version=f"rnn-tui {__version__}")
    parser.add_argument(
        "--data-dir", metavar="DIR", help="a torchvision root for the app to read the data from"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_CommandParser)
    for command in COMMANDS:
        commands.add_parser(
            command.name, help=command.help, aliases=command.aliases
        ).command = command
    return parser


def read_by(setting: Setting) -> Callable[[str], Any]:
    """The `type` of an option that is a setting: the same check and sentence as in a form."""

    def read(text: str) -> Any:
        try:
            return setting.parse(text)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def add_output_options(
    parser: argparse.ArgumentParser,
    quiet: str = "print the result and errors only",
    prefix: str = "",
) -> None:
    """Add `--json` and `--quiet`.

    Args:
        parser: where to add them.
        quiet: what the latter does.
        prefix: before their names in the result.
    """
    parser.add_argument(
        "--json", action="store_true", dest=f"{prefix}json", help="print one JSON document"
    )
    parser.add_argument("--quiet", action="store_true", dest=f"{prefix}quiet", help=quiet)


def read_path(text: str) -> Path:
    """A path as typed.

    Raises:
        SettingError: if it can be none.
    """
    if "\0" in text or not text:
        raise SettingError(f"“{printable(text)}” is no path.")
    return Path(text)
