"""Training as it goes, with its figures in a table; and accuracy by length: views of charts."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content

from rnn_tui.engine.metrics import Metric, accuracy_metric
from rnn_tui.engine.state import RunState, SpreadSeries, Status
from rnn_tui.tasks.task import SequenceEvaluation
from rnn_tui.ui.common.chart.chart import Chart, ChartSeries, share_cursor, spread_series
from rnn_tui.ui.common.chart.readout import LINE
from rnn_tui.ui.common.chart_view import ChartView, SpreadView
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.run_lines import awaited
from rnn_tui.ui.common.task_view import TaskView
from rnn_tui.ui.common.widgets.plain import PlainTable, views_in
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.training.results import VariantTable, in_short

SIDE_BY_SIDE_WIDTH = 76
# Lines and columns below which a chart is better off with those of the table, or of another.
CHART_HEIGHT, SMALL_WIDTH = 8, 24
# a table's share of the lines, the lines of its heading, its fewest epochs
TABLE_SHARE, HEADING, LEAST_EPOCHS = 0.25, 1, 3
PLACES = ("below", "alone", "away")  # where the table may be, as a key goes through them
# the charts that there are from the start, by what metrics say that they belong to
FIRST = ("loss", "accuracy")
BY_LENGTH = accuracy_metric("", "accuracy by length")


def training_view(pane: TaskPane) -> TaskView:
    """The view of training for a task, by whether a run of it is a set of networks."""
    return (
        NetworksTraining(pane)
        if pane.spec.config(pane.spec.default_cell).variants
        else RunsTraining(pane)
    )


class ChartGrid(Vertical, ChartView, TaskView):
    """Charts beside or below each other, the most important first, with their cursors at the same
    place.
    """

    def __init__(self, *charts: Chart) -> None:
        super().__init__()
        self.charts = charts

    def on_mount(self) -> None:
        share_cursor(self, self.charts)

    def compose(self) -> ComposeResult:
        with Grid(id="charts") as grid:
            # where there is room, as there mostly is, no chart is laid out twice
            grid.styles.grid_size_columns = min(len(self.charts), 2)
            yield from self.charts

    def on_resize(self) -> None:
        if self.size:  # none before it is seen, when this is sent
            self._lay_out()

    def _lay_out(self) -> None:
        count = len(self.charts)
        columns = min(count, 2) if self.size.width >= SIDE_BY_SIDE_WIDTH else 1
        if count > 2:
            columns = max(1, min(math.ceil(math.sqrt(count)), self.size.width // SMALL_WIDTH))
        styles = self.query_one("#charts").styles
        styles.grid_size_columns, styles.grid_size_rows = columns, -(-count // columns)


class TrainingCharts(ChartGrid):
    """Two charts of what a task's metrics say they belong to, or one of everything logged; below
    them a table.
    """

    DEFAULT_CLASSES = "training-charts"
    BINDINGS = [
        key("metric", "metric", "Metric", "The next metric in the chart in focus"),
        key("charts", "charts", "Charts", "All metrics as small charts, and back"),
        key("table", "table", "Table"),
    ]

    def __init__(self, pane: TaskPane, table: PlainTable | VariantTable) -> None:
        super().__init__(*(Chart(id=f"{name}-chart") for name in FIRST))
        self._pane, self._table = pane, table
        self._of = list(FIRST)  # which metrics are in which chart
        # whether all metrics are shown; whether the table stands there without charts
        self._all = self._alone = False
        self._place = 0  # of the table, in `PLACES`

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self._table

    @property
    def figures(self) -> dict[str, list[Metric]]:
        """What there is to draw by the name of its chart, or of the metric: all that is logged."""
        states = self._pane.states()
        known = {one.name: one for state in reversed(states) for one in state.metric_definitions}
        known |= {one.name: one for one in self._pane.spec.metric_definitions}
        logged = {name for state in states for name in (*state.series, *state.bands)}
        found: dict[str, list[Metric]] = {name: [] for name in FIRST}
        for stage, one in itertools.product(("train", "val"), known.values()):
            if one.stage == stage and (one.chart or one.name in logged):
                found.setdefault(one.chart or one.name, []).append(one)
        return {name: metrics for name, metrics in found.items() if metrics}

    def action_metric(self) -> None:
        """Show the next metric in the chart that has the focus, or else in the first."""
        at = next((at for at, chart in enumerate(self.charts) if chart.has_focus), 0)
        if free := [name for name in self.figures if name not in self._of or name == self._of[at]]:
            after = free.index(self._of[at]) + 1 if self._of[at] in free else 0
            self._of[at] = free[after % len(free)]
            self.bring_up_to_date(self._pane)

    def action_charts(self) -> None:
        self._arrange(not self._all, self._place)

    def action_table(self) -> None:
        """Show the table alone, then not at all, then below the charts again."""
        self._arrange(False, (self._place + 1) % len(PLACES))

    def _arrange(self, every: bool, place: int) -> None:
        self._all, self._place = every, place
        self.bring_up_to_date(self._pane)
        self.focus_view()

    def focus_view(self) -> None:
        (self.query_one(PlainTable) if self._alone else self.charts[0]).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No other metric where all of them are shown, no key for charts that are not."""
        if (self._all and action == "metric") or (
            self._alone and action not in ("charts", "table")
        ):
            return False
        return super().check_action(action, parameters)

    def _draw_charts(self, states: Sequence[RunState]) -> None:
        figures = self.figures
        names = list(figures) if self._all else self._of
        several = len(states) > 1 or any(state.bands for state in states)
        if (count := max(len(names), len(FIRST))) != len(self.charts):
            self.charts = tuple(views_in(self.query_one("#charts"), Chart, count))
            share_cursor(self, self.charts)
        for chart, name in zip(self.charts, names, strict=False):
            metrics = figures.get(name) or [Metric("", name)]
            words, title = _words(metrics)
            chart.describe(title, metrics[0])
            if several and len(metrics) > 1:
                marks = (LINE if one.stage == "train" else "●" for one in metrics)
                told = ", ".join(
                    f"{mark} {in_short(word)}" for mark, word in zip(marks, words, strict=True)
                )
                title = f"{title}: {told}" if title else told
            chart.say(self._why_empty(metrics), title or ", ".join(words).capitalize())
            chart.show([one for state in states for one in self._curves(state, metrics, several)])

    def _curves(
        self, state: RunState, metrics: Sequence[Metric], several: bool
    ) -> Iterator[ChartSeries]:
        """The curves of a run; beside a line, marks are not joined by another."""
        words, _ = _words(metrics)
        lines = len({one.stage for one in metrics}) == 1
        for metric, word in zip(metrics, words, strict=True):
            if metric.name not in state.series:
                continue
            series, label = state.series[metric.name], state.config.label
            # Of a training metric other than the loss, which is logged at each step, there is a
            # value an epoch.
            by_epoch = (
                metric.name != "train_loss"
                and state.epochs
                and metric.name in state.epochs[0].metrics
            )
            points = metric.stage != "train" or bool(by_epoch)
            if len(metrics) > 1:
                label = (f"{label}, {word}" if lines else label) if several else word
            colour = self._pane.runs.colours[state.run_id]
            yield ChartSeries(label, series.x, series.y, colour, points, line=lines or not points)

    def _why_empty(self, metrics: Sequence[Metric]) -> str:
        state, active = self._pane.chosen, self._pane.runs.active
        if state is None:
            return "Press t to train: curves appear here"
        if state.before:
            return awaited(state).strip().capitalize()
        if state.status is Status.LOADING:
            waits = active is not None and active.run_id != state.run_id
            return "Queued: another run is in training" if waits else "Loading …"
        if not state.status.active:
            return "This was not logged"
        return "One value per epoch" if metrics[0].stage != "train" else "The first steps …"

    def _lay_out(self) -> None:
        """Give a table below the charts the lines of its rows from the start, the charts the
        rest.
        """
        super()._lay_out()
        table, run = self._table, self._pane.chosen
        # The rows that it has or will have: all networks have to be seen for it to be worth its
        # lines, or some epochs.
        networks, epochs = (
            (len(run.config.variants), run.config.epochs) if run is not None else (0, 0)
        )
        height, place, rows = self.size.height, PLACES[self._place], networks or epochs
        charts = CHART_HEIGHT if self.size.width >= SIDE_BY_SIDE_WIDTH else 2 * CHART_HEIGHT
        needed = (
            min(rows, max(networks or LEAST_EPOCHS, int(height * TABLE_SHARE)))
            + HEADING
            + table.gutter.height
        )
        wanted = bool(rows) and not self._all and place != "away"
        self._alone = wanted and place == "alone"
        table.display = self._alone or (wanted and height >= charts + needed)
        table.styles.height = "1fr" if self._alone else needed
        self.query_one("#charts").display = not self._alone


