"""What the report published, what is to be trained of it, and what the store has: asked each time,
so a report can go on.
"""

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, lru_cache
from typing import Any

from rnn_tui.engine.config import RunConfig, Variant
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import DEVICES, SETTINGS, NumberSetting, check_choice
from rnn_tui.engine.state import Status
from rnn_tui.networks import CELLS
from rnn_tui.runs.logged_values import Kind, LoggedValues
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import count_of
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import SequenceConfig

REPORT_ORDER = ("mnist", "recall", "adder")
TRAINING_ORDER = ("recall", "adder", "mnist")  # those first that take least time
DECIMALS = 2  # of every published figure; ours are held against them with as many

# percent after each epoch; the LSTM's first can't be read
VALIDATION_ACCURACY: dict[str, tuple[float | None, ...]] = {
    "rnn": (92.25, 95.39, 96.68, 97.21, 97.21, 98.04, 97.46, 97.81, 97.85, 97.86),
    "lstm": (None, 97.73, 98.07, 97.77, 98.26, 98.77, 98.70, 98.54, 98.65, 98.80),
    "bilstm": (92.23, 95.76, 96.97, 96.68, 97.74, 98.00, 98.07, 98.23, 98.06, 98.54),
}


@dataclass(frozen=True)
class Experiment:
    """A network of the report with its published figure."""

    task: str  #: a key of `TASKS`.
    cell: str  #: of the network, as typed.
    variant: Variant | None  #: hidden size and loss, where the task trains several; None for MNIST.
    published: float  #: the report's figure, in percent, of those that the task has as `published`.
    #: accuracy in percent after each epoch, as in `VALIDATION_ACCURACY`.
    validation: tuple[float | None, ...] = ()

    @property
    def key(self) -> str:
        """A name for JSON, such as `mnist-rnn` or `adder-h3-mse`."""
        if self.variant is None:
            return f"{self.task}-{self.cell}"
        loss = f"-{self.variant.loss}" if self.task == "adder" else ""
        return f"{self.task}-h{self.variant.hidden_size}{loss}"

    @property
    def short_label(self) -> str:
        """The network, such as `LSTM`, `H 5` or `H 3 mse`."""
        if self.variant is None:
            return CELLS[self.cell].label
        return self.variant.label if self.task == "adder" else f"H {self.variant.hidden_size}"

    @property
    def label(self) -> str:
        """Task and network."""
        return f"{TASKS[self.task].label}, {self.short_label}"


def _of_sequences(task: str, sizes: tuple[int, ...], losses: tuple[str, ...]) -> list[Experiment]:
    spec, variants = TASKS[task], [Variant(size, loss) for loss in losses for size in sizes]
    return [
        Experiment(task, spec.default_cell, one, spec.published[spec.headline][one.label])
        for one in variants
    ]


EXPERIMENTS: tuple[Experiment, ...] = (
    *(
        Experiment("mnist", cell, None, TASKS["mnist"].published["test_accuracy"][cell], validation)
        for cell, validation in VALIDATION_ACCURACY.items()
    ),
    *_of_sequences("recall", (2, 5, 10), ("ce",)),
    *_of_sequences("adder", (3, 5, 10), ("mse", "ce")),
)

PRESETS = {
    "report": "the report's own recipes",
    "fast": "recipes that reach as much in a fraction of the time",
}
SEEDS, MNIST_SEEDS = 20, 3
MNIST_SEEDS_SETTING = NumberSetting(
    "mnist_seeds", "MNIST seeds", "networks of consecutive seeds, trained one by one", 1, 1000
)
# With pairs made for long carries a softmax across positions (ce) learns nothing, at any hidden
# size (10 seeds: 72 … 80 % of the bits). Both losses get the same recipe, since the report compares
# them.
FAST_ADDER: Mapping[str, Any] = {"losses": ("mse", "ce"), "augmentation": "none"}
FAST_NOTE = (
    "Preset fast trains the adder with the loss bce, which the report does not have. The "
    "report's losses mse and ce are "
    "trained instead, with that preset's other settings but without pairs made for long carries, "
    "from which ce does not learn."
)


@dataclass(frozen=True)
class Part:
    """One network to train: an experiment with a seed."""

    experiment: Experiment
    seed: int


