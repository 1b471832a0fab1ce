"""Describe a stored data set of sequences in a form that needs neither NumPy nor torch."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from rnn_tui.data.forecast import Forecast
from rnn_tui.data.options import MOST_STEPS, Fill, Goal, ReadingOptions, Split
from rnn_tui.engine.errors import DataError, SettingError, printable
from rnn_tui.engine.options import record_of

LONGEST_NAME = 60  # characters of a column, a class or a symbol
MOST_FEATURES = 256
MOST_OUTPUTS = 256
MOST_WORDS = 20_000  # of a vocabulary
UNKNOWN_WORD = "<unknown>"  #: the first word of a vocabulary, which stands for all others.
#: fields that descriptions of earlier versions lack, with what is so without them.
ADDED: Mapping[str, Any] = {
    "dated": False,
    "reading": None,
    "class_counts": (),
    "thinned": 1,
    "blocks": False,
    "forecast": None,
    "counted_in": (),
    "words": False,
    "known": (),
}
LARGEST = 1e38  # of the numbers, apart from their sign: what single precision holds


@dataclass(frozen=True, kw_only=True)
class Description:
    """A data set as a task knows it.

    Raises:
        DataError: if it does not hold together, as in a damaged file.
    """

    name: str  #: the task's name, unique to the content, such as `gunpoint-1f3a5b`.
    label: str  #: as shown: the file's name without its ending.
    source: str  #: the path of the file that it was read from; `arrays` or `frame` without one.
    goal: Goal  #: `class`, `number`, `step-class`, `step-number` or `next`.
    horizon: int  #: how many steps ahead are answered; 0 unless the goal is `next`.
    #: the names of the numbers that are read at each step; empty if symbols are.
    features: tuple[str, ...]
    #: the symbols that a step may be; empty if numbers are read.
    alphabet: tuple[str, ...]
    #: the names of the classes, or of the numbers that are answered; of the goal `next`, the
    #: symbols, or the features for each step of the horizon, such as `load +1`.
    outputs: tuple[str, ...]
    means: tuple[float, ...]  #: of each feature over the training sequences; none of symbols.
    deviations: tuple[float, ...]  #: their standard deviations, above 0.
    #: of each output over the training sequences, if it is a number; in the units of the file.
    output_means: tuple[float, ...]
    output_deviations: tuple[float, ...]  #: their standard deviations, above 0.
    training: int  #: sequences to train on.
    validation: int  #: validation sequences.
    test: int  #: test sequences.
    shortest: int  #: steps of the shortest sequence.
    longest: int  #: steps of the longest sequence.
    split: Split  #: `chance`, `time`, `files`, `column` or `from`.
    fill: Fill  #: `line`, `previous`, `zero`, `mean` or `drop`.
    filled: int  #: numbers that were missing.
    #: what was understood of the file, a sentence each, as its reader was told.
    notes: tuple[str, ...] = ()
    dated: bool = False  #: whether the file's times of steps are dates.
    #: how the file was read, guesses included; null of data sets of earlier versions.
    reading: ReadingOptions | None = None
    #: sequences or steps with each class; none of numbers and of inputs to come, and none in files
    #: of earlier versions.
    class_counts: tuple[int, ...] = ()
    thinned: int = 1  #: how many steps of the file each step is the mean of.
    blocks: bool = False  #: whether blank lines part the sequences of the file.
    #: how the next steps are forecast; null of goals that are no forecast from windows.
    forecast: Forecast | None = None
    #: the columns within each value of which sequences are counted anew, as trials of subjects.
    counted_in: tuple[str, ...] = ()
    #: whether the symbols are a vocabulary of words, the first of which stands for unknown ones.
    words: bool = False
    #: the features that are known ahead; those that they hold in the steps to come are the last of
    #: the features, such as `price +1`.
    known: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words = [self.name, self.label, self.source, *self.features, *self.alphabet, *self.outputs]
        if any(not isinstance(word, str) or printable(word, 400) != word for word in words):
            raise DataError("The words of a data set must be short printable text.")
        has_one_input = bool(self.features) != bool(self.alphabet)
        if not has_one_input or not self.outputs:
            raise DataError("A data set needs inputs, numbers or symbols, and something to answer.")
        most = MOST_WORDS if self.words else MOST_FEATURES
        if max(len(self.features), len(self.alphabet)) > most:
            raise DataError(f"A data set may have at most {most} inputs.")
        if self.words and self.alphabet[:1] != (UNKNOWN_WORD,):
            raise DataError(f"A vocabulary begins with {UNKNOWN_WORD}.")
        if len(self.outputs) > MOST_OUTPUTS:
            raise DataError(f"A data set may have at most {MOST_OUTPUTS} answers.")
        if not 1 <= self.shortest <= self.longest <= MOST_STEPS:
            raise DataError(f"Sequences must have 1 to {MOST_STEPS:,} steps.")
        if min(self.training, self.validation, self.test) < 1:
            raise DataError("Training, validation and test need a sequence each.")
        statistics = (self.means, self.deviations, self.output_means, self.output_deviations)
        expected = (len(self.features),) * 2 + (0 if self.classifies else len(self.outputs),) * 2
        if tuple(map(len, statistics)) != expected:
            raise DataError("The means of a data set do not fit its columns.")
        are_counts = all(isinstance(count, int) and count >= 0 for count in self.class_counts)
        if not are_counts or len(self.class_counts) not in (0, len(self.outputs)):
            raise DataError("The classes of a data set do not fit their counts.")
        self._check_forecast()

    def _check_forecast(self) -> None:
        forecast = self.forecast
        if forecast is None:
            return
        fits = len(self.outputs) == self.horizon * len(forecast.columns)
        if self.goal is not Goal.STEP_NUMBER or not fits:
            raise DataError("The answers of a data set do not fit its forecast.")
        if not set(forecast.columns) <= set(self.features):
            raise DataError("A data set forecasts columns that it does not have.")
        if not set(self.known) <= set(self.columns_read) - set(forecast.columns):
            raise DataError("The columns of a data set that are known ahead do not fit its others.")

    @property
    def classifies(self) -> bool:
        """Whether the answers are classes or symbols, in place of numbers."""
        if self.goal is Goal.NEXT:
            return bool(self.alphabet)
        return self.goal in (Goal.CLASS, Goal.STEP_CLASS)

    @property
    def noun(self) -> str:
        """What each of its sequences is: a window of a series that is forecast, or a sequence."""
        return "sequence" if self.forecast is None else "window"

    @property
    def input_size(self) -> int:
        """The numbers F that a network reads at each step: symbols are read one-hot."""
        return len(self.alphabet) or len(self.features)

    @property
    def columns_read(self) -> tuple[str, ...]:
        """The features that stand in a row of the file, without those of the steps to come."""
        return self.features[: len(self.features) - len(self.known) * self.horizon]

    @property
    def count(self) -> int:
        """All sequences."""
        return self.training + self.validation + self.test

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, the inverse of `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a description.

        Raises:
            DataError: if these are not the values of one.
        """
        try:
            complete = {**ADDED, **values}
            attributes = {field.name: complete[field.name] for field in fields(cls)}
            for name, value in attributes.items():
                if isinstance(value, list):
                    attributes[name] = tuple(value)
            attributes["goal"] = Goal(attributes["goal"])
            attributes["split"] = Split(attributes["split"])
            attributes["fill"] = Fill(attributes["fill"])
            attributes["dated"] = bool(attributes["dated"])
            attributes["thinned"] = max(1, int(attributes["thinned"]))
            attributes["blocks"] = bool(attributes["blocks"])
            attributes["counted_in"] = tuple(map(str, attributes["counted_in"]))
            attributes["words"] = bool(attributes["words"])
            attributes["known"] = tuple(map(str, attributes["known"]))
            if attributes["reading"] is not None:
                attributes["reading"] = record_of(ReadingOptions, attributes["reading"])
            if attributes["forecast"] is not None:
                attributes["forecast"] = Forecast.from_dict(attributes["forecast"])
            return cls(**attributes)
        except SettingError as error:
            raise DataError(f"A data set was read in another way than there is: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"This is not the description of a data set ({printable(error, 80)})."
            ) from error


def unique_names(names: Iterable[str]) -> list[str]:
    """Return names with a number behind those that were there already, not longer than others."""
    taken: set[str] = set()
    following: dict[tuple[str, int], int] = {}  # the next number behind a stem, by its digits
    result = []
    for name in names:
        new = name if name not in taken else _numbered(name, taken, following)
        taken.add(new)
        result.append(new)
    return result


def _numbered(name: str, taken: set[str], following: dict[tuple[str, int], int]) -> str:
    """Return a name that is taken with the first number behind it that is not."""
    for digits in itertools.count(1):
        stem = name[: LONGEST_NAME - digits - len(" ()")]
        number = following.get((stem, digits), max(2, 10 ** (digits - 1)))
        new = ""
        while number < 10**digits and (not new or new in taken):
            new = f"{stem} ({number})"
            number += 1
        following[stem, digits] = number
        if new and new not in taken:
            return new
    raise AssertionError("numbers do not end")