class RunsTraining(TrainingCharts):
    """Loss and accuracy of all runs, and the epochs of the chosen one."""

    _shown: tuple[str, tuple[Metric, ...]] = ("", ())  # the run and its columns
    _table: PlainTable

    def __init__(self, pane: TaskPane) -> None:
        super().__init__(
            pane, PlainTable(id="epochs", cursor_type="row", zebra_stripes=True, classes="panel")
        )

    def bring_up_to_date(self, pane: TaskPane) -> None:
        self._draw_charts(pane.states())
        self._show_epochs(pane.chosen)
        self.on_resize()

    def _show_epochs(self, run: RunState | None) -> None:
        table, run_id, rows = self._table, run.run_id if run else "", run.epochs if run else ()
        table.border_title = Content(f"Epochs of {run.config.label}" if run else "")
        columns = tuple(
            one
            for one in self._pane.spec.metric_definitions
            if rows and one.name in rows[0].metrics
        )
        if (run_id, columns) != self._shown or len(rows) < table.row_count:
            self._shown = run_id, columns
            table.clear(columns=True)
            labels = ["epoch", *(in_short(one.title) for one in columns), "seconds"]
            table.add_columns(*(Text(label, justify="right") for label in labels if columns))
        new = rows[table.row_count :]
        for row in new:
            figures = (one.format(row.metrics[one.name]) for one in columns)
            table.add_row(
                *(
                    Text(cell, justify="right")
                    for cell in (str(row.epoch), *figures, f"{row.seconds:.1f}")
                )
            )
        if new:
            table.move_cursor(row=table.row_count - 1)


