"""Training as it goes: a chart of losses, a chart of accuracies, and the figures in a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import Task
from rnn_tui.ui.chart.chart import Chart, ChartSeries, share_cursor, spread_series
from rnn_tui.ui.shell.views import ChartView, SpreadView, TaskView
from rnn_tui.ui.training.variants import VariantNames, VariantTable, in_few_words, name_in_chart
from rnn_tui.ui.widgets.plain import PlainTable

if TYPE_CHECKING:
    from rnn_tui.ui.training.pane import TaskPane

SIDE_BY_SIDE_WIDTH = 76
# Lines from which there is room for a table below the charts.
EPOCHS_HEIGHT, VARIANTS_HEIGHT = 16, 18
# Lines below which a chart is better off with those of the table, whose figures are in Results.
CHART_HEIGHT = 8


def training_view(pane: TaskPane, log_loss: bool = False) -> TaskView:
    """The view of training for a task, by whether a run of it is a set of networks.

    Args:
        pane: the task's.
        log_loss: start with a logarithmic loss axis.
    """
    task = pane.spec
    kind = NetworksTraining if task.config(task.default_cell).variants else RunsTraining
    return kind(pane, log_loss)


class ChartGrid(Vertical, ChartView, TaskView):
    """Charts beside or below each other, with their cursors at the same place.

    Args:
        charts: the most important first.
    """

    def __init__(self, *charts: Chart) -> None:
        super().__init__()
        self._charts = charts

    @property
    def charts(self) -> tuple[Chart, ...]:
        """The charts, the most important first."""
        return self._charts

    def on_mount(self) -> None:
        """Read all of them at the same place."""
        share_cursor(self, self.charts)

    def compose_charts(self) -> ComposeResult:
        """Lay out the charts."""
        with Grid(id="charts"):
            yield from self.charts

    def on_resize(self) -> None:
        """Side by side where there is room for it."""
        wide = self.size.width >= SIDE_BY_SIDE_WIDTH and len(self.charts) > 1
        self.set_class(wide, "-side-by-side")


class TrainingCharts(ChartGrid):
    """The two charts: what a task's metrics say they belong to, losses first.

    Args:
        pane: the task's.
        log_loss: start with a logarithmic loss axis.
    """

    DEFAULT_CLASSES = "training-charts"

    def __init__(self, pane: TaskPane, log_loss: bool) -> None:
        losses, accuracies = (_charted(pane.spec, chart) for chart in ("loss", "accuracy"))
        loss = Chart(
            _title(losses) or "Loss", lower=0.0, id="loss-chart", empty_text="Press t to train"
        )
        loss.set_reactive(Chart.log_y, log_loss)
        one = accuracies[0] if accuracies else Metric("", "accuracy", "%", True)
        accuracy = Chart(
            _title(accuracies) or "Accuracy",
            y_unit=one.unit,
            lower=one.lower,
            upper=one.upper,
            id="accuracy-chart",
            allow_log=False,
            empty_text="One point an epoch",
        )
        super().__init__(loss, accuracy)
        self._metrics = losses, accuracies


class RunsTraining(TrainingCharts):
    """Loss and accuracy of all runs, and the epochs of the chosen one."""

    def compose(self) -> ComposeResult:
        """Lay out charts above, table below."""
        yield from self.compose_charts()
        table = PlainTable(id="epochs", cursor_type="row", zebra_stripes=True)
        yield table

    def on_mount(self) -> None:
        """No run is shown yet."""
        self._columns: tuple[Metric, ...] = ()
        self._shown: tuple[str, int] = ("", 0)

    def on_resize(self) -> None:
        """No table where there is no room for it."""
        self.set_class(self.size.height < EPOCHS_HEIGHT, "-low")

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """Draw all runs in the charts and the epochs of the chosen one in the table."""
        states = pane.states()
        for chart, metrics in zip(self.charts, self._metrics, strict=True):
            chart.show(
                [
                    curve
                    for state in states
                    for curve in _curves(state, metrics, pane.runs.colour(state.run_id))
                ]
            )
        self._show_epochs(pane.chosen, pane.spec)

    def _show_epochs(self, chosen: RunState | None, task: Task) -> None:
        table = self.query_one("#epochs", PlainTable)
        rows = chosen.epochs if chosen else ()
        run_id = chosen.run_id if chosen else ""
        shown_id, shown_count = self._shown
        columns = tuple(m for m in task.metric_definitions if rows and m.name in rows[0].metrics)
        if run_id != shown_id or len(rows) < shown_count or columns != self._columns:
            table.clear(columns=columns != self._columns)
            shown_count = 0
        if columns != self._columns:
            self._columns = columns
            for label in ("epoch", *map(in_few_words, columns), "seconds") if columns else ():
                table.add_column(label)
        for row in rows[shown_count:]:
            figures = (one.format(row.metrics[one.name]) for one in columns)
            table.add_row(str(row.epoch), *figures, f"{row.seconds:.1f}")
        if len(rows) > shown_count:
            table.move_cursor(row=table.row_count - 1)
        self._shown = (run_id, len(rows))


class NetworksTraining(TrainingCharts, SpreadView):
    """Loss and accuracy of the chosen run, one curve a network: the mean over its seeds."""

    def __init__(self, pane: TaskPane, log_loss: bool) -> None:
        super().__init__(pane, log_loss)
        self._table = VariantTable(pane, short=True)
        self._state: RunState | None = None
        self._networks = 0

    def compose(self) -> ComposeResult:
        """Lay out charts above, table below."""
        yield VariantNames()
        yield from self.compose_charts()
        yield self._table

    def on_resize(self) -> None:
        """Fit the new size."""
        self._fit()

    def _fit(self) -> None:
        """No table where it would squeeze the charts."""
        width, height = self.size
        # A headline, and with a run the headings and a line for each network.
        table = 1 + (self._networks + 1 if self._networks else 0)
        names = self.query_one(VariantNames).get_content_height(self.size, self.size, width)
        charts = CHART_HEIGHT if width >= SIDE_BY_SIDE_WIDTH else 2 * CHART_HEIGHT
        self.set_class(height < max(VARIANTS_HEIGHT, charts + table + names), "-low")

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """Draw the run that is looked at."""
        self._state = pane.chosen
        self.draw()
        self._table.bring_up_to_date(pane)

    def draw(self) -> None:
        """Draw the run with the spread that is wanted."""
        variants = self._state.config.variants if self._state else ()
        self.set_class(self.query_one(VariantNames).show(variants), "-many")
        if len(variants) != self._networks:
            self._networks = len(variants)
            self._fit()
        for chart, metrics in zip(self.charts, self._metrics, strict=True):
            chart.show([*self._bands(metrics)])

    def _bands(self, metrics: Sequence[Metric]) -> Iterator[ChartSeries]:
        state = self._state
        for metric in metrics:
            if state is None or metric.name not in state.bands:
                continue
            variants, points = state.config.variants, metric.stage != "train"
            for at, (variant, band) in enumerate(
                zip(variants, state.bands[metric.name], strict=True)
            ):
                name = name_in_chart(variant, variants)
                if metric is not metrics[0] and name:
                    name = f"{name} {metric.label}"
                yield spread_series(name, band, at, self.spread, points)


def _charted(task: Task, chart: str) -> list[Metric]:
    """The metrics that a chart is of."""
    return [metric for metric in task.metric_definitions if metric.chart == chart]


def _title(metrics: Sequence[Metric]) -> str:
    """What the metrics are, as short as it can be said: `Loss: ─ training, ● validation`."""
    if len(metrics) < 2:
        return "".join(metric.label.capitalize() for metric in metrics)
    last = metrics[0].label.split()[-1]
    marks = [("─" if one.stage == "train" else "●", one.label) for one in metrics]
    if all(one.label.endswith(f" {last}") for one in metrics):
        marks = [(mark, label.removesuffix(f" {last}")) for mark, label in marks]
        last = f"{last.capitalize()}: "
    else:
        last = ""
    return last + ", ".join(f"{mark} {label}" for mark, label in marks)


def _curves(state: RunState, metrics: Sequence[Metric], colour: int) -> Iterator[ChartSeries]:
    """The curves of a run: the first with its name; one drawn otherwise needs none."""
    for metric in metrics:
        if metric.name not in state.series:
            continue
        series, points = state.series[metric.name], metric.stage != "train"
        name = state.config.label
        if metric is not metrics[0]:
            alike = points == (metrics[0].stage != "train")
            name = f"{name}, {metric.label}" if alike else ""
        yield ChartSeries(name, series.x, series.y, colour, points)
