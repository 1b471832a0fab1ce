"""The options of the command line, one parser for all commands.

A module of its own, so that the app starts without it.
"""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from rnn_tui import __version__
from rnn_tui.cli.ask import options as questions
from rnn_tui.cli.inspect import options as inspection
from rnn_tui.cli.predict import options as predict
from rnn_tui.cli.report import options as rerun
from rnn_tui.cli.runs import options as runs
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.paths import HOME_VARIABLE, log_file
from rnn_tui.engine.settings import DEVICES, WORKERS, Setting
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

# Lists are given once, so their options are in the singular like those of other settings.
OPTIONS = {
    "hidden_sizes": ("--hidden-size", "--hidden-sizes"),
    "losses": ("--loss", "--losses"),
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; exits with code 2 and a sentence where it is wrong."""
    parser = build_parser()
    options, others = parser.parse_known_args(arguments)
    # argparse takes the words of a question from one place only; options may stand among them.
    if "query" in options and not any(word.startswith("-") for word in others):
        options.query += others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    if options.command == "train":
        _check_train(options)
    return options


def _check_train(options: argparse.Namespace) -> None:
    """What argparse can't say: a task, or a run to go on with, and its options with it."""
    resuming = {name: getattr(options, f"resume_{name}") for name in ("json", "quiet", "output")}
    if options.task is None:
        if options.resume is None:
            options.complain("the following arguments are required: TASK")
        vars(options).update(resuming)
    elif options.resume is not None:
        options.complain("--resume takes no TASK: the run's own settings go on")
    elif any(resuming.values()):
        options.complain("options of a TASK stand behind it")


class _Parser(argparse.ArgumentParser):
    """argparse, with what was typed made harmless before it is shown again; no abbreviations.

    Those would change their meaning with every option that is added.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **{"allow_abbrev": False, **keywords})

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with code 2."""
        super().error(printable(message, 400))


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = _Parser(
        prog="rnn-tui",
        description="Train, watch and question small recurrent networks in the terminal. "
        "Without a command, the app starts.",
        epilog=f"Log file: {log_file()}. {HOME_VARIABLE} moves all that is written.",
    )
    parser.add_argument("--version", action="version", version=f"rnn-tui {__version__}")
    parser.add_argument(
        "--data-dir", metavar="DIR", help="a torchvision root for the app to read the data from"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    train = commands.add_parser(
        "train",
        help="train without the app, or go on with a run",
        description="Train a network without the app, or go on with a run that was cut off.",
    )
    train.set_defaults(complain=train.error)
    train.add_argument(
        "--resume", metavar="RUN",
        help="go on with this run from its last checkpoint: its id, the beginning of it, its name, "
        "or last; it ends as if it had never been cut off",
    )  # fmt: skip
    _add_output(train, "resume_")
    tasks = train.add_subparsers(dest="task", metavar="TASK")
    for task in TASKS.values():
        _add_task(tasks, task)
    questions.add_commands(commands, _reader)
    predict.add_command(commands)
    inspection.add_command(commands, _reader)
    runs.add_command(commands, list(TASKS))
    rerun.add_command(commands, _reader)
    return parser


def _add_task(tasks: "argparse._SubParsersAction[_Parser]", task: Task) -> None:
    presets = " ".join(f"{preset.name}: {preset.summary}" for preset in task.presets)
    parser = tasks.add_parser(
        task.name,
        help=f"train on {task.label}",
        description=f"Train on {task.label}. A setting left out is the preset's.",
        epilog=f"Presets. {presets}",
    )
    if len(task.cells) > 1:
        parser.add_argument(
            "--model", choices=task.cells, default=task.default_cell, help="default: %(default)s"
        )
    parser.add_argument(
        "--preset", choices=[preset.name for preset in task.presets], default=task.default_preset,
        help="a named recipe (default: %(default)s)",
    )  # fmt: skip
    for setting in task.adjustable:
        parser.add_argument(
            *OPTIONS.get(setting.name, (f"--{setting.name.replace('_', '-')}",)),
            dest=setting.name,
            type=_reader(setting),
            metavar=setting.placeholder,
            help=f"{setting.help}; {setting.range_text}",
        )
    if task.augmentations:
        parser.add_argument(
            "--augment", choices=task.augmentations,
            help="distort training images in this way, in place of the preset's",
        )  # fmt: skip
    parser.add_argument("--device", choices=DEVICES, default="auto", help="default: %(default)s")
    parser.add_argument(
        "--workers", type=_reader(WORKERS), default=0, metavar="N",
        help=f"{WORKERS.help}, {WORKERS.range_text} (default 0: the cores, at most 4); "
        "results repeat bit for bit only with the same number",
    )  # fmt: skip
    if task.reads_data:
        parser.add_argument(
            "--data-dir",
            metavar="DIR",
            default=argparse.SUPPRESS,  # or it would overrule the same option before the command
            help="a torchvision root to read the data from",
        )
        parser.add_argument(
            "--extra-data",
            metavar="FILE",
            help="further training images: an NPZ file with images and labels, or an IDX file of "
            "images with its labels beside it",
        )
        start = parser.add_mutually_exclusive_group()
        start.add_argument(
            "--start-from",
            metavar="FILE",
            help="start from these weights, or from those that ship if FILE is pretrained",
        )
        start.add_argument(
            "--start-from-run",
            metavar="RUN",
            help="start from the weights of this run: its id, its name, or last",
        )
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser, prefix: str = "") -> None:
    """The options on what comes out of training.

    Args:
        parser: where to add them.
        prefix: before their names in the result, since the same options stand in two places.
    """
    parser.add_argument(
        "--output", metavar="FILE", dest=f"{prefix}output",
        help="write the trained weights to this file as well",
    )  # fmt: skip
    parser.add_argument(
        "--json", action="store_true", dest=f"{prefix}json", help="print one JSON document"
    )
    parser.add_argument(
        "--quiet", action="store_true", dest=f"{prefix}quiet", help="print the result only"
    )


class _reader:
    """Reads an option with the same check and sentence as the form's field."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def __call__(self, text: str) -> Any:
        try:
            return self._setting.parse(text)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None
