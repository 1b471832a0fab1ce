"""A table of a file that a stranger wrote: its values are checked as they are read."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.suggestions import did_you_mean

MOST_ENTRIES = 1000  # of a list or a table
LONGEST_WORDS = 100  # characters of a label, a name of an author, …
LONGEST_TEXT = 2000  # characters of a sentence or two


class FileEntry:
    """A table of a file, whose keys are read one by one; an unread one is refused."""

    def __init__(self, values: object, place: str, most: int = MOST_ENTRIES) -> None:
        """`place` names the table in sentences; it has at most so many entries."""
        self.place = place
        if not isinstance(values, dict):
            raise self.wrong("must be a table")
        if len(values) > most:
            raise self.wrong(f"must have at most {most} entries")
        self._values: dict[str, Any] = values
        self._read: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def wrong(self, sentence: str) -> SettingError:
        """Return the error that says what is wrong with this table, such as `lacks “title”`."""
        return SettingError(f"{self.place} {sentence}.")

    def _take(self, key: str, default: Any) -> Any:
        self._read.add(key)
        if key not in self._values and default is None:
            raise self.wrong(f"lacks “{key}”")
        return self._values.get(key, default)

    def raw(self, key: str) -> Any:
        """Return a value as it stands; None if there is none."""
        self._read.add(key)
        return self._values.get(key)

    def text(self, key: str, default: str | None = None, limit: int = LONGEST_TEXT) -> str:
        """Return a text on one line; without a default it must be there."""
        return self.as_text(self._take(key, default), key, limit, empty=default == "")

    def as_text(self, value: object, key: str, limit: int, *, empty: bool = False) -> str:
        """Return a value that must be a text of at most `limit` characters."""
        if not isinstance(value, str):
            raise self.wrong(f"must have a text as “{printable(key)}”")
        text = " ".join(value.split())
        if (not text and not empty) or text != printable(text, limit):
            raise self.wrong(
                f"must have a printable text of at most {limit} characters as “{printable(key)}”"
            )
        return text

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.wrong(f"must have true or false as “{key}”")
        return value

    def whole(self, key: str, low: int, high: int, default: int | None = None) -> int:
        """Return a whole number; without a default it must be there."""
        return self.as_whole(self._take(key, default), key, low, high)

    def as_whole(self, value: object, key: str, low: int, high: int) -> int:
        """Return a value that must be a whole number from `low` to `high`."""
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(f"must have a whole number from {low} to {high} as “{printable(key)}”")
        return value

    def sequence(self, key: str, most: int = MOST_ENTRIES) -> list[Any]:
        """Return a list of at most so many items; an empty one if it is not there."""
        return self.as_sequence(self._take(key, []), key, most)

    def as_sequence(self, value: object, key: str, most: int = MOST_ENTRIES) -> list[Any]:
        """Return a value that must be a list of at most so many items."""
        if not isinstance(value, list) or len(value) > most:
            raise self.wrong(f"must have a list of at most {most} items as “{printable(key)}”")
        return value

    def entry(self, key: str, most: int = MOST_ENTRIES) -> "FileEntry":
        """Return a table of at most so many entries; an empty one if it is not there."""
        return FileEntry(self._take(key, {}), f"{self.place}: {key}", most)

    def entries(self, key: str, most: int = MOST_ENTRIES) -> "Iterator[FileEntry]":
        """Yield the tables of a list of at most so many."""
        for number, values in enumerate(self.sequence(key, most), 1):
            yield FileEntry(values, f"{self.place}: {key} {number}")

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield all keys with their values."""
        for key, value in self._values.items():
            self._read.add(key)
            yield key, value

    def finish(self, known: Sequence[str] = ()) -> None:
        """Refuse keys that nothing has read."""
        for key in self._values:
            if key not in self._read:
                hint = did_you_mean(key, [*self._read, *known])
                raise self.wrong(f"may not have “{printable(key)}”{hint}")

    def as_number(self, value: object, key: str) -> float | None:
        """Return a number; None for none, and for `nan`, which stands for one that is not known."""
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool) or math.isinf(value):
            raise self.wrong(f"must have a number as “{printable(key)}”")
        return None if math.isnan(value) else float(value)

    def as_percent(self, value: object, key: str) -> float | None:
        """Return a number from 0 to 100, or None as `as_number` does."""
        percent = self.as_number(value, key)
        if percent is not None and not 0 <= percent <= 100:
            raise self.wrong(f"must have percent, from 0 to 100, as “{printable(key)}”")
        return percent
