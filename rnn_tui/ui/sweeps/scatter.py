"""Trials in a plane: a setting against the metric that judges them, with the seeds as bars."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from rnn_tui.sweeps.kept import Sweep, Trial
from rnn_tui.sweeps.plan import Plan
from rnn_tui.sweeps.words import shown
from rnn_tui.ui.chart.axes import from_position, to_position
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.views import ChartView

EMPTY = "Trials appear as they are measured"
# Values of a grid that lie so far apart are placed on a scale of powers.
POWERS = 8
# Kinds of trials: name, colour, mark. The last stands back.
KINDS = (("trials", 0, "●"), ("in training", 0, "○"), ("best", 1, "★"), ("pruned", 7, "×"))


class SweepScatter(Vertical, ChartView):
    """One setting at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [key("axis", "axis", "Axis", tooltip="Draw the trials against the next setting")]

    def __init__(self) -> None:
        super().__init__()
        self._chart = Chart(allow_smoothing=False, empty_text=EMPTY, id="sweep-chart")
        self.charts = (self._chart,)
        self._sweep: Sweep | None = None
        self.setting = ""  #: that is drawn.

    def compose(self) -> ComposeResult:
        yield self._chart

    def show(self, sweep: Sweep, steps: int = 0) -> None:
        """Draw a sweep's trials against the setting that was chosen, or one so many steps on."""
        self._sweep, names, chart = sweep, sweep.plan.varied, self._chart
        self.setting = names[(names.index(self.setting) + steps) % len(names)] if self.setting in names else names[0]
        metric, best = sweep.plan.of_task.metric(sweep.plan.metric), sweep.best
        chart.log_x, ticks = _axis(sweep.plan, self.setting)
        chart.describe(f"{sweep.name}: {metric.label}", metric, self.setting)
        chart.place_ticks(ticks, only=self.setting in sweep.plan.grid)
        found = [(trial, trial.spread) for trial in sweep.trials if trial.spread is not None]
        x = _apart([_place(trial.point[self.setting], ticks) for trial, _ in found], chart.log_x)
        kinds = [_kind(trial, best) for trial, _ in found]
        series = []
        for kind, colour, mark in KINDS:
            rows = [(at, one.mean, one.low, one.high) for at, (_, one), own in zip(x, found, kinds, strict=True) if own == kind]
            at, y, low, high = zip(*rows, strict=True) if rows else ((),) * 4
            series.append(ChartSeries(kind, at, y, colour, True, low, high, mark, line=False, faint=kind == "pruned"))
        chart.show(series)

    def action_axis(self) -> None:
        if self._sweep is not None:
            self.show(self._sweep, 1)


def _kind(trial: Trial, best: Trial | None) -> str:
    return "pruned" if trial.pruned else "best" if trial is best else "trials" if trial.over else "in training"


def _axis(plan: Plan, setting: str) -> tuple[bool, dict[float, str]]:
    """Whether a setting's axis is one of powers, and the labels of places on it; none for usual ones."""
    if (one := plan.ranges.get(setting)) is not None:
        if not one.log or one.whole:
            return one.log, {}
        first, last = math.floor(math.log10(one.low)), math.ceil(math.log10(one.high))
        return True, {10.0**power: f"{10.0**power:g}" for power in range(first, last + 1)}
    values = plan.grid[setting]
    if all(isinstance(value, int | float) for value in values):
        return min(values) > 0 and max(values) >= POWERS * min(values), {float(value): shown(value) for value in values}
    return False, {float(at): shown(value) for at, value in enumerate(values)}


def _place(value: Any, ticks: dict[float, str]) -> float:
    """Where a value lies: at its label, as words do, or at itself."""
    return next((at for at, label in ticks.items() if label == shown(value)), value)


def _apart(x: Sequence[float], log: bool) -> list[float]:
    """Move what lies at the same place beside each other."""
    places = [to_position(at, log) for at in x]
    many, left = Counter(places), Counter(places)
    room = min((after - before for before, after in pairwise(sorted(many))), default=1.0) / 2 / max(many.values(), default=1)
    moved = []
    for at in places:
        left[at] -= 1
        moved.append(from_position(at + room * (left[at] - (many[at] - 1) / 2), log))
    return moved
