"""Plan what a sweep varies and how: read as typed, checked before anything starts."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from rnn_tui.archive.cost import mean_seconds
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
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

SEARCHES = ("grid", "random", "tpe")
MOST_VALUES = 1000  # values of one setting in a grid
MOST_TRIALS = 100_000
MOST_CHECKED = 1000  # points of a plan whose settings are tried out before it starts
# The time of a longer grid is estimated from about so many of its trials, evenly spread: of each a
# few steps are measured.
MOST_ESTIMATED = 4
USUAL_TRIALS = 20  # the default number of trials of a search
SWEEP_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
REPORT_GROUP = "report"  # what the report's runs are kept under while workers train them
SEEDS = NumberSetting("seeds", "Seeds", "networks of consecutive seeds in each trial", 1, 1000)
TRIALS = NumberSetting("trials", "Trials", "choices of settings to try", 1, MOST_TRIALS)
Point = dict[str, Any]  # a value for each setting that varies


@dataclass(frozen=True)
class Range:
    """The numbers that a search may choose from for one setting, both ends included.

    Raises:
        SettingError: if no number lies between the ends, or the scale has no place for the lower
            one.
    """

    low: float  #: lower end.
    high: float  #: upper end.
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
        """Return the range as one types it."""
        scale = ":log" if self.log else ""
        return f"“{self.low:.12g}..{self.high:.12g}{scale}”"


@dataclass(frozen=True, kw_only=True)
class SweepPlan:
    """The plan of a sweep: what it varies, and how it trains.

    Raises:
        SettingError: for an unknown name, a value out of range, or settings that do not go
            together.
    """

    task: str  #: the task's name.
    #: the values to try, by setting.
    grid: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    #: the values that a search chooses from, by setting.
    ranges: Mapping[str, Range] = field(default_factory=dict)
    #: settings in place of the preset's, the same in all trials.
    fixed: Mapping[str, Any] = field(default_factory=dict)
    search: str = "grid"  #: `grid` for every combination; `random` or `tpe` for a search.
    trials: int = 0  #: how many a search tries, 0 for the usual number; of a grid always 0.
    seeds: int = 1  #: seeds of each trial.
    #: the metric that ranks trials; by default the task's accuracy in validation.
    metric: str = ""
    maximise: bool = True  #: whether more of the metric is better.
    prune: bool = False  #: whether trials that fall behind are stopped early.

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            check_choice("Task", self.task, tuple(TASKS))
        check_choice("Search", self.search, SEARCHES)
        SEEDS.check(self.seeds)
        ranges = {
            name: limits if isinstance(limits, Range) else Range(**limits)
            for name, limits in self.ranges.items()
        }
        object.__setattr__(self, "ranges", ranges)
        self._choose_metric()
        self._check_names()
        if self.is_search:
            self._check_search()
        else:
            self._check_grid()
        for point in itertools.islice(self.samples(), MOST_CHECKED):
            self.configs(point)

    def _choose_metric(self) -> None:
        """Take the task's objective if no metric is named."""
        names = [metric.name for metric in self.task_definition.metric_definitions]
        if not self.metric:
            objective = self.task_definition.objective
            object.__setattr__(self, "metric", objective.name)
            object.__setattr__(self, "maximise", objective.higher_is_better)
        check_choice("Metric", self.metric, names)

    def check_objective(self) -> None:
        """Refuse to choose by the test, in a new sweep: one that is kept goes on as it began.

        Raises:
            SettingError: if trials would be compared by a metric of the test.
        """
        names = [metric.name for metric in self.task_definition.objectives]
        if self.metric not in names:
            raise SettingError(
                f"{printable(self.metric)} is measured on the test, which must not choose "
                f"settings; name another objective, such as {self.task_definition.objective.name}."
            )

    def _check_names(self) -> None:
        """Refuse a plan that varies nothing, or has a setting at two places."""
        fixed = {_name_in_plan(name) for name in self.fixed}
        fixed.discard("cell")  # the command line and the app always have one
        places = Counter([*self.grid, *self.ranges, *fixed])
        repeated = sorted(name for name, count in places.items() if count > 1)
        if repeated:
            raise SettingError(
                f"{repeated[0]} stands twice; give it values, or a range, or one fixed value."
            )
        if not self.varied:
            raise SettingError(
                "Nothing is varied; give --grid NAME=VALUE,VALUE or, with --search, --range "
                "NAME=LOW..HIGH."
            )

    def _check_search(self) -> None:
        object.__setattr__(self, "trials", TRIALS.check(self.trials or USUAL_TRIALS))
        if self.prune and self.metric_definition.stage == "test":
            raise SettingError(
                f"{self.metric} is measured only at the end of training, so no trial can be "
                "pruned by it."
            )

    def _check_grid(self) -> None:
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
                f"The grid has {self.trial_count:,} trials; a sweep has at most {MOST_TRIALS:,}."
            )

    @property
    def task_definition(self) -> Task:
        """The task that `task` names."""
        return TASKS[self.task]

    @property
    def metric_definition(self) -> Metric:
        """The metric that `metric` names."""
        return self.task_definition.metric(self.metric)

    @property
    def is_search(self) -> bool:
        """Whether Optuna, of the extra `search`, chooses settings; else every combination is
        tried.
        """
        return self.search != "grid"

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """The names of the settings that differ between trials."""
        return (*self.grid, *self.ranges)

    @property
    def trial_count(self) -> int:
        """The number of trials."""
        if self.is_search:
            return self.trials
        return math.prod(len(values) for values in self.grid.values())

    @property
    def runs_per_trial(self) -> int:
        """The number of runs of a trial: one a seed, or one that trains all its seeds together."""
        return self.seeds if self.task_definition.reads_images else 1

    @property
    def run_count(self) -> int:
        """The number of runs of all trials."""
        return self.trial_count * self.runs_per_trial

    def points(self) -> Iterator[Point]:
        """Yield every combination of a grid, the last setting changing first."""
        for values in itertools.product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))

    def samples(self) -> Iterator[Point]:
        """Yield points that represent all others.

        Of a grid these are all points; of a search, each value and each end of a range, together
        with the first value of every other setting.
        """
        if not self.is_search:
            yield from self.points()
            return
        choices: dict[str, Sequence[Any]] = dict(self.grid)
        for name, limits in self.ranges.items():
            choices[name] = (limits.low, limits.high)
        first_values = {name: values[0] for name, values in choices.items()}
        for name, values in choices.items():
            for value in values:
                yield {**first_values, name: value}

    def configs(self, point: Point) -> list[RunConfig]:
        """Return the runs of a trial: one a seed, or one that trains all its seeds side by side.

        Raises:
            SettingError: for settings that do not go together.
        """
        task = self.task_definition
        settings: dict[str, Any] = {**self.fixed, **point}
        cell = settings.pop("cell", task.default_cell)
        preset = settings.pop("preset", None)
        for setting in task.adjustable:
            if setting.singular in settings:
                settings[setting.name] = (settings.pop(setting.singular),)
        first_seed = settings.pop("seed", None) or 0
        settings["workers"] = 1  # threads: on a cluster a worker is a core
        if task.reads_images:
            return [
                task.config(cell, preset, **settings, seed=seed)
                for seed in range(first_seed, first_seed + self.seeds)
            ]
        return [task.config(cell, preset, **settings, seed=first_seed, seeds=self.seeds)]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form, whose values make the same plan."""
        return asdict(self)


def settings_by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Read settings and their values; raises SettingError if a name comes twice."""
    settings: dict[str, Any] = {}
    for name, value in pairs:
        if name in settings:
            raise SettingError(
                f"{name} stands twice; give all of its values at one place, with commas between "
                "them."
            )
        settings[name] = value
    return settings


