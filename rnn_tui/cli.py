"""The command `rnn-tui`: no arguments start the app, subcommands run without it.

Nothing heavy is imported here: `--help` must answer at once.
"""

import argparse
import io
import logging
import logging.handlers
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from rnn_tui import __version__, exit_codes
from rnn_tui.engine.errors import CheckpointError, UserError, printable
from rnn_tui.engine.settings import DEVICES, WORKERS, Setting
from rnn_tui.paths import HOME_VARIABLE, log_file
from rnn_tui.questions import options as questions
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.base import TaskSpec

# Lists are given once, so their options are in the singular like those of other settings.
OPTIONS = {
    "hidden_sizes": ("--hidden-size", "--hidden-sizes"),
    "losses": ("--loss", "--losses"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 2 for wrong usage, 1 for a failure."""
    _prepare_streams()
    options = _parse(arguments)
    _start_log()
    try:
        return _run(options)
    except UserError as error:
        _say(str(error))
        # A file that can't be read or written is no wrong usage.
        return exit_codes.FAILURE if isinstance(error, CheckpointError) else exit_codes.USAGE
    except KeyboardInterrupt:
        _let_go_of_stdout()
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _let_go_of_stdout()
        return exit_codes.FAILURE
    except OSError as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        _let_go_of_stdout()
        _say(f"Input or output failed: {printable(error.strerror or error, 100)}.")
        return exit_codes.FAILURE
    except Exception as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        _say(f"{type(error).__name__}: this is a fault of rnn-tui; {log_file()} has the details.")
        return exit_codes.FAILURE


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case None:
            return _run_app(options.data_dir)
        case "train":
            return _train(options)
        case _:
            return questions.ask(options)


def _say(text: str) -> None:
    print(f"rnn-tui: {text}", file=sys.stderr)


def _prepare_streams() -> None:
    """Nothing must fail for want of a stream, nor because one can't write a character."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
    elif isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _let_go_of_stdout() -> None:
    """Write what is left, unless nobody takes it, of which Python must not complain at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = build_parser()
    options, others = parser.parse_known_args(arguments)
    # argparse takes the words of a question from one place only; options may stand among them.
    if "query" in options and not any(word.startswith("-") for word in others):
        options.query += others
    elif others:
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    return options


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
        "train", help="train without the app", description="Train a network without the app."
    )
    tasks = train.add_subparsers(dest="task", metavar="TASK", required=True)
    for task in TASKS.values():
        _add_task(tasks, task)
    questions.add_commands(commands, _reader)
    return parser


def _add_task(tasks: "argparse._SubParsersAction[_Parser]", task: TaskSpec) -> None:
    presets = " ".join(f"{preset.name}: {preset.summary}" for preset in task.presets.values())
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
    output = None if options.output is None else _writable(Path(options.output))
    return headless.train(config, as_json=options.json, quiet=options.quiet, output=output)


def _writable(path: Path) -> Path:
    """Return `path`, or raise `CheckpointError` where no file can be written there.

    Found out before hours of training, and by trying, since permissions do not tell all.
    """
    reason = "it is not a regular file"
    try:
        if path.is_file() or not path.exists():
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}."):
                return path
    except OSError as error:
        reason = error.strerror or str(error)
    raise CheckpointError(
        f"The weights can't be written to {printable(path, 200)} ({printable(reason)}); choose "
        "another place for --output."
    )


def _run_app(data_dir: str | None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _say("the app needs a terminal; see rnn-tui --help for commands that do not.")
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
