"""Errors whose text is written for the user: one sentence, what was wrong, where, what to do."""

import unicodedata


class UserError(Exception):
    """Something the user can act on; its text is shown as it stands, without a traceback."""


class SettingError(UserError):
    """A setting out of range or unreadable."""


class DataError(UserError):
    """A data set that is missing, damaged or unreadable."""


class DeviceError(UserError):
    """A device that was asked for and is not there."""


class CheckpointError(UserError):
    """A checkpoint that can't be written, or read, or belongs to something else."""


class StoreError(UserError):
    """A database of runs that can't be used, or has no such run."""


class ExportError(UserError):
    """Something that can't be written, or not without a package that is not installed."""


class QueryError(UserError):
    """A question to a network that can't be read."""


class TaskError(UserError):
    """A task whose code can't be used, such as that of a broken plug-in."""


class DivergedError(UserError):
    """A loss that became NaN or infinite."""


def _moves_the_cursor(character: str) -> bool:
    """Whether a terminal does something else with `character` than to show it."""
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def printable(text: object, limit: int = 60) -> str:
    """`text` on one line without control characters, cut to `limit` characters.

    For everything that a user typed or a file system named and that is shown again: escape
    sequences must not reach a terminal, nor a newline break a sentence.
    """
    clean = "".join(
        "\N{REPLACEMENT CHARACTER}" if _moves_the_cursor(character) else character
        for character in str(text)
    )
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"
