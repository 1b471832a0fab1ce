"""Say where in a user's file each sequence of a data set comes from, in the file's own words."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.engine.errors import DataError, SafeText, printable

Places = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY = 86_400  # seconds
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _no_places() -> Places:
    return np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class Origin:
    """Where in its file each of N sequences, of altogether T steps, comes from.

    A part is empty where the file does not say it.

    Raises:
        DataError: if the arrays do not fit each other, as in a damaged file.
    """

    ids: tuple[str, ...] = ()  #: the names of the sequences of the file.
    #: (N,) which sequence of the file each is, or is a piece of.
    places: Places = field(default_factory=_no_places)
    #: (N,) the step of it at which each begins, from 0.
    firsts: Places = field(default_factory=_no_places)
    #: (T,) the file's number of each step, or, of dates, seconds since 1970.
    times: Floats = field(default_factory=lambda: np.zeros(0))
    dated: bool = False  #: whether times are dates.
    groups: tuple[str, ...] = ()  #: the names of the groups, such as subjects.
    members: Places = field(default_factory=_no_places)  #: (N,) the group of each sequence.

    def __post_init__(self) -> None:
        if self.ids and len(self.places) and self.places.max() >= len(self.ids):
            raise DataError("This data set has sequences without a name.")
        if len(self.members) and self.members.max() >= len(self.groups):
            raise DataError("This data set has groups without a name.")
        for places in (self.places, self.firsts, self.members):
            if len(places) and places.min() < 0:
                raise DataError("This data set has places below 0.")

    def check(self, sequences: int, steps: int) -> None:
        """Raise `DataError` unless this is of so many sequences and steps, or says nothing."""
        of_sequences = (self.places, self.firsts, self.members)
        fits = all(len(places) in (0, sequences) for places in of_sequences)
        if not fits or len(self.times) not in (0, steps):
            raise DataError("The names of this data set do not fit to its sequences.")

    def name(self, index: int, starts: Places, noun: str = "") -> SafeText:
        """Return what the file calls a sequence, such as `store_04`, or of a piece where it begins.

        Args:
            index: of the sequence.
            starts: (N + 1,) the first step of each sequence, as `DataSet.starts`.
            noun: the column that names sequences, for names that are numbers: `patient 17`.
        """
        if not len(self.places):
            return printable(f"{index + 1:,}")
        place = int(self.places[index])
        several_sequences = bool(self.ids) or self._are_several
        whole = self.ids[place] if self.ids else f"{place + 1:,}"
        if self.ids and whole.isdecimal():
            whole = f"{noun} {whole}".lstrip()
        if not self._are_pieces[index]:
            return printable(whole, LONGEST_NAME)
        begin = self.time_text(int(starts[index])) or f"step {int(self.firsts[index]) + 1:,}"
        words = f"{whole} from {begin}" if several_sequences else f"from {begin}"
        return printable(words, 2 * LONGEST_NAME)

    @cached_property
    def _are_pieces(self) -> npt.NDArray[np.bool_]:
        """Whether others come from the same sequence of the file, of each (N,)."""
        _, inverse, counts = np.unique(self.places, return_inverse=True, return_counts=True)
        pieces: npt.NDArray[np.bool_] = counts[inverse] > 1
        return pieces

    @cached_property
    def _are_several(self) -> bool:
        """Whether not all come from one sequence of the file."""
        return bool((self.places != self.places[0]).any())

    def time_text(self, step: int) -> str:
        """Return what the file calls a step of all T, such as `1949-01-01`; empty if nothing."""
        if not len(self.times):
            return ""
        return time_in_words(float(self.times[step]), dated=self.dated)

    def group(self, index: int) -> str:
        """Return the group of a sequence; empty if there are none."""
        return self.groups[int(self.members[index])] if len(self.members) else ""

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return arrays by name, without empty ones."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "ids": _encoded(self.ids),
            "places": self.places,
            "firsts": self.firsts,
            "times": self.times,
            "groups": _encoded(self.groups),
            "members": self.members,
        }
        return {name: array for name, array in arrays.items() if len(array)}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]], *, dated: bool) -> Self:
        """Return the inverse of `arrays`.

        Raises:
            DataError: if they do not fit each other.
        """
        numbers = {
            name: arrays[name].astype(np.int64)
            for name in ("places", "firsts", "members")
            if name in arrays
        }
        return cls(
            ids=_decoded(arrays.get("ids")),
            times=arrays.get("times", np.zeros(0)).astype(np.float64),
            dated=dated,
            groups=_decoded(arrays.get("groups")),
            **numbers,
        )


def in_words(name: str, noun: str = "sequence") -> str:
    """Return the name of a sequence as it stands in a sentence: `sequence 5`, but `store_04`."""
    needs_noun = name[:1].isdecimal() or name.startswith("from ")
    return f"{noun} {name}" if needs_noun else name


def time_in_words(time: float, *, dated: bool) -> str:
    """Return a time of a file: a number, or a date, with the time of day if it has one."""
    if np.isnan(time):
        return ""
    if not dated:
        return format(time, ".10g")
    moment = EPOCH + timedelta(seconds=time)
    if time % DAY == 0:
        return f"{moment:%Y-%m-%d}"
    return moment.isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")


def _encoded(words: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """Return words as bytes, JSON in UTF-8; none if there are none."""
    if not words:
        return np.zeros(0, np.uint8)
    return np.frombuffer(json.dumps(words, ensure_ascii=False).encode(), np.uint8)


def _decoded(data: npt.NDArray[Any] | None) -> tuple[str, ...]:
    """Return the inverse of `_encoded`; raises `DataError` if it is none."""
    if data is None:
        return ()
    try:
        words = json.loads(data.astype(np.uint8).tobytes())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError("The names in this data set can't be read.") from error
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise DataError("The names in this data set are no words.")
    return tuple(printable(word, LONGEST_NAME) for word in words)
