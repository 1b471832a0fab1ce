"""The settings that a user may change: all that any place shows of one is its row in `SETTINGS`.

A row has a setting's label, help and limits, how it is typed, where it is in the form, and its word
in the names of runs. Form, command line, sweeps and pages read it there, so that they can't
disagree. Torch-free, since form and command line check settings before torch is loaded.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.suggestions import did_you_mean


class _Devices(tuple[str, ...]):
    """Names of devices; `cuda:1` and so on, for one of several GPUs, is among them and not
    listed.
    """

    def __contains__(self, name: object) -> bool:
        return (
            super().__contains__(name)
            or re.fullmatch(r"cuda:\d{1,2}", str(name), re.ASCII) is not None
        )


DEVICES = _Devices(("auto", "cpu", "cuda", "mps"))
SEVERAL_GPUS = "cuda:1 and so on for one GPU of several"
LONGEST_SHOWN = 24  # characters of a value that was refused


@dataclass(frozen=True)
class Setting(ABC):
    """A setting of a run, with all that a form or an option shows of it."""

    name: str  #: the field of the configuration.
    label: str  #: the words in a form and in a sentence.
    help: str  #: what it is, in a few words.
    _: KW_ONLY
    #: its word in the name of a run, such as `h{}`, where braces stand for the value.
    in_names: str = ""
    #: whether the form has it under “More settings”, which is folded away at first.
    advanced: bool = False
    #: of a setting with several values, what one of them is called in sweeps and as an option.
    singular: str = ""

    characters: ClassVar[str]  #: those that typing a value may need.
    placeholder: ClassVar[str]  #: what stands for a value in a usage line.
    allowed_words: ClassVar[str]  #: the allowed values in words, fields in braces.

    @property
    def option_names(self) -> tuple[str, ...]:
        """The options of the command line that set it, the usual one first."""
        names = [self.singular, self.name] if self.singular else [self.name]
        return tuple(f"--{name.replace('_', '-')}" for name in names)

    @property
    def range_text(self) -> str:
        """The allowed values in words, such as `a whole number from 1 to 4`."""
        return self.allowed_words.format(**vars(self))

    @abstractmethod
    def read(self, text: str) -> Any:
        """Return a value as typed, allowed or not; `ValueError` if it is no value at all."""

    @abstractmethod
    def allowed(self, value: Any) -> Any:
        """Return `value` as it is in the configuration; None if it is not allowed."""

    def format(self, value: Any) -> str:
        """Return `value` as a user would type it; here several, with commas between them."""
        return ",".join(map(str, value))

    def check(self, value: Any, text: str = "") -> Any:
        """Return `value`, typed as `text` if it was, as in the configuration.

        Raises:
            SettingError: if it is not allowed.
        """
        found = self.allowed(value)
        if found is None:
            raise self._refused(self._shown(value, text))
        return found

    def parse(self, text: str) -> Any:
        """Read a value as typed; `SettingError` if it is not allowed."""
        try:
            value = self.read(text)
        except ValueError:
            raise self._refused(f"“{printable(text, LONGEST_SHOWN)}”") from None
        return self.check(value, text)

    def _shown(self, value: Any, text: str) -> str:
        """Return the refused value as it was typed, or formatted if it was not typed."""
        if not text and isinstance(value, Sequence) and not isinstance(value, str):
            # no more than would show, and no fewer: an ellipsis says that others follow
            value = ", ".join(str(item) for item in value[:LONGEST_SHOWN])
        return f"“{printable(text or value, LONGEST_SHOWN)}”"

    def _refused(self, shown: str) -> SettingError:
        return SettingError(f"{self.label} must be {self.range_text}, not {shown}.")


@dataclass(frozen=True)
class NumberSetting(Setting):
    """A setting of one number; an int for whole-number settings."""

    low: float  #: the smallest allowed value.
    high: float  #: the largest allowed value.
    whole: bool = True  #: whether only whole numbers are allowed.
    above: bool = False  #: whether a value must be above `low`; else `low` is allowed as well.

    characters = "0123456789.e-+_"
    placeholder = "N"

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        if self.whole:
            return f"a whole number from {self.low:.0f} to {self.high:.0f}"
        if self.above:
            return f"a number above {self.low:g}, at most {self.high:g}"
        return f"a number from {self.low:g} to {self.high:g}"

    def read(self, text: str) -> Any:
        """Return the number."""
        return int(text) if self.whole else float(text)

    def allowed(self, value: Any) -> Any:
        """Return the number, where it is one in the range."""
        kinds = int if self.whole else (int, float)
        if not isinstance(value, kinds) or isinstance(value, bool):
            return None
        # Compared before anything converts it: a whole number may be too large for a float.
        if not self.low <= value <= self.high or (self.above and value == self.low):
            return None
        return value

    def format(self, value: Any) -> str:
        """Return the number without needless digits, and with all that it takes to read it back."""
        if not isinstance(value, float):
            return str(value)
        text = f"{value:g}"
        return text if float(text) == value else repr(value)

    def _shown(self, value: Any, text: str) -> str:  # noqa: ARG002 - told as it was read
        return printable(value, LONGEST_SHOWN)


@dataclass(frozen=True)
class ListSetting(Setting):
    """Several different whole numbers, ascending."""

    low: int  #: the smallest number that may be among them.
    high: int  #: the largest one.
    most: int  #: how many numbers there may be.

    characters = "0123456789, "
    placeholder = "N,N,…"
    allowed_words = (
        "1 to {most} different whole numbers from {low} to {high}, with commas between them"
    )

    def read(self, text: str) -> Any:
        """Read numbers with commas or spaces between them."""
        return [int(part) for part in text.replace(",", " ").split()]

    def allowed(self, value: Any) -> Any:
        """Return an ascending tuple."""
        fits = _whole_numbers(value, self.low, self.high) and 1 <= len(value) <= self.most
        return tuple(sorted(value)) if fits and len(set(value)) == len(value) else None


@dataclass(frozen=True)
class RangeSetting(Setting):
    """A first and a last whole number, such as the lengths 3 to 11."""

    low: int  #: the smallest first number.
    high: int  #: the largest last number.

    characters = "0123456789-–… "
    placeholder = "N-N"
    allowed_words = "a range such as 3-11, from {low} to {high}"

    def read(self, text: str) -> Any:
        """Read `3-11`, `3 … 11`, or one number for a range of one."""
        found = re.fullmatch(r"\s*(\d{1,9})\s*(?:(?:-|–|…)\s*(\d{1,9})\s*)?", text, re.ASCII)
        if found is None:
            raise ValueError
        return int(found[1]), int(found[2] or found[1])

    def allowed(self, value: Any) -> Any:
        """Return an ascending pair."""
        pair = _whole_numbers(value, self.low, self.high) and len(value) == 2
        return (value[0], value[1]) if pair and value[0] <= value[1] else None

    def format(self, value: Any) -> str:
        """Return the range with a dash."""
        return f"{value[0]}-{value[1]}"


@dataclass(frozen=True)
class ChoicesSetting(Setting):
    """A setting of one or several names out of a few."""

    choices: Mapping[str, str]  #: by name as typed, the label in a form.

    characters = "abcdefghijklmnopqrstuvwxyz, "
    placeholder = "NAME,…"

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        return f"one or more of {', '.join(self.choices)}, each once, with commas between them"

    def read(self, text: str) -> Any:
        """Read names with commas or spaces between them."""
        return text.replace(",", " ").split()

    def allowed(self, value: Any) -> Any:
        """Return a tuple, in the order of the choices."""
        names = isinstance(value, Sequence) and not isinstance(value, str) and len(value) > 0
        fits = (
            names
            and all(isinstance(n, str) and n in self.choices for n in value)
            and len(set(value)) == len(value)
        )
        return tuple(name for name in self.choices if name in value) if fits else None


@dataclass(frozen=True)
class ChoiceSetting(Setting):
    """A setting of one name out of a few."""

    choices: Mapping[Any, str]  #: by name as typed, the label in a form; a `StrEnum` has names.

    characters = "abcdefghijklmnopqrstuvwxyz0123456789-_"
    placeholder = "NAME"

    @property
    def range_text(self) -> str:
        """The allowed values in words."""
        return f"one of {', '.join(self.choices)}"

    def read(self, text: str) -> Any:
        """Return the name without spaces around it."""
        return text.strip()

    def allowed(self, value: Any) -> Any:
        """Return the choice of this name."""
        if not isinstance(value, str):
            return None
        return next((choice for choice in self.choices if choice == value), None)

    def format(self, value: Any) -> str:
        """Return the name."""
        return str(value)

    def _shown(self, value: Any, text: str) -> str:
        """Return the refused name, and the choice that may have been meant."""
        hint = did_you_mean(value, self.choices) if isinstance(value, str) else ""
        return f"{super()._shown(value, text)}{hint}"


def _whole_numbers(value: Any, low: int, high: int) -> bool:
    numbers = value if isinstance(value, Sequence) else [None]
    return all(isinstance(n, int) and not isinstance(n, bool) and low <= n <= high for n in numbers)


# In the order of the form and of the options; names of runs have their words in it, too.
_ROWS: tuple[Setting, ...] = (
    NumberSetting(
        "hidden_size", "Hidden size", "units in a recurrent layer", 1, 4096, in_names="h{}"
    ),
    ListSetting(
        "hidden_sizes",
        "Hidden sizes",
        "units; one network per size",
        1,
        256,
        8,
        in_names="h{}",
        singular="hidden_size",
    ),
    NumberSetting(
        "layers",
        "Layers",
        "recurrent layers, stacked",
        1,
        4,
        in_names="{}layers",
        advanced=True,
    ),
    ChoiceSetting(
        "directions",
        "Directions",
        "from the first step on, or from the last one back as well",
        {"forward": "Forward", "both": "Forward and backward"},
        in_names="{}directions",
        advanced=True,
    ),
    ChoiceSetting(
        "state_activation",
        "Activation",
        "what the states pass before the readout",
        {"none": "None", "relu": "ReLU"},
        in_names="{}states",
        advanced=True,
    ),
    ChoicesSetting(
        "losses",
        "Losses",
        "what training minimises; a network each",
        {"mse": "MSE", "ce": "CE", "bce": "BCE"},
        in_names="{}",
        singular="loss",
    ),
    NumberSetting(
        "position", "Position", "the digit to recall; the first is 1", 1, 1000, in_names="pos{}"
    ),
    RangeSetting(
        "lengths", "Lengths", "time steps of a sequence", 1, 1000, in_names="len{}", advanced=True
    ),
    ChoiceSetting(
        "training_words",
        "Training words",
        "how likely the symbols of a word in training are",
        {"even": "All symbols alike", "dirichlet": "By chance for each word"},
        in_names="{}words",
        advanced=True,
    ),
    ChoiceSetting(
        "training_lengths",
        "Train lengths",
        "which lengths are trained on when",
        {"even": "All from the start", "growing": "Short ones first"},
        in_names="{}lengths",
        advanced=True,
    ),
    NumberSetting("seeds", "Seeds", "networks of consecutive seeds", 1, 1000, in_names="{}seeds"),
    NumberSetting(
        "seed",
        "Seed",
        "of data, initial weights, order",
        0,
        2**32 - 1,
        in_names="seed{}",
        advanced=True,
    ),
    NumberSetting("epochs", "Epochs", "passes over the training data", 1, 10_000, in_names="{}ep"),
    NumberSetting(
        "batch_size",
        "Batch size",
        "training samples in a step",
        1,
        50_000,
        in_names="batch{}",
        advanced=True,
    ),
    NumberSetting(
        "learning_rate",
        "Learning rate",
        "Adam's step size; or its peak",
        0.0,
        1e38,
        whole=False,
        above=True,
        in_names="lr{}",
        advanced=True,
    ),
    NumberSetting(
        "clip",
        "Clip gradients",
        "greatest norm of a step's gradient; 0 for any",
        0.0,
        1e38,
        whole=False,
        in_names="clip{}",
        advanced=True,
    ),
    NumberSetting(
        "weight_decay",
        "Weight decay",
        "share of each weight, times the rate, that a step takes off it",
        0.0,
        1e6,
        whole=False,
        in_names="decay{}",
        advanced=True,
    ),
    NumberSetting(
        "noise",
        "Input noise",
        "deviation of the noise on inputs in training",
        0.0,
        1e6,
        whole=False,
        in_names="noise{}",
        advanced=True,
    ),
    NumberSetting(
        "embedding",
        "Embedding",
        "learned numbers that each symbol is read as; 0 for a one among zeros",
        0,
        1024,
        in_names="embed{}",
        advanced=True,
    ),
    NumberSetting(
        "dropout",
        "Dropout",
        "share of a layer's states that a sequence is trained without",
        0.0,
        0.99,
        whole=False,
        in_names="drop{}",
        advanced=True,
    ),
    NumberSetting(
        "label_smoothing",
        "Smoothing",
        "share of each target spread over all classes",
        0.0,
        0.99,
        whole=False,
        in_names="smooth{}",
        advanced=True,
    ),
    ChoiceSetting(
        "class_weights",
        "Class weights",
        "how much a class counts in the loss",
        {"none": "All targets alike", "balanced": "All classes alike"},
        in_names="{}",
        advanced=True,
    ),
    NumberSetting(
        "patience",
        "Patience",
        "epochs without a lower validation loss before a network stops; 0 trains all",
        0,
        10_000,
        in_names="patience{}",
        advanced=True,
    ),
    NumberSetting(
        "training_size",
        "Training set",
        "sequences in an epoch",
        1,
        1_000_000,
        in_names="train{}",
        advanced=True,
    ),
    NumberSetting(
        "test_size",
        "Test set",
        "sequences to test on",
        1,
        100_000,
        in_names="test{}",
        advanced=True,
    ),
    ChoiceSetting(
        "test_lengths",
        "Test lengths",
        "which lengths beyond training are tested",
        {"spaced": "Evenly spaced", "all": "All"},
        in_names="{}tested",
        advanced=True,
    ),
    NumberSetting(
        "gradient_inputs",
        "Gradients kept",
        "validation images whose gradients are kept",
        0,
        1000,
        in_names="grad{}",
        advanced=True,
    ),
)
_BY_NAME = {setting.name: setting for setting in _ROWS}
SETTINGS: Mapping[str, Setting] = _BY_NAME


def register(setting: Setting) -> None:
    """Add a setting after the others: one whose values only its kind of configuration knows."""
    _BY_NAME[setting.name] = setting


WORKERS = NumberSetting("workers", "Workers", "CPU threads that share a batch", 0, 64)
#: no setting of a run: an input to look at.
TEST_IMAGE = NumberSetting("test_image", "Test image", "a test image by its number", 0, 9999)


def check_choice(what: str, value: object, choices: Sequence[str]) -> None:
    """Raise `SettingError` unless `value` is one of `choices`; a file or a script may hold any."""
    if not isinstance(value, str) or value not in choices:
        hint = did_you_mean(str(value), choices)
        raise SettingError(
            f"{what} must be one of {', '.join(choices)}, not “{printable(value)}”{hint}."
        )
