"""Trials in a plane: a setting against the metric that judges them, with the seeds as bars."""

import math
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical

from rnn_tui.sweeps.kept import Sweep, Trial
from rnn_tui.sweeps.plan import Plan
from rnn_tui.sweeps.words import shown
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.views import ChartView

EMPTY = "Trials appear as they are measured"
# Values of a grid that lie further apart are spread evenly by a scale of powers.
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

    def show(self, sweep: Sweep) -> None:
        """Draw a sweep's trials, against the setting that was chosen if it varies there."""
        self._sweep = sweep
        if self.setting not in sweep.plan.varied:
            self.setting = sweep.plan.varied[0]
        self._draw(sweep)

    def action_axis(self) -> None:
        if self._sweep is not None:
            names = self._sweep.plan.varied
            self.setting = names[(names.index(self.setting) + 1) % len(names)]
            self._draw(self._sweep)

    def _draw(self, sweep: Sweep) -> None:
        plan, chart, best = sweep.plan, self._chart, sweep.best
        chart.log_x, ticks = axis_of(plan, self.setting)
        words = {label: at for at, label in ticks.items()}
        chart.describe(
            f"{sweep.name}: {plan.of_task.metric(plan.metric).label}", plan.of_task.metric(plan.metric), self.setting
        )
        chart.place_ticks(ticks)
        groups: dict[str, list[Trial]] = {name: [] for name, _, _ in KINDS}
        for trial in sweep.trials:
            kind = "pruned" if trial.pruned else "best" if trial is best else "trials" if trial.over else "in training"
            groups[kind].append(trial)
        series = []
        for name, colour, mark in KINDS:
            found = [(trial, trial.spread) for trial in groups[name] if trial.spread is not None]
            x = [float(words.get(shown(value := trial.point[self.setting]), value)) for trial, _ in found]
            ends = [spread.low for _, spread in found], [spread.high for _, spread in found]
            y = [spread.mean for _, spread in found]
            series.append(ChartSeries(name, x, y, colour, True, *ends, mark, line=False, faint=name == "pruned"))
        chart.show(series)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def axis_of(plan: Plan, setting: str) -> tuple[bool, dict[float, str]]:
    """Whether a setting's axis is one of powers, and the labels of places on it; none for usual ones."""
    if (one := plan.ranges.get(setting)) is not None:
        if not one.log or one.whole:
            return one.log, {}
        first, last = math.floor(math.log10(one.low)), math.ceil(math.log10(one.high))
        return True, {10.0**power: f"{10.0**power:g}" for power in range(first, last + 1)}
    values = plan.grid[setting]
    if all(map(_is_number, values)):
        return min(values) > 0 and max(values) >= POWERS * min(values), {float(value): shown(value) for value in values}
    return False, {float(at): shown(value) for at, value in enumerate(values)}