def read_grid(task: Task, text: str) -> tuple[str, list[Any]]:
    """Read a setting and its values as typed, such as `hidden_size=32,64,128`.

    Raises:
        SettingError: for a wrong name or value.
    """
    name, values_text = _split_name(text, "NAME=VALUE,VALUE,…")
    setting = _variable_setting(task, name)
    values = [_read_value(name, setting, word.strip()) for word in values_text.split(",")]
    if len(set(values)) < len(values) or len(values) > MOST_VALUES:
        raise SettingError(f"The values of {name} must be different, and at most {MOST_VALUES:,}.")
    return name, values


def read_range(task: Task, text: str) -> tuple[str, Range]:
    """Read a setting and its range as typed, such as `learning_rate=1e-4..1e-1:log`.

    Raises:
        SettingError: for a wrong name or end.
    """
    name, range_text = _split_name(text, "NAME=LOW..HIGH")
    setting = _variable_setting(task, name)
    ends, _, scale = range_text.partition(":")
    low_text, dots, high_text = ends.partition("..")
    well_formed = dots and scale in ("", "log")
    if not well_formed or not isinstance(setting, NumberSetting | ListSetting):
        raise SettingError(
            f"“{printable(text)}” is not the range of a number; give NAME=LOW..HIGH or "
            "NAME=LOW..HIGH:log."
        )
    low = _read_value(name, setting, low_text.strip())
    high = _read_value(name, setting, high_text.strip())
    whole = isinstance(setting, ListSetting) or setting.whole
    try:
        return name, Range(low, high, log=scale == "log", whole=whole)
    except SettingError as error:
        raise SettingError(f"{name}: {error}") from error


