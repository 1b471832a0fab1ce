"""One frozen record of all settings of a run, checked when it is made.

`RunConfig` has what the training loop needs of any task; its subclasses, which lie with the tasks,
add what one kind of network needs. Torch-free, like `settings`.

Seeds are first-class: a *variant* is a network as one would describe it (hidden size, loss); a
*replica* is a variant with a seed, one draw. A run over V variants and S seeds trains V·S replicas
side by side, variant by variant.
"""

import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from functools import cache
from typing import Any, ClassVar, Literal, Self

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import DEVICES, SETTINGS, WORKERS, Setting, check_choice

CELL_KEY = "model"  # what files and documents call the cell, as the first version did
NO_AUGMENTATION = "none"
WEIGHT_BYTES = 4  # bytes of each weight
CLASS_WEIGHTS = ("none", "balanced")
STEP_BYTES = 12  # bytes of a step for each weight: a gradient, and Adam's two moments
IMAGES, SEQUENCES = "images", "sequences"  # what networks read


@dataclass(frozen=True)
class Variant:
    """A network apart from its seed."""

    hidden_size: int  #: units of its recurrent layer.
    loss: str  #: what its training minimises, such as `bce`.

    @property
    def label(self) -> str:
        """The variant's name in a legend."""
        return f"H {self.hidden_size} {self.loss}"


@dataclass(frozen=True)
class Replica:
    """A network of a run."""

    variant: Variant  #: what it is.
    seed: int  #: the seed that it was drawn by.


def _labelled(default: Any, label: str = "", *, only: str = "") -> Any:
    """Return a part of a recipe that a table shows in its own way.

    Args:
        default: its value.
        label: what a table calls it; empty for its name as a field.
        only: what networks must read for it to mean something, as in `RunConfig.reads`.
    """
    return field(default=default, metadata={"label": label, "only": only})


@dataclass(frozen=True)
class Recipe:
    """A preset's way to train, apart from the settings that a user overrides."""

    #: how the first weights are drawn: one of `networks.initialisations.INITIALISATIONS`.
    initialisation: str = "pytorch"
    input_gain: float = 0.5  #: gain of the input weights in the `orthogonal` initialisation.
    #: bias of the gate that keeps the last step, in the `orthogonal` initialisation, of all units
    #: or of the first one (its sign is reversed for a gate that keeps the step when shut).
    forget_bias: float = 1.0
    #: the same bias of the last unit; biases between are evenly spaced (none: all are the same).
    last_forget_bias: float | None = None
    #: subtract the mean of the training pixels and divide by their deviation.
    standardise: bool = _labelled(False, only=IMAGES)
    #: how training samples are distorted or chosen: one of the task's augmentations, or `none`.
    augmentation: str = _labelled(NO_AUGMENTATION, only=IMAGES)
    beta1: float = 0.9  #: Adam's decay rate of the first moment.
    beta2: float = 0.999  #: Adam's decay rate of the second moment.
    #: `constant`, or `one-cycle`: linear from 1/25 of the learning rate up to it and down again to
    #: almost zero.
    schedule: Literal["constant", "one-cycle"] = "constant"
    #: share of all steps in which a one-cycle schedule rises.
    rise: float = _labelled(0.2, "warm-up share")
    #: greatest norm of a step's gradient, of each replica by itself; longer ones are shortened to
    #: it, and 0 shortens none.
    clip: float = _labelled(0.0, "greatest gradient norm")
    #: share of each weight, times the learning rate, that a step takes off it, as in AdamW.
    weight_decay: float = 0.0
    #: run matrix products in bfloat16 where the device is faster with it.
    bfloat16: bool = _labelled(False, only=IMAGES)
    #: standard deviation of the normal noise that is added to what is read in training: numbers,
    #: of a data set standardised, or the ones and zeros, or the embedding, that stand for a symbol.
    noise: float = _labelled(0.0, "noise on inputs", only=SEQUENCES)
    #: numbers that each symbol is read as, which are learned; 0 for ones and zeros, a one for each
    #: symbol.
    embedding: int = _labelled(0, only=SEQUENCES)
    #: share of the states of each layer that are 0 in training for what reads them, the layer above
    #: or the readout; of a sequence, the same units at all steps (Gal & Ghahramani 2016).
    dropout: float = _labelled(0.0, only=SEQUENCES)
    #: share of all steps, the first ones, in which only the inner rows of images are read.
    inner_rows: float = _labelled(0.0, "share of steps on inner rows", only=IMAGES)
    #: share of all steps, the first of these, in which pairs of rows are read as one, their mean.
    row_pairs: float = _labelled(0.0, "share of steps on pairs of rows", only=IMAGES)
    #: share of all steps, the last ones, without augmentation.
    undistorted: float = _labelled(0.0, "share of last steps without augmentation", only=IMAGES)
    #: share of each target spread evenly over all classes; of a yes-or-no question over both
    #: answers.
    label_smoothing: float = 0.0
    #: `none`, or `balanced`: in the loss each target counts by the inverse of how often its class
    #: is a target in training, so that a rare class counts as much as any other.
    class_weights: Literal["none", "balanced"] = _labelled("none", only=SEQUENCES)
    #: decay rate, per step, of the exponential moving average of the weights that is validated,
    #: tested and kept in place of the weights themselves; 0 for none.
    average: float = _labelled(0.0, "EMA decay")
    #: epochs without a lower validation loss after which a network stops; what is kept of it is the
    #: epoch with the lowest. 0 trains all epochs, and keeps the last one.
    patience: int = 0
    #: draw new sequences for every step, each batch of one length drawn by chance, in place of a
    #: training set that is used again in every epoch.
    fresh: bool = _labelled(False, "resample every step", only=SEQUENCES)
    #: how the symbols of training words are drawn: `even`, each as likely as any other; or
    #: `dirichlet`, for each word by probabilities that are drawn for it, so that some words hold
    #: nearly one symbol.
    training_words: Literal["even", "dirichlet"] = _labelled("even", only=SEQUENCES)
    #: which lengths batches have where they are drawn anew: `even`, each as likely as any other
    #: from the first step on; or `growing`, short ones alone at first.
    training_lengths: Literal["even", "growing"] = _labelled("even", only=SEQUENCES)

    def __post_init__(self) -> None:
        check_choice("Class weights", self.class_weights, CLASS_WEIGHTS)
        check_choice("Schedule", self.schedule, ("constant", "one-cycle"))
        for name in (
            "beta1",
            "beta2",
            "dropout",
            "label_smoothing",
            "average",
            "rise",
            "inner_rows",
            "row_pairs",
            "undistorted",
        ):
            if not 0 <= getattr(self, name) < 1:
                raise SettingError(f"The recipe's {name} must be from 0 to below 1.")

        for name in ("input_gain", "clip", "noise", "weight_decay"):
            if not 0 <= getattr(self, name) < math.inf:
                raise SettingError(f"The recipe's {name} must be 0 or a number above it.")
        SETTINGS["patience"].check(self.patience)
        SETTINGS["embedding"].check(self.embedding)
        SETTINGS["training_words"].check(self.training_words)
        SETTINGS["training_lengths"].check(self.training_lengths)
        if self.training_lengths != "even" and not self.fresh:
            raise SettingError(
                "Lengths grow only where sequences are drawn anew for every step; choose even "
                "training lengths, or another preset."
            )

    @property
    def forget_biases(self) -> tuple[float, float]:
        """The bias of the gate that keeps the last step, of the first unit and of the last."""
        if self.last_forget_bias is None:
            return self.forget_bias, self.forget_bias
        return self.forget_bias, self.last_forget_bias