@dataclass(frozen=True)
class Plan:
    """The experiments, over how many seeds, how they are trained; a SettingError for a number out
    of range or a wrong name.
    """

    seeds: int = SEEDS  #: networks of each small experiment (recall, adder).
    #: networks of each MNIST model: one run each, since MNIST has no sets of seeds.
    mnist_seeds: int = MNIST_SEEDS
    _: KW_ONLY
    only: Sequence[str] = ()  #: the tasks wanted; all by default.
    #: `report` or `fast` (see `notes` for what `fast` does with the adder's losses).
    preset: str = "report"
    first_seed: int = 0  #: the others follow it.
    device: str = "auto"  #: where to train.
    #: by task, in place of the preset's.
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        SETTINGS["seeds"].check(self.seeds)
        MNIST_SEEDS_SETTING.check(self.mnist_seeds)
        SETTINGS["seed"].check(self.first_seed)
        SETTINGS["seed"].check(self.first_seed + max(self.seeds, self.mnist_seeds) - 1)
        check_choice("Preset", self.preset, tuple(PRESETS))
        check_choice("Device", self.device, DEVICES)
        if strange := [task for task in self.only if task not in REPORT_ORDER]:
            raise SettingError(
                f"The report's experiments are {', '.join(REPORT_ORDER)}, not "
                f"“{printable(strange[0])}”."
            )
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
        return range(
            self.first_seed, self.first_seed + (self.mnist_seeds if task == "mnist" else self.seeds)
        )

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every network, in the order of training: the cheap tasks first, MNIST seed by seed."""
        seeds = ((task, seed) for task in TRAINING_ORDER for seed in self.seeds_of(task))
        return tuple(
            Part(one, seed) for task, seed in seeds for one in self.experiments if one.task == task
        )

    def config(
        self, task: str, cell: str, seed: int, *, seeds: int = 1, variants: Sequence[Variant] = ()
    ) -> RunConfig:
        """A run's settings; sizes and losses of `variants`, each with each, by default all; a
        SettingError of overrides.
        """
        settings: dict[str, Any] = (
            dict(FAST_ADDER) if task == "adder" and self.preset == "fast" else {}
        )
        if task != "mnist":
            chosen = variants or [
                one.variant for one in self.experiments if one.task == task and one.variant
            ]
            sizes, losses = (
                sorted({one.hidden_size for one in chosen}),
                list(dict.fromkeys(one.loss for one in chosen)),
            )
            settings |= {"hidden_sizes": sizes, "losses": losses, "seeds": seeds}
        settings |= self.overrides.get(task, {})
        return TASKS[task].config(cell, self.preset, seed=seed, device=self.device, **settings)

    @property
    def command(self) -> str:
        """The command that makes this plan; overrides have none."""
        options = (
            (self.tasks != REPORT_ORDER, f"--only {','.join(self.tasks)}"),
            (self.preset != "report", f"--preset {self.preset}"),
            (self.tasks != ("mnist",), f"--seeds {self.seeds}"),
            ("mnist" in self.tasks, f"--mnist-seeds {self.mnist_seeds}"),
            (self.first_seed, f"--seed {self.first_seed}"),
            (self.device != "auto", f"--device {self.device}"),
        )
        return " ".join(["rnn-tui report", *(text for needed, text in options if needed)])


@lru_cache(1 << 15)  # of every run that is kept, whenever a rerun has news
def family(config: RunConfig) -> RunConfig:
    """What all runs share whose networks differ in seed, hidden size and loss alone; not device,
    workers or preset's name.
    """
    usual: dict[str, Any] = {"seed": 0, "device": "auto", "workers": 0, "preset": ""}
    if isinstance(config, SequenceConfig):
        usual |= {"seeds": 1, "hidden_sizes": (1,), "losses": ("mse",)}
    return config.replace(**usual)


@dataclass(frozen=True)
class Found:
    """Where a network is: its run, and which of the run's replicas it is; 0 where it is alone."""

    run: RunRecord
    at: int


@dataclass(frozen=True)
class Kept:
    """What the store has of a plan."""

    plan: Plan  #: what is wanted.
    #: networks trained to the end, and where; of several the first, so that no figure changes.
    done: Mapping[Part, Found]
    active: Mapping[Part, RunRecord]  #: those that some process trains now, and in which run.
    #: interrupted or stopped, the furthest first, all in the plan.
    unfinished: tuple[tuple[RunRecord, tuple[Part, ...]], ...]
    #: every run that ended with networks like those of the plan, the newest first.
    finished: tuple[RunRecord, ...]
    #: what was logged of a run, by id and kind, while the store is open.
    moments: Callable[[str, Kind], Sequence[LoggedValues]]

    def found(self, experiment: Experiment) -> dict[int, Found]:
        """Where the trained networks of an experiment are, by seed, ascending."""
        return dict(
            sorted(
                (part.seed, one) for part, one in self.done.items() if part.experiment == experiment
            )
        )

    def figures(self, found: Found, kind: Kind, metric: str) -> dict[int, float]:
        """A network's figures by epoch: of each one, or of the test, which is at the last."""
        result = {}
        for moment in self.moments(found.run.run_id, kind):
            value = moment.figures.get(metric)
            if isinstance(value, tuple):
                value = value[found.at] if found.at < len(value) else None
            if value is not None and moment.epoch is not None:
                result[moment.epoch] = value
        return result


