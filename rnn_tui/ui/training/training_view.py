"""The view of training as it proceeds: charts, and its figures in a table."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.events import EpochEnded
from rnn_tui.engine.metrics import Metric, as_heading
from rnn_tui.engine.state import RunState, Status
from rnn_tui.ui.chart.chart import Chart, ChartSeries, share_cursor, spread_series
from rnn_tui.ui.chart.kept import KEPT_MARK, with_kept
from rnn_tui.ui.chart.readout import LINE
from rnn_tui.ui.frame.chart_view import ChartView, SpreadView
from rnn_tui.ui.frame.run_lines import awaited
from rnn_tui.ui.frame.task_view import TaskTab, TaskView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.training.results import VariantTable, abbreviated
from rnn_tui.ui.widgets.plain import PlainTable, views_in

SIDE_BY_SIDE_WIDTH = 76  # columns from which two charts are side by side
CHART_HEIGHT = 8  # lines that a chart has to keep beside a table
SMALL_WIDTH = 24  # columns of the narrowest chart, where many are shown
FIGURES_WIDTH, FIGURES_HEIGHT = 32, 6  # cells of a chart that shows figures alone, with its frame
# Of a table below the charts: its share of the lines, the lines of its heading, its fewest epochs.
TABLE_SHARE, HEADING, LEAST_EPOCHS = 0.25, 1, 3
# Where the table is, in the order in which a key goes through them.
BELOW, ALONE, AWAY = "below", "alone", "away"
PLACES = (BELOW, ALONE, AWAY)
TWO_DIGITS = 9.95  # from here on, a norm rounded to two digits has no decimals
# What the first two charts show at first, by `Metric.chart`.
FIRST = ("loss", "accuracy")


def training_view(pane: TaskTab) -> TaskView:
    """Return the view of training for a task, by whether a run of it is a set of networks."""
    usual = pane.spec.config(pane.spec.default_cell)
    return NetworksTraining(pane) if usual.variants else RunsTraining(pane)


class ChartGrid(Vertical, ChartView, TaskView):
    """Charts side by side or below each other, the most important first; they share a cursor."""

    def __init__(self, *charts: Chart) -> None:
        super().__init__()
        self.charts = charts
        self._narrow: Sequence[Chart] = ()  #: those that will show one figure each, and no plot.

    def on_mount(self) -> None:
        share_cursor(self, self.charts)

    def compose(self) -> ComposeResult:
        with Grid(id="charts") as grid:
            # as it will mostly be, so that no chart is laid out twice
            grid.styles.grid_size_columns = min(len(self.charts), 2)
            yield from self.charts

    def on_resize(self) -> None:
        if self.size:  # this is also sent before the view is seen, without a size
            self._lay_out()

    def _lay_out(self) -> None:
        """Lay out the charts in a grid: two at most side by side, more if there are many."""
        count = len(self.charts)
        width = self.size.width
        if count > 2:
            columns = max(1, min(math.ceil(math.sqrt(count)), width // SMALL_WIDTH))
        else:
            columns = count if width >= SIDE_BY_SIDE_WIDTH else 1
        styles = self.query_one("#charts").styles
        styles.grid_size_columns = columns
        styles.grid_size_rows = math.ceil(count / columns)
        few = count == len(FIRST)
        styles.grid_columns = self._tracks(FIGURES_WIDTH) if few and columns > 1 else "1fr"
        styles.grid_rows = self._tracks(FIGURES_HEIGHT) if few and columns == 1 else "1fr"

    def _tracks(self, size: int) -> str:
        """Return the sizes of charts in a row or column, ``size`` cells for a narrow one."""
        return " ".join(str(size) if chart in self._narrow else "1fr" for chart in self.charts)


class TrainingCharts(ChartGrid):
    """The charts that a task's metrics name, or one of every metric; below them a table."""

    DEFAULT_CLASSES = "training-charts"
    shows_training = True
    BINDINGS = [
        key("metric", "metric", "Metric", "The next metric in the chart in focus"),
        key("charts", "charts", "Charts", "All metrics as small charts, and back"),
        key("table", "table", "Table"),
    ]

    def __init__(self, pane: TaskTab, table: PlainTable | VariantTable) -> None:
        super().__init__(*(Chart(id=f"{name}-chart") for name in FIRST))
        self._pane = pane
        self._table = table
        self._norms = Static("", id="layer-norms", markup=False)
        self._names = list(FIRST)  #: what each chart shows, as in `figures`.
        self._all = False  #: whether all metrics are shown.
        self._place = BELOW  #: the place of the table, in `PLACES`.
        self._alone = False  #: whether the table is shown without charts.

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self._table
        yield self._norms

    @property
    def figures(self) -> dict[str, list[Metric]]:
        """All charts that can be drawn: metrics by the name of their chart, or else by their own.

        Those of training come before those of validation.
        """
        states = self._pane.states()
        logged = {name for state in states for name in (*state.series, *state.bands)}
        figures: dict[str, list[Metric]] = {name: [] for name in FIRST}
        definitions = self._definitions(states)
        for stage in ("train", "val"):
            for metric in definitions:
                if metric.stage == stage and (metric.chart or metric.name in logged):
                    figures.setdefault(metric.chart or metric.name, []).append(metric)
        return {name: metrics for name, metrics in figures.items() if metrics}

    def _definitions(self, states: Sequence[RunState]) -> list[Metric]:
        """Return the metrics of the runs and of the task.

        If they differ, those of the task count.
        """
        definitions: dict[str, Metric] = {}
        for state in reversed(states):
            definitions |= {metric.name: metric for metric in state.metric_definitions}
        definitions |= {metric.name: metric for metric in self._pane.spec.metric_definitions}
        return list(definitions.values())

    def action_metric(self) -> None:
        """Show the next metric in the chart that has the focus, or else in the first."""
        focused = [index for index, chart in enumerate(self.charts) if chart.has_focus]
        index = focused[0] if focused else 0
        current = self._names[index]
        elsewhere = [name for name in self._names if name != current]
        choices = [name for name in self.figures if name not in elsewhere]
        if not choices:
            return
        following = choices.index(current) + 1 if current in choices else 0
        self._names[index] = choices[following % len(choices)]
        self.bring_up_to_date(self._pane)

    def action_charts(self) -> None:
        """Show all metrics as small charts, or the first two charts again."""
        self._all = not self._all
        self._rearrange()

    def action_table(self) -> None:
        """Show the table alone, then not at all, then below the charts again."""
        self._all = False
        self._place = PLACES[(PLACES.index(self._place) + 1) % len(PLACES)]
        self._rearrange()

    def _rearrange(self) -> None:
        self.bring_up_to_date(self._pane)
        self.focus_view()

    def focus_view(self) -> None:
        if self._alone:
            self.query_one(PlainTable).focus()
        else:
            self.charts[0].focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow no other metric if all are shown, and no keys for charts that are hidden."""
        if self._all and action == "metric":
            return False
        if self._alone and action not in ("charts", "table"):
            return False
        return super().check_action(action, parameters)

    def _draw_charts(self, states: Sequence[RunState]) -> None:
        """Draw the curves of these runs in all charts."""
        figures = self.figures
        names = list(figures) if self._all else self._names
        several = len(states) > 1 or any(state.bands for state in states)
        one_epoch = bool(states) and all(state.config.epochs == 1 for state in states)
        narrow: list[Chart] = []
        count = max(len(names), len(FIRST))
        if count != len(self.charts):
            self.charts = tuple(views_in(self.query_one("#charts"), Chart, count))
            share_cursor(self, self.charts)
        for chart, name in zip(self.charts, names, strict=False):
            metrics = figures.get(name) or [Metric("", name)]
            _, title = _words(metrics)
            chart.describe(title, metrics[0])
            if one_epoch and all(metric.stage != "train" for metric in metrics):
                narrow.append(chart)
            curves: list[ChartSeries] = []
            for state in states:
                curves += self._curves(state, metrics, several)
            kept = any(curve.on_top for curve in curves)
            chart.say(self._why_empty(metrics), _heading(metrics, several, kept=kept))
            chart.show(curves)
        self._narrow = narrow

    def _curves(
        self, state: RunState, metrics: Sequence[Metric], several: bool
    ) -> Iterator[ChartSeries]:
        """Yield the curves of a run.

        Args:
            state: the run.
            metrics: those of the chart.
            several: whether the chart has more than this run, or several networks of it.
        """
        words, _ = _words(metrics)
        # Where training is drawn as a line, the points of validation are not joined as well.
        lines = len({metric.stage for metric in metrics}) == 1
        for metric, word in zip(metrics, words, strict=True):
            if metric.name not in state.series:
                continue
            series = state.series[metric.name]
            label = word
            if several or len(metrics) == 1:
                label = state.config.label
            if several and len(metrics) > 1 and lines:
                label = f"{label}, {word}"
            points = metric.stage != "train" or _is_by_epoch(state, metric)
            colour = self._pane.runs.colours.get(state.run_id, 0)  # an example has none
            curve = ChartSeries(label, series.x, series.y, colour, points, line=lines or not points)
            yield from with_kept(state, metric, [curve])

    def _show_norms(self) -> None:
        """Show the gradient norms by layer of the run in training; of none once it has ended."""
        run = self._pane.runs.active
        if run is None or run not in self._pane.states():
            self._norms.update("", layout=False)
        else:
            self._norms.update(norms_in_words(run.layer_norms), layout=False)

    def _why_empty(self, metrics: Sequence[Metric]) -> str:
        """Return the sentence that a chart shows while it has no curves."""
        state = self._pane.chosen
        active = self._pane.runs.active
        if state is None:
            return "Press t to train: curves appear here"
        if state.before:
            return awaited(state).capitalize()
        if state.status is Status.LOADING:
            waits = active is not None and active.run_id != state.run_id
            return "Queued: another run is in training" if waits else "Loading …"
        if not state.status.active:
            return "This was not logged"
        if metrics[0].stage == "train":
            return "The first steps …"
        return "Measured at the end" if state.config.epochs == 1 else "One value per epoch"

    def _lay_out(self) -> None:
        """Give a table below the charts the lines of its rows, the charts the rest.

        The gradient norms have a line if all else keeps its room, and they are not cut.
        """
        super()._lay_out()
        table = self._table
        height = self.size.height
        rows, least_rows = self._rows_to_come()
        table_height = (
            min(rows, max(least_rows, int(height * TABLE_SHARE))) + HEADING + table.gutter.height
        )
        side_by_side = self.size.width >= SIDE_BY_SIDE_WIDTH
        charts_height = CHART_HEIGHT if side_by_side else 2 * CHART_HEIGHT
        wanted = rows > 0 and not self._all and self._place != AWAY
        self._alone = wanted and self._place == ALONE
        table.display = self._alone or (wanted and height >= charts_height + table_height)
        table.styles.height = "1fr" if self._alone else table_height
        self.query_one("#charts").display = not self._alone
        norms = self._norms
        text_width = cell_len(str(norms.content))
        least_height = charts_height + (table_height if table.display else 0)
        fits = text_width <= self.size.width and height > least_height
        norms.display = text_width > 0 and fits

    def _rows_to_come(self) -> tuple[int, int]:
        """Return the rows that the table has or will have, and how few are worth their lines."""
        run = self._pane.chosen
        if run is None:
            return 0, 0
        networks = len(run.config.variants)
        if networks:
            return networks, networks
        return run.config.epochs, LEAST_EPOCHS


class RunsTraining(TrainingCharts):
    """Loss and accuracy of all runs, and the epochs of the chosen one."""

    _shown: tuple[str, tuple[Metric, ...]] = ("", ())  #: the run in the table, and its columns.
    _table: PlainTable

    def __init__(self, pane: TaskTab) -> None:
        table = PlainTable(id="epochs", cursor_type="row", zebra_stripes=True, classes="panel")
        super().__init__(pane, table)

    def bring_up_to_date(self, pane: TaskTab) -> None:
        recorded = pane.recorded
        self._draw_charts(pane.states() if recorded is None else [recorded.run])
        self._show_epochs(pane.trained)
        self._show_norms()
        self.on_resize()

    def _show_epochs(self, run: RunState | None) -> None:
        """Add the new epochs of a run to the table; of another run, all of them."""
        table = self._table
        run_id = ""
        title = ""
        epochs: Sequence[EpochEnded] = ()
        if run is not None:
            run_id = run.run_id
            title = f"Epochs of {run.config.label}"
            epochs = run.epochs
        columns = tuple(
            metric
            for metric in self._pane.spec.metric_definitions
            if epochs and metric.name in epochs[0].metrics
        )
        table.border_title = Content(title)
        if (run_id, columns) != self._shown or len(epochs) < table.row_count:
            self._shown = (run_id, columns)
            table.clear(columns=True)
            if columns:
                titles = [abbreviated(metric.title) for metric in columns]
                headings = ["epoch", *titles, "seconds"]
                table.add_columns(*(Text(heading, justify="right") for heading in headings))
        new = epochs[table.row_count :]
        for epoch in new:
            figures = [metric.format(epoch.metrics[metric.name]) for metric in columns]
            cells = [str(epoch.epoch), *figures, f"{epoch.seconds:.1f}"]
            table.add_row(*(Text(cell, justify="right") for cell in cells))
        if new:
            table.move_cursor(row=table.row_count - 1)


class NetworksTraining(TrainingCharts, SpreadView):
    """Loss and accuracy of the chosen run, one curve a network: the mean over its seeds."""

    _table: VariantTable

    def __init__(self, pane: TaskTab) -> None:
        super().__init__(pane, VariantTable(pane, short=True))

    def bring_up_to_date(self, pane: TaskTab) -> None:
        self.draw()
        self._table.bring_up_to_date(pane)
        self._show_norms()
        self.on_resize()

    def draw(self) -> None:
        recorded = self._pane.recorded
        run = self._pane.chosen if recorded is None else recorded.run
        self._draw_charts([run] if run is not None else [])

    def _curves(
        self, state: RunState, metrics: Sequence[Metric], several: bool
    ) -> Iterator[ChartSeries]:
        """Yield a curve of each network, or one of all if the metric has none of each."""
        variants = state.config.variants
        for metric in metrics:
            if metric.name not in state.bands:
                for curve in super()._curves(state, [metric], several):
                    yield replace(curve, name="all networks", colour=len(variants))
                continue
            points = metric.stage != "train"
            networks = zip(variants, state.bands[metric.name], strict=True)
            curves = [
                spread_series(variant.label, band, colour, self.spread, points=points)
                for colour, (variant, band) in enumerate(networks)
            ]
            yield from with_kept(state, metric, curves)


def norms_in_words(layer_norms: Mapping[str, float]) -> str:
    """Return gradient norms as a line, such as `Gradient norm: input 0.12 · readout 0.056`.

    Of layers with numbers, only the first is called one: `layer 1 0.12 · 2 0.34`. Empty for none.
    """
    if not layer_norms:
        return ""
    parts = []
    for number, (name, norm) in enumerate(layer_norms.items()):
        word = name.removeprefix("layer ") if number else name
        parts.append(f"{word} {norm:,.0f}" if norm >= TWO_DIGITS else f"{word} {norm:#.2g}")
    return f"Gradient norm: {' · '.join(parts)}"


def _is_by_epoch(state: RunState, metric: Metric) -> bool:
    """Return whether a metric of training has one value an epoch; all but the loss do."""
    if metric.name == "train_loss" or not state.epochs:
        return False
    return metric.name in state.epochs[0].metrics


def _heading(metrics: Sequence[Metric], several: bool, *, kept: bool) -> str:
    """Return the heading of a chart.

    For `several` runs or networks it says which mark is which metric; if epochs are `kept`, what
    marks these.
    """
    words, title = _words(metrics)
    if not several or len(metrics) == 1:
        heading = title or as_heading(", ".join(words))
        return f"{heading}: {KEPT_MARK}" if kept else heading
    marks = [LINE if metric.stage == "train" else "●" for metric in metrics]
    legend = ", ".join(
        f"{mark} {abbreviated(word)}" for mark, word in zip(marks, words, strict=True)
    )
    if kept:
        legend += f", {KEPT_MARK}"
    return f"{title}: {legend}" if title else legend


def _words(metrics: Sequence[Metric]) -> tuple[list[str], str]:
    """Split the labels of a chart's metrics into what differs and what they share.

    Of training loss and validation loss these are "training" and "validation", and "Loss".
    """
    labels = [metric.label for metric in metrics]
    if len(labels) == 1:
        return labels, as_heading(labels[0])
    last = labels[0].split()[-1]
    if all(label.endswith(f" {last}") for label in labels):
        return [label.removesuffix(f" {last}") for label in labels], last.capitalize()
    return labels, ""
