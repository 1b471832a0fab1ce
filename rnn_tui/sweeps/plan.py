"""What a sweep varies and how: read as typed, checked before anything starts."""

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.settings import (
    SETTINGS,
    ChoicesSetting,
    ListSetting,
    NumberSetting,
    Setting,
    check_choice,
)
from rnn_tui.runs.cost import mean_seconds
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

SEARCHES = ("grid", "random", "tpe")
# a list has one name here: a trial has one size and one loss
SINGLE = {"hidden_size": "hidden_sizes", "loss": "losses"}
SINGLE_OF = {several: name for name, several in SINGLE.items()}
MOST_VALUES, MOST_TRIALS = 1000, 100_000
MOST_LOOKED_AT = 200  # of a longer grid so many trials, evenly spread, tell how long all take
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
REPORT_GROUP = "report"  # what the report's runs are kept under while workers train them
SEEDS = NumberSetting("seeds", "Seeds", "networks of consecutive seeds in each trial", 1, 1000)
TRIALS = NumberSetting("trials", "Trials", "choices of settings to try", 1, MOST_TRIALS)
Point = dict[str, Any]


@dataclass(frozen=True)
class Range:
    """The numbers that a search may choose from for one setting, both ends included.

    Raises:
        SettingError: if no number lies between the ends, or the scale has no place for the lower
            one.
    """

    low: float
    high: float
    log: bool = False  #: whether numbers are drawn evenly on a scale of powers.
    whole: bool = False  #: whether only whole numbers are meant.

    def __post_init__(self) -> None:
        if not -math.inf < self.low < self.high < math.inf:  # NaN fails as well
            raise SettingError(f"A range must begin below its end, not {self}.")
        if self.log and self.low <= 0:
            raise SettingError(
                f"A range with :log must begin above 0, not {self}; a scale of powers has no 0."
            )
        if self.whole and not (isinstance(self.low, int) and isinstance(self.high, int)):
            raise SettingError(f"A range of whole numbers must have whole ends, not {self}.")

    def __str__(self) -> str:
        """The range as one types it."""
        scale = ":log" if self.log else ""
        return f"“{self.low:.12g}..{self.high:.12g}{scale}”"


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """What a sweep trains; SettingError for an unknown name, a value out of range or settings that
    do not go together.
    """

    task: str  #: a key of `TASKS`.
    #: by setting, the values to try.
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: by setting, what to choose from; for a search.
    ranges: Mapping[str, Range] = field(default_factory=dict)
    #: settings in place of the preset's, the same in all.
    fixed: Mapping[str, Any] = field(default_factory=dict)
    search: str = "grid"  #: `grid` for every combination, else how a search chooses.
    trials: int = 0  #: how many a search tries; 20 where it says 0.
    seeds: int = 1  #: networks of each trial.
    #: what tells how good a trial is; by default the task's accuracy in validation.
    metric: str = ""
    maximise: bool = True  #: whether more of it is better.
    prune: bool = False  #: whether trials that fall behind are stopped early.

    def __post_init__(self) -> None:
        check_choice("Task", self.task, tuple(TASKS))
        check_choice("Search", self.search, SEARCHES)
        SEEDS.check(self.seeds)
        ranges = {
            name: one if isinstance(one, Range) else Range(**one)
            for name, one in self.ranges.items()
        }
        object.__setattr__(self, "ranges", ranges)
        names = [one.name for one in self.task_definition.metric_definitions]
        if not self.metric:
            wanted = self.task_definition.headline.replace("test_", "val_")
            object.__setattr__(
                self, "metric", wanted if wanted in names else self.task_definition.headline
            )
            object.__setattr__(self, "maximise", self.metric_definition.higher_is_better)
        check_choice("Metric", self.metric, names)
        # which is always given
        fixed = {SINGLE_OF.get(name, name) for name in self.fixed} - {"cell"}
        if twice := self.grid.keys() & {*self.ranges, *fixed} | self.ranges.keys() & fixed:
            raise SettingError(
                f"{min(twice)} stands twice; it has values or a range to try, or is the same in "
                "all."
            )
        self._check_search()
        for point in itertools.islice(self.samples(), MOST_VALUES):
            self.configs(point)

    def _check_search(self) -> None:
        if not self.grid and not self.ranges:
            raise SettingError(
                "Nothing is varied; give --grid NAME=VALUE,VALUE or, with --search, --range "
                "NAME=LOW..HIGH."
            )
        if self.is_search:
            object.__setattr__(self, "trials", TRIALS.check(self.trials or 20))
            if self.prune and self.metric_definition.stage == "test":
                raise SettingError(
                    f"{self.metric} is known at the end only, so nothing can be pruned by it."
                )
            return
        if self.ranges:
            name = next(iter(self.ranges))
            raise SettingError(
                "A range is for a search; add --search tpe --trials N, or give --grid "
                f"{name}=VALUE,VALUE."
            )
        if self.prune or self.trials:
            raise SettingError("Only a search has a number of trials and prunes; add --search tpe.")
        if self.trial_count > MOST_TRIALS:
            raise SettingError(
                f"The grid has {self.trial_count:,} trials; at most {MOST_TRIALS:,} can be swept."
            )

    @property
    def task_definition(self) -> Task:
        """The task."""
        return TASKS[self.task]

    @property
    def metric_definition(self) -> Metric:
        """What tells how good a trial is."""
        return self.task_definition.metric(self.metric)

    @property
    def is_search(self) -> bool:
        """Whether settings are chosen by Optuna, of the extra `search`; else every combination is
        tried.
        """
        return self.search != "grid"

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The names of the settings that differ between trials."""
        return (*self.grid, *self.ranges)

    @property
    def trial_count(self) -> int:
        """How many trials there are to be."""
        return self.trials if self.is_search else math.prod(map(len, self.grid.values()))

    @property
    def runs_per_trial(self) -> int:
        """How many runs a trial has."""
        return self.seeds if self.task_definition.reads_data else 1

    @property
    def run_count(self) -> int:
        """How many runs all trials have."""
        return self.trial_count * self.runs_per_trial

    def points(self) -> Iterator[Point]:
        """Every combination of a grid, the last setting changing first."""
        return (
            dict(zip(self.grid, values, strict=True))
            for values in itertools.product(*self.grid.values())
        )

    def samples(self) -> Iterator[Point]:
        """Points that stand for all: of a grid each, of a search the ends of each setting with the
        first of all others.
        """
        if not self.is_search:
            return self.points()
        ends: dict[str, Sequence[Any]] = {
            **self.grid,
            **{name: (one.low, one.high) for name, one in self.ranges.items()},
        }
        usual = {name: values[0] for name, values in ends.items()}
        return ({**usual, name: value} for name, values in ends.items() for value in values)

    def configs(self, point: Point) -> list[RunConfig]:
        """The runs of a trial, one a seed or one with all of them side by side; a SettingError for
        what can't go together.
        """
        settings: dict[str, Any] = {**self.fixed, **point}
        cell, preset = (
            settings.pop("cell", self.task_definition.default_cell),
            settings.pop("preset", None),
        )
        for name, several in SINGLE.items():
            if name in settings and several in self.task_definition.settings:
                settings[several] = (settings.pop(name),)
        first = settings.pop("seed", None) or 0
        more: list[dict[str, Any]] = [{"seed": first, "seeds": self.seeds}]
        if self.task_definition.reads_data:
            more = [{"seed": first + at} for at in range(self.seeds)]
        # With one thread each: on a cluster a worker is a core.
        return [
            self.task_definition.config(cell, preset, **settings, **one, workers=1) for one in more
        ]

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form, whose values make the same plan."""
        return asdict(self)


