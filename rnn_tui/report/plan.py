"""Describe what the report published, and plan which of its networks to train."""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import DEVICES, SETTINGS, NumberSetting, check_choice
from rnn_tui.report.paper import Experiment
from rnn_tui.report.papers import paper_named
from rnn_tui.tasks import TASKS

REPORT_ORDER = ("mnist", "recall", "adder")
TRAINING_ORDER = ("recall", "adder", "mnist")  # those first that take least time
DECIMALS = 2  # decimals of every published figure; ours are compared with as many

# By cell: percent after each epoch, read from the report's plot, where the LSTM's first is hidden.
VALIDATION_ACCURACY: dict[str, tuple[float | None, ...]] = {
    "rnn": (92.25, 95.39, 96.68, 97.21, 97.21, 98.04, 97.46, 97.81, 97.85, 97.86),
    "lstm": (None, 97.73, 98.07, 97.77, 98.26, 98.77, 98.70, 98.54, 98.65, 98.80),
    "bilstm": (92.23, 95.76, 96.97, 96.68, 97.74, 98.00, 98.07, 98.23, 98.06, 98.54),
}


EXPERIMENTS = paper_named().experiments
REPORT_PRESET = "report"
PRESETS = {
    REPORT_PRESET: "the report's own recipes",
    "fast": "recipes that reach as much in a fraction of the time",
}
SEEDS = 20
MNIST_SEEDS = 3
MNIST_SEEDS_SETTING = NumberSetting(
    "mnist_seeds", "MNIST seeds", "networks of consecutive seeds, trained one by one", 1, 1000
)
# With pairs made for long carries a softmax across positions (ce) learns nothing, at any hidden
# size (10 seeds: 72 … 80 % of the bits). Both losses get the same recipe, since the report compares
# them.
FAST_ADDER: Mapping[str, Any] = {"losses": ("mse", "ce"), "augmentation": "none"}
OTHER_RECIPE_NOTE = (
    "Preset {preset} is not the report's recipe: published figures are shown, but not compared "
    "with ours."
)
FAST_NOTE = (
    "The adder trains the report's losses mse and ce in place of the preset's bce, and without "
    "pairs made for long carries, from which ce does not learn."
)


@dataclass(frozen=True)
class PlannedNetwork:
    """A network to train: an experiment with a seed."""

    experiment: Experiment
    seed: int


@dataclass(frozen=True)
class Plan:
    """The experiments to train, over how many seeds, and how.

    Raises:
        SettingError: for a number out of range or a wrong name.
    """

    seeds: int = SEEDS  #: networks of each small experiment (recall, adder).
    #: networks of each MNIST model: one run each, since MNIST has no sets of seeds.
    mnist_seeds: int = MNIST_SEEDS
    _: KW_ONLY
    only: Sequence[str] = ()  #: the tasks wanted; all by default.
    #: `report` or `fast` (see `notes` for what `fast` does with the adder's losses).
    preset: str = REPORT_PRESET
    first_seed: int = 0  #: the first seed; the others follow it.
    device: str = "auto"  #: where to train.
    #: settings in place of the preset's, by task.
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        SETTINGS["seeds"].check(self.seeds)
        MNIST_SEEDS_SETTING.check(self.mnist_seeds)
        SETTINGS["seed"].check(self.first_seed)
        SETTINGS["seed"].check(self.first_seed + max(self.seeds, self.mnist_seeds) - 1)
        check_choice("Preset", self.preset, tuple(PRESETS))
        check_choice("Device", self.device, DEVICES)
        for task in self.only:
            if task not in REPORT_ORDER:
                raise SettingError(
                    f"The report's experiments are {', '.join(REPORT_ORDER)}, not "
                    f"“{printable(task)}”."
                )
        for experiment in self.experiments:  # a wrong override is found now
            self.config(experiment.task, experiment.cell, self.first_seed)

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments that are wanted, in the report's order."""
        if not self.only:
            return EXPERIMENTS
        return tuple(experiment for experiment in EXPERIMENTS if experiment.task in self.only)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are wanted, in the report's order."""
        return tuple(dict.fromkeys(experiment.task for experiment in self.experiments))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on where the preset departs from the report, and from what its name says."""
        if self.has_report_recipe:
            return ()
        notes = [OTHER_RECIPE_NOTE.format(preset=self.preset)]
        if self.preset == "fast" and "adder" in self.tasks:
            notes.append(FAST_NOTE)
        return tuple(notes)

    @property
    def has_report_recipe(self) -> bool:
        """Whether networks are trained as in the report, so that figures can be compared."""
        return self.preset == REPORT_PRESET

    def seeds_of(self, task: str) -> range:
        """Return the seeds of a task's networks."""
        count = self.mnist_seeds if task == "mnist" else self.seeds
        return range(self.first_seed, self.first_seed + count)

    @property
    def networks(self) -> tuple[PlannedNetwork, ...]:
        """Every network, in the order of training: the cheap tasks first, seed by seed."""
        return tuple(
            PlannedNetwork(experiment, seed)
            for task in TRAINING_ORDER
            for seed in self.seeds_of(task)
            for experiment in self.experiments
            if experiment.task == task
        )

    def config(
        self, task: str, cell: str, seed: int, *, seeds: int = 1, variants: Sequence[Variant] = ()
    ) -> RunConfig:
        """Return the settings of a run that trains networks of this plan.

        Args:
            task: a key of `TASKS`.
            cell: of all its networks.
            seed: the first.
            seeds: how many consecutive ones, where networks are trained side by side.
            variants: whose sizes and losses it has, each with each; by default all of the task.

        Raises:
            SettingError: for a wrong override.
        """
        settings: dict[str, Any] = {}
        if task == "adder" and self.preset == "fast":
            settings |= FAST_ADDER
        if task != "mnist":
            variants = variants or self._variants(task)
            settings["hidden_sizes"] = sorted({variant.hidden_size for variant in variants})
            settings["losses"] = list(dict.fromkeys(variant.loss for variant in variants))
            settings["seeds"] = seeds
        settings |= self.overrides.get(task, {})
        return TASKS[task].config(cell, self.preset, seed=seed, device=self.device, **settings)

    def _variants(self, task: str) -> list[Variant]:
        """Return all selected variants of a task."""
        return [
            experiment.variant
            for experiment in self.experiments
            if experiment.task == task and experiment.variant is not None
        ]

    @property
    def command(self) -> str:
        """The command that makes this plan; overrides have none."""
        words = ["rnn-tui report"]
        if self.tasks != REPORT_ORDER:
            words.append(f"--only {','.join(self.tasks)}")
        if self.preset != REPORT_PRESET:
            words.append(f"--preset {self.preset}")
        if self.tasks != ("mnist",):
            words.append(f"--seeds {self.seeds}")
        if "mnist" in self.tasks:
            words.append(f"--mnist-seeds {self.mnist_seeds}")
        if self.first_seed:
            words.append(f"--seed {self.first_seed}")
        if self.device != "auto":
            words.append(f"--device {self.device}")
        return " ".join(words)
