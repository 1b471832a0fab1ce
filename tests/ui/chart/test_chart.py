"""What a user relies on when reading a chart."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

import rnn_tui.ui.chart.chart as chart_module
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.palette import DARK_PALETTE, LIGHT_PALETTE
from rnn_tui.engine.state import decimate, smooth
from rnn_tui.ui.chart import outlines, readout, scales, shades, view
from rnn_tui.ui.chart.axes import AxesText
from rnn_tui.ui.chart.chart import Chart, ChartPlot, ChartSeries
from rnn_tui.ui.chart.plotting import plotted
from rnn_tui.ui.chart.turns import line_turns, marks_in_turns
from tests.ui.helpers import idle, press, resize

STYLES = Path(chart_module.__file__).with_name("styles.tcss")
EPOCHS = list(range(1, 11))
ACCURACY = ChartSeries("lstm", EPOCHS, [50 + 5 * e for e in EPOCHS], 0, points=True)
SPREAD = ChartSeries("seeds", [0.0, 10.0], [5.0, 5.0], 1, low=[2.0, 2.0], high=[8.0, 8.0])
LENGTHS = [1, 2, 3, 5, 8, 12, 20, 50, 100, 300, 512, 1024]
RECALL = ChartSeries("recall", LENGTHS, [100.0 - e / 20 for e in LENGTHS], 0, points=True)
LOSS = ChartSeries("gru", [e / 10 for e in range(1, 101)], [10 / e for e in range(1, 101)], 1)


ANYTHING = Metric("", "", lower=None)
PERCENT = Metric("", "", "%", True, 0.0, 100.0)


class ChartApp(App[None]):
    CSS_PATH = [STYLES]

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart

    def compose(self) -> ComposeResult:
        yield self.chart


@asynccontextmanager
async def running(
    *series: ChartSeries,
    size: tuple[int, int] = (80, 20),
    spec: Metric = ANYTHING,
    x_label: str = "epoch",
    **options: Any,
) -> AsyncIterator[tuple[Chart, Pilot[None]]]:
    chart = Chart(**options)
    chart.describe("Metric", spec, x_label)
    async with ChartApp(chart).run_test(size=size) as pilot:
        chart.show(series)
        await idle(pilot)
        yield chart, pilot


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[ChartPlot]:
    """The plots that were drawn, one for each time."""
    plots: list[ChartPlot] = []
    draw = ChartPlot._draw
    monkeypatch.setattr(ChartPlot, "_draw", lambda plot: plots.append(plot) or draw(plot))
    return plots


def screen_lines(chart: Chart) -> list[str]:
    return [strip.text for strip in chart.app.screen._compositor.render_strips()]


def screen_text(chart: Chart) -> str:
    return "\n".join(screen_lines(chart))


def visible_range(chart: Chart) -> tuple[float, float] | None:
    present = chart._present
    return present and (chart.to_x(present[0]), chart.to_x(present[1]))


def frame_of(chart: Chart) -> view.Frame:
    frame = chart.frame(*chart.query_one(ChartPlot).size)
    assert frame is not None
    return frame


def series(ys: list[float], **options: Any) -> ChartSeries:
    return ChartSeries("run", list(range(1, len(ys) + 1)), ys, 0, **options)


# Smoothing and thinning


def test_smoothing_matches_hand_computed_numbers() -> None:
    # weight 0.6: averages 0.4, 0.4*0.6+0.8, 1.04*0.6+1.2; corrections 0.4, 0.64, 0.784
    assert smooth([1, 2, 3], 0.6) == pytest.approx([1.0, 1.04 / 0.64, 1.824 / 0.784])
    assert smooth([5, 5, 5], 0.97) == pytest.approx([5, 5, 5])
    assert smooth([1, 2, 3], 0) == [1, 2, 3]


def test_smoothing_steps_over_values_that_are_not_finite() -> None:
    result = smooth([1, math.nan, 2], 0.6)
    assert math.isnan(result[1])
    assert result[2] == pytest.approx(1.04 / 0.64)


def test_thinning_keeps_the_ends_and_the_extremes_and_the_limit() -> None:
    y = [math.sin(i / 50) for i in range(5000)]
    y[1234], y[3456] = 9.0, -9.0
    x = [float(i) for i in range(5000)]
    thin_x, thin_y = decimate(x, y, 240)
    assert len(thin_x) == len(thin_y) <= 240
    assert (thin_x[0], thin_x[-1]) == (0, 4999)
    assert (max(thin_y), min(thin_y)) == (9.0, -9.0)
    assert thin_x == sorted(thin_x)
    assert decimate(x[:240], y[:240], 240) == (x[:240], y[:240])


async def test_no_line_reaches_the_plotting_library_with_more_than_the_limit() -> None:
    long = series([math.sin(i) for i in range(9000)])
    async with running(long, size=(250, 20)) as (chart, _):
        assert 100 < len(frame_of(chart).lines[0].x) <= view.POINT_LIMIT
        chart.zoom(1)
        assert 100 < len(frame_of(chart).lines[0].x) <= view.POINT_LIMIT


# Axes


@pytest.mark.parametrize(
    "ys", [[99.9, 100.0], [0.0, 0.2], [100.0], [0.0], [0, 100], [98.7] * 5, [97.1, 99.2, 104.0]]
)
@pytest.mark.parametrize("height", [3, 8, 20, 40])
def test_no_tick_and_no_value_is_beyond_the_bounds_of_the_metric(
    ys: list[float], height: int
) -> None:
    clean = view.clean(series(ys), 0, 100)
    frame = view.frame([clean], (0.5, 9.5), (60, height), (0, 100), False)
    assert frame is not None
    row = (frame.y.high - frame.y.low) / frame.height
    assert -row <= frame.y.low < frame.y.high
    assert all(0 <= tick <= 100 for tick in frame.y.ticks)
    assert all(frame.y.low <= y <= frame.y.high for y in frame.lines[0].y)


def test_ticks_are_round_numbers_with_as_many_decimals_as_needed() -> None:
    axis = scales.linear_axis(0.13, 0.58, 16)
    assert axis.labels == ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
    assert scales.linear_axis(61, 98, 13, 0, 100).labels == ("60", "70", "80", "90", "100")
    assert scales.linear_axis(-0.4, 0.4, 13).labels == ("-0.4", "-0.2", "0.0", "0.2", "0.4")
    assert scales.linear_axis(0, 10, 13).labels == ("0.0", "2.5", "5.0", "7.5", "10.0")


def test_log_ticks_are_round_numbers_as_many_as_there_is_room_for() -> None:
    assert scales.log_axis(0.09, 2.1, 20).labels == ("0.1", "0.2", "0.5", "1", "2")
    assert scales.log_axis(0.09, 1.7, 8).labels == ("0.1", "0.3", "1")
    assert scales.log_axis(1e-6, 900, 12).labels == ("1e-6", "0.0001", "0.01", "1", "100")
    assert scales.log_axis(0.21, 0.24, 8).labels == ("0.21", "0.22", "0.23", "0.24")


cells = st.integers(4, 60)
bounds = st.sampled_from([(None, None), (0.0, 100.0), (0.0, None), (-1.0, 1.0)])


def rows_of(axis: scales.Axis, values: Sequence[float], rows: int) -> list[int]:
    """The rows in which values are drawn, from the bottom."""
    dots = axis.dots(values, rows * scales.BRAILLE_HIGH)
    return [dot // scales.BRAILLE_HIGH for dot in dots]


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), cells, bounds)
def test_whole_rows_lie_between_the_ticks_of_a_linear_axis(
    low: float, span: float, rows: int, bounds: tuple[float | None, float | None]
) -> None:
    lower, upper = bounds
    low = low if lower is None else max(low, lower)
    high = low + span if upper is None else min(low + span, upper)
    if high - low < 1e-3:
        low = high - 1e-3
    axis = scales.linear_axis(low, high, rows, lower, upper)
    ticks = rows_of(axis, axis.ticks, rows)
    distances = [above - below for below, above in pairwise(ticks)]
    assert len(ticks) >= 2
    assert len(set(distances)) == 1
    assert min(distances) >= (1 if rows < 8 else 2)
    # A tick is in the middle of its row: values nearer to it than half a row are drawn there.
    assert all(place % 1 == pytest.approx(0.5, abs=1e-3) for place in axis.places(axis.ticks, rows))
    # Where they are drawn, ends of the data included, there is a row.
    assert all(0 <= row < rows for row in rows_of(axis, [low, high], rows))


@given(st.floats(-6, 6), st.floats(0, 8), cells)
def test_a_value_at_a_tick_of_a_log_axis_lies_in_its_row(
    low: float, span: float, rows: int
) -> None:
    axis = scales.log_axis(10**low, 10 ** (low + span), rows)
    labels = AxesText(view.Frame(axis, axis, [], 8, 20, rows))
    labelled = [row for row in range(rows) if "┤" in labels.before(rows - 1 - row)]
    assert rows_of(axis, axis.ticks, rows) == labelled
    assert len(labelled) >= 2
    assert rows_of(axis, [low, low + span], rows) == [0, rows - 1] or span < 1e-6
    # Labels are read as the values of their ticks.
    values = [math.log10(float(label)) for label in axis.labels]
    assert values == pytest.approx(axis.ticks, abs=1e-3)


@given(st.floats(0, 1e5), st.floats(1e-2, 1e5), st.integers(8, 200), st.integers(2, 8))
def test_whole_columns_lie_between_the_ticks_of_x_and_labels_are_at_them(
    low: float, span: float, width: int, left: int
) -> None:
    axis = scales.x_axis(low, low + span, width, left)
    columns = [int(place) for place in axis.places(axis.ticks, width)]
    assert len({right - left for left, right in pairwise(columns)}) <= 1
    labels = AxesText(view.Frame(axis, axis, [], left, width, 1))
    ticks = [column for column, cell in enumerate(labels.line()) if cell == "┬"]
    words = [(word.start(), word.end(), word[0]) for word in re.finditer(r"\S+", labels.labels())]
    assert [word for _, _, word in words] == list(axis.labels)
    for tick, (start, end, _) in zip(ticks, words, strict=True):
        assert abs((start + end - 1) / 2 - tick) <= 0.5
        assert end <= left + width


percents = st.lists(st.floats(0, 100), min_size=1, max_size=40)
losses = st.lists(st.floats(1e-6, 1e3), min_size=1, max_size=40)
sizes = st.tuples(st.integers(20, 120), st.integers(6, 40))


@given(
    st.one_of(st.tuples(percents, st.just(False)), st.tuples(losses, st.booleans())),
    sizes,
)
@example(([90.0, 99.1, 99.06, 100.0], False), (80, 10))
def test_a_mark_stands_on_its_line_in_the_row_of_its_value(
    values: tuple[list[float], bool], size: tuple[int, int]
) -> None:
    ys, log = values
    upper = 100.0 if max(ys) <= 100 and not log else None
    curve = view.prepare(view.clean(series(ys, points=True), 0, upper), 0, log)
    frame = view.frame([curve], (0.5, len(ys) + 0.5), size, (0, upper), log)
    assert frame is not None
    unmarked = replace(frame, lines=[replace(frame.lines[0], marks=[])])
    marked_rows, line_rows = (
        ["".join(text for _, _, text in row[1:]) for row in plotted(drawing, size[1])]
        for drawing in (frame, unmarked)
    )
    cell_height = (frame.y.high - frame.y.low) / frame.height
    for (x, y), (column, row) in zip(
        frame.lines[0].marks, frame.cells(frame.lines[0].marks), strict=True
    ):
        from_top = frame.height - 1 - row
        assert marked_rows[from_top][column] == curve.marker
        assert "\u2801" <= line_rows[from_top][column] <= "\u28ff"
        middle = frame.y.low + (row + 0.5) * cell_height
        assert abs(y - middle) <= cell_height * 0.5001
        assert frame.x.low <= x <= frame.x.high


async def test_0_and_100_percent_are_drawn_in_the_rows_of_their_labels() -> None:
    none = ChartSeries("none", [0, 10], [0, 0], 0)
    everything = ChartSeries("all", [0, 10], [100, 100], 1)
    async with running(none, everything, size=(60, 8), spec=PERCENT) as (chart, pilot):
        for height in range(8, 40, 3):
            await resize(pilot, 60, height)
            drawn = [line for line in plot_text(chart) if re.search("[\u2801-\u28ff]", line)]
            labels = [line.split("┤")[0].strip() for line in drawn]
            assert labels == ["100", "0"], height


# Series that lie on each other


@given(st.integers(2, 5), st.lists(st.floats(0, 100), min_size=2, max_size=40), st.booleans())
def test_equal_lines_have_the_cells_that_they_share_in_turn(
    count: int, ys: list[float], points: bool
) -> None:
    same = [replace(series(ys, points=points), colour=colour) for colour in range(count)]
    frame = view.frame(same, (1, len(ys)), (70, 20), (0, 100), False)
    assert frame is not None
    owners = [owner.colour for owner in line_turns(frame).values()]
    assert set(owners) == set(range(count))
    with_marks = marks_in_turns(frame)
    cells = [cell for line in with_marks.lines for cell in frame.cells(line.marks)]
    assert len(cells) == len(set(cells))
    assert set(cells) == set(frame.cells(frame.lines[0].marks))
    assert sum(bool(line.marks) for line in with_marks.lines) == min(count, len(cells))


async def test_equal_series_are_both_seen() -> None:
    first = series([50.0, 100.0, 100.0, 100.0])
    second = replace(first, name="other", colour=1)
    points = [replace(curve, points=True, line=False) for curve in (first, second)]
    async with running(first, second, spec=PERCENT) as (chart, pilot):
        assert {DARK_PALETTE[0], DARK_PALETTE[1]} <= plot_colours(chart)
        chart.show(points)
        await idle(pilot)
        assert {DARK_PALETTE[0], DARK_PALETTE[1]} <= plot_colours(chart)


def test_x_ticks_are_whole_epochs_until_zoomed_and_never_collide() -> None:
    assert scales.x_axis(1, 10, 70).labels == tuple(map(str, EPOCHS))
    assert scales.x_axis(0.5, 3, 200).labels == ("1", "2", "3")
    assert scales.x_axis(1, 2, 60, whole=True).labels == ("1", "2")
    assert scales.x_axis(0.5, 1.5, 60, whole=True).labels == ("1",)
    assert scales.x_axis(1.2, 1.8, 60, 4, whole=True).labels[:2] == ("1.2", "1.3")
    assert scales.x_axis(2.0, 2.8, 60, 4).labels == (
        "2.0",
        "2.1",
        "2.2",
        "2.3",
        "2.4",
        "2.5",
        "2.6",
        "2.7",
        "2.8",
    )
    for width in (1, 5, 12, 30, 100):
        axis = scales.x_axis(1, 20000, width)
        assert len("  ".join(axis.labels)) <= max(width, len(axis.labels[0]) if axis.labels else 0)


async def test_axis_labels_are_on_screen_unclipped() -> None:
    async with running(ACCURACY, spec=PERCENT) as (chart, _):
        lines = screen_lines(chart)
        labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]
        assert labels == ["100", "90", "80", "70", "60"]
        epochs = next(line for line in reversed(lines) if "10" in line)
        assert epochs.split() == [str(epoch) for epoch in EPOCHS]
        assert lines[-1].strip() == "epoch"


# Difficult values


async def test_any_values_are_drawn() -> None:
    many: list[list[float]] = [
        [1.0, math.nan, 2.0, math.inf, 3.0, -math.inf],
        [0.5],
        [0.3] * 7,
        [0.0] * 3,
        [0.0, 0.5, -1.0, 2.0],
        [1e-12, 1e12],
        [math.nan],
        [],
    ]
    async with running(size=(60, 15)) as (chart, pilot):
        for ys, log_y in product(many, (False, True)):
            chart.describe(f"Metric of {ys}", ANYTHING)  # another one: nothing is left of the last
            chart.smoothing = 0
            chart.show([series(ys), series(ys, points=True)])
            chart.action_reset_view()
            chart.log_y = log_y
            chart.action_cursor(-1)
            chart.zoom(1)
            chart.smoothing = 2
            await idle(pilot)
            drawable = any(math.isfinite(y) and (y > 0 or not log_y) for y in ys)
            assert ("└" in screen_text(chart)) == drawable, (ys, log_y)


async def test_values_without_a_place_are_left_out() -> None:
    odd = series([0.5, math.nan, 0.0, math.inf, 2.0])
    async with running(odd) as (chart, _):
        assert chart.prepared[0].y == (0.5, 0.0, 2.0)
        chart.log_y = True
        assert chart.prepared[0].y == (0.5, 2.0)
        assert frame_of(chart).lines[0].y == pytest.approx([math.log10(0.5), math.log10(2)])


async def test_an_empty_chart_says_so() -> None:
    async with running(empty_text="Nothing trained yet") as (chart, pilot):
        assert "Nothing trained yet" in screen_text(chart)
        assert "└" not in screen_text(chart)
        assert not chart.border_subtitle  # nothing has an x yet
        chart.show([series([0.0, 0.0])])
        chart.log_y = True
        await idle(pilot)
        assert "log scale" in screen_text(chart)
        chart.log_y = False
        await idle(pilot)
        assert "└" in screen_text(chart)
        assert str(chart.border_subtitle) == "epoch"


# Cursor


async def test_the_cursor_reads_every_series_at_its_position() -> None:
    short = ChartSeries("short", [1, 2, 3], [0.25, 0.5, 0.75], 2, points=True)
    async with running(ACCURACY, short) as (chart, pilot):
        await press(pilot, "home", "right")
        assert chart.cursor == 2
        line = screen_lines(chart)[1]
        assert line.split() == ["epoch", "2", "●", "lstm", "60", "▲", "short", "0.5"]
        await press(pilot, "end")
        assert chart.cursor == 10
        # A run that ended earlier must not seem to have a value here.
        assert screen_lines(chart)[1].split()[-3:] == ["short", "0.75", "@3"]
        await press(pilot, "left")
        assert chart.cursor == 9
        await press(pilot, "escape")
        assert chart.cursor is None
        assert screen_lines(chart)[1].split() == ["●", "lstm", "▲", "short"]


async def test_the_cursor_stops_once_a_column_and_at_every_epoch() -> None:
    dense = ChartSeries("loss", [i / 1000 for i in range(10001)], [1.0] * 10001, 0)
    async with running(dense, ACCURACY) as (chart, pilot):
        await press(pilot, "home")
        stops = [chart.cursor]
        for _ in range(200):
            chart.action_cursor(1)
            if chart.cursor == stops[-1]:
                break
            stops.append(chart.cursor)
        assert stops[-1] == 10
        assert len(stops) <= 80
        assert set(EPOCHS) <= set(stops)


async def test_a_click_puts_the_cursor_on_the_point_there() -> None:
    async with running(ACCURACY) as (chart, pilot):
        plot = chart.query_one(ChartPlot)
        row, column = next(
            (row, plot.render_line(row).text.index("●"))
            for row in range(plot.size.height - 1, 0, -1)
            if "●" in plot.render_line(row).text
        )
        await pilot.click(ChartPlot, offset=(column + 1, row))
        assert chart.cursor == 1
        await pilot.click(ChartPlot, offset=(plot.size.width - 2, 2))
        assert chart.cursor == 10
        assert chart.has_focus
        frame = frame_of(chart)
        (place,) = frame.x.places([10], frame.width)
        column = frame.left + int(place)
        assert [plot.render_line(row).text[column] for row in (4, 5, 6)] == ["│"] * 3


# Zoom


async def test_zoom_keeps_the_right_end_or_the_cursor_and_scales_y() -> None:
    async with running(LOSS) as (chart, _pilot):
        whole = frame_of(chart)
        chart.zoom(1)
        assert visible_range(chart) == pytest.approx((5.05, 10))
        assert frame_of(chart).y.high < 0.3 < whole.y.high
        chart.action_reset_view()
        assert visible_range(chart) == (0.1, 10)
        chart.cursor = 2.0
        for _ in range(3):
            chart.zoom(1)
        low, high = visible_range(chart) or (0, 0)
        assert low < 2.0 < high
        assert high - low == pytest.approx(9.9 / 8)
        assert all("." in label for label in frame_of(chart).x.labels)
        for _ in range(4):
            chart.zoom(-1)
        assert visible_range(chart) == (0.1, 10)


async def test_a_zoomed_view_is_drawn_up_to_its_edges() -> None:
    two = ChartSeries("run", [0, 10], [0, 100], 0)
    async with running(two) as (chart, _):
        chart.cursor = 5
        chart.zoom(1)
        line = frame_of(chart).lines[0]
        # The cursor's stops are data: 5 is none, but any position may be set.
        axis = frame_of(chart).x
        assert axis.low == pytest.approx(2.5, abs=0.1)
        assert axis.high >= 7.5
        assert line.x == [axis.low, axis.high]
        assert line.y == pytest.approx([10 * axis.low, 10 * axis.high])


async def test_the_view_follows_the_cursor_and_new_data() -> None:
    async with running(LOSS) as (chart, pilot):
        for _ in range(4):
            chart.zoom(1)
        span = 9.9 / 16
        more = ChartSeries("gru", [*LOSS.x, 11.0], [*LOSS.y, 0.1], 1)
        chart.show([more])
        assert visible_range(chart) == pytest.approx((11 - span, 11))
        await press(pilot, "home")
        assert visible_range(chart) == pytest.approx((0.1, 0.1 + span))
        chart.show([ChartSeries("gru", [*more.x, 12.0], [*more.y, 0.1], 1)])
        assert visible_range(chart) == pytest.approx((0.1, 0.1 + span))
        for _ in range(9):
            chart.action_cursor(1)
        assert chart.cursor == pytest.approx(1.0)
        low, high = visible_range(chart) or (0, 0)
        assert low <= 1.0 <= high


async def test_the_wheel_zooms_around_the_pointer() -> None:
    async with running(LOSS) as (chart, pilot):
        await pilot._post_mouse_events([chart_module.events.MouseScrollUp], ChartPlot, (20, 5))
        low, high = visible_range(chart) or (0, 0)
        assert high - low == pytest.approx(9.9 / 2)
        assert low < 2.5
        await pilot._post_mouse_events([chart_module.events.MouseScrollDown], ChartPlot, (20, 5))
        assert visible_range(chart) == (0.1, 10)


# Modes


async def test_smoothing_changes_lines_but_not_points() -> None:
    line, points = series([1, 2, 3]), series([1, 2, 3], points=True)
    async with running(line, points) as (chart, _pilot):
        chart.action_cycle_smoothing()
        assert chart.prepared[0].y == pytest.approx((1.0, 1.04 / 0.64, 1.824 / 0.784))
        assert chart.prepared[1].y == (1, 2, 3)
        chart.action_cycle_smoothing()
        assert "smoothed 0.9" in screen_lines(chart)[0]
        chart.action_cycle_smoothing()
        chart.action_cycle_smoothing()
        assert chart.smoothing == 0
        assert "smoothed" not in screen_text(chart)


async def test_points_without_a_line_have_their_own_mark_and_read_as_others_do() -> None:
    apart = ChartSeries(
        "report", EPOCHS, [60 + 4 * e for e in EPOCHS], 0, True, mark="○", line=False
    )
    async with running(apart) as (chart, pilot):
        text = screen_text(chart)
        assert text.count("○") == 1 + len(EPOCHS)  # the legend's, and one for each
        assert not any("\u2801" <= letter <= "\u28ff" for letter in text)
        chart.cursor = 3.0
        await idle(pilot)
        assert "○ report 72" in screen_text(chart)
        # Zoomed in, nothing is drawn towards those that are out of sight.
        chart.zoom(1)
        (line,) = frame_of(chart).lines
        assert set(line.x) < set(EPOCHS)


async def test_modes_that_are_not_allowed_stay_off() -> None:
    async with running(LOSS, spec=PERCENT, allow_smoothing=False) as (chart, _pilot):
        await chart.run_action("toggle_log")
        await chart.run_action("cycle_smoothing")
        assert (chart.log_y, chart.smoothing) == (False, 0)


# What is a line and what a mark; and where the axis of a loss begins

STEPS = [at / 50 for at in range(1, 201)]
FALLING = ChartSeries("run", STEPS, [2 + 8 / (1 + at) for at in range(200)], 0)
MARKS = ChartSeries("run", [1, 2, 3, 4], [2.5, 2.4, 2.3, 2.2], 0, points=True, line=False)
LOSS_METRIC = Metric("train_loss", "training loss")


async def test_a_line_has_no_marks_and_marks_have_no_line() -> None:
    async with running(FALLING, MARKS) as (chart, pilot):
        assert "".join(plot_text(chart)).count("●") == len(MARKS.x)
        line, marks = frame_of(chart).lines
        assert (line.marks, marks.series.line) == ([], False)
        assert screen_lines(chart)[1].strip() == "── ● run"
        chart.cursor = 2.0
        await idle(pilot)
        assert screen_lines(chart)[1].strip() == "epoch 2   run ── 2.08 ● 2.4"


async def test_the_axis_of_a_loss_begins_after_the_first_twentieth_and_0_shows_all() -> None:
    async with running() as (chart, pilot):
        chart.describe("Loss", LOSS_METRIC)
        chart.show([FALLING, MARKS])
        await idle(pilot)
        frame = frame_of(chart)
        assert frame.y.high <= 3
        assert all(frame.y.low <= y <= frame.y.high for y in frame.lines[0].y)
        assert sum(line.count("↑") for line in plot_text(chart)) == 1
        assert "start cut; 0 shows all" in screen_lines(chart)[0]
        # The cursor reads what is cut off, too.
        await press(pilot, "home")
        assert "10" in screen_lines(chart)[1].split()
        chart.action_reset_view()
        await idle(pilot)
        assert frame_of(chart).y.high >= 10
        assert "↑" not in screen_text(chart)
        assert "start cut" not in screen_lines(chart)[0]
        chart.action_reset_view()
        await idle(pilot)
        assert frame_of(chart).y.high <= 3


async def test_a_loss_over_more_than_a_decade_has_a_log_axis_until_a_user_chooses() -> None:
    falling = ChartSeries("run", STEPS, [10 / (1 + at) for at in range(200)], 0)
    async with running() as (chart, pilot):
        chart.describe("Loss", LOSS_METRIC)
        chart.show([falling])
        await idle(pilot)
        assert "Loss · auto log" in screen_lines(chart)[0]
        assert max(frame_of(chart).lines[0].y) == pytest.approx(1)
        chart.action_toggle_log()
        chart.show([replace(falling, y=[y / 2 for y in falling.y])])
        await idle(pilot)
        assert not chart.log_y
        # Another metric is another choice.
        chart.describe("Accuracy", Metric("val_accuracy", "accuracy", "%", True, 0.0, 100.0))
        chart.show([falling])
        await idle(pilot)
        assert "log" not in screen_lines(chart)[0]
        assert frame_of(chart).y.high >= 10


async def test_a_reading_of_more_lines_moves_the_plot_once() -> None:
    runs = [
        replace(FALLING, name=f"network {at}", colour=at, y=[10.0**-at * y for y in FALLING.y])
        for at in range(5)
    ]
    async with running(*runs, size=(60, 24)) as (chart, pilot):
        plot = chart.query_one(ChartPlot)
        before = plot.size.height
        chart.cursor = 1.0
        await idle(pilot)
        reading = plot.size.height
        assert reading < before
        for _ in range(40):
            await press(pilot, "left")
            assert plot.size.height <= reading
            assert all(f"network {at}" in screen_text(chart) for at in range(5))
        await press(pilot, "escape")
        await idle(pilot)
        assert plot.size.height == before


# Drawing


async def test_what_is_equal_is_not_drawn_again_and_what_changes_is(
    drawn: list[ChartPlot],
) -> None:
    async with running(ACCURACY) as (chart, pilot):

        async def drawings(change: Callable[[], object]) -> int:
            """Return how often the chart is drawn because of a change."""
            before = len(drawn)
            change()
            await idle(pilot)
            return len(drawn) - before

        def show(*shown: ChartSeries) -> Callable[[], None]:
            return lambda: chart.show(shown)

        equal = ChartSeries("lstm", list(ACCURACY.x), list(ACCURACY.y), 0, points=True)
        assert await drawings(show(equal)) == 0
        assert await drawings(lambda: (chart.show([ACCURACY, LOSS]), chart.zoom(1))) == 1
        chart.action_reset_view()

        # Data that grows in place.
        xs, ys = [1.0, 2.0], [1.0, 2.0]
        assert await drawings(show(ChartSeries("run", xs, ys, 0))) == 1
        xs.append(3.0)
        ys.append(9.0)
        assert await drawings(show(ChartSeries("run", xs, ys, 0))) == 1
        assert frame_of(chart).y.high >= 9

        # A band.
        assert await drawings(show(SPREAD)) == 1
        low = [2, 2]
        assert await drawings(show(replace(SPREAD, x=[0, 10], y=[5, 5], low=low))) == 0
        assert await drawings(show(replace(SPREAD, low=[2, 1]))) == 1

        # A mark.
        assert await drawings(lambda: chart.mark_range(1, 20, "seen")) == 1
        assert await drawings(lambda: chart.mark_range(1.0, 20.0, " seen\n")) == 0

        # What is hidden.
        chart.display = False
        await idle(pilot)
        assert await drawings(show(LOSS)) == 0
        chart.smoothing = 2
        await idle(pilot)
        assert await drawings(lambda: setattr(chart, "display", True)) == 1
        assert "gru" in screen_text(chart)


async def test_markup_in_names_is_shown_literally() -> None:
    name = "[red]a[/red] [@click=app.quit]b"
    plain = ChartSeries(name, [1, 2], [1, 2], 0)
    async with running(plain) as (chart, pilot):
        assert name in screen_lines(chart)[1]
        chart.cursor = 2
        await idle(pilot)
        assert f"{name} 2" in screen_lines(chart)[1]


words = st.lists(
    st.sampled_from(["adder", "fast", "H", "3", "5", "10", "mse-1", "名前"]), max_size=4
)


@given(st.lists(words.map(" ".join), max_size=7), st.integers(0, 90), st.integers(1, 4))
def test_a_legend_fits_and_counts_what_it_has_no_room_for(
    names: list[str], width: int, most: int
) -> None:
    runs = [ChartSeries(name, [1], [0.5], at) for at, name in enumerate(names)]
    entries = readout.entries(runs, True, 1.0)
    lines = readout.text_lines("epoch 1", entries, width, most)
    assert len(lines) <= most
    assert all(line.cell_length <= width for line in lines)
    if width >= 40:
        text = "\n".join(line.plain for line in lines)
        counted = re.search(r"… (\d+) more", text)
        left_out = int(counted[1]) if counted else 0
        assert text.count(" 0.5") + left_out == len(names)


@given(st.lists(words.map(" ".join), max_size=7))
def test_names_are_cut_where_they_agree_and_never_where_they_differ(names: list[str]) -> None:
    for both_ends in (True, False):
        shortened = readout.short_names(names, both_ends)
        assert len(set(shortened)) == len(set(names))
        assert all(short in name for short, name in zip(shortened, names, strict=True))


def test_a_legend_says_what_tells_runs_apart() -> None:
    def legend(*names: str, width: int) -> str:
        runs = [ChartSeries(name, [1], [1], at) for at, name in enumerate(names)]
        lines = readout.text_lines("", readout.entries(runs, True, None), width, 2)
        return "\n".join(line.plain for line in lines)

    runs = [f"adder-fast-{loss}-{size} (n 5)" for loss in ("mse", "bce") for size in (3, 5, 10)]
    assert legend(*runs, width=70) == (
        "── mse-3   ── mse-5   ── mse-10   ── bce-3   ── bce-5   ── bce-10"
    )
    seeds = [f"adder-report seed {seed}" for seed in range(3)]
    assert legend(*seeds, width=40) == "── seed 0   ── seed 1   ── seed 2"
    assert legend(*seeds, width=80) == "   ".join(f"── {name}" for name in seeds)
    assert legend(*seeds, width=20) == "── seed 0\n── seed 1   … 1 more"


async def test_tiny_sizes_work() -> None:
    sizes = [(1, 1), (10, 3), (20, 5), (20, 7), (40, 4), (30, 8), (2, 30), (200, 2)]
    async with running(ACCURACY, LOSS, size=sizes[0]) as (chart, pilot):
        for size in sizes:
            await resize(pilot, *size)
            for change_display in (chart.action_toggle_log, chart.action_cycle_smoothing):
                chart.action_cursor(-1)
                chart.zoom(1)
                await idle(pilot)
                change_display()
            chart.styles.height = 0
            await idle(pilot)
            chart.action_cursor(-1)
            chart.styles.height = "1fr"
            await idle(pilot)
            assert screen_lines(chart), size
            chart.action_reset_view()


async def test_too_small_for_a_plot_shows_the_last_values() -> None:
    async with running(ACCURACY, LOSS, size=(20, 5)) as (chart, pilot):
        assert [line.split() for line in screen_lines(chart)[1:3]] == [
            ["●", "lstm", "100"],
            ["──", "gru", "0.1"],
        ]
        assert "└" not in screen_text(chart)
        await resize(pilot, 60, 20)
        await idle(pilot)
        assert "└" in screen_text(chart)


# Bands


def backgrounds(chart: Chart, row: int) -> list[str]:
    """The background of each cell of a row of the plot's area."""
    plot, frame = chart.query_one(ChartPlot), frame_of(chart)
    cells: list[str] = []
    for text, style, _ in plot.render_line(row):
        assert style
        assert style.bgcolor
        cells += [style.bgcolor.name] * len(text)
    return cells[frame.left : frame.left + frame.width]