class NetworksTraining(TrainingCharts, SpreadView):
    """Loss and accuracy of the chosen run, one curve a network: the mean over its seeds."""

    _table: VariantTable

    def __init__(self, pane: TaskPane) -> None:
        super().__init__(pane, VariantTable(pane, short=True))

    def bring_up_to_date(self, pane: TaskPane) -> None:
        self.draw()
        self._table.bring_up_to_date(pane)
        self.on_resize()

    def draw(self) -> None:
        self._draw_charts([self._pane.chosen] if self._pane.chosen else [])

    def _curves(
        self, state: RunState, metrics: Sequence[Metric], several: bool
    ) -> Iterator[ChartSeries]:
        variants = state.config.variants
        for metric in metrics:
            if metric.name not in state.bands:
                for one in super()._curves(state, [metric], several):
                    yield replace(one, name="all networks", colour=len(variants))
                continue
            for at, (variant, band) in enumerate(
                zip(variants, state.bands[metric.name], strict=True)
            ):
                yield spread_series(
                    variant.label, band, at, self.spread, points=metric.stage != "train"
                )


class LengthsView(ChartGrid, SpreadView):
    """A chart for each figure by length, with titles in the order of
    `SequenceEvaluation.by_length`.
    """

    def __init__(
        self, _pane: TaskPane, titles: Sequence[str] = ("Accuracy by length",), log_x: bool = False
    ) -> None:
        super().__init__(*(Chart(log_x=log_x, allow_smoothing=False) for _ in titles))
        for chart, title in zip(self.charts, titles, strict=True):
            chart.describe(title, BY_LENGTH, "length")
        self._evaluation: SequenceEvaluation | None = None

    def bring_up_to_date(self, pane: TaskPane) -> None:
        found, run = pane.evaluation, pane.chosen
        self._evaluation = found if isinstance(found, SequenceEvaluation) else None
        why = (
            "Measured as soon as training is over"
            if run is not None and run.status.active
            else "Finish a run to see this"
        )
        if run is not None and run.status is Status.FINISHED:
            why = (
                "Being measured …"
                if pane.runs.anything_to_come
                else "Not measured; the log (G) says why"
            )
        for chart in self.charts:
            chart.say(why)
        self.draw()

    def draw(self) -> None:
        if (found := self._evaluation) is None:
            for chart in self.charts:
                chart.mark_range(None, None)  # that of another run
                chart.show([])
            return
        for chart, figure in zip(self.charts, found.by_length, strict=False):
            chart.mark_range(*found.config.lengths, "in training")
            lines = []
            for at, variant in enumerate(found.config.variants):
                band = SpreadSeries.of(figure.lengths, figure.spread(at, found.config.seeds))
                lines.append(spread_series(variant.label, band, at, self.spread, points=True))
            chart.show(lines)


def _words(metrics: Sequence[Metric]) -> tuple[list[str], str]:
    """What tells metrics of a chart apart, and what they are: training and validation; Loss."""
    labels = [one.label for one in metrics]
    last = labels[0].split()[-1]
    if len(labels) > 1 and all(label.endswith(f" {last}") for label in labels):
        return [label.removesuffix(f" {last}") for label in labels], last.capitalize()
    return labels, labels[0].capitalize() if len(labels) == 1 else ""
