"""Hold the sequences of a file before it is decided what is learned of them."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.data.origin import Origin
from rnn_tui.engine.errors import DataError

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.object_]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Label:
    """What is to be answered, of N sequences or of all T steps."""

    name: str
    every_step: bool
    values: Floats | Words  #: (N,) or (T,) numbers, NaN where they are missing, or words, "".
    classes: tuple[str, ...] = ()  #: if the file lists them.
    is_class: bool = False  #: whether the file says that these are classes, even if numbers.
    is_number: bool = False  #: whether the file says that these are numbers to predict.

    @property
    def is_text(self) -> bool:
        """Whether the values are words."""
        return self.values.dtype == object

    @property
    def missing(self) -> Flags:
        """Which values are missing."""
        return self.values == "" if self.is_text else np.isnan(self.values.astype(np.float64))

    def of(self, places: Places | Flags) -> Self:
        """Return the label of some of the sequences or steps."""
        return replace(self, values=self.values[places])


@dataclass(frozen=True, eq=False)
class Sequences:
    """N sequences of altogether T steps."""

    features: tuple[str, ...]  #: the names of the numbers of a step; empty if symbols are read.
    alphabet: tuple[str, ...]  #: the symbols of a step; empty if numbers are read.
    values: Floats  #: (T, F) numbers, NaN where they are missing; (T, 1) places in the alphabet.
    starts: Places  #: (N + 1,)
    label: Label | None = None
    #: (N,) the sequence of the file that each is a piece of: pieces of one stay in one part.
    origins: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    #: (N,) which belong to a second file, the test.
    tests: Flags = field(default_factory=lambda: np.zeros(0, np.bool_))
    #: the names of the sequences of the file, which `origins` are the places of; empty if it names
    #: none.
    ids: tuple[str, ...] = ()
    #: (N,) the step of its sequence in the file at which each begins, from 0.
    firsts: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    #: (T,) the file's number of each step, or, of dates, seconds since 1970; (0,) if it has none.
    times: Floats = field(default_factory=lambda: np.zeros(0))
    dated: bool = False  #: whether times are dates.
    groups: tuple[str, ...] = ()  #: the names of the groups, such as subjects; empty without any.
    #: (N,) the group of each sequence; (0,) without any.
    members: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    #: (T,) the part that the file or the user says of each step, 0 to 2; (0,) if none is said.
    given: Places = field(default_factory=lambda: np.zeros(0, np.int64))
    grouped_by: str = ""  #: what the file calls its groups, such as `subject`.
    given_by: str = ""  #: the column that says the parts.
    notes: tuple[str, ...] = ()
    words: bool = False  #: whether the alphabet is all words of the file.
    #: (T, F) `values` before their gaps were filled, NaN where nothing is to be answered; None if
    #: they are as they were.
    measured: Floats | None = None

    def __post_init__(self) -> None:
        if not len(self.origins):
            object.__setattr__(self, "origins", np.arange(self.count))
        if not len(self.tests):
            object.__setattr__(self, "tests", np.zeros(self.count, np.bool_))
        if not len(self.firsts):
            object.__setattr__(self, "firsts", np.zeros(self.count, np.int64))

    @property
    def count(self) -> int:
        """Sequences N."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> Places:
        """Steps (N,) of each sequence."""
        return np.diff(self.starts)

    @property
    def origin(self) -> Origin:
        """Where in the file the sequences come from."""
        return Origin(
            ids=self.ids,
            places=self.origins,
            firsts=self.firsts,
            times=self.times,
            dated=self.dated,
            groups=self.groups,
            members=self.members,
        )

    @property
    def sequence_of_step(self) -> Places:
        """The sequence (T,) of each step."""
        return np.repeat(np.arange(self.count), self.lengths)

    def keep_sequences(self, kept: Flags) -> Self:
        """Return some of the sequences (N,)."""
        if kept.all():
            return self
        steps = np.repeat(kept, self.lengths)
        label = self.label
        if label is not None:
            label = label.of(steps if label.every_step else kept)
        return replace(
            self,
            values=self.values[steps],
            starts=starts_of(self.lengths[kept]),
            label=label,
            origins=self.origins[kept],
            tests=self.tests[kept],
            firsts=self.firsts[kept],
            times=self.times[steps] if len(self.times) else self.times,
            members=self.members[kept] if len(self.members) else self.members,
            given=self.given[steps] if len(self.given) else self.given,
            measured=None if self.measured is None else self.measured[steps],
        )

    def keep_steps(self, kept: Flags) -> Self:
        """Return some of the steps (T,) of all sequences; some may have none left."""
        if kept.all():
            return self
        lengths = np.bincount(self.sequence_of_step[kept], minlength=self.count)
        label = self.label
        if label is not None and label.every_step:
            label = label.of(kept)
        return replace(
            self,
            values=self.values[kept],
            starts=starts_of(lengths),
            label=label,
            times=self.times[kept] if len(self.times) else self.times,
            given=self.given[kept] if len(self.given) else self.given,
        )

    def with_values(self, values: Floats, **changes: Any) -> Self:
        """Return the same with other values."""
        return replace(self, values=values, **changes)


