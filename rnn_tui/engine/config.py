"""The settings of a run: what they are, what they may be, and one frozen record of them.

Torch-free, since the form and the command line show and check settings before torch is loaded.
Both faces take labels, help and limits from `SETTINGS`, so that a field and an option of the same
name can't disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Self

from rnn_tui.engine.errors import SettingError, printable

MODELS = ("rnn", "lstm", "bilstm")
DEVICES = ("auto", "cpu", "cuda", "mps")
MODEL_LABELS = {"rnn": "RNN", "lstm": "LSTM", "bilstm": "biLSTM"}


@dataclass(frozen=True)
class NumberSetting:
    """A numeric setting of a run, with all that a form or an option shows of it."""

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

    def check(self, value: float) -> float:
        """Return `value`, or raise `SettingError` where it is outside the allowed range."""
        # Compared before anything converts it: a whole number may be too large for a float.
        within = (self.low <= value if self.whole else self.low < value) and value <= self.high
        if isinstance(value, bool) or (self.whole and not isinstance(value, int)) or not within:
            raise SettingError(
                f"{self.label} must be {self.range_text}, not {printable(value, 24)}."
            )
        return value

    def parse(self, text: str) -> float:
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


SETTINGS: Mapping[str, NumberSetting] = {
    setting.name: setting
    for setting in (
        NumberSetting("epochs", "Epochs", "passes over the images", 1, 10_000),
        NumberSetting("batch_size", "Batch size", "training samples in a step", 1, 50_000),
        NumberSetting(
            "learning_rate", "Learning rate", "Adam's step size; or its peak",
            0.0, 1e38, whole=False,
        ),
        NumberSetting("hidden_size", "Hidden size", "units in a recurrent layer", 1, 4096),
        NumberSetting("layers", "Layers", "recurrent layers, stacked", 1, 4),
        NumberSetting("seed", "Seed", "split, first weights, order", 0, 2**32 - 1),
    )
}  # fmt: skip


WORKERS = NumberSetting("workers", "Workers", "CPU threads that share a batch", 0, 64)


def _check_choice(what: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise SettingError(f"{what} must be one of {', '.join(choices)}, not “{printable(value)}”.")


@dataclass(frozen=True)
class Recipe:
    """How a preset trains, apart from the settings that a user overrides.

    Attributes:
        initialisation: `pytorch`, its default; or `orthogonal`, orthogonal recurrent weights,
            half of Xavier-uniform input weights, a readout of zeros.
        forget_bias: the forget gate's bias in the `orthogonal` initialisation.
        standardise: subtract the mean of the training pixels and divide by their deviation.
        augmentation: `none`; `shift`, each group of 25 images by −1 … 1 pixel each way; or
            `elastic`, each image by a random affine map and a smooth random displacement.
        beta1: Adam's decay rate of the first moment.
        beta2: Adam's decay rate of the second moment.
        schedule: `constant`, or `one-cycle`: linear from 1/25 of the learning rate up to it and
            down again to almost zero.
        rise: share of all steps in which a one-cycle schedule rises.
        bfloat16: run matrix products in bfloat16 where the processor has instructions for it.
        label_smoothing: share of each target spread evenly over all classes.
        average: decay rate, per step, of the exponential moving average of the weights that is
            validated, tested and kept in place of the weights themselves; 0 for none.
    """

    initialisation: Literal["pytorch", "orthogonal"] = "pytorch"
    forget_bias: float = 1.0
    standardise: bool = False
    augmentation: Literal["none", "shift", "elastic"] = "none"
    beta1: float = 0.9
    beta2: float = 0.999
    schedule: Literal["constant", "one-cycle"] = "constant"
    rise: float = 0.2
    bfloat16: bool = False
    label_smoothing: float = 0.0
    average: float = 0.0

    def __post_init__(self) -> None:
        _check_choice("Initialisation", self.initialisation, ("pytorch", "orthogonal"))
        _check_choice("Augmentation", self.augmentation, ("none", "shift", "elastic"))
        _check_choice("Schedule", self.schedule, ("constant", "one-cycle"))
        for name in ("beta1", "beta2", "label_smoothing", "average", "rise"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingError(f"The recipe's {name} must be from 0 to below 1.")


@dataclass(frozen=True)
class RunConfig:
    """Every setting of one run; checked when made, so that no other place has to.

    Attributes:
        task: name of the task, a key of `tasks.TASKS`.
        model: `rnn`, `lstm` or `bilstm`.
        preset: name of the preset that the other values came from.
        device: `auto`, `cpu`, `cuda` or `mps`, as asked for.
        workers: threads that share a batch on the CPU; 0 takes as many as the machine allows.
            Part of the configuration because the gradients' order of summation depends on it.
        data_dir: a torchvision root with the data, or None for the data that ships.

    Raises:
        SettingError: for a value out of range.
    """

    task: str
    model: str
    preset: str
    epochs: int
    batch_size: int
    learning_rate: float
    hidden_size: int = 128
    layers: int = 1
    seed: int = 0
    device: str = "auto"
    workers: int = 0
    data_dir: str | None = None
    recipe: Recipe = Recipe()

    def __post_init__(self) -> None:
        for name, setting in SETTINGS.items():
            setting.check(getattr(self, name))
        WORKERS.check(self.workers)
        _check_choice("Model", self.model, MODELS)
        _check_choice("Device", self.device, DEVICES)
        if not isinstance(self.data_dir, str | None):
            raise SettingError("The data folder must be a path.")

    @property
    def label(self) -> str:
        """What tells this run from others in a legend, such as `LSTM fast`."""
        return f"{MODEL_LABELS[self.model]} {self.preset}"

    def replace(self, **changes: Any) -> Self:
        """A copy with some settings changed, checked like any other."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, the inverse of `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a configuration from `to_dict`'s form.

        Raises:
            SettingError: if a value is missing, unknown, of a wrong type or out of range.
        """
        try:
            known = dict(values)
            recipe = Recipe(**known.pop("recipe", {}))
            config = cls(**known, recipe=recipe)
        except (TypeError, ValueError) as error:
            raise SettingError(
                f"These are not the settings of a run: {printable(error, 120)}."
            ) from error
        return config
