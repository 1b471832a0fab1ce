"""stdin, stdout and stderr as every command finds them, whatever the shell has done to them.

A command must not fail for want of a stream, nor of bytes for a character, nor end well where its answer can't be printed.
"""

import codecs
import io
import os
import sys
from typing import TextIO

from rnn_tui.engine.errors import why

# For streams that can't write them, such as a pipe on Windows.
SUBSTITUTES = {
    "→": "->", "✓": "right", "✗": "wrong,", "–": "-", "−": "-", "…": "...", "×": "x", "±": "+-",
    "“": '"', "”": '"', "·": "-", "\N{REPLACEMENT CHARACTER}": "?",
}  # fmt: skip


class OutputLostError(SystemExit):
    """stdout takes nothing more, and the process ends.

    No `OSError`, or it would be told as the fault of whatever file was being read or written; and
    no `Exception` at all, or the training loop would take it for a failure of the training.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(1)
        told = f"stdout can't be written ({why(error)}); send it elsewhere."
        self.reason = "" if isinstance(error, BrokenPipeError) else told  # nobody needs to be told who reads no more


class _Results(io.TextIOWrapper):
    """stdout. Where it can't be written, the process ends."""

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
        raise OutputLostError(error) from error


class _Messages(_Results):
    """stderr. Where it can't be written, nobody can be told, and what was asked for goes on."""

    def _lose(self, error: OSError) -> None:  # noqa: ARG002 - nobody can be told
        _forget(self)


def prepare() -> None:
    """Make streams of stdout and stderr that always take text, or end the process as they should."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Closed: the next file would get its number, and then what is written to the stream.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = _stream(sys.stdout, _Results)
    sys.stderr = _stream(sys.stderr, _Messages)


def _stream(stream: TextIO | None, kind: type[io.TextIOWrapper]) -> TextIO:
    """Such a stream; what is no ordinary one, as in a test or on the console of Windows, stays as it is."""
    if stream is None:
        return open(os.devnull, "w", encoding="utf-8")
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, kind) or not isinstance(raw, io.FileIO):
        return stream
    at_once = stream.line_buffering or stream.write_through
    # Of its own, since Textual draws on the one that Python made.
    own = io.BufferedWriter(io.FileIO(raw.fileno(), "w", closefd=False))
    return kind(own, stream.encoding, "rnn-tui-substitutes", line_buffering=at_once)


def _substitute(error: UnicodeError) -> tuple[str, int]:
    """What stands for the character that can't be written, and where to go on."""
    assert isinstance(error, UnicodeEncodeError)
    # File names may have bytes that are no characters.
    return SUBSTITUTES.get(error.object[error.start], "?"), error.start + 1


codecs.register_error("rnn-tui-substitutes", _substitute)


def let_go_of_stdout() -> None:
    """Write what is left, unless nobody takes it, of which Python must not complain at exit."""
    try:
        sys.stdout.flush()
    except (OSError, OutputLostError, KeyboardInterrupt):
        _forget(sys.stdout)


def _forget(stream: TextIO) -> None:
    """Send what `stream` still has, and all that is to come, to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
