"""Draw sequences: numbers as lines in charts, symbols as text."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import Floats, in_words
from rnn_tui.data.time_axis import TimeAxis, axis_of, have_one_axis
from rnn_tui.data.typed import typed_symbols
from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Metric
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.widgets.plain import views_in

MOST_LINES = 6  # features that are drawn of a sequence
LONGEST_NAME = 28  # characters of the name of a sequence among others
MOST_SYMBOLS = 400  # symbols that are written of a sequence
LEAST_WIDTH, LEAST_HEIGHT = 26, 8  # cells of a chart among others
BESIDE_TICKS = 12  # cells of a chart that the labels below it do not take


@dataclass(frozen=True)
class DrawnChart:
    """What a chart of sequences shows."""

    title: str
    unit: str  #: the name of what is drawn.
    lines: Sequence[ChartSeries]
    axis: TimeAxis  #: which the points of the lines lie along.


def name_of(data_set: DataSet, index: int) -> str:
    """Return what the file calls a sequence, with its class or number if it has one."""
    name = printable(data_set.sequence_name(index), LONGEST_NAME)
    goal = data_set.description.goal
    if goal.every_step:
        return name
    target = data_set.target(index)
    if goal is Goal.NUMBER:
        return f"{name}: {', '.join(f'{value:.4g}' for value in target)}"
    if target < 0:  # it is not known
        return name
    return f"{name}: {data_set.description.outputs[int(target)]}"


def charts_of(data_set: DataSet, indices: Sequence[int]) -> list[DrawnChart]:
    """Return charts of sequences of numbers.

    Sequences of one number a step share a chart unless their times are far apart. Others have one
    each, with a line a number.
    """
    features = data_set.description.features
    if len(features) == 1 and len(indices) > 1 and have_one_axis(data_set, indices):
        axis = axis_of(data_set, indices)
        lines = [
            _line(name_of(data_set, index), axis.positions[place], data_set.sequence(index), place)
            for place, index in enumerate(indices)
        ]
        return [DrawnChart(features[0], features[0], lines, axis)]
    return [_chart_of(data_set, index) for index in indices]


def _chart_of(data_set: DataSet, index: int) -> DrawnChart:
    """Return the chart of a sequence, with a line for each number."""
    features = data_set.description.features
    values = data_set.sequence(index)
    axis = axis_of(data_set, [index])
    lines = [
        _line(feature, axis.positions[0], values[:, column:], column)
        for column, feature in enumerate(features[:MOST_LINES])
    ]
    title = in_words(name_of(data_set, index), "Sequence")
    if len(features) > MOST_LINES:
        title += f" ({MOST_LINES} of {len(features)} numbers)"
    return DrawnChart(title, features[0] if len(features) == 1 else "", lines, axis)


def _line(
    name: str, positions: Floats, values: npt.NDArray[np.float32], colour: int
) -> ChartSeries:
    """Return the line of the first of some numbers (steps, F)."""
    y = values[:, 0].tolist()
    return ChartSeries(name, positions.tolist(), y, colour, points=len(y) == 1)


def text_of(data_set: DataSet, index: int) -> str:
    """Return a sequence of symbols as text, cut if it is long."""
    alphabet = data_set.description.alphabet
    places = data_set.sequence(index)[:, 0].astype(int).tolist()
    symbols = [alphabet[place] for place in places[:MOST_SYMBOLS]]
    text = typed_symbols(symbols, alphabet)
    return f"{text} …" if len(places) > MOST_SYMBOLS else text


class SequencesDrawn(Vertical):
    """Some sequences of a data set."""

    least_width, least_height = LEAST_WIDTH, LEAST_HEIGHT  #: cells of each of several charts.
    _count = 0  #: charts that there are, for which there may be no room.
    _axes: Sequence[TimeAxis] = ()  #: of these charts.

    def compose(self) -> ComposeResult:
        yield Grid(classes="drawn-charts")
        yield Static("", classes="drawn-text", markup=False)

    def show(self, data_set: DataSet, indices: Sequence[int]) -> None:
        """Draw these sequences, by their indices."""
        written = bool(data_set.description.alphabet)
        grid = self.query_one(Grid)
        text = self.query_one(".drawn-text", Static)
        grid.display = not written
        text.display = written
        if written:
            text.update(_written(data_set, indices))
            return
        self.draw(charts_of(data_set, indices))

    def draw(self, charts: Sequence[DrawnChart]) -> None:
        """Draw these charts, the first ones if there is no room for all."""
        grid = self.query_one(Grid)
        grid.display = True
        self.query_one(".drawn-text").display = False
        self._count = len(charts)
        self._axes = [chart.axis for chart in charts]
        views = views_in(grid, Chart, len(charts))
        for chart, view in zip(charts, views, strict=True):
            view.can_focus = False  # Data and Test have charts with keys
            view.describe(chart.title, Metric("", chart.unit, lower=None), chart.axis.name)
            view.show(chart.lines)
        grid.set_class(len(charts) == 1, "-single")
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    @property
    def _places(self) -> tuple[int, int]:
        """Columns and rows of charts that there is room for."""
        columns = max(1, self.size.width // self.least_width)
        return columns, max(1, self.size.height // self.least_height)

    @property
    def at_once(self) -> int:
        """How many charts there is room for."""
        columns, rows = self._places
        return columns * rows

    def _lay_out(self) -> None:
        """Show as many charts as there is room for, the first ones, in rows."""
        grid = self.query_one(Grid)
        columns, rows = self._places
        columns = max(1, min(self._count, columns))
        grid.styles.grid_size_columns = columns
        for place, chart in enumerate(grid.query_children(Chart)):
            chart.display = place < min(self._count, columns * rows)
        room = self.size.width // columns - BESIDE_TICKS
        for axis, chart in zip(self._axes, grid.query_children(Chart), strict=False):
            chart.place_ticks(axis.ticks(room))


def unit_of(data_set: DataSet) -> str:
    """Return the name of the one number that sequences have, after a colon; empty of several."""
    features = data_set.description.features
    return f": {features[0]}" if len(features) == 1 else ""


def _written(data_set: DataSet, indices: Sequence[int]) -> Content:
    """Return sequences of symbols, each after its number and class."""
    parts: list[Content | tuple[str, str]] = []
    for index in indices:
        parts.append((f"{name_of(data_set, index)}  ", "bold"))
        parts.append(Content(f"{text_of(data_set, index)}\n"))
    return Content.assemble(*parts)
