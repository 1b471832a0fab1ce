"""Calls functions in a process of their own, with a limit of memory and of computing.

A library that runs a stranger's file, such as ONNX Runtime, takes what memory it likes, for as long
as it likes, and may end its process. So it runs in a fresh interpreter, no fork: a fork of a
process with threads may hang. The limit of memory is the system's on Linux; elsewhere, and of time
everywhere, the process is watched: it is ended within a moment of passing a limit.

The function is named by its module; arguments and result are JSON with arrays and never a pickle.
Nothing that libraries print reaches a terminal.
"""

import logging
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rnn_tui.engine import errors, waits
from rnn_tui.engine.errors import UserError, printable, printable_lines, why
from rnn_tui.engine.process.bounded_child import (
    FAULT,
    OUT_OF_MEMORY,
    REFUSAL,
    RESULT,
    Message,
    read_message,
    write_message,
)
from rnn_tui.engine.progress import UNWATCHED, Progress

SECONDS_BETWEEN_LOOKS = 0.02
SECONDS_TO_END = 5.0
WAITING = 20  # times the seconds of computing: on a busy machine, a process mostly waits
#: the folder of the package is no secret, and last: what is installed comes first.
START = "import sys; sys.path.append(sys.argv[1]); from {} import main; main()"
CHILD = "rnn_tui.engine.process.bounded_child"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a call may take."""

    memory: int  #: bytes of the process, with the libraries that it imports.
    seconds: float  #: of computing, the imports included.


class BoundedCallError(Exception):
    """A call that passed a limit or ended its process; its text is the end of a sentence."""


class BoundedProcess:
    """A process that calls functions, one at a time; it starts at the first call.

    Use it in a `with` statement, which ends the process.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End the process, whatever it does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for stream in (process.stdout, process.stdin):
                assert stream is not None
                with suppress(OSError):  # what was not sent yet can't be
                    stream.close()
            with waits.Waiting("the end of a process with limits"):
                process.wait()

    def call(
        self,
        function: str,
        arguments: Message,
        limits: Limits,
        progress: Progress = UNWATCHED,
    ) -> Message | None:
        """Call a function there.

        Args:
            function: a `bounded_child.BoundedFunction`, as `module:function`.
            arguments: what it gets.
            limits: what it may take.
            progress: stops it.

        Returns:
            what it returns; None if it was stopped.

        Raises:
            UserError: the one that the function raised.
            BoundedCallError: it took more than it may, or ended its process, or has a fault.
        """
        request = {
            "function": function,
            "arguments": arguments.document,
            "memory": limits.memory,
            "seconds": limits.seconds,
        }
        try:
            process = self._started()
            exchange = _Exchange(process, Message(request, arguments.arrays), limits)
            answer = exchange.answer(progress)
        except OSError as error:
            raise BoundedCallError(f"no process can be started for it ({why(error)})") from error
        except BaseException:
            self.end()
            raise
        if answer is None:
            self.end()
            return None
        try:
            return _result(answer, limits)
        except BoundedCallError:
            self.end()
            raise

    def _started(self) -> "subprocess.Popen[bytes]":
        """Start the process unless it is there."""
        if self._process is None or self._process.poll() is not None:
            root = Path(__file__).parents[3]  # the folder of the package
            self._process = subprocess.Popen(
                # -P: nothing is imported from the working folder, which may be a stranger's
                [sys.executable, "-P", "-c", START.format(CHILD), str(root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a library's words may move the cursor
                start_new_session=True,  # Ctrl-C in a terminal is for this process
            )
        return self._process


def call_bounded(
    function: str, arguments: Message, limits: Limits, progress: Progress = UNWATCHED
) -> Message | None:
    """Call a function once in a process of its own; see `BoundedProcess.call`."""
    with BoundedProcess() as process:
        return process.call(function, arguments, limits, progress)


class _Exchange:
    """A request to a process, and its answer, which two threads send and receive."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", request: Message, limits: Limits
    ) -> None:
        import psutil  # on use only

        self._process = process
        self._request = request
        self._limits = limits
        self._answer: Message | None = None
        self._watched = psutil.Process(process.pid)
        self._computed_before = self._computed()

    def answer(self, progress: Progress) -> Message | None:
        """Return the answer; None once it is stopped.

        Raises:
            BoundedCallError: there is none, or a limit was passed.
        """
        threading.Thread(target=self._send, daemon=True).start()
        receiver = threading.Thread(target=self._receive, daemon=True)
        receiver.start()
        with waits.Waiting("the answer of a process with limits") as waiting:
            while receiver.is_alive():
                receiver.join(SECONDS_BETWEEN_LOOKS)
                if progress.stopping:
                    return None
                waiting.tell_if_long()
                self._look(waiting.seconds)
        if self._answer is None:
            raise BoundedCallError(f"its process ended without an answer ({self._end()})")
        return self._answer

    def _send(self) -> None:
        assert self._process.stdin is not None
        try:
            write_message(self._process.stdin, self._request)
        except (OSError, ValueError):  # it ended, which the other thread hears
            logger.debug("a process ended before it had its request")

    def _receive(self) -> None:
        assert self._process.stdout is not None
        try:
            self._answer = read_message(self._process.stdout, self._limits.memory)
        except (EOFError, OSError):
            pass
        except (ValueError, TypeError, KeyError, OverflowError, MemoryError, RecursionError):
            logger.warning("a process sent what is no answer", exc_info=True)

    def _look(self, waited: float) -> None:
        """Raise `BoundedCallError` if the process takes more than it may, after so many seconds."""
        import psutil  # on use only

        try:
            memory = self._watched.memory_info().rss
            seconds = self._computed() - self._computed_before
        except psutil.Error:  # it has ended
            return
        if memory > self._limits.memory:
            raise _too_large(self._limits)
        if seconds > self._limits.seconds or waited > WAITING * self._limits.seconds:
            raise BoundedCallError(
                f"that takes more than {self._limits.seconds:g} seconds of computing"
            )

    def _computed(self) -> float:
        """Return how many seconds the process has computed."""
        import psutil  # on use only

        try:
            times = self._watched.cpu_times()
        except psutil.Error:  # it has ended
            return 0.0
        return float(times.user + times.system)

    def _end(self) -> str:
        """Return how the process ended, in a few words."""
        try:
            with waits.Waiting("the end of a process with limits", SECONDS_TO_END):
                code = self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return "what it sent is none"
        return f"signal {-code}" if code < 0 else f"exit code {code}"


def _too_large(limits: Limits) -> BoundedCallError:
    return BoundedCallError(f"that takes more than {limits.memory // 2**20:,} MiB of memory")


def _result(answer: Message, limits: Limits) -> Message:
    """Return what a function returned, or raise what it raised."""
    document: dict[str, Any] = answer.document
    if REFUSAL in document:
        name, text = document[REFUSAL]
        kind = getattr(errors, name, UserError)
        raise kind(printable(text, 4000))
    if OUT_OF_MEMORY in document:
        raise _too_large(limits)
    if FAULT in document:
        logger.error("in another process: %s", printable_lines(document[FAULT], 20_000))
        raise BoundedCallError("a library failed in a way that the log file describes")
    return Message(document[RESULT], answer.arrays)