def column_backgrounds(chart: Chart, column: int) -> list[str]:
    return [backgrounds(chart, row)[column] for row in range(frame_of(chart).height)]


def plot_text(chart: Chart) -> list[str]:
    plot = chart.query_one(ChartPlot)
    return [plot.render_line(row).text for row in range(plot.size.height)]


def plot_background(chart: Chart) -> str:
    return chart.query_one(ChartPlot).background_colors[1].rich_color.name


async def test_a_band_shades_the_cells_between_its_ends() -> None:
    wide = ChartSeries("wide", [0, 10], [0, 10], 0)
    async with running(wide, SPREAD) as (chart, _):
        plain = plot_background(chart)
        frame = frame_of(chart)
        (end,) = frame.x.places([10], frame.width)
        width = int(end) + 1
        cell = (frame.y.high - frame.y.low) / frame.height
        for column in (0, width // 3, width - 1):
            for row, colour in enumerate(column_backgrounds(chart, column)):
                middle = frame.y.low + (frame.height - row - 0.5) * cell
                if abs(middle - 5) < 3 - cell:
                    assert colour != plain
                elif abs(middle - 5) > 3 + cell:
                    assert colour == plain
        ground, run = Color.parse(plain), Color.parse(DARK_PALETTE[1])
        shade = ground + run.with_alpha(shades.BAND_SHARE)
        middle_row = backgrounds(chart, frame.height // 2)
        assert middle_row == [
            *[shade.rich_color.name] * width,
            *[plain] * (frame.width - width),
        ]


async def test_bands_change_nothing_but_the_background() -> None:
    wide = ChartSeries("wide", [0, 10], [0, 10], 0)
    bare = ChartSeries("seeds", SPREAD.x, SPREAD.y, 1)
    async with running(wide, bare) as (chart, pilot):
        chart.cursor = 0.0
        await idle(pilot)
        before, colours = plot_text(chart), plot_colours(chart)
        for row in range(frame_of(chart).height):
            assert set(backgrounds(chart, row)) == {plot_background(chart)}
        chart.show([wide, SPREAD])
        await idle(pilot)
        assert plot_text(chart) == before
        # Only the grid's colour follows its background: it is translucent.
        assert colours < plot_colours(chart)
        assert len(plot_colours(chart)) == len(colours) + 1


async def test_bands_that_overlap_are_blended_one_after_another() -> None:
    wide = ChartSeries("wide", [0, 10], [0, 10], 0)
    other = ChartSeries("other", [0, 10], [6, 6], 2, low=[4, 4], high=[10, 10])
    async with running(wide, SPREAD, other) as (chart, _):
        ground = Color.parse(plot_background(chart))
        first, second = (Color.parse(DARK_PALETTE[colour]) for colour in (1, 2))
        share = shades.band_share(2)
        under_both = ground + first.with_alpha(share) + second.with_alpha(share)
        under_first = ground + first.with_alpha(shades.band_share(1))
        under_second = ground + second.with_alpha(shades.band_share(1))
        column = column_backgrounds(chart, 40)
        expected = [under_second, under_both, under_first, ground]
        shade_colours = [shade for shade, _ in groupby(column)]
        expected_shades = [shade.rich_color.name for shade in expected]
        assert shade_colours in (expected_shades, [expected_shades[-1], *expected_shades])


def test_many_bands_take_little_more_of_a_cell_than_one() -> None:
    assert shades.band_share(1) == pytest.approx(shades.BAND_SHARE)
    for count in range(2, 20):
        together = 1 - (1 - shades.band_share(count)) ** count
        assert shades.BAND_SHARE < together < 0.4


async def test_the_y_axis_holds_the_bands() -> None:
    async with running(SPREAD) as (chart, _):
        frame = frame_of(chart)
        assert frame.y.low <= 2
        assert frame.y.high >= 8
        bounded = ChartSeries("run", [0, 1], [95, 99], 0, low=[90, 97], high=[100, 101])
    async with running(bounded, spec=PERCENT) as (chart, _):
        assert chart.prepared[0].high == (100, 100)
        assert frame_of(chart).y.low <= 90
        assert frame_of(chart).y.ticks[-1] == 100


def test_a_band_is_cut_where_its_line_is() -> None:
    slope = ChartSeries("run", [0, 10], [0, 100], 0, low=[-10, 80], high=[10, 120])
    line = view.cut_line(slope, 2.5, 7.5, 60, False)
    assert (line.x, line.y) == ([2.5, 7.5], [25, 75])
    assert line.band == outlines.VisibleBand(0, [2.5, 7.5], [12.5, 57.5], [37.5, 92.5])
    assert view.cut_line(slope, 11, 12, 60, False).band is None
    exact = view.cut_line(slope, 0, 10, 60, False).band
    assert exact == outlines.VisibleBand(0, [0, 10], [-10, 80], [10, 120])


def test_a_thinned_band_keeps_its_outline() -> None:
    xs = [float(i) for i in range(5000)]
    low, high = [-1.0] * 5000, [1.0] * 5000
    low[1234], high[3456] = -9.0, 9.0
    run = ChartSeries("run", xs, [0.0] * 5000, 0, low=low, high=high)
    band = view.cut_line(run, 0, 4999, 100, False).band
    assert band
    assert len(band.x) == len(band.low) == len(band.high) <= view.POINT_LIMIT
    assert (band.x[0], band.x[-1]) == (0, 4999)
    assert (min(band.low), max(band.high)) == (-9, 9)
    assert band.x[band.low.index(-9)] == pytest.approx(1234, abs=50)
    assert band.x == sorted(band.x)


def test_a_spread_too_small_for_a_cell_has_one_and_none_at_all_has_none() -> None:
    axis = scales.Axis(0, 10, (), ())
    for low, high, expected in ((5.01, 5.02, 1), (5.0, 5.0, 0), (0.0, 10.0, 10), (6.0, 5.0, 0)):
        band = outlines.VisibleBand(0, [0, 10], [low, low], [high, high])
        line = view.VisibleLine(ChartSeries("run", [], [], 0), [], [], [], band)
        rows = view.Frame(axis, axis, [line], left=0, width=20, height=10).layers()
        assert [sum(map(bool, column)) for column in zip(*rows, strict=True)] == [expected] * 20


def test_cleaning_keeps_a_band_aligned() -> None:
    odd = ChartSeries(
        "run",
        [3, 1, math.nan, 2, 4],
        [30, 10, 5, math.nan, 40],
        0,
        low=[29, -5, 0, 0, math.nan],
        high=[31, 11, 0, 0, math.inf],
    )
    clean = view.clean(odd, 0, 100)
    assert (clean.x, clean.y) == ((1, 3, 4), (10, 30, 40))
    # No ends that can be shown: as if there were no spread.
    assert (clean.low, clean.high) == ((0, 29, 40), (11, 31, 40))
    half = ChartSeries("run", [1, 2], [1, 2], 0, low=[0, 1])
    assert view.clean(half, None, None).low == ()


numbers = st.floats(allow_nan=True, allow_infinity=True)
points = st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=40)


@given(points, st.booleans(), st.sampled_from([(None, None), (0.0, 100.0), (-1.0, None)]))
def test_any_band_comes_out_clean(
    rows: list[tuple[float, float, float, float]],
    log_x: bool,
    bounds: tuple[float | None, float | None],
) -> None:
    x, y, low, high = zip(*rows, strict=True) if rows else ((), (), (), ())
    clean = view.clean(ChartSeries("run", x, y, 0, low=low, high=high), *bounds, log_x)
    assert len(clean.x) == len(clean.y) == len(clean.low) == len(clean.high)
    assert list(clean.x) == sorted(clean.x)
    for values in (clean.y, clean.low, clean.high):
        assert all(map(math.isfinite, values))
        assert all(bounds[0] is None or value >= bounds[0] for value in values)
        assert all(bounds[1] is None or value <= bounds[1] for value in values)


@example([(0.0, 0.0, 0.0, 0.0)] * 9, (1, 1), (False, False), 0.0, None)  # more than are drawn
@given(
    points,
    st.tuples(st.integers(1, 80), st.integers(1, 30)),
    st.tuples(st.booleans(), st.booleans()),
    st.floats(0, 0.9),
    st.one_of(st.none(), st.tuples(numbers, numbers)),
)
def test_any_band_has_a_place_on_the_axes(
    rows: list[tuple[float, float, float, float]],
    size: tuple[int, int],
    logs: tuple[bool, bool],
    part: float,
    mark: tuple[float, float] | None,
) -> None:
    log_x, log_y = logs
    x, y, low, high = zip(*rows, strict=True) if rows else ((), (), (), ())
    run = ChartSeries("run", x, y, 0, low=low, high=high)
    run = view.prepare(view.clean(run, None, None, log_x), 0.6, log_y)
    whole = view.extent([run])
    if whole is None:
        return
    present = (whole[0] + part * (whole[1] - whole[0]), whole[1])
    frame = view.frame([run], present, size, (None, None), log_y, log_x=log_x, mark=mark)
    if frame is None:
        return
    cells = frame.layers()
    assert len(cells) == frame.height
    assert all(len(row) == frame.width for row in cells)
    for band in frame.bands:
        assert all(frame.x.low <= at <= frame.x.high for at in band.x)
        assert all(math.isfinite(end) for end in (*band.low, *band.high) if end > -math.inf)


def test_on_a_log_axis_a_band_reaches_the_bottom_where_it_has_no_end() -> None:
    run = ChartSeries("run", [0, 5, 10], [1, 0.1, 1], 0, low=[0.5, -0.1, 0.5], high=[2, 1, 2])
    prepared = view.prepare(view.clean(run, 0, None), 0, True)
    assert prepared.x == (0, 5, 10)
    frame = view.frame([prepared], (0, 10), (60, 20), (0, None), True)
    assert frame
    # The axis is not stretched by what has no logarithm.
    assert frame.y.low >= -2
    rows = frame.layers()
    columns = list(zip(*rows, strict=True))
    assert columns[frame.width // 2][-1]
    assert not columns[0][-1]
    dropped = view.prepare(view.clean(series([0.0, 1.0]), None, None), 0, True)
    assert (dropped.x, dropped.low) == ((2,), ())


async def test_smoothing_smooths_a_band_like_its_line() -> None:
    run = ChartSeries("run", [1, 2, 3], [1, 2, 3], 0, low=[0, 1, 2], high=[1, 2, 9])
    async with running(run) as (chart, _):
        chart.smoothing = 1
        assert chart.prepared[0].low == pytest.approx(smooth([0, 1, 2], 0.6))
        assert chart.prepared[0].high == pytest.approx(smooth([1, 2, 9], 0.6))


async def test_the_readout_tells_the_spread_where_there_is_room() -> None:
    run = ChartSeries("lstm", [1, 2], [98.5, 99], 0, low=[97.1, 98], high=[99.2, 100])
    other = ChartSeries("gru", EPOCHS, ACCURACY.y, 1, points=True)
    async with running(run, other) as (chart, pilot):
        await press(pilot, "home")
        assert "lstm 98.5 (97.1 … 99.2)   ■ gru 55" in screen_lines(chart)[1]
        chart.cursor = 10
        await idle(pilot)
        assert "lstm 99 (98 … 100) @2" in screen_lines(chart)[1]
        await resize(pilot, 40, 20)
        await idle(pilot)
        # It gives way before any name does.
        assert screen_lines(chart)[1].strip() == "epoch 10   ── lstm 99 @2   ■ gru 100"
        # There is none of a single seed.
        await resize(pilot, 80, 20)
        chart.show([replace(run, low=run.y, high=run.y), other])
        await press(pilot, "home")
        assert "lstm 98.5   ■ gru 55" in screen_lines(chart)[1]


@given(st.lists(st.sampled_from("●■"), max_size=12), st.integers(0, 20), st.data())
def test_laying_a_shade_under_a_line_keeps_its_text(
    cells: list[str], left: int, data: st.DataObject
) -> None:
    row = data.draw(st.lists(st.integers(0, 2), min_size=1, max_size=12))
    text = "".join(cells)
    middle = data.draw(st.integers(0, len(text)))
    line = [Segment(text[:middle], Style(color="red")), Segment(text[middle:], Style(bold=True))]
    shaded = list(
        shades.lay_under(line, left, row, lambda _, behind: Style(bgcolor=f"color({behind})"))
    )
    assert "".join(segment.text for segment in shaded) == text
    drawn = [
        style.bgcolor.number if style and style.bgcolor else 0
        for part, style, _ in shaded
        for _ in part
    ]
    assert drawn == [*[0] * left, *row, *[0] * len(text)][: len(text)]


async def test_bands_and_marks_are_drawn_in_every_theme() -> None:
    async with running(SPREAD, ACCURACY) as (chart, pilot):
        chart.mark_range(2, 4, "seen")
        for theme in sorted(BUILTIN_THEMES):
            chart.app.theme = theme
            await idle(pilot)
            frame = frame_of(chart)
            colours = {c for row in range(frame.height) for c in backgrounds(chart, row)}
            # Plain, band, mark and both.
            assert len(colours) == 4, theme


# A log x axis


def test_powers_of_two_are_labelled_as_far_as_they_fit() -> None:
    assert scales.log2_axis(0, 10, 100).labels == tuple(str(2**e) for e in range(11))
    assert scales.log2_axis(0, 10, 100).ticks == tuple(range(11))
    assert scales.log2_axis(0, 10, 40).labels == ("1", "4", "16", "64", "256", "1024")
    assert scales.log2_axis(-2, 1.5, 60, 4).labels == ("0.25", "0.5", "1", "2")
    # Zoomed in to where powers of two are rare.
    narrow = scales.log2_axis(math.log2(500), math.log2(530), 61, 4)
    assert narrow.labels == ("500", "505", "510", "515", "520", "525")
    assert narrow.ticks == pytest.approx([math.log2(int(label)) for label in narrow.labels])


@given(st.floats(-40, 40), st.floats(0.001, 60), st.integers(1, 200))
def test_labels_of_a_log_axis_never_collide(low: float, span: float, width: int) -> None:
    axis = scales.log2_axis(low, low + span, width)
    starts = [scales.label_start(axis, index, width) for index in range(len(axis.ticks))]
    ends = [start + len(label) for start, label in zip(starts, axis.labels, strict=True)]
    assert all(0 <= start < end <= width for start, end in zip(starts, ends, strict=True))
    assert all(end < start for end, start in zip(ends, starts[1:], strict=False))


@given(st.one_of(st.integers(1, 10**12), st.integers(1, 10**6).map(lambda n: n / 1000)))
def test_positions_on_a_log_axis_lead_back_to_their_x(x: float) -> None:
    assert scales.from_position(scales.to_position(x, True), True) == x


async def test_a_log_axis_shows_reads_and_moves_in_the_original_values() -> None:
    async with running(RECALL, log_x=True, x_label="length", spec=PERCENT) as (chart, pilot):
        labels = next(line for line in reversed(screen_lines(chart)) if "1024" in line)
        assert labels.split() == [str(2**e) for e in range(11)]
        assert visible_range(chart) == (1, 1024)
        # Equal factors take equal room.
        line = frame_of(chart).lines[0]
        assert line.x == pytest.approx([math.log2(length) for length in LENGTHS])
        visited = []
        await press(pilot, "home")
        for _ in LENGTHS:
            visited.append(chart.cursor)
            await press(pilot, "right")
        assert visited == LENGTHS
        await press(pilot, "left")
        assert screen_lines(chart)[1].split() == ["length", "512", "●", "recall", "74.4"]
        await press(pilot, "end")
        assert chart.cursor == 1024
        assert screen_lines(chart)[1].startswith(" length 1024 ")


async def test_a_log_axis_zooms_by_factors_around_the_cursor() -> None:
    async with running(RECALL, log_x=True) as (chart, _):
        chart.zoom(1)
        assert visible_range(chart) == (32, 1024)
        chart.action_reset_view()
        chart.cursor = 12
        for _ in range(3):
            chart.zoom(1)
        low, high = visible_range(chart) or (0, 0)
        assert low < 12 < high
        assert math.log2(high / low) == pytest.approx(10 / 8)
        chart.action_cursor_to(-1)
        assert visible_range(chart)
        assert visible_range(chart)[1] == 1024


async def test_a_click_on_a_log_axis_finds_the_nearest_there() -> None:
    async with running(RECALL, log_x=True) as (chart, pilot):
        plot, frame = chart.query_one(ChartPlot), frame_of(chart)
        (place,) = frame.x.places([5.0], frame.width)
        column = frame.left + int(place)
        assert plot.column_to_x(column) == pytest.approx(32, rel=0.1)
        # 32 lies between 20 and 50, nearer to 50 only in factors: 1.6 against 1.56.
        await pilot.click(ChartPlot, offset=(column, 3))
        assert chart.cursor == 50


@pytest.mark.parametrize("points", [True, False])
async def test_short_lengths_survive_among_many(points: bool) -> None:
    lengths = list(range(1, 5001))
    many = ChartSeries("run", lengths, [1 / e for e in lengths], 0, points=points)
    async with running(many, log_x=True) as (chart, pilot):
        line = frame_of(chart).lines[0]
        assert 100 < len(line.x) <= view.POINT_LIMIT
        assert line.x[:10] == pytest.approx([math.log2(e) for e in range(1, 11)])
        await press(pilot, "home", *["right"] * 9)
        assert chart.cursor == 10
        if points:
            marked = [x for x, _ in line.marks]
            gaps = [a - b for a, b in pairwise(marked)]
            assert min(gaps) >= 3 * math.log2(5000) / chart.size.width
            assert marked[0] == math.log2(5000)


async def test_x_without_a_place_on_a_log_axis_is_left_out() -> None:
    odd = ChartSeries("run", [-1, 0, 1, 2, math.inf, math.nan], [1, 2, 3, 4, 5, 6], 0)
    async with running(odd, log_x=True) as (chart, pilot):
        assert chart.prepared[0].y == (3, 4)
        # As another chart may set it.
        chart.cursor = 0
        chart.zoom(1)
        await idle(pilot)
        assert "epoch 0" in screen_lines(chart)[1]
        assert visible_range(chart) == pytest.approx((1, math.sqrt(2)))
        chart.action_cursor(1)
        assert chart.cursor == 1
    none = ChartSeries("run", [0, -3], [1, 2], 0)
    async with running(none, log_x=True, empty_text="Nothing yet") as (chart, _):
        assert "Nothing yet" in screen_text(chart)


async def test_a_log_axis_works_with_one_point_at_tiny_sizes() -> None:
    point = ChartSeries("run", [7], [0.5], 0, points=True, low=[0.2], high=[0.7])
    async with running(point, log_x=True, size=(1, 1)) as (chart, pilot):
        chart.mark_range(7, 7, "seen")
        for size in [(1, 1), (20, 7), (40, 4), (2, 30), (80, 24)]:
            await resize(pilot, *size)
            chart.cursor = None
            chart.action_cursor(-1)
            chart.zoom(1)
            await idle(pilot)
            assert chart.cursor == 7, size


async def test_charts_of_one_axis_share_a_cursor() -> None:
    class TwoCharts(App[None]):
        CSS_PATH = [STYLES]

        def compose(self) -> ComposeResult:
            yield Chart(log_x=True, id="one")
            yield Chart(log_x=True, id="two")
            yield Chart(id="three")

        def on_mount(self) -> None:
            for chart in self.query(Chart):
                chart.describe("Accuracy", ANYTHING, "length")
                self.watch(chart, "cursor", self.share, init=False)

        def share(self, x: float | None) -> None:
            for chart in self.query(Chart):
                chart.cursor = x

    async with TwoCharts().run_test(size=(80, 36)) as pilot:
        charts = list(pilot.app.query(Chart))
        for chart in charts:
            chart.show([RECALL])
        charts[0].focus()
        await press(pilot, "home", *["right"] * 5)
        await idle(pilot)
        assert [chart.cursor for chart in charts] == [12, 12, 12]
        assert screen_text(charts[0]).count("length 12   ● recall 99.4") == 3
        charts[2].focus()
        await press(pilot, "end")
        assert charts[0].cursor == 1024


# A marked range


@pytest.mark.parametrize("log_x", [False, True])
async def test_a_marked_range_is_shaded_and_named(log_x: bool) -> None:
    async with running(RECALL, log_x=log_x, x_label="length") as (chart, pilot):
        before = plot_text(chart)
        chart.mark_range(2, 20, "in training")
        await idle(pilot)
        assert screen_lines(chart)[-1].strip() == "length   ░ in training: 2 … 20"
        assert plot_text(chart) == before
        frame, plain = frame_of(chart), plot_background(chart)
        for row in (0, frame.height - 1):
            shaded = [colour != plain for colour in backgrounds(chart, row)]
            first, last = shaded.index(True), frame.width - 1 - shaded[::-1].index(True)
            assert all(shaded[first : last + 1])
            for end, column in ((2, first), (20, last)):
                at = scales.to_position(end, log_x)
                share = (at - frame.x.low) / (frame.x.high - frame.x.low)
                assert column == pytest.approx(share * (frame.width - 1), abs=1)
        chart.mark_range(None, None)
        await idle(pilot)
        assert screen_lines(chart)[-1].strip() == "length"
        assert set(backgrounds(chart, 0)) == {plain}


async def test_a_marked_range_out_of_view_shades_nothing() -> None:
    async with running(RECALL, log_x=True) as (chart, pilot):
        chart.mark_range(0, 20, "in training")
        chart.zoom(1)
        await idle(pilot)
        assert visible_range(chart) == (32, 1024)
        assert set(backgrounds(chart, 0)) == {plot_background(chart)}
        assert "in training: 0 … 20" in screen_lines(chart)[-1]


async def test_the_marked_range_is_named_where_there_is_little_room() -> None:
    async with running(RECALL, x_label="length", size=(30, 20)) as (chart, pilot):
        chart.mark_range(1, 20, "[b]seen[/b] in training")
        await idle(pilot)
        assert screen_lines(chart)[-1].strip() == "░ 1 … 20"
        chart.mark_range(1, 20, "[b]seen[/b]")
        await idle(pilot)
        assert screen_lines(chart)[-1].strip() == "░ [b]seen[/b]: 1 … 20"
        # A low chart has no foot.
        await resize(pilot, 60, 9)
        await idle(pilot)
        assert "░ [b]seen[/b]: 1 … 20" in screen_lines(chart)[0]
        await resize(pilot, 60, 20)
        await idle(pilot)
        assert "seen" not in screen_lines(chart)[0]


# Colours


def plot_colours(chart: Chart) -> set[str]:
    plot = chart.query_one(ChartPlot)
    rows = [plot.render_line(row) for row in range(plot.size.height)]
    styles = [segment.style for row in rows for segment in row if segment.text.strip()]
    return {style.color.name.upper() for style in styles if style and style.color}


async def test_the_plot_follows_the_theme() -> None:
    async with running(ACCURACY) as (chart, pilot):
        chart.app.theme = "textual-dark"
        await idle(pilot)
        dark = plot_colours(chart)
        chart.app.theme = "textual-light"
        await idle(pilot)
        light = plot_colours(chart)
        assert DARK_PALETTE[0] in dark
        assert LIGHT_PALETTE[0] in light
        assert not dark & light


async def test_runs_can_be_told_apart_without_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(ACCURACY, LOSS) as (chart, _):
        text = "\n".join(screen_lines(chart)[2:])
        assert "●" in text
        assert "■" in text
        assert screen_lines(chart)[0].startswith("━")


@pytest.mark.parametrize("theme", sorted(BUILTIN_THEMES))
def test_curves_contrast_with_every_theme(theme: str) -> None:
    def luminance(colour: Color) -> float:
        linear = [
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.normalized
        ]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    colours = BUILTIN_THEMES[theme].to_color_system().generate()
    palette = DARK_PALETTE if BUILTIN_THEMES[theme].dark else LIGHT_PALETTE
    if colours["background"].startswith("ansi"):
        pytest.skip("the terminal's own colours are unknown")
    for ground in ("background", "surface"):
        for colour in palette:
            dark, light = sorted(
                map(luminance, (Color.parse(colour), Color.parse(colours[ground])))
            )
            assert (light + 0.05) / (dark + 0.05) >= 3


# Words that fit


async def test_titles_and_sentences_lose_whole_words_where_there_is_no_room() -> None:
    sentence = "Press t to train: curves appear here"
    words = {"Validation", "Val", "bit", "accuracy", "acc", "──", "train", "●", "val"}
    async with running(empty_text=sentence, size=(12, 20)) as (chart, pilot):
        for width in range(12, 60, 4):
            chart.show([])
            await resize(pilot, width, 20)
            assert " ".join(screen_text(chart).split()).endswith(sentence), width
            chart.describe("Validation bit accuracy: ── train, ● val", LOSS_METRIC)
            chart.show([replace(FALLING, y=[10 / (1 + at) for at in range(200)])])
            await idle(pilot)
            title = screen_lines(chart)[0].strip("─━")
            assert "…" not in title, width
            shown = {word.strip(":,") for word in title.split()}
            assert shown <= words | {"·", "auto", "log"}, width


async def test_a_log_axis_without_a_power_in_view_has_round_numbers() -> None:
    async with running(log_x=True) as (chart, _):
        for low, high in [(0.002, 0.006), (0.0021, 0.0029), (0.0003, 0.04)]:
            chart.show([ChartSeries("trials", [low, high], [1, 2], 0, points=True, line=False)])
            chart.place_ticks({0.0001: "0.0001", 0.001: "0.001", 0.01: "0.01"})
            axis = frame_of(chart).x
            assert len(axis.ticks) >= 2
            for tick, label in zip(axis.ticks, axis.labels, strict=True):
                assert float(label) == pytest.approx(2.0**tick)
                assert len(label) <= 7


async def test_a_value_alone_is_shown_in_large_digits() -> None:
    seeds = ChartSeries("seeds", [1], [98.25], 0, points=True, low=[97], high=[99])
    async with running(seeds, size=(30, 14), spec=PERCENT) as (chart, pilot):
        assert "└" not in screen_text(chart)
        assert "● seeds" in screen_text(chart)
        assert "╰─┤├─┤ ┌─┘╰─╮" in screen_text(chart)
        assert "(97 … 99)" in screen_text(chart)
        await resize(pilot, 30, 4)
        await idle(pilot)
        assert "● seeds 98.25" in screen_text(chart)
        await resize(pilot, 60, 20)
        chart.show([replace(seeds, line=False)])  # a trial: its place counts
        await idle(pilot)
        assert "└" in screen_text(chart)


async def test_a_chart_in_full_screen_says_how_to_leave_it() -> None:
    async with running(ACCURACY) as (chart, pilot):
        chart.screen.maximize(chart, container=False)
        await resize(pilot, 79, 20)
        await idle(pilot)
        assert "Esc leaves full screen" in screen_lines(chart)[0]
        chart.focus()
        await press(pilot, "left")
        assert "Esc hides the cursor" in screen_lines(chart)[0]
        await press(pilot, "escape", "escape")
        await idle(pilot)
        assert chart.screen.maximized is None
