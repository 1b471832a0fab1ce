"""One frozen record of all settings of a run, checked when made.

`RunConfig` has what the training loop needs of any task; its subclasses add what one kind of task
needs. Torch-free, like `settings`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, Self

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.replicas import Replica, Variant
from rnn_tui.engine.settings import DEVICES, SETTINGS, WORKERS, check_choice

MODELS = ("rnn", "lstm", "bilstm")
AUGMENTATIONS = ("none", "shift", "elastic", "photo", "carry")
MODEL_LABELS = {"rnn": "RNN", "lstm": "LSTM", "bilstm": "biLSTM"}


@dataclass(frozen=True)
class Recipe:
    """How a preset trains, apart from the settings that a user overrides.

    Attributes:
        initialisation: `pytorch`, its default; or `orthogonal`, orthogonal recurrent weights,
            half of Xavier-uniform input weights, a readout of zeros.
        forget_bias: the forget gate's bias in the `orthogonal` initialisation.
        standardise: subtract the mean of the training pixels and divide by their deviation.
        augmentation: `none`; for images `shift`, each group of 25 by −1 … 1 pixel each way,
            `elastic`, each by a random affine map and a smooth random displacement, or `photo`,
            the same and wider, with thicker and thinner strokes; for additions `carry`, half of
            the pairs drawn so that carries run far.
        beta1: Adam's decay rate of the first moment.
        beta2: Adam's decay rate of the second moment.
        schedule: `constant`, or `one-cycle`: linear from 1/25 of the learning rate up to it and
            down again to almost zero.
        rise: share of all steps in which a one-cycle schedule rises.
        bfloat16: run matrix products in bfloat16 where the processor has instructions for it.
        label_smoothing: share of each target spread evenly over all classes.
        average: decay rate, per step, of the exponential moving average of the weights that is
            validated, tested and kept in place of the weights themselves; 0 for none.
        fresh: draw new sequences for every step, each batch of one length drawn by chance, in
            place of a training set that is used again in every epoch.
    """

    initialisation: Literal["pytorch", "orthogonal"] = "pytorch"
    forget_bias: float = 1.0
    standardise: bool = False
    augmentation: Literal["none", "shift", "elastic", "photo", "carry"] = "none"
    beta1: float = 0.9
    beta2: float = 0.999
    schedule: Literal["constant", "one-cycle"] = "constant"
    rise: float = 0.2
    bfloat16: bool = False
    label_smoothing: float = 0.0
    average: float = 0.0
    fresh: bool = False

    def __post_init__(self) -> None:
        check_choice("Initialisation", self.initialisation, ("pytorch", "orthogonal"))
        check_choice("Augmentation", self.augmentation, AUGMENTATIONS)
        check_choice("Schedule", self.schedule, ("constant", "one-cycle"))
        for name in ("beta1", "beta2", "label_smoothing", "average", "rise"):
            if not 0 <= getattr(self, name) < 1:
                raise SettingError(f"The recipe's {name} must be from 0 to below 1.")


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The settings that every task has; checked when made, so that no other place has to.

    Attributes:
        task: name of the task, a key of `tasks.TASKS`.
        preset: name of the preset that the other values came from.
        seed: the first seed, or the only one.
        device: `auto`, `cpu`, `cuda` or `mps`, as asked for.
        workers: threads that share a batch on the CPU; 0 takes as many as the task makes use of.
            Part of the configuration because the gradients' order of summation depends on it.

    Raises:
        SettingError: for a value out of range.
    """

    task: str
    preset: str
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int = 0
    device: str = "auto"
    workers: int = 0
    recipe: Recipe = Recipe()

    def __post_init__(self) -> None:
        for field in fields(self):
            setting, value = SETTINGS.get(field.name), getattr(self, field.name)
            if setting is None or (value is None and field.default is None):
                continue
            # Lists come back as tuples, in order: equal settings must compare equal.
            object.__setattr__(self, field.name, setting.check(value))
        WORKERS.check(self.workers)
        check_choice("Device", self.device, DEVICES)

    @property
    def name(self) -> str:
        """What the run trains, such as `LSTM`."""
        return self.task

    @property
    def key(self) -> str:
        """Under what name its task has published figures of it."""
        return self.task

    @property
    def label(self) -> str:
        """What tells this run from others in a legend, such as `LSTM fast`."""
        return f"{self.name} {self.preset}"

    @property
    def automatic_device(self) -> str:
        """What `auto` stands for: `auto`, a GPU where there is one, or a device by name."""
        return "auto"

    @property
    def size_text(self) -> str:
        """What decides how much memory the networks take, in words."""
        return ""

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The networks trained side by side, apart from their seeds; none where there is one."""
        return ()

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """Every variant with every seed, variant by variant."""
        return ()

    @property
    def without_start(self) -> Self:
        """The settings without a file of weights to start from, which a resumed run needs not."""
        return self

    def replace(self, **changes: Any) -> Self:
        """A copy with some settings changed, checked like any other."""
        return replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, the inverse of `config_from_dict`."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class ImageConfig(RunConfig):
    """The settings of a network that reads images row by row.

    Attributes:
        model: `rnn`, `lstm` or `bilstm`.
        hidden_size: units in each recurrent layer.
        layers: recurrent layers.
        data_dir: a torchvision root with the data, or None for the data that ships.
        extra_data: a file of further training images, or None.
        start_from: a file of weights to start from in place of random ones, or None.
    """

    model: str
    hidden_size: int = 128
    layers: int = 1
    data_dir: str | None = None
    extra_data: str | None = None
    start_from: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("Model", self.model, MODELS)
        for path in (self.data_dir, self.extra_data, self.start_from):
            if not isinstance(path, str | None):
                raise SettingError("Data and weights must be paths.")

    @property
    def without_start(self) -> Self:
        """The settings without a file of weights to start from."""
        return self.replace(start_from=None)

    @property
    def key(self) -> str:
        """The model's name as typed."""
        return self.model

    @property
    def name(self) -> str:
        """The model."""
        return MODEL_LABELS[self.model]

    @property
    def size_text(self) -> str:
        """Hidden size and layers."""
        return f"hidden size {self.hidden_size} with {self.layers} layers"


