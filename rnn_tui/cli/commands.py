"""The commands of `rnn-tui` in one list, and their parser.

A new command is a module and a line in `COMMANDS`.
"""

import argparse
import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast

from rnn_tui import __version__
from rnn_tui.archive import LAST
from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.files.paths import HOME_VARIABLE, log_file
from rnn_tui.engine.settings import Setting
from rnn_tui.engine.suggestions import did_you_mean


@dataclass(frozen=True)
class Command:
    """A command, whose module has two functions.

    `add_arguments(parser)` describes the command and says what it takes; with a second argument it
    does so for a part of it, which is a command, too. `run(options)` reads the options into a
    frozen request, does what it asks for, shows the result, and returns the exit code, one of
    `rnn_tui.cli.output`. `options.complain(sentence)` ends it as wrong usage; the sentence of a
    `UserError` is printed.
    """

    name: str  #: what is typed for it.
    help: str  #: its line in `rnn-tui --help`.
    module: str  #: the full name of its module.
    aliases: tuple[str, ...] = ()  #: other names for it, such as an earlier one.
    #: the word after the module's own command that it stands for, such as `adder` of `ask adder`;
    #: empty for the whole of the module.
    of: str = ""


#: a word of a question that begins like an option.
MOST_LISTED = 12  # choices that a complaint lists
NEGATIVE_NUMBER = re.compile(r"-(\d|\.\d).*")

COMMANDS = [
    Command("train", "train without the app, or resume a run", "rnn_tui.cli.train"),
    Command("ask", "ask trained networks of any task", "rnn_tui.cli.ask"),
    Command("recall", "ask a network for the digit at a position", "rnn_tui.cli.ask", of="recall"),
    Command("add", "ask a network to add two numbers", "rnn_tui.cli.ask", of="adder"),
    Command("predict", "read photos of digits", "rnn_tui.cli.predict"),
    Command("inspect", "look inside a network while it reads one input", "rnn_tui.cli.inspect"),
    Command("runs", "list, show, compare, watch, stop, export or delete runs", "rnn_tui.cli.runs"),
    Command(
        "sweep",
        "train one task with many settings, on this machine or on many",
        "rnn_tui.cli.sweep",
    ),
    Command(
        "data",
        "show how a file of sequences is understood; list and delete data sets",
        "rnn_tui.cli.data",
    ),
    Command("papers", "list the papers whose experiments can be rerun", "rnn_tui.cli.papers"),
    Command(
        "rerun",
        "retrain a paper's networks with several seeds and compare the results",
        "rnn_tui.cli.rerun",
    ),
    Command(
        "report",
        "rerun the first paper, which is a course report (also called reproduce)",
        "rnn_tui.cli.rerun",
        aliases=("reproduce",),
        of="course-report",
    ),
    Command("serve", "serve the app to browsers", "rnn_tui.cli.serve"),
    Command(
        "config", "print the settings of the app, and where their file is", "rnn_tui.cli.config"
    ),
    Command(
        "completion",
        "print a script that completes commands, options and runs in a shell",
        "rnn_tui.cli.completion",
    ),
]


