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

from rnn_tui.cli import output
from rnn_tui.cli.output import let_go_of_stdout, say
from rnn_tui.engine.errors import (
    CheckpointError,
    ExportError,
    StoreError,
    TaskError,
    UserError,
    printable,
)
from rnn_tui.engine.paths import log_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 2 for wrong usage, 1 for a failure."""
    _prepare_streams()
    given = sys.argv[1:] if arguments is None else arguments
    _start_log()
    try:
        return _run(given)
    except UserError as error:
        say(str(error))
        # A file that can't be read or written is no wrong usage.
        failed = isinstance(error, CheckpointError | StoreError | ExportError | TaskError)
        return output.FAILURE if failed else output.USAGE
    except KeyboardInterrupt:
        let_go_of_stdout()
        return output.INTERRUPTED
    except BrokenPipeError:
        let_go_of_stdout()
        return output.FAILURE
    except OSError as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        let_go_of_stdout()
        say(f"Input or output failed: {printable(error.strerror or error, 100)}.")
        return output.FAILURE
    except Exception as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        say(f"{type(error).__name__}: this is a fault of rnn-tui; {log_file()} has the details.")
        return output.FAILURE


def _run(arguments: Sequence[str]) -> int:
    if not arguments:  # the app is not kept waiting for a parser
        return _run_app(None)
    from rnn_tui.cli.commands import find, parse  # noqa: PLC0415 - on use only

    try:
        options = parse(arguments)
    finally:  # also where the task that was asked for is one of them
        _tell_broken_plugins()
    if options.command is None:
        return _run_app(options.data_dir)
    return find(options.command).load().run(options)


def _tell_broken_plugins() -> None:
    """Say what is wrong with tasks of other packages, if the command has looked for them."""
    tasks = sys.modules.get("rnn_tui.tasks")
    for sentence in tasks.BROKEN_PLUGINS if tasks is not None else ():
        say(sentence)


def _prepare_streams() -> None:
    """Nothing must fail for want of a stream, nor because one can't write a character."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
    elif isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


def _run_app(data_dir: str | None) -> int:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        say("the app needs a terminal; see rnn-tui --help for commands that do not.")
        return output.USAGE
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
