"""Plan which networks of a paper to train, over how many seeds, and how."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import Any

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.options import DEVICE, check_options, option_field, options_of
from rnn_tui.engine.settings import SETTINGS, NumberSetting, check_choice
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.papers.paper import Experiment, Paper, PaperPreset, variants_together
from rnn_tui.papers.shipped import FIRST
from rnn_tui.sweeps.plan import REPORT_GROUP
from rnn_tui.tasks import TASKS

MOST_NETWORKS = 100_000  # of a plan
DECIMALS = 2  # decimals of every published figure; ours are compared with as many
OTHER_RECIPE_NOTE = (
    "Preset {preset} is not the {kind}'s recipe: published figures are shown, but not compared "
    "with ours."
)
DIFFERS = "What still differs from the {kind}'s own way to train:"


def seeds_setting(task: str) -> NumberSetting:
    """Return the setting of the number of seeds of a task that has one of its own."""
    label = f"{TASKS[task].label} seeds"
    how = "one by one" if TASKS[task].reads_images else "side by side"
    text = f"networks of consecutive seeds, trained {how}"
    return NumberSetting(f"{task}_seeds", label, text, 1, 1000)


@dataclass(frozen=True)
class PlannedNetwork:
    """A network to train: an experiment with a seed."""

    experiment: Experiment
    seed: int


@dataclass(frozen=True)
class Plan:
    """The experiments of a paper to train, over how many seeds, and how.

    Raises:
        SettingError: for a number out of range or a wrong name.
    """

    paper: Paper
    #: networks of each experiment whose task is not in `task_seeds`; None for the paper's number.
    seeds: int | None = None
    #: networks of each experiment of a task, by task; the paper's where none is given.
    task_seeds: Mapping[str, int] = field(default_factory=dict, hash=False)
    _: KW_ONLY
    only: Sequence[str] = ()  #: the tasks, and keys of experiments, wanted; all by default.
    preset: str = ""  #: one of the paper's; empty for its first.
    first_seed: int = option_field(
        replace(SETTINGS["seed"], name="first_seed", help="the first seed; the others follow it"),
        default=0,
        shell="--seed",
        in_shell=" (default: 0)",
    )
    device: str = DEVICE.default  #: where to train.
    #: settings in place of the preset's, by task.
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "task_seeds", {**self.paper.task_seeds, **self.task_seeds})
        object.__setattr__(self, "preset", self.preset or self.paper.default_preset)
        check_choice("Preset", self.preset, tuple(self.paper.presets))
        DEVICE.setting.check(self.device)
        SETTINGS["seeds"].check(self.usual_seeds)
        for task, count in self.task_seeds.items():
            seeds_setting(task).check(count)
        check_options(self)
        most_seeds = max(self.usual_seeds, *self.task_seeds.values(), 0)
        SETTINGS["seed"].check(self.first_seed + most_seeds - 1)
        self._check_only()
        self._check_count()
        for experiment in self.experiments:  # a wrong override is found now
            self.config(experiment, self.first_seed)

    def _check_only(self) -> None:
        """Check that the tasks and experiments that are wanted are those of the preset."""
        tasks = self.paper.tasks_of(self.preset)
        keys = [each.key for each in self.paper.experiments if each.task in tasks]
        for name in self.only:
            if name not in tasks and name not in keys:
                raise SettingError(
                    f"The {self.paper.kind}'s experiments are {', '.join(tasks)}, not "
                    f"“{printable(name)}”{did_you_mean(name, [*tasks, *keys])}."
                )

    def _check_count(self) -> None:
        """Check that the networks are not too many to be listed in memory."""
        count = sum(len(self.seeds_of(each.task)) for each in self.experiments)
        if count > MOST_NETWORKS:
            raise SettingError(
                f"There may be at most {MOST_NETWORKS:,} networks, experiments times seeds, not "
                f"{count:,}: choose fewer seeds, or some of the experiments."
            )

    @property
    def recipe(self) -> PaperPreset:
        """The preset with what the paper's file says of it."""
        return self.paper.presets[self.preset]

    @property
    def usual_seeds(self) -> int:
        """The number of networks of each experiment whose task has no number of its own."""
        return self.paper.seeds if self.seeds is None else self.seeds

    @cached_property
    def experiments(self) -> tuple[Experiment, ...]:
        """The experiments that are wanted, in the paper's order."""
        tasks = self.paper.tasks_of(self.preset)
        only = self.only
        return tuple(
            each
            for each in self.paper.experiments
            if each.task in tasks and (not only or each.task in only or each.key in only)
        )

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that are wanted, in the paper's order."""
        return tuple(dict.fromkeys(each.task for each in self.experiments))

    @property
    def training_order(self) -> tuple[str, ...]:
        """The tasks that are wanted, in the order of training.

        Those that read data come last: they train networks one by one, which takes most time.
        """
        return tuple(sorted(self.tasks, key=lambda task: TASKS[task].reads_images))

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on where the preset departs from the paper, and from what its name says."""
        notes = []
        if not self.recipe.compared and self.paper.has_published:
            notes.append(OTHER_RECIPE_NOTE.format(preset=self.preset, kind=self.paper.kind))
        if self.recipe.note:
            notes.append(self.recipe.note)
        if self.recipe.differs:
            notes.append(DIFFERS.format(kind=self.paper.kind))
            notes += self.recipe.differs
        task_notes = self.recipe.task_notes
        return (*notes, *(task_notes[task] for task in self.tasks if task in task_notes))

    def seeds_of(self, task: str) -> range:
        """Return the seeds of a task's networks."""
        count = self.task_seeds.get(task, self.usual_seeds)
        return range(self.first_seed, self.first_seed + count)

    @cached_property
    def networks(self) -> tuple[PlannedNetwork, ...]:
        """Every network, in the order of training: the cheap tasks first, seed by seed."""
        return tuple(
            PlannedNetwork(experiment, seed)
            for task in self.training_order
            for seed in self.seeds_of(task)
            for experiment in self.experiments
            if experiment.task == task
        )

    def config(
        self,
        experiment: Experiment,
        seed: int,
        *,
        seeds: int = 1,
        variants: Sequence[Variant] = (),
    ) -> RunConfig:
        """Return the settings of a run that trains networks like those of an experiment.

        Args:
            experiment: whose task, cell and settings all its networks have.
            seed: the first.
            seeds: how many consecutive ones, where networks are trained side by side.
            variants: whose sizes and losses it has, each with each; by default those of all
                experiments that differ in them alone.

        Raises:
            SettingError: for a wrong override.
        """
        own: dict[str, Any] = {}
        if not TASKS[experiment.task].reads_images:
            own["seeds"] = seeds
            variants = variants or self._variants_together.get(experiment.key, ())
        own |= self.overrides.get(experiment.task, {})
        return self.paper.config(
            experiment, self.preset, variants=variants, seed=seed, device=self.device, **own
        )

    @cached_property
    def _variants_together(self) -> Mapping[str, Sequence[Variant]]:
        """The variants of all selected experiments that one run trains, by key of each."""
        return variants_together(self.experiments)

    @cached_property
    def _variants(self) -> Mapping[str, Variant | None]:
        """Hidden size and loss by key of the experiment; None where a run trains one network."""
        variants: dict[str, Variant | None] = {}
        for experiment in self.experiments:
            variants[experiment.key] = experiment.variant
            if experiment.variant is None:
                of_preset = self.config(experiment, self.first_seed).variants
                variants[experiment.key] = of_preset[0] if of_preset else None
        return variants

    def variant_of(self, experiment: Experiment) -> Variant | None:
        """Return hidden size and loss of an experiment; None where a run trains one network."""
        return self._variants[experiment.key]

    @property
    def group(self) -> str:
        """The name of the group in which its runs are kept, which no sweep can have."""
        return REPORT_GROUP if self.paper.name == FIRST else f"paper.{self.paper.name}"

    @property
    def _chosen(self) -> tuple[str, ...]:
        """The tasks that are wanted, or of a part of one the keys of its experiments."""
        whole = {each.task for each in self.experiments if not self.only or each.task in self.only}
        names = (each.task if each.task in whole else each.key for each in self.experiments)
        return tuple(dict.fromkeys(names))

    def _seeds_of_report(self) -> list[str]:
        """Return the options of `rnn-tui report` for the numbers of seeds."""
        options = []
        if set(self.tasks) - self.task_seeds.keys():
            options.append(f"--seeds {self.usual_seeds}")
        for task in self.tasks:
            if task in self.task_seeds:
                options.append(f"--{task}-seeds {self.task_seeds[task]}")
        return options

    def _seeds_of_paper(self) -> list[str]:
        """Return the option of `rnn-tui rerun` for the numbers of seeds.

        The paper's own are said as well, since its file may change.
        """
        of_tasks = [f",{task}={count}" for task, count in self.task_seeds.items()]
        return [f"--seeds {self.usual_seeds}{''.join(of_tasks)}"]

    @property
    def command(self) -> str:
        """The command that makes this plan; overrides have none."""
        is_report = self.paper.name == FIRST and not self.paper.path
        words = ["rnn-tui report"]
        if not is_report:
            words = [f"rnn-tui rerun {shlex.quote(self.paper.path or self.paper.name)}"]
        if self._chosen != self.paper.tasks_of(self.preset):
            words.append(f"--only {','.join(self._chosen)}")
        if self.preset != self.paper.default_preset:
            words.append(f"--preset {self.preset}")
        words += self._seeds_of_report() if is_report else self._seeds_of_paper()
        if self.first_seed:
            words.append(f"--seed {self.first_seed}")
        if self.device != "auto":
            words.append(f"--device {self.device}")
        return " ".join(words)


FIRST_SEED = options_of(Plan)["first_seed"]