#: the names of a recipe's fields; those with a row in `SETTINGS` are settings that a user changes.
RECIPE_FIELDS = frozenset(part.name for part in fields(Recipe))


def with_recipe(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings of a run with those that are fields of its recipe put into that.

    Args:
        values: by name, `recipe` among them unless none of its fields is.

    Raises:
        SettingError: a value for a field of the recipe is not allowed.
    """
    settings = {name: value for name, value in values.items() if name not in RECIPE_FIELDS}
    of_recipe = {name: value for name, value in values.items() if name in RECIPE_FIELDS}
    for name, value in of_recipe.items():
        if name in SETTINGS:
            of_recipe[name] = SETTINGS[name].check(value)
    if of_recipe:
        settings["recipe"] = replace(settings.get("recipe", Recipe()), **of_recipe)
    return settings


def recipe_labels(reads: str) -> dict[str, str]:
    """Return by field of a recipe what a table calls it, without those that mean nothing.

    Args:
        reads: what the networks read, as in `RunConfig.reads`.
    """
    return {
        part.name: part.metadata.get("label") or part.name.replace("_", " ")
        for part in fields(Recipe)
        if not reads or part.metadata.get("only", "") in ("", reads)
    }


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """The settings that every task has, checked when made, so that no other place has to.

    Raises:
        SettingError: a value is not allowed.
    """

    task: str  #: name of the task, a key of `tasks.TASKS`.
    preset: str  #: name of the preset that the other values came from.
    cell: str  #: the kind of recurrent cell, a key of `networks.CELLS`.
    epochs: int  #: passes over the training data.
    batch_size: int  #: training samples in a step.
    learning_rate: float  #: of Adam; the highest one of a schedule.
    seed: int = 0  #: the first seed, or the only one.
    #: `auto`, `cpu`, `cuda`, `mps` or, of several GPUs, such as `cuda:1`, as asked for.
    device: str = "auto"
    #: threads that share a batch on the CPU; 0 takes as many as the task makes use of. Part of the
    #: configuration because the gradients' order of summation depends on it.
    workers: int = 0
    recipe: Recipe = Recipe()

    #: what the networks read, `IMAGES` or `SEQUENCES`; empty if it may be either.
    reads: ClassVar[str] = ""
    #: what `auto` stands for: itself, a GPU if there is one, or a device by name.
    automatic_device: ClassVar[str] = "auto"
    #: the subclasses that are imported.
    kinds: ClassVar[list["type[RunConfig]"]] = []

    def __init_subclass__(cls) -> None:
        """Make the kind known to `config_from_dict` once it is imported."""
        RunConfig.kinds.append(cls)

    def __post_init__(self) -> None:
        if not isinstance(self.recipe, Recipe):
            raise SettingError(f"The recipe of a run is a Recipe, not {printable(self.recipe)}.")
        recipe = self.recipe
        for word in (
            *(self.task, self.preset, self.cell),
            *(recipe.augmentation, recipe.initialisation),
        ):
            if not isinstance(word, str) or printable(word) != word:
                raise SettingError("The names in a run's settings must be short printable text.")
        for name, setting, optional in self._checks():
            value = getattr(self, name)
            if value is not None or not optional:
                # lists as tuples, in order: equal settings compare equal
                object.__setattr__(self, name, setting.check(value))
        WORKERS.check(self.workers)
        check_choice("Device", self.device, DEVICES)

    @property
    def name(self) -> str:
        """The name of the model that the run trains, such as `LSTM`."""
        return self.task

    # Both are asked for each of perhaps 20,000 runs in a list, and stay as they are.
    @classmethod
    @cache
    def needs(cls) -> frozenset[str]:
        """Return the settings that have no default."""
        return frozenset(each.name for each in fields(cls) if each.default is MISSING)

    @classmethod
    @cache
    def _checks(cls) -> list[tuple[str, Setting, bool]]:
        """Return the settings that are checked: name, what checks it, whether it may be None."""
        return [
            (each.name, SETTINGS[each.name], each.default is None)
            for each in fields(cls)
            if each.name in SETTINGS
        ]

    @property
    def label(self) -> str:
        """The words that distinguish this run in a legend, such as `LSTM fast`."""
        return f"{self.name} {self.preset}"

    @property
    def size_text(self) -> str:
        """The settings that decide how much memory the networks take, in words."""
        return ""

    def out_of_memory(self, fits: int) -> str:
        """Return the sentence for a run that there is not enough memory for.

        Args:
            fits: the largest batch that there may be memory for; 0 for none.
        """
        advice = "no batch is small enough: try"
        if fits:
            advice = f"try a batch size of {fits} or less, or"
        return (
            f"There is not enough memory for a batch of {self.batch_size} at {self.size_text}; "
            f"{advice} smaller or fewer networks."
        )

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The networks trained side by side, apart from their seeds; none if there is one."""
        return ()

    @property
    def replicas(self) -> tuple[Replica, ...]:
        """Every variant with every seed, variant by variant."""
        return ()

    @property
    def seed_count(self) -> int:
        """The number of seeds that each variant is trained with."""
        return 1

    @property
    def without_start(self) -> Self:
        """The settings without a file of weights to start from, which a resumed run needs not."""
        return self

    def setting(self, name: str) -> Any:
        """Return the value of a setting, its own or its recipe's; None if it has none such."""
        return getattr(self.recipe if name in RECIPE_FIELDS else self, name, None)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some settings changed, those of its recipe too, checked like any."""
        return replace(self, **with_recipe({"recipe": self.recipe, **changes}))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, the inverse of `config_from_dict`."""
        values = asdict(self)
        values[CELL_KEY] = values.pop("cell")
        return values


def config_from_dict(values: Mapping[str, Any]) -> RunConfig:
    """Rebuild a configuration from `to_dict`'s form, of the kind whose settings these are.

    Kinds are known once `rnn_tui.tasks` is imported.

    Raises:
        SettingError: a value is missing, unknown, wrong or out of range.
    """
    try:
        settings = dict(values)
        recipe = Recipe(**settings.pop("recipe", {}))
        if CELL_KEY in settings:
            settings["cell"] = settings.pop(CELL_KEY)
        fitting = [kind for kind in RunConfig.kinds if kind.needs() <= settings.keys()]
        # the most demanding one: what a kind needs, another may only allow
        kind = max(fitting, key=lambda kind: len(kind.needs()), default=RunConfig)
        return kind(**settings, recipe=recipe)
    except (TypeError, ValueError) as error:
        raise SettingError(
            f"These are not the settings of a run: {printable(error, 120)}."
        ) from error
