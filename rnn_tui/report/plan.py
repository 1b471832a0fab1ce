"""What is to be trained: every experiment of the report, with which seeds and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.replicas import Variant
from rnn_tui.engine.settings import DEVICES, SETTINGS, NumberSetting, check_choice
from rnn_tui.report.published import EXPERIMENTS, REPORT_ORDER, TRAINING_ORDER, Experiment
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

PRESETS = {
    "report": "the report's own recipes",
    "fast": "recipes that reach as much in a fraction of the time",
}
SEEDS, MNIST_SEEDS = 20, 3
MNIST_SEEDS_SETTING = NumberSetting(
    "mnist_seeds", "MNIST seeds", "networks of consecutive seeds, trained one by one", 1, 1000
)
# `fast` has the adder's third loss alone, of which the report has no figures; with its pairs made
# for long carries a softmax across positions (ce) learns nothing, at any hidden size (10 seeds:
# 72 … 80 % of the bits). Both losses get the same recipe, since the report compares them.
FAST_ADDER: Mapping[str, Any] = {"losses": ("mse", "ce"), "augmentation": "none"}
FAST_NOTE = (
    "The adder of preset fast has the loss bce, which the report has not. Its losses mse and ce "
    "are trained instead, both with that preset's other settings but without pairs made for long "
    "carries, from which ce does not learn."
)


@dataclass(frozen=True)
class Part:
    """One network to train: an experiment with a seed."""

    experiment: Experiment
    seed: int


@dataclass(frozen=True)
class Plan:
    """The experiments, over how many seeds, and how they are trained.

    Attributes:
        seeds: networks of each small experiment (recall, adder).
        mnist_seeds: networks of each MNIST model: one run each, since MNIST has no sets of seeds.
        only: the tasks wanted; all by default.
        preset: `report` or `fast` (see `notes` for what `fast` does with the adder's losses).
        first_seed: the others follow it.
        device: where to train.
        overrides: by task, settings in place of the preset's.

    Raises:
        SettingError: for a number out of range, or an unknown task, preset or device.
    """

    seeds: int = SEEDS
    mnist_seeds: int = MNIST_SEEDS
    _: KW_ONLY
    only: Sequence[str] = ()
    preset: str = "report"
    first_seed: int = 0
    device: str = "auto"
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
                known = f"The report's experiments are {', '.join(REPORT_ORDER)}"
                raise SettingError(f"{known}, not “{printable(task)}”.")
        for one in self.experiments:  # what is wrong with an override is found now
            self.config(one.task, one.cell, self.first_seed)

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Those that are wanted, in the report's order."""
        return tuple(one for one in EXPERIMENTS if not self.only or one.task in self.only)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks, in the report's order."""
        return tuple(dict.fromkeys(experiment.task for experiment in self.experiments))

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the preset departs from what its name says, in sentences."""
        return (FAST_NOTE,) if self.preset == "fast" and "adder" in self.tasks else ()

    def seeds_of(self, task: str) -> range:
        """The seeds of a task's networks."""
        count = self.mnist_seeds if task == "mnist" else self.seeds
        return range(self.first_seed, self.first_seed + count)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every network, in the order of training: the cheap tasks first, MNIST seed by seed."""
        result = []
        for task in TRAINING_ORDER:
            mine = [one for one in self.experiments if one.task == task]
            result += [Part(one, seed) for seed in self.seeds_of(task) for one in mine]
        return tuple(result)

    def config(
        self, task: str, cell: str, seed: int, *, seeds: int = 1, variants: Sequence[Variant] = ()
    ) -> RunConfig:
        """The settings of a run.

        Args:
            task: a key of `TASKS`.
            cell: of the networks.
            seed: the first seed.
            seeds: how many, where a run can have several.
            variants: hidden sizes and losses to train, the product of both; all of the
                experiments' by default. Ignored for MNIST.

        Raises:
            SettingError: if an override is out of range.
        """
        settings: dict[str, Any] = {}
        if task == "adder" and self.preset == "fast":
            settings |= FAST_ADDER
        if task != "mnist":
            chosen = variants or [
                one.variant for one in self.experiments if one.task == task and one.variant
            ]
            settings |= {
                "hidden_sizes": sorted({one.hidden_size for one in chosen}),
                "losses": list({one.loss: None for one in chosen}),
                "seeds": seeds,
            }
        settings |= self.overrides.get(task, {})
        return TASKS[task].config(cell, self.preset, seed=seed, device=self.device, **settings)

    @property
    def command(self) -> str:
        """The command that makes this plan; overrides have none."""
        parts = ["rnn-tui report"]
        if self.tasks != REPORT_ORDER:
            parts.append(f"--only {','.join(self.tasks)}")
        if self.preset != "report":
            parts.append(f"--preset {self.preset}")
        if self.tasks != ("mnist",):
            parts.append(f"--seeds {self.seeds}")
        if "mnist" in self.tasks:
            parts.append(f"--mnist-seeds {self.mnist_seeds}")
        if self.first_seed:
            parts.append(f"--seed {self.first_seed}")
        if self.device != "auto":
            parts.append(f"--device {self.device}")
        return " ".join(parts)


def family(config: RunConfig) -> RunConfig:
    """What all runs share whose networks differ in seed, hidden size and loss alone.

    Of the settings, those are left that a network's figures depend on. Device, workers and the
    preset's name are not among them (rounding aside), nor is which networks were trained beside it.
    """
    usual: dict[str, Any] = {"seed": 0, "device": "auto", "workers": 0, "preset": ""}
    if isinstance(config, SequenceConfig):
        usual |= {"seeds": 1, "hidden_sizes": (1,), "losses": ("mse",)}
    return config.replace(**usual)
