"""The command `rnn-tui`: no arguments start the app, subcommands run without it.

Nothing heavy is imported here: `--help` must answer at once.
"""

import argparse
import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rnn_tui import __version__, exit_codes
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.settings import DEVICES, WORKERS, Setting
from rnn_tui.paths import HOME_VARIABLE, log_file
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.base import TaskSpec

# Lists are given once, so their options are in the singular like those of other settings.
OPTIONS = {
    "hidden_sizes": ("--hidden-size", "--hidden-sizes"),
    "losses": ("--loss", "--losses"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 2 for wrong usage, 1 for a failure."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    _start_log()
    try:
        if options.command is None:
            return _run_app(options.data_dir)
        return _train(options)
    except UserError as error:
        print(f"rnn-tui: {error}", file=sys.stderr)
        return exit_codes.USAGE
    except KeyboardInterrupt:
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exit_codes.FAILURE
    except Exception as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        print(
            f"rnn-tui: {type(error).__name__}: this is a fault of rnn-tui; "
            f"{log_file()} has the details.",
            file=sys.stderr,
        )
        return exit_codes.FAILURE


class _Parser(argparse.ArgumentParser):
    """argparse, with what was typed made harmless before it is shown again."""

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
        "train", help="train without the app", description="Train a network without the app."
    )
    tasks = train.add_subparsers(dest="task", metavar="TASK", required=True)
    for task in TASKS.values():
        _add_task(tasks, task)
    return parser


def _add_task(tasks: "argparse._SubParsersAction[_Parser]", task: TaskSpec) -> None:
    presets = "; ".join(f"{preset.name}: {preset.summary}" for preset in task.presets.values())
    parser = tasks.add_parser(
        task.name,
        help=f"train on {task.label}",
        description=f"Train on {task.label}. A setting left out is the preset's.",
        epilog=f"Presets. {presets}",
    )
    if len(task.models) > 1:
        parser.add_argument(
            "--model", choices=task.models, default=task.default_model, help="default: %(default)s"
        )
    parser.add_argument(
        "--preset", choices=list(task.presets), default=next(iter(task.presets)),
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
        "--output", metavar="FILE", help="write the trained weights to this file as well"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quiet", action="store_true", help="print the result only")


class _reader:
    """Reads an option with the same check and sentence as the form's field."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def __call__(self, text: str) -> Any:
        try:
            return self._setting.parse(text)
        except UserError as error:
            raise argparse.ArgumentTypeError(str(error)) from None


def _train(options: argparse.Namespace) -> int:
    from rnn_tui import headless  # noqa: PLC0415 - rich's progress bar, on use only

    task = TASKS[options.task]
    overrides = {name: getattr(options, name) for name in task.settings}
    if task.reads_data:
        overrides["data_dir"] = options.data_dir
    config = task.config(
        getattr(options, "model", task.default_model),
        options.preset,
        **overrides,
        device=options.device,
        workers=options.workers,
    )
    output = Path(options.output) if options.output else None
    return headless.train(config, as_json=options.json, quiet=options.quiet, output=output)


def _run_app(data_dir: str | None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(
            "rnn-tui: the app needs a terminal; see rnn-tui --help for commands that do not.",
            file=sys.stderr,
        )
        return exit_codes.USAGE
    from rnn_tui.ui.app import run  # noqa: PLC0415 - Textual, on use only

    return run(data_dir)


def _start_log() -> None:
    """Send log records to the log file; without one where it can't be written."""
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False
