"""Errors whose text is written for the user: one sentence, what was wrong, where, what to do."""

import unicodedata
from typing import NewType

# Text that is harmless wherever it is shown. Only `printable` and `printable_lines` make it, so
# that a record whose fields are of this type can't be filled with what they have not seen.
SafeText = NewType("SafeText", str)
NO_TEXT = SafeText("")

# Control characters that join letters of some scripts and the parts of an emoji: they move nothing.
_JOINERS = "\u200c\u200d"
FORMULAS = ("=", "+", "-", "@")  # characters that begin a formula in a spreadsheet


class UserError(Exception):
    """Something the user can act on; its text is shown as it stands, without a traceback.

    For an argument of a type that a function does not take, it is a `TypeError`, too.
    """


class SettingError(UserError):
    """A setting out of range or unreadable."""


class ArgumentError(UserError, TypeError):
    """An argument of a public function that is not of the type that it takes."""


class DataError(UserError):
    """A data set that is missing, damaged or unreadable."""


class KeptDataError(DataError):
    """A data set that was kept, and can't be read any more or was changed since."""


class DownloadError(UserError):
    """A data set that can't be fetched or stored."""


class DeviceError(UserError):
    """A device that was asked for and is not there."""


class CheckpointError(UserError):
    """A checkpoint that can't be written, or read, or belongs to something else."""


class NetworkError(UserError):
    """A network from elsewhere that can't be read, or of which something is to be said."""


class StoreError(UserError):
    """A database of runs that can't be used, or has no such run."""


class StoreGoneError(StoreError):
    """A database of runs that was removed or replaced while it was open: waiting does not help."""


class ExportError(UserError):
    """Something that can't be written, or not without a package that is not installed."""


class ClusterError(UserError):
    """Machines to train on that can't be had, or can't be used."""


class QueryError(UserError):
    """A question to a network that can't be read."""


class UnreadableError(UserError):
    """A photo that can't be read."""


class MissingTaskError(DataError, KeyError):
    """A task that is not there, such as that of a data set that was deleted."""

    __str__ = Exception.__str__  # that of `KeyError` puts quotes around a sentence


class TaskError(UserError):
    """A task whose code can't be used, such as that of a broken plug-in."""


class TrainingError(UserError):
    """A training that could not go on, or that could not all be stored."""


class DivergedError(UserError):
    """A loss that became NaN or infinite."""


def _moves_the_cursor(character: str) -> bool:
    """Return whether a terminal does something else with a character than show it."""
    if character in _JOINERS:
        return False
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def printable(text: object, limit: int = 60) -> SafeText:
    """Return text on one line without control characters, cut to `limit` characters.

    It is for everything that a user typed, a file or a database holds, or a file system named. No
    escape sequence may reach a terminal, no newline may break a sentence, and no mark for the other
    direction of writing may show another name.
    """
    clean = _as_text(text)[: limit + 1]
    if not clean.isprintable():  # most text is, and there is much of it
        clean = "".join(
            "\N{REPLACEMENT CHARACTER}" if _moves_the_cursor(character) else character
            for character in clean
        )
    return _cut(clean, limit)


def _as_text(value: object) -> str:
    """Return a value as text; of which kind it is, where Python makes no text of it."""
    try:
        return str(value)
    except (ValueError, RecursionError):  # thousands of digits; lists within lists
        return f"a value of the kind {type(value).__name__}"


def _cut(clean: str, limit: int) -> SafeText:
    return SafeText(clean if len(clean) <= limit else clean[: limit - 1] + "…")


def why(error: Exception, limit: int = 100) -> SafeText:
    """Return what went wrong, in a few words: the system's words if it has some."""
    return printable(getattr(error, "strerror", None) or error, limit)


def printable_lines(text: object, limit: int) -> SafeText:
    """Return text without control characters other than newlines, cut to `limit` characters."""
    lines = str(text)[: limit + 1].splitlines()
    clean = "\n".join(printable(line, limit + 1) for line in lines)
    return _cut(clean, limit)


def as_cell(text: str) -> str:
    """Return text for a table in a file, which a spreadsheet takes for text and for no formula.

    If it begins like a formula, an apostrophe comes first; numbers never come here. Bytes of a
    file's name that are no characters stay, so that the file can be found by it.
    """
    clean = "".join(
        character if _is_raw_byte(character) else printable(character) for character in text
    )
    return f"'{clean}" if clean.startswith(FORMULAS) else clean


def _is_raw_byte(character: str) -> bool:
    """Return whether a character is Python's escape for an undecodable byte of a file's name."""
    return "\udc80" <= character <= "\udcff"