@dataclass(frozen=True, kw_only=True)
class SequenceConfig(RunConfig):
    """The settings of small LSTMs on sequences made by chance, a set of seeds at a time.

    Attributes:
        hidden_sizes: one variant for each, with each of `losses`.
        losses: `mse`, `ce` and `bce`; what they mean is the task's to say.
        seeds: replicas of each variant; their seeds are `seed`, `seed` + 1, …
        lengths: the shortest and the longest training sequence, in time steps.
        training_size: sequences in an epoch, for each seed.
        test_size: sequences to test each replica on.
        position: which digit to recall, counted from 1; None where nothing is recalled.
    """

    hidden_sizes: tuple[int, ...]
    losses: tuple[str, ...]
    lengths: tuple[int, int]
    training_size: int
    test_size: int
    seeds: int = 1
    position: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.position is not None and self.position > self.lengths[0]:
            raise SettingError(
                f"Position must be at most the shortest training length, {self.lengths[0]}, "
                f"not {self.position}."
            )
        SETTINGS["seed"].check(self.seed + self.seeds - 1)

    @property
    def key(self) -> str:
        """The kind of network."""
        return "lstm"

    @property
    def name(self) -> str:
        """The task, and how many seeds."""
        return f"{self.task} × {self.seeds}" if self.seeds > 1 else self.task

    @property
    def automatic_device(self) -> str:
        """The CPU: networks this small are bound by the calls, which a GPU makes no cheaper."""
        return "cpu"

    @property
    def size_text(self) -> str:
        """Hidden sizes, losses, seeds."""
        sizes = ", ".join(map(str, self.hidden_sizes))
        return f"hidden sizes {sizes} with {len(self.losses)} losses and {self.seeds} seeds"

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Loss by loss, every hidden size."""
        return tuple(Variant(size, loss) for loss in self.losses for size in self.hidden_sizes)

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """Every variant with every seed, variant by variant."""
        seeds = range(self.seed, self.seed + self.seeds)
        return tuple(Replica(variant, seed) for variant in self.variants for seed in seeds)


def config_from_dict(values: Mapping[str, Any]) -> RunConfig:
    """Rebuild a configuration from `to_dict`'s form.

    Raises:
        SettingError: if a value is missing, unknown, of a wrong type or out of range.
    """
    try:
        known = dict(values)
        recipe = Recipe(**known.pop("recipe", {}))
        kind: type[RunConfig] = SequenceConfig if "hidden_sizes" in known else ImageConfig
        return kind(**known, recipe=recipe)
    except (TypeError, ValueError) as error:
        raise SettingError(
            f"These are not the settings of a run: {printable(error, 120)}."
        ) from error