def starts_of(lengths: npt.NDArray[Any]) -> Places:
    """Return the first step of each sequence, and the number of all."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def positions_of(starts: Places) -> Places:
    """Return the number (T,) of each step in its sequence, from 0.

    Args:
        starts: (N + 1,) the first step of each sequence, then T.
    """
    return np.arange(starts[-1]) - np.repeat(starts[:-1], np.diff(starts))


def joined_sequences(training: Sequences, test: Sequences) -> Sequences:
    """Return the sequences of a file for training and of one for the test.

    Raises:
        DataError: if they do not read or answer the same.
    """
    if len(training.features) != len(test.features) or training.alphabet != test.alphabet:
        raise DataError(
            f"The file for training has {len(training.features)} numbers at a step and that for "
            f"the test {len(test.features)}; they must be the same."
        )
    steps = (len(training.values), len(test.values))
    have_times = (len(training.times), len(test.times)) == steps and training.dated == test.dated
    have_groups = len(training.members) and len(test.members)
    groups = tuple(dict.fromkeys((*training.groups, *test.groups))) if have_groups else ()
    return replace(
        training,
        values=np.concatenate([training.values, test.values]),
        starts=starts_of(np.concatenate([training.lengths, test.lengths])),
        label=_joined_label(training.label, test.label),
        origins=np.arange(training.count + test.count),
        tests=np.repeat([False, True], [training.count, test.count]),
        ids=(*training.ids, *test.ids) if training.ids and test.ids else (),
        firsts=np.concatenate([training.firsts, test.firsts]),
        times=np.concatenate([training.times, test.times]) if have_times else np.zeros(0),
        groups=groups,
        members=_joined_members(training, test, groups),
        notes=(*training.notes, *(note for note in test.notes if note not in training.notes)),
    )


def _joined_members(training: Sequences, test: Sequences, groups: tuple[str, ...]) -> Places:
    """Return the groups (N,) of the sequences of two files; (0,) without groups."""
    if not groups:
        return np.zeros(0, np.int64)
    names = [part.groups[member] for part in (training, test) for member in part.members.tolist()]
    return np.array([groups.index(name) for name in names], np.int64)


def _joined_label(first: Label | None, second: Label | None) -> Label | None:
    if first is None and second is None:
        return None
    if first is None or second is None or first.every_step != second.every_step:
        raise DataError("The files for training and test do not have the same sort of labels.")
    if first.is_text != second.is_text:
        raise DataError("Labels are words in one of the files, and numbers in the other.")
    classes = tuple(dict.fromkeys((*first.classes, *second.classes)))
    return replace(first, values=np.concatenate([first.values, second.values]), classes=classes)
