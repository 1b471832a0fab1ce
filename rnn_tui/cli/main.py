"""The command `rnn-tui`: without arguments it starts the app; nothing heavy is imported before use.

A command does not fail if a stream is missing or can't write a character, and does not end well
where its answer can't be printed.
"""

import codecs
import gc
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TextIO

from rnn_tui.cli import output
from rnn_tui.cli.output import say
from rnn_tui.engine import errors
from rnn_tui.engine.files.paths import check_places, fault_message
from rnn_tui.engine.page import in_page, shared_folder
from rnn_tui.engine.process.logs import LogFile, log_strays
from rnn_tui.engine.process.preparing import prepare_process
from rnn_tui.engine.process.threads import any_left_behind
from rnn_tui.ui.terminal.textual_variables import check_variables

# what is no wrong usage, such as a file that can't be read or written
FAILURES = (
    errors.CheckpointError,
    errors.ClusterError,
    errors.DownloadError,
    errors.KeptDataError,
    errors.StoreError,
    errors.ExportError,
    errors.TaskError,
    errors.UnreadableError,
)
SUBSTITUTES = {  # replace characters that a stream can't write, such as a pipe on Windows
    "→": "->",
    "✓": "right",
    "✗": "wrong,",
    "–": "-",
    "−": "-",
    "…": "...",
    "×": "x",
    "±": "+-",
    "“": '"',
    "”": '"',
    "·": "-",
    "\N{REPLACEMENT CHARACTER}": "?",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: of the command line; None for those of the process, which then ends here if
            threads are left over.

    Returns:
        The exit code, once all that was printed is out: 2 for wrong usage, 1 for a failure.
    """
    prepare_process()
    prepare_streams()
    if arguments is None:
        log_strays()
    code = _run_and_print(sys.argv[1:] if arguments is None else arguments)
    if arguments is None and any_left_behind():
        logging.shutdown()
        with suppress(OSError):
            sys.stderr.flush()
        os._exit(code)
    return code


def _run_and_print(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit code once all that it printed is out."""
    try:
        with _catching_ctrl_c() as interrupts:
            code = _run_to_its_end(arguments, interrupts)
        sys.stdout.flush()
    except OutputLostError as lost:
        let_go_of_stdout()
        if lost.reason:
            say(lost.reason)
        return output.FAILURE
    except KeyboardInterrupt:
        let_go_of_stdout()
        return output.INTERRUPTED
    return code


@contextmanager
def _catching_ctrl_c() -> Iterator[list[int]]:
    """Raise `KeyboardInterrupt` at Ctrl-C, as Python does; yields the signals that came."""
    received: list[int] = []

    def interrupt(number: int, _frame: object) -> None:
        received.append(number)
        raise KeyboardInterrupt

    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield received
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield received
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _run_to_its_end(arguments: Sequence[str], interrupts: Sequence[int]) -> int:
    """Run a command; whatever ends it, there are a sentence and an exit code.

    Args:
        arguments: of the command line.
        interrupts: the signals by Ctrl-C that have come.

    Raises:
        KeyboardInterrupt: at Ctrl-C.
    """
    try:
        check_places()
        logging.basicConfig(level=logging.INFO, handlers=[LogFile()])
        logging.raiseExceptions = False
        return _run(arguments)
    except OutputLostError:
        raise
    except SystemExit as end:  # argparse, which has said why
        return end.code if isinstance(end.code, int) else output.OK
    except Exception as error:
        if interrupts:  # NumPy, while it is imported, makes an ImportError of it
            raise KeyboardInterrupt from error
        return _say_error(error)


def _say_error(error: Exception) -> int:
    """Say what error ended a command; returns the exit code."""
    if isinstance(error, errors.UserError):
        say(str(error))
        return output.FAILURE if isinstance(error, FAILURES) else output.USAGE
    logging.getLogger(__name__).error("rnn-tui failed", exc_info=error)
    if isinstance(error, OSError):
        place = ""
        if isinstance(error.filename, str):
            place = f" ({errors.printable(error.filename, 200)})"
        say(f"Input or output failed: {errors.why(error)}{place}.")
    else:
        say(fault_message(error))
    return output.FAILURE


def _run(arguments: Sequence[str]) -> int:
    """Run the app, or the command that is named; returns the exit code."""
    if not arguments:  # the app is not kept waiting for a parser
        _check_working_folder()
        return _run_app(None)
    from rnn_tui.cli.commands import parse  # on use only

    try:
        options = parse(arguments)
    finally:  # also where the task that was asked for is a broken one of another package
        plugins_checked = _say_broken_plugins()
    _check_working_folder()
    if options.command is None:
        return _run_app(options.data_dir)
    try:
        return int(options.perform(options))
    finally:
        if not plugins_checked:
            _say_broken_plugins()


def _say_broken_plugins() -> bool:
    """Say what is wrong with plug-ins; returns whether the command has looked for them."""
    tasks = sys.modules.get("rnn_tui.tasks")
    if tasks is None:
        return False
    for sentence in tasks.BROKEN_PLUGINS:
        say(sentence)
    return True


def _check_working_folder() -> None:
    """Check that there is one: without it PyTorch's mathematics library ends the process.

    Raises:
        SettingError: if it has been removed.
    """
    try:
        os.getcwd()
    except OSError:
        raise errors.SettingError(
            "the working folder has been removed; go to another one (cd) first."
        ) from None


def _run_app(data_dir: str | None) -> int:
    """Run the app in a terminal, or as a page in the browser; returns the exit code."""
    has_keyboard = sys.stdin is not None and sys.stdin.isatty()
    page = in_page() and not has_keyboard
    if not page and not (has_keyboard and sys.stdout.isatty()):
        say("the app needs a terminal; see rnn-tui --help for commands that do not.")
        return output.USAGE
    check_variables()
    if isinstance(sys.__stdout__, io.TextIOWrapper):
        sys.__stdout__.reconfigure(encoding="utf-8", errors="replace")  # any terminal reads UTF-8
    share = shared_folder()
    if page and share is not None:
        os.chdir(share)  # what is typed, and shown, is named from there
    # Before the first frame there is no garbage, and looking for it takes a twentieth of the time.
    # The app collects afterwards.
    gc.disable()
    from rnn_tui.ui.app.ending import run  # Textual, on use only

    return run(data_dir, page=page)


class OutputLostError(SystemExit):
    """stdout takes nothing more.

    It is no `OSError`, which would pass for a fault of a file, and no `Exception`, which would pass
    for one of the training loop.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(1)
        #: the sentence to print; empty if the reader of a pipe has closed it.
        self.reason = ""
        if not isinstance(error, BrokenPipeError):
            self.reason = f"stdout can't be written ({errors.why(error)}); send it elsewhere."


class _Stream(io.TextIOWrapper):
    """stdout or stderr.

    Where stdout can't be written, the process ends. Where stderr can't, nobody can be told, and
    what was asked for goes on.
    """

    def __init__(self, like: io.TextIOWrapper, file: io.FileIO, *, ends_process: bool) -> None:
        super().__init__(
            io.BufferedWriter(file),
            like.encoding,
            "rnn-tui-substitutes",
            line_buffering=like.line_buffering or like.write_through,
        )
        self._ends_process = ends_process

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        if self._ends_process:
            raise OutputLostError(error) from error
        _discard(self)


def prepare_streams() -> None:
    """Have stdout and stderr take any text; where stdout takes nothing more, the process ends."""
    codecs.register_error("rnn-tui-substitutes", _substitute)
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # closed: the next file would be the stream
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = _stream(sys.stdout, ends_process=True)
    sys.stderr = _stream(sys.stderr, ends_process=False)


def _stream(stream: TextIO | None, *, ends_process: bool) -> TextIO:
    """Return a `_Stream` in place of a stream.

    One that is no file, as in a test or on the console of Windows, stays as it is.
    """
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, _Stream):
        return stream
    if not isinstance(raw, io.FileIO):
        return stream
    # Textual draws on the file that Python made.
    file = io.FileIO(raw.fileno(), "w", closefd=False)
    return _Stream(stream, file, ends_process=ends_process)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """Return the replacement of a character that can't be written, and the place after it."""
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    # names of files may have bytes that are no characters
    return SUBSTITUTES.get(character, "?"), error.start + 1


def let_go_of_stdout() -> None:
    """Flush stdout; if that fails, discard the rest, so that Python reports no error at exit."""
    try:
        sys.stdout.flush()
    except (OSError, OutputLostError, KeyboardInterrupt):
        _discard(sys.stdout)


def _discard(stream: TextIO) -> None:
    """Send what `stream` still has, and all that is to come, to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