def _split_name(text: str, form: str) -> tuple[str, str]:
    """Split typed text at `=` into a setting's name and its value; `form` is for the error."""
    name, _, value = text.partition("=")
    if not value.strip():
        raise SettingError(f"“{printable(text)}” is not {form}.")
    return name.strip().replace("-", "_"), value


def _name_in_plan(name: str) -> str:
    """Return a setting's name in a plan; of a setting with several values a trial has one."""
    singular = SETTINGS[name].singular if name in SETTINGS else ""
    return singular or name


def variable_settings(task: Task) -> dict[str, Setting | Sequence[str]]:
    """Return what a sweep of a task can vary, by name: settings, or the names to choose from."""
    settings: dict[str, Setting | Sequence[str]] = {
        _name_in_plan(setting.name): setting
        for setting in task.adjustable
        if setting.name != "seeds"
    }
    settings["cell"] = task.cells
    settings["preset"] = [preset.name for preset in task.presets]
    if task.augmentations:
        settings["augmentation"] = task.augmentations
    return settings


def _variable_setting(task: Task, name: str) -> Setting | Sequence[str]:
    """Return the setting that checks a varied value, or the words that the value may be.

    Raises:
        SettingError: if the task has no such setting.
    """
    settings = variable_settings(task)
    if name not in settings:
        raise SettingError(
            f"{task.label} has no setting “{printable(name)}” that can be varied"
            f"{did_you_mean(name, settings)}; it has "
            f"{', '.join(settings)}."
        )
    return settings[name]


def _read_value(name: str, setting: Setting | Sequence[str], text: str) -> Any:
    """Read a value of a setting, in the form of a trial's values."""
    if not isinstance(setting, Setting):
        check_choice(name.capitalize(), text, tuple(setting))
        return text
    value = setting.parse(text)
    if not isinstance(setting, ListSetting | ChoicesSetting):
        return value
    if len(value) > 1:
        raise SettingError(
            f"A trial has one {name.replace('_', ' ')}, not “{printable(text)}”; give commas "
            "between values."
        )
    return value[0]


def check_sweep_name(text: str) -> str:
    """Return a sweep's name as typed; raises SettingError if it can't be one."""
    if text == REPORT_GROUP or not SWEEP_NAME.fullmatch(text):
        form = f"1 to 40 letters, digits, dashes and underscores, and not {REPORT_GROUP}"
        raise SettingError(f"“{printable(text)}” is no name for a sweep: {form}.")
    return text


def wall_seconds(plan: SweepPlan, workers: int) -> float | None:
    """Estimate the seconds that a plan takes, on workers as fast as this machine's cores.

    Returns:
        None if that is unknown, as for a user's own data.
    """
    stride = 1 if plan.is_search else max(1, plan.trial_count // MOST_ESTIMATED)
    # Of a search these are the ends of its ranges, as if it chose each equally often.
    points = itertools.islice(plan.samples(), 0, None, stride)
    configs = [plan.configs(point)[0] for point in points]
    seconds_per_run = mean_seconds(configs)
    if seconds_per_run is None:
        return None
    busy_workers = max(1, min(workers, plan.run_count))
    return seconds_per_run * math.ceil(plan.run_count / busy_workers)
