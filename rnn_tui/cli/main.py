"""The command `rnn-tui`: no arguments start the app, subcommands run without it; nothing heavy is imported before use."""

import gc
import io
import logging
import logging.handlers
import os
import sys
from collections.abc import Sequence

from rnn_tui.cli import output, streams
from rnn_tui.cli.output import say
from rnn_tui.engine.errors import (
    CheckpointError,
    ClusterError,
    ExportError,
    StoreError,
    TaskError,
    UnreadableError,
    UserError,
    why,
)
from rnn_tui.engine.paths import in_page, log_file, shared_folder, told_of_fault


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, 2 for wrong usage, 1 for a failure, once all that was printed is out."""
    streams.prepare()
    try:
        code = _end_of(sys.argv[1:] if arguments is None else arguments)
        sys.stdout.flush()
    except streams.OutputLostError as lost:
        streams.let_go_of_stdout()
        if lost.reason:
            say(lost.reason)
        return output.FAILURE
    except KeyboardInterrupt:
        streams.let_go_of_stdout()
        return output.INTERRUPTED
    return code


def _end_of(arguments: Sequence[str]) -> int:
    """Run a command; whatever ends it, there is a sentence and an exit code."""
    try:
        _start_log()
        return _run(arguments)
    except streams.OutputLostError:
        raise
    except SystemExit as end:  # argparse, which has said why
        return end.code if isinstance(end.code, int) else output.OK
    except UserError as error:
        say(str(error))
        # A file that can't be read or written is no wrong usage.
        failures = CheckpointError | ClusterError | StoreError | ExportError | TaskError | UnreadableError
        return output.FAILURE if isinstance(error, failures) else output.USAGE
    except Exception as error:
        logging.getLogger(__name__).exception("rnn-tui failed")
        say(f"Input or output failed: {why(error)}." if isinstance(error, OSError) else told_of_fault(error))
        return output.FAILURE


def _run(arguments: Sequence[str]) -> int:
    if not arguments:  # the app is not kept waiting for a parser
        return _run_app(None)
    from rnn_tui.cli.commands import parse  # noqa: PLC0415 - on use only

    try:
        options = parse(arguments)
    finally:  # also where the task that was asked for is a broken one of another package
        tasks = sys.modules.get("rnn_tui.tasks")
        for sentence in tasks.BROKEN_PLUGINS if tasks is not None else ():  # if the command has looked for them
            say(sentence)
    return _run_app(options.data_dir) if options.command is None else int(options.perform(options))


def _run_app(data_dir: str | None) -> int:
    typed = sys.stdin is not None and sys.stdin.isatty()
    page = in_page() and not typed
    if not page and not (typed and sys.stdout.isatty()):
        say("the app needs a terminal; see rnn-tui --help for commands that do not.")
        return output.USAGE
    if isinstance(sys.__stdout__, io.TextIOWrapper):
        # The app draws there; a terminal reads UTF-8 whatever the locale says.
        sys.__stdout__.reconfigure(encoding="utf-8", errors="replace")
    share = shared_folder()
    if page and share is not None:
        os.chdir(share)  # what is typed, and shown, is named from there
    # Before the first frame nothing is let go of, and looking for it takes a twentieth of the
    # time; the app collects again once that frame is drawn.
    gc.disable()
    from rnn_tui.ui.shell.ending import run  # noqa: PLC0415 - Textual, on use only

    return run(data_dir, page=page)


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
