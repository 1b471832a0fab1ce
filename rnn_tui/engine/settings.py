"""The settings that a user may change: label, help and limits of each, and how it is typed.

Both faces take all of that from `SETTINGS`, so that a field and an option of the same name can't
disagree. Torch-free, since form and command line check settings before torch is loaded.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rnn_tui.engine.errors import SettingError, printable

DEVICES = ("auto", "cpu", "cuda", "mps")


class Setting(Protocol):
    """A setting of a run, with all that a form or an option shows of it."""

    @property
    def name(self) -> str:
        """The field of the configuration."""
        ...

    @property
    def label(self) -> str:
        """The words in a form and in a sentence."""
        ...

    @property
    def help(self) -> str:
        """What it is, in a few words."""
        ...

    @property
    def range_text(self) -> str:
        """The allowed values in words, such as `a whole number from 1 to 4`."""
        ...

    @property
    def characters(self) -> str:
        """The characters that typing a value may need."""
        ...

    @property
    def placeholder(self) -> str:
        """What stands for a value in a usage line."""
        ...

    def parse(self, text: str) -> Any:
        """Read a value as typed.

        Raises:
            SettingError: if it is not allowed.
        """
        ...

    def check(self, value: Any) -> Any:
        """Return `value`, or raise `SettingError` where it is not allowed."""
        ...

    def format(self, value: Any) -> str:
        """`value` as one would type it."""
        ...


@dataclass(frozen=True)
class NumberSetting:
    """One number."""

    name: str
    label: str
    help: str
    low: float
    high: float
    whole: bool = True

    @property
    def range_text(self) -> str:
        """The allowed values in words, such as `a whole number from 1 to 4`."""
        if self.whole:
            return f"a whole number from {self.low:.0f} to {self.high:.0f}"
        return f"a number above {self.low:g}, at most {self.high:g}"

    @property
    def characters(self) -> str:
        """Digits, signs, exponents."""
        return "0123456789.e-+_"

    @property
    def placeholder(self) -> str:
        """N for whole numbers, X for others."""
        return "N" if self.whole else "X"

    def check(self, value: Any) -> Any:
        """Return `value`, or raise `SettingError` where it is outside the allowed range."""
        number = isinstance(value, int if self.whole else (int, float)) and value is not True
        # Compared before anything converts it: a whole number may be too large for a float.
        if (
            not number
            or value is False
            or not (self.low <= value if self.whole else self.low < value)
            or not value <= self.high
        ):
            raise SettingError(
                f"{self.label} must be {self.range_text}, not {printable(value, 24)}."
            )
        return value

    def parse(self, text: str) -> Any:
        """Read `text` as typed (an int for whole-number settings).

        Raises:
            SettingError: if it is no number, or one outside the allowed range.
        """
        try:
            value = int(text) if self.whole else float(text)
        except ValueError:
            raise SettingError(
                f"{self.label} must be {self.range_text}, not “{printable(text, 24)}”."
            ) from None
        return self.check(value)

    def format(self, value: Any) -> str:
        """The number without needless digits, and with all that it takes to read it back."""
        if not isinstance(value, float):
            return str(value)
        text = f"{value:g}"
        return text if float(text) == value else repr(value)


@dataclass(frozen=True)
class ListSetting:
    """Several different whole numbers, ascending."""

    name: str
    label: str
    help: str
    low: int
    high: int
    most: int

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        return (
            f"1 to {self.most} different whole numbers from {self.low} to {self.high}, "
            "with commas between them"
        )

    @property
    def characters(self) -> str:
        """Digits and what stands between numbers."""
        return "0123456789, "

    @property
    def placeholder(self) -> str:
        """A list of numbers."""
        return "N,N,…"

    def check(self, value: Any) -> Any:
        """Return `value` as an ascending tuple.

        Raises:
            SettingError: if it is not a list of allowed numbers.
        """
        numbers = isinstance(value, Sequence) and all(
            isinstance(n, int) and not isinstance(n, bool) and self.low <= n <= self.high
            for n in value
        )
        if not numbers or not 1 <= len(value) <= self.most or len(set(value)) < len(value):
            raise SettingError(f"{self.label} must be {self.range_text}, not {_shown(value)}.")
        return tuple(sorted(value))

    def parse(self, text: str) -> Any:
        """Read numbers with commas or spaces between them.

        Raises:
            SettingError: if any of them is not allowed.
        """
        try:
            return self.check([int(part) for part in text.replace(",", " ").split()])
        except (ValueError, SettingError):
            raise SettingError(
                f"{self.label} must be {self.range_text}, not “{printable(text, 24)}”."
            ) from None

    def format(self, value: Any) -> str:
        """The numbers with commas."""
        return ",".join(map(str, value))


@dataclass(frozen=True)
class RangeSetting:
    """A first and a last whole number, such as the lengths 3 to 11."""

    name: str
    label: str
    help: str
    low: int
    high: int

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        return f"a range such as 3-11, from {self.low} to {self.high}"

    @property
    def characters(self) -> str:
        """Digits and dashes."""
        return "0123456789-–… "

    @property
    def placeholder(self) -> str:
        """A range."""
        return "N-N"

    def check(self, value: Any) -> Any:
        """Return `value` as a pair.

        Raises:
            SettingError: if it is not an ascending pair of allowed numbers.
        """
        pair = (
            isinstance(value, Sequence)
            and len(value) == 2
            and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
        )
        if not pair or not self.low <= value[0] <= value[1] <= self.high:
            raise SettingError(f"{self.label} must be {self.range_text}, not {_shown(value)}.")
        return (value[0], value[1])

    def parse(self, text: str) -> Any:
        """Read `3-11`, `3 … 11`, or one number for a range of one.

        Raises:
            SettingError: if it is not an ascending pair of allowed numbers.
        """
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:(?:-|–|…)\s*(\d{1,9})\s*)?", text, re.ASCII)
        if found is None:
            raise self._refused(text)
        first = int(found[1])
        try:
            return self.check((first, int(found[2] or first)))
        except SettingError:
            raise self._refused(text) from None

    def _refused(self, text: str) -> SettingError:
        return SettingError(f"{self.label} must be {self.range_text}, not “{printable(text, 24)}”.")

    def format(self, value: Any) -> str:
        """The range with a dash."""
        return f"{value[0]}-{value[1]}"


@dataclass(frozen=True)
class ChoicesSetting:
    """One or several names out of a few."""

    name: str
    label: str
    help: str
    choices: Mapping[str, str]

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        return f"one or more of {', '.join(self.choices)}, each once, with commas between them"

    @property
    def characters(self) -> str:
        """Letters and commas."""
        return "abcdefghijklmnopqrstuvwxyz, "

    @property
    def placeholder(self) -> str:
        """A list of names."""
        return "NAME,…"

    def check(self, value: Any) -> Any:
        """Return `value` as a tuple, in the order of the choices.

        Raises:
            SettingError: if a name is not among them, or none is given.
        """
        known = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
        fits = known and all(isinstance(n, str) and n in self.choices for n in value)
        if not fits or len(set(value)) < len(value):
            raise SettingError(f"{self.label} must be {self.range_text}, not {_shown(value)}.")
        return tuple(name for name in self.choices if name in value)

    def parse(self, text: str) -> Any:
        """Read names with commas or spaces between them.

        Raises:
            SettingError: if a name is unknown, or none is given.
        """
        names = text.replace(",", " ").split()
        try:
            return self.check(names)
        except SettingError:
            raise SettingError(
                f"{self.label} must be {self.range_text}, not “{printable(text, 24)}”."
            ) from None

    def format(self, value: Any) -> str:
        """The names with commas."""
        return ",".join(value)


def _shown(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = ", ".join(str(item) for item in value[:8])
    return f"“{printable(value, 24)}”"


SETTINGS: Mapping[str, Setting] = {
    setting.name: setting
    for setting in (
        NumberSetting("epochs", "Epochs", "passes over the training data", 1, 10_000),
        NumberSetting("batch_size", "Batch size", "training samples in a step", 1, 50_000),
        NumberSetting(
            "learning_rate", "Learning rate", "Adam's step size; or its peak",
            0.0, 1e38, whole=False,
        ),
        NumberSetting("hidden_size", "Hidden size", "units in a recurrent layer", 1, 4096),
        ListSetting("hidden_sizes", "Hidden sizes", "units; one network each", 1, 256, 8),
        NumberSetting("layers", "Layers", "recurrent layers, stacked", 1, 4),
        ChoicesSetting(
            "losses", "Losses", "what training minimises; one network each",
            {"mse": "MSE", "ce": "CE", "bce": "BCE"},
        ),
        NumberSetting("seed", "Seed", "data, first weights, order", 0, 2**32 - 1),
        NumberSetting("seeds", "Seeds", "networks of consecutive seeds", 1, 1000),
        NumberSetting("position", "Position", "the digit to recall; the first is 1", 1, 1000),
        RangeSetting("lengths", "Lengths", "time steps of a sequence", 1, 1000),
        NumberSetting("training_size", "Training set", "sequences in an epoch", 1, 1_000_000),
        NumberSetting("test_size", "Test set", "sequences to test on", 1, 100_000),
    )
}  # fmt: skip

WORKERS = NumberSetting("workers", "Workers", "CPU threads that share a batch", 0, 64)


def check_choice(what: str, value: str, choices: Sequence[str]) -> None:
    """Raise `SettingError` unless `value` is one of `choices`."""
    if value not in choices:
        raise SettingError(f"{what} must be one of {', '.join(choices)}, not “{printable(value)}”.")
