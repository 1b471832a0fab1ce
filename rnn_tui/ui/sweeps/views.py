"""What is seen of a sweep: its trials in a table and in a plane, its workers, what came of it."""

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.pace import Pace, duration
from rnn_tui.engine.state import Status
from rnn_tui.runs.words import NOTHING
from rnn_tui.sweeps.jobs import ClusterState
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.store import Sweep, Trial, format_setting, format_spread
from rnn_tui.sweeps.trials import importance
from rnn_tui.ui.common.chart.chart import Chart, ChartSeries
from rnn_tui.ui.common.chart.geometry import from_position, to_position
from rnn_tui.ui.common.chart_view import ChartView
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.run_lines import ProgressLine
from rnn_tui.ui.common.threads import LatestQuestion
from rnn_tui.ui.common.widgets.marked_table import STATUS_MARKS, Listing, MarkedTable, TableColumn
from rnn_tui.ui.common.widgets.plain import PlainTable

EMPTY = "Trials appear as they are measured"
POWERS = 8  # values of a grid that lie so far apart are placed on a scale of powers
# Kinds of trials: name, colour, mark. The last stands back.
KINDS = (("trials", 0, "●"), ("in training", 0, "○"), ("best", 1, "★"), ("pruned", 7, "×"))
NO_WORKERS = "This window trains no sweep now, so there are no workers to see."
TOO_FEW = "known once four trials have ended, with different figures"
NO_IMPORTANCE = "can't be told; the log file has the details"
BLOCKS = 12  # for a setting that alone matters


def share_of(trial: Trial) -> float:
    """How much of a trial is trained, 0 … 1."""
    return 1.0 if trial.is_over else sum(run.progress for run in trial.runs) / trial.run_count


def _column(
    label: str, text: Callable[[Trial], str], order: Callable[[Trial], Any]
) -> TableColumn[Trial]:
    return TableColumn(
        label, text, order, right=True, style=lambda trial: "dim" if trial.pruned else ""
    )


def _setting(name: str) -> TableColumn[Trial]:
    def order(trial: Trial) -> Any:
        value = trial.point.get(name)
        return (0, value) if isinstance(value, int | float) else (1, format_setting(value))

    return _column(name, lambda trial: format_setting(trial.point.get(name)), order)


def _mark(trial: Trial) -> tuple[str, str]:
    return ("×", "dim") if trial.pruned else STATUS_MARKS[Status(trial.status)]


def _status(trial: Trial) -> str:
    return f"{_mark(trial)[0]} {trial.status}" + (
        "" if trial.is_over else f" {share_of(trial):.0%}"
    )


NUMBER = _column("#", lambda trial: str(trial.number), lambda trial: trial.number)
STATUS = TableColumn[Trial](
    "status", _status, lambda trial: trial.status, style=lambda trial: _mark(trial)[1]
)