def kept(plan: Plan, store: RunStore | None) -> Kept:
    """What a store, if there is one yet, has of a plan but for deleted runs; raises `StoreError` if
    it can't be read.
    """
    families = {one: family(plan.config(one.task, one.cell, 0)) for one in plan.experiments}
    known = set(families.values())
    wanted = {
        (families[part.experiment], part.experiment.variant, part.seed): part for part in plan.parts
    }
    done, active = dict[Part, Found](), dict[Part, RunRecord]()
    unfinished, finished = list[tuple[RunRecord, tuple[Part, ...]]](), list[RunRecord]()
    for run in store.runs() if store is not None else []:
        if family(run.config) not in known:
            continue
        parts = [wanted.get(network) for network in networks(run.config)]
        mine = [part for part in parts if part is not None]
        if run.status is Status.FINISHED:
            finished.append(run)
            # The newest run comes first: an older one takes its place.
            done |= {part: Found(run, at) for at, part in enumerate(parts) if part is not None}
        elif run.status.active:
            active |= dict.fromkeys(mine, run)
        elif run.status in (Status.STOPPED, Status.INTERRUPTED) and len(mine) == len(parts):
            unfinished.append((run, tuple(mine)))
    unfinished.sort(key=lambda one: -one[0].progress)
    # A run may have many of the networks; without a store there is none.
    moments: Callable[[str, Kind], Sequence[LoggedValues]] = (
        cache(store.logged_values) if store is not None else lambda *_: ()
    )
    return Kept(plan, done, active, tuple(unfinished), tuple(finished), moments)


def networks(config: RunConfig) -> list[tuple[RunConfig, Variant | None, int]]:
    """The networks of a run, in the order of its figures: family, variant, seed."""
    common = family(config)
    return [(common, one.variant, one.seed) for one in config.replicas] or [
        (common, None, config.seed)
    ]


@dataclass(frozen=True)
class Work:
    """A run to train: settings, networks, and the run to go on with, or None for a new one."""

    config: RunConfig
    parts: tuple[Part, ...]
    run: RunRecord | None = None

    @property
    def progress(self) -> float:
        """The share of its steps that is done already."""
        return 0.0 if self.run is None else self.run.progress

    @property
    def label(self) -> str:
        """What it trains, such as `Adder, 6 networks × 20 seeds` or `MNIST, LSTM, seed 2`."""
        first, networks = self.parts[0], len({part.experiment for part in self.parts})
        what = first.experiment.label
        if first.experiment.variant is None:
            return f"{what}, seed {first.seed}"
        if networks > 1:
            what = f"{what.partition(',')[0]}, {networks} networks"
        return f"{what} × {count_of(len({part.seed for part in self.parts}), 'seed')}"


def work_for(
    kept: Kept, *, tried: Collection[Part] = (), unusable: Collection[str] = ()
) -> list[Work]:
    """The runs that its plan still needs, in the order to train them, without networks `tried` and
    runs `unusable` (by id).

    A run that was stopped goes on if all its networks are lacking; else small ones of consecutive
    seeds are trained together.
    """
    plan, works = kept.plan, list[Work]()
    missing = [
        part
        for part in plan.parts
        if part not in kept.done and part not in kept.active and part not in tried
    ]
    lacking = set(missing)
    for run, parts in kept.unfinished:
        if run.run_id not in unusable and lacking.issuperset(parts):
            works.append(Work(run.config, parts, run))
            lacking.difference_update(parts)
    for task in TRAINING_ORDER:
        rest = [part for part in missing if part in lacking and part.experiment.task == task]
        if task == "mnist":
            works += [
                Work(plan.config(task, part.experiment.cell, part.seed), (part,)) for part in rest
            ]
        else:
            works += _together(plan, rest)
    place = {part: at for at, part in enumerate(plan.parts)}
    return sorted(works, key=lambda work: min(place[part] for part in work.parts))


def _together(plan: Plan, parts: Sequence[Part]) -> list[Work]:
    """As few runs as there are stretches of seeds that lack the same networks; `parts` are in the
    order of their seeds.
    """
    works, by_seed = (
        list[Work](),
        [list(some) for _, some in itertools.groupby(parts, lambda part: part.seed)],
    )
    # Consecutive seeds are all as far ahead of their places.
    found = itertools.groupby(
        enumerate(by_seed),
        lambda one: (one[1][0].seed - one[0], [part.experiment for part in one[1]]),
    )
    for (_, experiments), some in found:
        stretch = [part for _, mine in some for part in mine]
        first, count = stretch[0].seed, len(stretch) // len(experiments)
        wanted = [one.variant for one in experiments if one.variant is not None]
        # each all combinations of some sizes and losses
        alike: dict[frozenset[int], list[Variant]] = {}
        for variant in wanted:
            alike.setdefault(
                frozenset(one.hidden_size for one in wanted if one.loss == variant.loss), []
            ).append(variant)
        for variants in alike.values():
            config = plan.config(
                experiments[0].task, experiments[0].cell, first, seeds=count, variants=variants
            )
            works.append(
                Work(config, tuple(part for part in stretch if part.experiment.variant in variants))
            )
    return works
