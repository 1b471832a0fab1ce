"""Open a user's file of sequences: bounded, as bytes or as text in an encoding that is guessed."""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from rnn_tui.engine.errors import DataError, printable, why
from rnn_tui.engine.files import outside

MOST_BYTES = 1 << 30
SAMPLE_BYTES = 1 << 18  # what is looked at to guess an encoding or a format
MOST_CONTROLS = 0.01  # of the characters of a text
FALLBACK = "cp1252"  # what Windows writes where it does not write Unicode
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\f"))
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def named(path: Path) -> str:
    """Return a file's name for a sentence."""
    return printable(path.name, 80)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of at most `MOST_BYTES` for reading.

    Raises:
        DataError: if it is too large or can't be read.
    """
    try:
        with outside.opened(path) as file:
            _check_size(path, file)
            yield file
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise
        raise DataError(f"{named(path)} can't be read ({why(error)}).") from error


def _check_size(path: Path, file: IO[bytes]) -> None:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > MOST_BYTES:
        raise DataError(
            f"{named(path)} has {size / (1 << 30):.1f} GiB; files of at most 1 GiB are read: "
            "leave out columns or rows."
        )
    if size == 0:
        raise DataError(f"{named(path)} is empty.")


def beginning(path: Path) -> bytes:
    """Return the first `SAMPLE_BYTES` of a file."""
    with opened(path) as file:
        return file.read(SAMPLE_BYTES)


@contextmanager
def opened_text(path: Path, encoding: str) -> Iterator[tuple[TextIO, IO[bytes]]]:
    r"""Open a file as text, with line ends as they are, and its bytes, whose place is the progress.

    Raises:
        DataError: if it can't be read.
        UnicodeError: while it is read, if it is in another encoding.
    """
    with opened(path) as file:
        text = io.TextIOWrapper(file, encoding=encoding, errors="strict", newline="")
        try:
            yield text, file
        finally:
            text.detach()  # closed by `opened`


def encodings(path: Path, start: bytes, wish: str | None) -> tuple[str, ...]:
    """Return the encodings to try, the likeliest first.

    Args:
        path: the file, for sentences.
        start: its first bytes.
        wish: what the user says.

    Raises:
        DataError: if the user names no encoding, or the file is no text.
    """
    if wish is not None:
        return (_known_encoding(wish),)
    for mark, encoding in _BOMS:
        if start.startswith(mark):
            return (encoding,)
    if b"\0" in start:
        return (_wide_encoding(path, start),)
    controls = len(start) - len(start.translate(None, _CONTROLS))
    if controls > MOST_CONTROLS * len(start):
        raise DataError(f"{named(path)} holds no text; its name may be that of another format.")
    return ("utf-8", FALLBACK)


def _known_encoding(wish: str) -> str:
    try:
        codecs.lookup(wish)
        "a".encode(wish)
        return wish
    except (LookupError, ValueError) as error:
        raise DataError(
            f"There is no encoding called {printable(wish)}; utf-8, utf-16, cp1252 and latin-1 "
            "are common."
        ) from error


def _wide_encoding(path: Path, start: bytes) -> str:
    """Return the kind of UTF-16 without a mark that text with zero bytes is in."""
    pairs = max(1, len(start) // 2)
    zeros_at_even = start[0::2].count(0) / pairs
    zeros_at_odd = start[1::2].count(0) / pairs
    if zeros_at_odd > 0.5 and zeros_at_even < 0.1:
        return "utf-16-le"
    if zeros_at_even > 0.5 and zeros_at_odd < 0.1:
        return "utf-16-be"
    raise DataError(f"{named(path)} holds no text; its name may be that of another format.")


def decoded(start: bytes, encoding: str) -> str:
    """Return the text of a file's first bytes, which may end within a character."""
    return codecs.getincrementaldecoder(encoding)("strict").decode(start)


def wrong_encoding(path: Path, encoding: str) -> DataError:
    """Return the refusal of a file that is not in an encoding."""
    return DataError(
        f"{named(path)} is not in {printable(encoding)}; name its encoding (--encoding), such as "
        "latin-1."
    )