class TrialsTable(MarkedTable[Trial]):
    """The trials of one sweep after the other."""

    noun, empty_text, hint = (
        "trial",
        "No trial yet. f goes to the form of a new sweep.",
        "/ filters by setting, figure, status",
    )
    _of: object = None

    def __init__(self) -> None:
        super().__init__(Listing((NUMBER,), lambda trial: str(trial.number)), NUMBER.label)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show its trials, the best first."""
        plan, best = sweep.plan, sweep.best
        head = plan.metric_definition.title.replace("validation", "val.")

        def figure(trial: Trial) -> str:
            return ("★ " if trial is best else "") + format_spread(plan, trial.values)

        columns = (NUMBER, *map(_setting, plan.varied), _column(head, figure, sweep.rank), STATUS)
        listing = Listing(columns, self.listing.id_of).of(sweep.trials)
        before, self._of = self._of, (sweep.name, sweep.created)
        self.show(listing, "" if self._of == before else head)


class SweepScatter(Vertical, ChartView):
    """One setting at a time."""

    BINDINGS = [key("axis", "axis", "Axis", tooltip="Draw the trials against the next setting")]

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
        self.setting = (
            names[(names.index(self.setting) + steps) % len(names)]
            if self.setting in names
            else names[0]
        )
        metric, best = sweep.plan.metric_definition, sweep.best
        chart.log_x, ticks = _axis(sweep.plan, self.setting)
        chart.describe(f"{sweep.name}: {metric.label}", metric, self.setting)
        chart.place_ticks(ticks, only=self.setting in sweep.plan.grid)
        found = [(trial, trial.spread) for trial in sweep.trials if trial.spread is not None]
        x = _apart(
            [_place(trial.point.get(self.setting), ticks) for trial, _ in found], chart.log_x
        )
        kinds = [_kind(trial, best) for trial, _ in found]
        series = []
        for kind, colour, mark in KINDS:
            rows = [
                (at, one.mean, one.low, one.high)
                for at, (_, one), own in zip(x, found, kinds, strict=True)
                if own == kind
            ]
            at, y, low, high = zip(*rows, strict=True) if rows else ((),) * 4
            series.append(
                ChartSeries(
                    kind, at, y, colour, True, low, high, mark, line=False, faint=kind == "pruned"
                )
            )
        chart.show(series)

    def action_axis(self) -> None:
        if self._sweep is not None:
            self.show(self._sweep, 1)


def _kind(trial: Trial, best: Trial | None) -> str:
    return (
        "pruned"
        if trial.pruned
        else "best"
        if trial is best
        else "trials"
        if trial.is_over
        else "in training"
    )


def _axis(plan: SweepPlan, setting: str) -> tuple[bool, dict[float, str]]:
    """Whether a setting's axis is one of powers, and the labels of places on it; none for usual
    ones.
    """
    if (one := plan.ranges.get(setting)) is not None:
        base = 2.0 if one.whole else 10.0
        ends = (
            (math.floor(math.log(one.low, base)), math.ceil(math.log(one.high, base)))
            if one.log
            else (0, -1)
        )
        return one.log, {base**power: f"{base**power:g}" for power in range(ends[0], ends[1] + 1)}
    values = plan.grid[setting]
    if all(isinstance(value, int | float) for value in values):
        return min(values) > 0 and max(values) >= POWERS * min(values), {
            float(value): format_setting(value) for value in values
        }
    return False, {float(at): format_setting(value) for at, value in enumerate(values)}


def _place(value: Any, ticks: dict[float, str]) -> float:
    """Where a value lies: at its label, as words do, or at itself."""
    usual = float(value) if isinstance(value, int | float) else math.nan
    return next((at for at, label in ticks.items() if label == format_setting(value)), usual)


def _apart(x: Sequence[float], log: bool) -> list[float]:
    """Move what lies at the same place beside each other."""
    places = [to_position(at, log) for at in x]
    many, left = Counter(places), Counter(places)
    room = (
        min((after - before for before, after in pairwise(sorted(many))), default=1.0)
        / 2
        / max(many.values(), default=1)
    )
    moved = []
    for at in places:
        left[at] -= 1
        moved.append(from_position(at + room * (left[at] - (many[at] - 1) / 2), log))
    return moved


class SweepWorkers(Vertical):
    """The workers of the sweep under way, and what each of them does."""

    BORDER_TITLE = "Workers"
    DEFAULT_CLASSES = "panel"

    def compose(self) -> ComposeResult:
        yield PlainTable(cursor_type="row", zebra_stripes=True)
        yield Static("", classes="note", markup=False)

    def show(self, now: ClusterState | None, sweep: Sweep | None) -> None:
        numbers = {
            run.run_id: trial.number
            for trial in (sweep.trials if sweep else ())
            for run in trial.runs
        }
        rows = []
        for one in now.workers if now else ():
            trains = (
                f"trial {numbers.get(run, NOTHING)} {now.progress.get(run, 0.0):.0%}"
                for run in one.runs
                if now
            )
            figures = f"{one.cpu:.0f} %", f"{one.memory / 2**20:,.0f} MiB"
            rows.append((one.host, one.address, *figures, ", ".join(trains) or NOTHING))
        table = self.query_one(PlainTable)
        table.fill(("host", "address", "CPU", "memory", "trains"), rows)
        table.display = bool(rows)
        self.query_one(Static).update("" if rows else now.note if now else NO_WORKERS)


class SweepSummary(Static):
    """The best trial so far, and how much each setting matters."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._answers = LatestQuestion[dict[str, float]](self, self._take, NO_IMPORTANCE)
        self._importance: dict[str, float] | str = {}
        self._asked: object = None
        self._best = Content()

    def show(self, sweep: Sweep) -> None:
        """Tell of a sweep; importance is worked out in a thread, where a trial has ended since."""
        plan, best = sweep.plan, sweep.best
        self._best = Content.styled("Best: none yet", "$text-muted")
        if best is not None:
            settings = ", ".join(
                f"{name} {format_setting(best.point.get(name))}" for name in plan.varied
            )
            metric = plan.metric_definition
            spread = format_spread(plan, best.values)
            figure = f"{metric.label} {spread} {metric.unit}".rstrip()
            self._best = Content.assemble(
                "Best: ", (f"★ trial {best.number}", "bold"), f", {figure}: {settings}"
            )
        if self._asked != (asked := (sweep.name, sweep.created, sweep.done_count)):
            self._asked = asked
            self._answers.ask(lambda: importance(plan, sweep.trials))
        self._draw()

    async def _take(self, found: dict[str, float] | str) -> None:
        self._importance = found
        self._draw()

    def _draw(self) -> None:
        found = self._importance
        line = Content.styled(found if isinstance(found, str) and found else TOO_FEW, "$text-muted")
        if isinstance(found, dict) and found:
            bars = {name: "━" * max(1, round(share * BLOCKS)) for name, share in found.items()}
            shares = (
                Content.assemble(f"{name} ", (bar, "$accent"), f" {found[name]:.0%}")
                for name, bar in bars.items()
            )
            line = Content("   ").join(shares)
        self.update(Content("\n").join([self._best, Content("Importance: ") + line]))


class SweepProgress(ProgressLine):
    """How far a sweep is, and how long the rest will take at the pace seen so far."""

    _paced = ""  # the sweep of this pace, which is in shares of all trials
    _pace = Pace()

    def show(self, sweep: Sweep, doing: str) -> None:
        """Draw it, with what is done now or waited for."""
        share = min(1.0, sum(map(share_of, sweep.trials)) / max(1, sweep.plan.trial_count))
        numbers = f"{sweep.done_count:,} of {sweep.plan.trial_count:,} trials"
        if doing != "running" or not share or self._paced != sweep.name:
            self._pace = Pace()  # a pause takes none of its time
        if doing == "running" and share:
            self._pace = self._pace.at(time.monotonic(), share)
        self._paced = sweep.name
        left = self._pace.seconds_left(1.0)
        if left is not None:
            numbers += f" · about {duration(left)} left"
        self.draw(doing, share, numbers)