def register(command: Command) -> None:
    """Add a command.

    Raises:
        ValueError: if there is a command of this name.
    """
    taken = {name for other in COMMANDS for name in (other.name, *other.aliases)}
    if not taken.isdisjoint((command.name, *command.aliases)):
        raise ValueError(f"There is a command of the name {command.name} already.")
    COMMANDS.append(command)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line, or exit with code 2 and a sentence.

    Returns:
        The options. `command` is what was typed for the command, None for none; `perform` is the
        function that does it.
    """
    parser = build_parser()
    return parser.parse_args(arguments)


class Parser(argparse.ArgumentParser):
    """argparse, which shows what was typed without control characters.

    It takes no abbreviations of options, since a new option would change their meaning. With a
    `command` it is made on first use, when it learns its options from the command's module.
    """

    examples: tuple[str, ...] = ()  #: command lines that its help ends with.
    #: its subcommands by the options that choose them, wherever these stand.
    chosen_by_option: Mapping[str, str] = {}

    def __init__(self, *arguments: Any, command: Command | None = None, **keywords: Any) -> None:
        self._command = command  #: whose options are still to be added; None once they are.
        self._typed: Sequence[str] | None = ()  #: the words that it reads.
        keywords.setdefault("allow_abbrev", False)
        self._initialise = partial(super().__init__, *arguments, **keywords)
        if command is None:
            self._initialise()

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        super().error(printable(message, 400))

    def complete(self) -> None:
        """Make it, and add the command's options, if that is still to be done."""
        if self._command is None:
            return
        command, self._command = self._command, None
        module = importlib.import_module(command.module)
        self._initialise()
        self.set_defaults(complain=self.error, perform=module.run)
        if command.of:
            module.add_arguments(self, command.of)
        else:
            module.add_arguments(self)

    def parse_known_args(self, *arguments: Any, **keywords: Any) -> Any:
        """Read its part of the command line.

        What it does not know ends the program here, so that the usage is that of the command.
        """
        self.complete()
        self._typed = arguments[0] if arguments else ()
        if arguments:
            words, *others = arguments
            arguments = (self._with_subcommand(words), *others)
        options, remaining = super().parse_known_args(*arguments, **keywords)
        # argparse takes the words of a question from one place only; options may come between them.
        words_end = remaining.index("--") if "--" in remaining else len(remaining)
        if "query" in options and not any(map(_is_option, remaining[:words_end])):
            options.query += remaining[:words_end] + remaining[words_end + 1 :]
        elif remaining:
            self.error(f"unrecognized arguments: {' '.join(remaining)}{self._hint(remaining)}")
        return options, []

    def _with_subcommand(self, words: Sequence[str] | None) -> Sequence[str] | None:
        """Return what was typed, after the subcommand that one of its options chooses."""
        for word in words or ():
            if word == "--":
                break
            subcommand = self.chosen_by_option.get(word.partition("=")[0])
            if subcommand is not None and words is not None:
                return words if words[0] == subcommand else [subcommand, *words]
        return words

    def _hint(self, words: Sequence[str]) -> str:
        """Return what the first of these options may have been meant to be."""
        mistyped = next((word for word in words if word.startswith("-")), "")
        if not mistyped and "--grid" in self._option_string_actions and "=" in words[0]:
            return f" (did you mean “--grid {words[0]}”?)"
        return did_you_mean(mistyped.partition("=")[0], self._option_string_actions)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Check that a value is one of the choices, and else say which of them may be meant."""
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            hint = did_you_mean(str(value), map(str, action.choices or ()))
            option = self._unknown_option_before(value)
            if option and not action.option_strings:
                hint = f": options such as {option} come after {action.metavar}"
            message = error.message
            if len(list(action.choices or ())) > MOST_LISTED:
                message = f"invalid choice: {value!r}"
                hint = hint or " (--help lists what there is)"
            raise argparse.ArgumentError(action, f"{message}{hint}") from None

    def _unknown_option_before(self, value: Any) -> str:
        """Return the option that a word was typed as the value of, if it is none of this parser."""
        typed = list(self._typed or ())
        place = typed.index(value) if value in typed else 0
        option = typed[place - 1] if place else ""
        is_unknown = option.startswith("-") and option not in self._option_string_actions
        return option if is_unknown else ""

    def format_help(self) -> str:
        """Return the text that `--help` prints."""
        self.complete()
        text = super().format_help()
        if self.examples:
            text += "\nexamples:\n" + "".join(f"  {example}\n" for example in self.examples)
        return text


def _is_option(word: str) -> bool:
    """Return whether a word is an option, and no negative number."""
    return word.startswith("-") and NEGATIVE_NUMBER.fullmatch(word) is None


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    log = printable(log_file(), 500)
    parser = Parser(
        prog="rnn-tui",
        description="Train, watch and question small recurrent networks in the terminal. Without a "
        "command, the app starts.",
        epilog=f"Log file: {log}. The variable {HOME_VARIABLE} moves all files that are written.",
    )
    add_examples(parser, "rnn-tui train recall --preset fast", "rnn-tui add 1011 110")
    parser.add_argument("--version", action="version", version=f"rnn-tui {__version__}")
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        help="a folder with torchvision's MNIST files, for the app to read in place of the data "
        "that ships",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=parser.prog)
    for command in COMMANDS:
        commands.add_parser(
            command.name, help=command.help, aliases=command.aliases, command=command
        )
    return parser


#: the words that name a run; `RunStore.find` reads them.
WHICH_RUN = f"its id, the beginning of it, its name, or {LAST}"
#: the same for a run with weights that answer: none in training, none interrupted.
WHICH_FINISHED_RUN = f"{WHICH_RUN} for the newest finished one"


def add_examples(parser: argparse.ArgumentParser, *examples: str) -> None:
    """End the help of `parser` with command lines.

    tests/cli/test_examples.py asks for two of each command, tests/documents runs them.
    """
    cast("Parser", parser).examples = examples


def examples_of(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    """Return the command lines that the help of `parser` ends with."""
    return cast("Parser", parser).examples


def choose_by_option(parser: argparse.ArgumentParser, option: str, subcommand: str) -> None:
    """Let an option, wherever it stands, choose a subcommand, which has it as well."""
    main = cast("Parser", parser)
    main.chosen_by_option = {**main.chosen_by_option, option: subcommand}


def add_setting(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup",
    setting: Setting,
    help_text: str,
    *names: str,
    default: Any = None,
    metavar: str = "",
) -> None:
    """Add an option that is a setting, checked as in a form.

    Args:
        parser: takes the option, or a group of its options.
        setting: what it sets.
        help_text: its line in the help.
        names: of the option; without any, the setting's own.
        default: what holds without the option.
        metavar: what stands for the value in the help; empty for the setting's own.
    """
    option = names or setting.option_names
    parser.add_argument(
        *option,
        dest=setting.name,
        type=partial(_read, setting),
        default=default,
        metavar=metavar or setting.placeholder,
        help=help_text,
    )


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.parse(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_output_options(
    parser: argparse.ArgumentParser,
    quiet_help: str = "print the result and errors only",
    prefix: str = "",
) -> None:
    """Add `--json` and `--quiet`; `prefix` stands before their names in the namespace."""
    parser.add_argument(
        "--json", action="store_true", dest=f"{prefix}json", help="print one JSON document"
    )
    parser.add_argument("--quiet", action="store_true", dest=f"{prefix}quiet", help=quiet_help)


def check_resuming(options: argparse.Namespace, task: str | None, missing: str, noun: str) -> None:
    """Check that the command line has either a TASK or `--resume`.

    Some options exist both before TASK, for `--resume`, and after it. The names of the former begin
    with `resume_` in the namespace. If something is resumed, their values replace the others.

    Args:
        options: of the command line.
        task: what was typed for TASK; None for nothing.
        missing: what to ask for if there is neither.
        noun: what is resumed.
    """
    resume_options = {
        name.removeprefix("resume_"): value
        for name, value in vars(options).items()
        if name.startswith("resume_")
    }
    if task is not None:
        if options.resume is not None:
            options.complain(f"--resume takes no TASK: the {noun} keeps its own settings")
        if any(resume_options.values()):
            options.complain("options of a TASK come after it")
    elif options.resume is None:
        options.complain(f"the following arguments are required: {missing}")
    else:
        vars(options).update(resume_options)


def read_path(text: str) -> Path:
    """Return a path as typed; a SettingError if it can be none."""
    if "\0" in text or not text:
        raise SettingError(f"“{printable(text)}” is not a path.")
    return Path(text)