def _setting(task: Task, name: str) -> Setting | Sequence[str]:
    """What checks a value of a setting that can be varied, or the words that it may be; a
    SettingError for any other.
    """
    words = {
        "cell": task.cells,
        "preset": [one.name for one in task.presets],
        "augmentation": task.augmentations,
    }
    known: dict[str, Setting | Sequence[str]] = {
        name: SETTINGS[name] for name in task.settings if name != "seeds"
    }
    known |= {name: some for name, some in words.items() if some}
    for one in (SINGLE.get(name, name), name):
        if one in known:
            return known[one]
    names = ", ".join(SINGLE_OF.get(one, one) for one in known)
    raise SettingError(
        f"{task.label} has no setting “{printable(name)}” that can be varied; it has {names}."
    )


def _split(text: str, form: str) -> tuple[str, str]:
    name, equals, values = text.partition("=")
    if not equals or not values.strip():
        raise SettingError(f"“{printable(text)}” is not {form}.")
    return name.strip().replace("-", "_"), values


def settings_by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Settings with what they are to be; raises SettingError where one stands twice."""
    found: dict[str, Any] = {}
    for name, what in pairs:
        if name in found:
            raise SettingError(
                f"{name} stands twice; give all of its values at one place, with commas between "
                "them."
            )
        found[name] = what
    return found


def read_grid(task: Task, text: str) -> tuple[str, list[Any]]:
    """A setting and its values as typed, `hidden_size=32,64,128`; a SettingError for a wrong name
    or value.
    """
    name, typed = _split(text, "NAME=VALUE,VALUE,…")
    check = _setting(task, name)
    values: list[Any] = []
    for one in typed.split(","):
        value = one.strip()
        if isinstance(check, Setting):
            value = check.parse(value)
        else:
            check_choice(name.capitalize(), value, tuple(check))
        values.append(value[0] if isinstance(check, ListSetting | ChoicesSetting) else value)
    if len(set(values)) < len(values) or len(values) > MOST_VALUES:
        raise SettingError(f"The values of {name} must be different, and at most {MOST_VALUES:,}.")
    return name, values


def read_range(task: Task, text: str) -> tuple[str, Range]:
    """A setting and its range as typed, `learning_rate=1e-4..1e-1:log`; a SettingError for a wrong
    name or bound.
    """
    name, typed = _split(text, "NAME=LOW..HIGH")
    check = _setting(task, name)
    bounds, _, scale = typed.partition(":")
    low, dots, high = bounds.partition("..")
    if not isinstance(check, NumberSetting | ListSetting) or not dots or scale not in ("", "log"):
        raise SettingError(
            f"“{printable(text)}” is not a number's NAME=LOW..HIGH, with :log behind it or without."
        )
    ends = [check.parse(one.strip()) for one in (low, high)]
    first, last = (one[0] if isinstance(one, tuple) else one for one in ends)
    whole = isinstance(check, ListSetting) or check.whole
    try:
        return name, Range(first, last, scale == "log", whole)
    except SettingError as error:
        raise SettingError(f"{name}: {error}") from error


def check_sweep_name(text: str) -> str:
    """A sweep's name; raises SettingError if it is none."""
    if text == REPORT_GROUP or not NAME.fullmatch(text):
        what = f"1 to 40 letters, digits, dashes and underscores, and not {REPORT_GROUP}"
        raise SettingError(f"“{printable(text)}” is no name for a sweep: {what}.")
    return text


def wall_seconds(plan: SweepPlan, workers: int) -> float | None:
    """How long a sweep takes, on workers with cores like those here that train a run each.

    Returns:
        Seconds; None where that is not known, as with a user's own data.
    """
    step = 1
    if not plan.is_search:
        step = max(1, plan.trial_count // MOST_LOOKED_AT)
    # of a search the ends of its ranges, each as often
    points = itertools.islice(plan.samples(), 0, None, step)
    configs = [plan.configs(point)[0] for point in points]
    seconds_per_run = mean_seconds(configs)
    if seconds_per_run is None:
        return None
    busy_workers = max(1, min(workers, plan.run_count))
    return seconds_per_run * math.ceil(plan.run_count / busy_workers)
