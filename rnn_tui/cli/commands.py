"""The commands of `rnn-tui` in one list, and their parser. A new one is a module, imported by
nothing else, and a line here.
"""

import argparse
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast

from rnn_tui import __version__
from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.paths import HOME_VARIABLE, log_file
from rnn_tui.engine.settings import Setting
from rnn_tui.runs import LAST


@dataclass(frozen=True)
class Command:
    """A command, whose module has two functions.

    `add_arguments(parser)` says what it takes, and describes it. `run(options)` does that, and
    returns the exit code, one of `rnn_tui.cli.output`. `options.complain` ends it as wrong usage,
    with a sentence; that of a `UserError` is printed.
    """

    name: str  #: what is typed for it.
    help: str  #: its line in `rnn-tui --help`.
    module: str  #: the full name of its module.
    aliases: tuple[str, ...] = ()  #: other names for it, such as one that it had before.


COMMANDS = [
    Command("train", "train without the app, or go on with a run", "rnn_tui.cli.train"),
    Command("recall", "ask a network which digit stood at a position", "rnn_tui.cli.recall"),
    Command("add", "ask a network to add two numbers", "rnn_tui.cli.add"),
    Command("predict", "read photos of digits", "rnn_tui.cli.predict"),
    Command("inspect", "look inside a network while it reads one input", "rnn_tui.cli.inspect"),
    Command("runs", "list, show, compare, watch, stop, export or delete runs", "rnn_tui.cli.runs"),
    Command(
        "sweep",
        "train one task with many settings, on this machine or on many",
        "rnn_tui.cli.sweep",
    ),
    Command(
        "report",
        "train the report's networks over seeds, and hold its figures against ours "
        "(reproduce is its old name)",
        "rnn_tui.cli.report",
        aliases=("reproduce",),
    ),
    Command("serve", "serve the app to browsers", "rnn_tui.cli.serve"),
    Command(
        "config", "print where the settings of the app lie, and what holds", "rnn_tui.cli.config"
    ),
    Command(
        "completion",
        "print what makes a shell complete commands, options and runs",
        "rnn_tui.cli.completion",
    ),
]


def register(command: Command) -> None:
    """Add a command; a ValueError if another one has its name."""
    taken = {name for other in COMMANDS for name in (other.name, *other.aliases)}
    if not taken.isdisjoint((command.name, *command.aliases)):
        raise ValueError(f"There is a command of the name {command.name} already.")
    COMMANDS.append(command)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line, or exit with code 2 and a sentence; `options.command` is None without
    one, `perform` does it.
    """
    options, others = (parser := build_parser()).parse_known_args(arguments)
    # argparse takes the words of a question from one place only; options may stand among them.
    if "query" in options and not any(word.startswith("-") for word in others):
        options.query += others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    return options


class Parser(argparse.ArgumentParser):
    """argparse: what was typed is harmless when shown again; no abbreviations, whose meaning would
    change with new options.
    """

    examples: tuple[str, ...] = ()  # command lines that its help ends with

    def __init__(self, *arguments: Any, command: Command | None = None, **keywords: Any) -> None:
        self._command, self._begin = (
            command,
            partial(super().__init__, *arguments, **{"allow_abbrev": False, **keywords}),
        )
        # else it is made on first use, when it learns its options from the command's module
        if command is None:
            self._begin()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        super().error(printable(message, 400))

    def complete(self) -> None:
        """Make it, and add the command's options, where that is still to be done."""
        if self._command is not None:
            module, self._command = importlib.import_module(self._command.module), None
            self._begin()
            self.set_defaults(complain=self.error, perform=module.run)
            module.add_arguments(self)

    def parse_known_args(self, *arguments: Any, **keywords: Any) -> Any:
        """Read its part of the command line."""
        self.complete()
        return super().parse_known_args(*arguments, **keywords)

    def format_help(self) -> str:
        """What `--help` prints."""
        self.complete()
        shown = "".join(f"  {one}\n" for one in self.examples)
        return super().format_help() + (f"\nexamples:\n{shown}" if shown else "")


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    log = printable(log_file(), 500)
    parser = Parser(
        prog="rnn-tui",
        description="Train, watch and question small recurrent networks in the terminal. Without a "
        "command, the app starts.",
        epilog=f"Log file: {log}. {HOME_VARIABLE} moves all that is written.",
    )
    add_examples(parser, "rnn-tui train recall --preset fast", "rnn-tui add 1011 110")
    parser.add_argument("--version", action="version", version=f"rnn-tui {__version__}")
    parser.add_argument(
        "--data-dir", metavar="DIR", help="a torchvision root for the app to read the data from"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=parser.prog)
    for command in COMMANDS:
        commands.add_parser(
            command.name, help=command.help, aliases=command.aliases, command=command
        )
    return parser


# what names a run; `RunStore.find` reads it
WHICH_RUN = f"its id, the beginning of it, its name, or {LAST}"
# where one in training, or cut off, can't do
WHICH_FINISHED_RUN = f"{WHICH_RUN}, which is the newest finished one"


def add_examples(parser: argparse.ArgumentParser, *examples: str) -> None:
    """End the help of `parser` with command lines, which tests/cli/test_examples.py runs as they
    stand.
    """
    cast("Parser", parser).examples = examples


def add_setting(
    parser: argparse.ArgumentParser,
    setting: Setting,
    text: str,
    *names: str,
    default: Any = None,
    metavar: str = "",
) -> None:
    """Add an option that is a setting, checked as in a form; `text` is its help, names and metavar
    are by default its own.
    """
    option = names or setting.option_names
    read, metavar = partial(_read, setting), metavar or setting.placeholder
    parser.add_argument(
        *option, dest=setting.name, type=read, default=default, metavar=metavar, help=text
    )


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.parse(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_output_options(
    parser: argparse.ArgumentParser,
    quiet: str = "print the result and errors only",
    prefix: str = "",
) -> None:
    """Add `--json` and `--quiet`, with a `prefix` before their names in the result."""
    parser.add_argument(
        "--json", action="store_true", dest=f"{prefix}json", help="print one JSON document"
    )
    parser.add_argument("--quiet", action="store_true", dest=f"{prefix}quiet", help=quiet)


def check_resuming(options: argparse.Namespace, task: str | None, missing: str, whose: str) -> None:
    """Have a task, or what goes on, whose options are then the command's; `missing` and `whose`
    name both to the user.
    """
    resuming = {
        name.removeprefix("resume_"): one
        for name, one in vars(options).items()
        if name.startswith("resume_")
    }
    if task is not None:
        if options.resume is not None:
            options.complain(f"--resume takes no TASK: the {whose}'s own settings go on")
        if any(resuming.values()):
            options.complain("options of a TASK stand behind it")
    elif options.resume is None:
        options.complain(f"the following arguments are required: {missing}")
    else:
        vars(options).update(resuming)


def read_path(text: str) -> Path:
    """A path as typed; a SettingError if it can be none."""
    if "\0" in text or not text:
        raise SettingError(f"“{printable(text)}” is not a path.")
    return Path(text)
