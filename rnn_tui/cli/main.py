"""The command `rnn-tui`: no arguments start the app, subcommands run without it.

Nothing heavy is imported here: `--help` must answer at once.
"""

from __future__ import annotations

import gc
import io
import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rnn_tui.cli import exit_codes
from rnn_tui.engine.errors import CheckpointError, ExportError, StoreError, UserError, printable
from rnn_tui.engine.paths import log_file

if TYPE_CHECKING:
    import argparse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 2 for wrong usage, 1 for a failure."""
    _prepare_streams()
    given = sys.argv[1:] if arguments is None else arguments
    _start_log()
    try:
        return _run(given)
    except UserError as error:
        _say(str(error))
        # A file that can't be read or written is no wrong usage.
        failed = isinstance(error, CheckpointError | StoreError | ExportError)
        return exit_codes.FAILURE if failed else exit_codes.USAGE
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


def _run(arguments: Sequence[str]) -> int:  # noqa: PLR0911 - one case a command
    if not arguments:  # the app is not kept waiting for a parser
        return _run_app(None)
    from rnn_tui.cli.parser import parse  # noqa: PLC0415 - on use only

    options = parse(arguments)
    match options.command:
        case None:
            return _run_app(options.data_dir)
        case "train":
            return _train(options)
        case "predict":
            from rnn_tui.cli.predict.options import predict  # noqa: PLC0415 - on use only

            return predict(options)
        case "inspect":
            from rnn_tui.cli.inspect.options import inspect  # noqa: PLC0415 - on use only

            return inspect(options)
        case "runs":
            from rnn_tui.cli.runs.options import run  # noqa: PLC0415 - on use only

            return run(options)
        case "reproduce":
            from rnn_tui.cli.report.options import reproduce  # noqa: PLC0415 - on use only

            return reproduce(options)
        case _:
            from rnn_tui.cli.ask.options import ask  # noqa: PLC0415 - on use only

            return ask(options)


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


def _train(options: argparse.Namespace) -> int:
    from rnn_tui.cli import train as headless  # noqa: PLC0415 - rich's progress bar, on use only
    from rnn_tui.tasks import TASKS  # noqa: PLC0415 - on use only

    output = None if options.output is None else _writable(Path(options.output))
    if options.resume is not None:
        return headless.resume(
            options.resume, as_json=options.json, quiet=options.quiet, output=output
        )
    task = TASKS[options.task]
    overrides = {name: getattr(options, name) for name in task.settings}
    if task.reads_data:
        overrides |= {name: getattr(options, name) for name in ("data_dir", "extra_data")}
        overrides["start_from"] = _start(options)
    config = task.config(
        getattr(options, "model", task.default_cell),
        options.preset,
        augmentation=getattr(options, "augment", None),
        **overrides,
        device=options.device,
        workers=options.workers,
    )
    return headless.train(config, as_json=options.json, quiet=options.quiet, output=output)


def _start(options: argparse.Namespace) -> str | None:
    """The file of weights to start from."""
    if options.start_from_run is not None:
        from rnn_tui.runs.weights import run_weights  # noqa: PLC0415 - safetensors, on use only

        return str(run_weights(options.task, options.start_from_run).path)
    if options.start_from != "pretrained":
        return cast("str | None", options.start_from)
    from rnn_tui.runs.row_reader_weights import choose  # noqa: PLC0415 - safetensors, on use only

    return str(choose(options.model).path)


def _writable(path: Path) -> Path:
    """Return `path`, or raise `CheckpointError` where no file can be written there."""
    from rnn_tui.engine.files import why_unwritable  # noqa: PLC0415 - on use only

    reason = why_unwritable(path)
    if not reason:
        return path
    raise CheckpointError(
        f"The weights can't be written to {printable(path, 200)} ({printable(reason)}); choose "
        "another place for --output."
    )


def _run_app(data_dir: str | None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _say("the app needs a terminal; see rnn-tui --help for commands that do not.")
        return exit_codes.USAGE
    # Before the first frame nothing is let go of, and looking for it takes a twentieth of the
    # time; the app collects again once that frame is drawn.
    gc.disable()
    from rnn_tui.ui.shell.app import run  # noqa: PLC0415 - Textual, on use only

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
