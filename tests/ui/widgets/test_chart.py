"""What a user relies on when reading a chart."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES

import rnn_tui.ui.widgets.chart as chart_module
from rnn_tui.engine.history import decimate, smooth
from rnn_tui.ui.widgets import chart_axes as axes
from rnn_tui.ui.widgets import chart_view as view
from rnn_tui.ui.widgets.chart import Chart, ChartPlot, ChartSeries

STYLES = Path(chart_module.__file__).with_suffix(".tcss")
EPOCHS = list(range(1, 11))
ACCURACY = ChartSeries("lstm", EPOCHS, [50 + 5 * e for e in EPOCHS], 0, points=True)
LOSS = ChartSeries("gru", [e / 10 for e in range(1, 101)], [10 / e for e in range(1, 101)], 1)


class ChartApp(App[None]):
    CSS_PATH = [STYLES]

    def __init__(self, chart: Chart) -> None:
        super().__init__()
        self.chart = chart

    def compose(self) -> ComposeResult:
        yield self.chart


@asynccontextmanager
async def running(
    *series: ChartSeries, size: tuple[int, int] = (80, 20), **options: Any
) -> AsyncIterator[tuple[Chart, Pilot[None]]]:
    chart = Chart("Metric", **options)
    async with ChartApp(chart).run_test(size=size) as pilot:
        chart.show(series)
        await pilot.pause()
        yield chart, pilot


def screen_lines(chart: Chart) -> list[str]:
    return [strip.text for strip in chart.app.screen._compositor.render_strips()]


def screen_text(chart: Chart) -> str:
    return "\n".join(screen_lines(chart))


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
        assert 100 < len(frame_of(chart).traces[0].x) <= view.POINT_LIMIT
        chart.action_zoom(1)
        assert 100 < len(frame_of(chart).traces[0].x) <= view.POINT_LIMIT


# Axes


@pytest.mark.parametrize(
    "ys", [[99.9, 100.0], [0.0, 0.2], [100.0], [0.0], [0, 100], [98.7] * 5, [97.1, 99.2, 104.0]]
)
@pytest.mark.parametrize("height", [3, 8, 20, 40])
def test_the_axis_never_leaves_the_bounds_of_the_metric(ys: list[float], height: int) -> None:
    clean = view.clean(series(ys), 0, 100)
    frame = view.frame([clean], (0.5, 9.5), (60, height), (0, 100), False)
    assert frame is not None
    assert 0 <= frame.y.low < frame.y.high <= 100
    assert all(frame.y.low <= tick <= frame.y.high for tick in frame.y.ticks)
    assert all(frame.y.low <= y <= frame.y.high for y in frame.traces[0].y)


def test_ticks_are_round_numbers_with_as_many_decimals_as_needed() -> None:
    axis = axes.linear_axis(0.13, 0.58, 6)
    assert axis.labels == ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
    assert axes.linear_axis(61, 98, 5, 0, 100).labels == ("60", "70", "80", "90", "100")
    assert axes.linear_axis(-0.4, 0.4, 5).labels == ("-0.4", "-0.2", "0.0", "0.2", "0.4")


def test_log_ticks_are_1_2_5_and_thin_out_to_decades() -> None:
    axis = axes.log_axis(0.09, 1.7, 8)
    assert axis.labels == ("0.05", "0.1", "0.2", "0.5", "1", "2")
    assert axis.ticks == pytest.approx([math.log10(float(label)) for label in axis.labels])
    assert axes.log_axis(1e-6, 900, 6).labels == ("1e-6", "0.0001", "0.01", "1", "100")
    assert axes.log_axis(0.21, 0.24, 5).labels == ("0.21", "0.22", "0.23", "0.24")


def test_x_ticks_are_whole_epochs_until_zoomed_and_never_collide() -> None:
    assert axes.x_axis(1, 10, 70).labels == tuple(map(str, EPOCHS))
    assert axes.x_axis(0.5, 3, 200).labels == ("1", "2", "3")
    assert axes.x_axis(2.0, 2.8, 60).labels == ("2.0", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6",
                                                "2.7", "2.8")  # fmt: skip
    for width in (1, 5, 12, 30, 100):
        axis = axes.x_axis(1, 20000, width)
        assert len("  ".join(axis.labels)) <= max(width, len(axis.labels[0]) if axis.labels else 0)


async def test_axis_labels_are_on_screen_unclipped() -> None:
    async with running(ACCURACY, upper=100, lower=0) as (chart, _):
        lines = screen_lines(chart)
        labels = [line.split("┤")[0].strip() for line in lines if "┤" in line]
        assert labels == ["100", "90", "80", "70", "60", "50"]
        epochs = next(line for line in reversed(lines) if "10" in line)
        assert epochs.split() == [str(epoch) for epoch in EPOCHS]
        assert lines[-1].strip() == "epoch"


# Difficult values


@pytest.mark.parametrize("log_y", [False, True])
@pytest.mark.parametrize(
    "ys",
    [
        [1.0, math.nan, 2.0, math.inf, 3.0, -math.inf],
        [0.5],
        [0.3] * 7,
        [0.0] * 3,
        [0.0, 0.5, -1.0, 2.0],
        [1e-12, 1e12],
        [math.nan],
        [],
    ],
)
async def test_any_values_are_drawn(ys: list[float], log_y: bool) -> None:
    async with running(series(ys), series(ys, points=True), size=(60, 15)) as (chart, pilot):
        chart.log_y = log_y
        chart.action_cursor(-1)
        chart.action_zoom(1)
        chart.smoothing = 2
        await pilot.pause()
        drawable = any(math.isfinite(y) and (y > 0 or not log_y) for y in ys)
        assert ("└" in screen_text(chart)) == drawable


async def test_values_without_a_place_are_left_out() -> None:
    odd = series([0.5, math.nan, 0.0, math.inf, 2.0])
    async with running(odd) as (chart, _):
        assert chart.prepared[0].y == (0.5, 0.0, 2.0)
        chart.log_y = True
        assert chart.prepared[0].y == (0.5, 2.0)
        assert frame_of(chart).traces[0].y == pytest.approx([math.log10(0.5), math.log10(2)])


async def test_an_empty_chart_says_so() -> None:
    async with running(empty_text="Nothing trained yet") as (chart, pilot):
        assert "Nothing trained yet" in screen_text(chart)
        assert "└" not in screen_text(chart)
        chart.show([series([0.0, 0.0])])
        chart.log_y = True
        await pilot.pause()
        assert "log scale" in screen_text(chart)
        chart.log_y = False
        await pilot.pause()
        assert "└" in screen_text(chart)


# Cursor


async def test_the_cursor_reads_every_series_at_its_position() -> None:
    short = ChartSeries("short", [1, 2, 3], [0.25, 0.5, 0.75], 2, points=True)
    async with running(ACCURACY, short) as (chart, pilot):
        await pilot.press("home", "right")
        assert chart.cursor == 2
        line = screen_lines(chart)[1]
        assert line.split() == ["epoch", "2", "●", "lstm", "60", "▲", "short", "0.5"]
        await pilot.press("end")
        assert chart.cursor == 10
        # A run that ended earlier must not seem to have a value here.
        assert screen_lines(chart)[1].split()[-3:] == ["short", "0.75", "@3"]
        await pilot.press("left")
        assert chart.cursor == 9
        await pilot.press("escape")
        assert chart.cursor is None
        assert screen_lines(chart)[1].split() == ["●", "lstm", "▲", "short"]


async def test_the_cursor_stops_once_a_column_and_at_every_epoch() -> None:
    dense = ChartSeries("loss", [i / 1000 for i in range(10001)], [1.0] * 10001, 0)
    async with running(dense, ACCURACY) as (chart, pilot):
        await pilot.press("home")
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
        column = plot.size.width - 1
        assert [plot.render_line(row).text[column] for row in (4, 5, 6)] == ["│"] * 3


# Zoom


async def test_zoom_keeps_the_right_end_or_the_cursor_and_scales_y() -> None:
    async with running(LOSS) as (chart, _pilot):
        whole = frame_of(chart)
        chart.action_zoom(1)
        assert chart.visible_range == pytest.approx((5.05, 10))
        assert frame_of(chart).y.high < 0.3 < whole.y.high
        chart.action_reset_view()
        assert chart.visible_range == (0.1, 10)
        chart.cursor = 2.0
        for _ in range(3):
            chart.action_zoom(1)
        low, high = chart.visible_range or (0, 0)
        assert low < 2.0 < high
        assert high - low == pytest.approx(9.9 / 8)
        assert all("." in label for label in frame_of(chart).x.labels)
        for _ in range(4):
            chart.action_zoom(-1)
        assert chart.visible_range == (0.1, 10)


async def test_a_zoomed_view_is_drawn_up_to_its_edges() -> None:
    two = ChartSeries("run", [0, 10], [0, 100], 0)
    async with running(two) as (chart, _):
        chart.cursor = 5
        chart.action_zoom(1)
        trace = frame_of(chart).traces[0]
        # The cursor's stops are data: 5 is none, but any position may be set.
        assert (trace.x, trace.y) == ([2.5, 7.5], [25, 75])


async def test_the_view_follows_the_cursor_and_new_data() -> None:
    async with running(LOSS) as (chart, pilot):
        for _ in range(4):
            chart.action_zoom(1)
        span = 9.9 / 16
        more = ChartSeries("gru", [*LOSS.x, 11.0], [*LOSS.y, 0.1], 1)
        chart.show([more])
        assert chart.visible_range == pytest.approx((11 - span, 11))
        await pilot.press("home")
        assert chart.visible_range == pytest.approx((0.1, 0.1 + span))
        chart.show([ChartSeries("gru", [*more.x, 12.0], [*more.y, 0.1], 1)])
        assert chart.visible_range == pytest.approx((0.1, 0.1 + span))
        for _ in range(9):
            chart.action_cursor(1)
        assert chart.cursor == pytest.approx(1.0)
        low, high = chart.visible_range or (0, 0)
        assert low <= 1.0 <= high


async def test_the_wheel_zooms_around_the_pointer() -> None:
    async with running(LOSS) as (chart, pilot):
        await pilot._post_mouse_events([chart_module.events.MouseScrollUp], ChartPlot, (20, 5))
        low, high = chart.visible_range or (0, 0)
        assert high - low == pytest.approx(9.9 / 2)
        assert low < 2.5
        await pilot._post_mouse_events([chart_module.events.MouseScrollDown], ChartPlot, (20, 5))
        assert chart.visible_range == (0.1, 10)


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


async def test_modes_that_are_not_allowed_stay_off() -> None:
    async with running(ACCURACY, allow_log=False, allow_smoothing=False) as (chart, _pilot):
        await chart.run_action("toggle_log")
        await chart.run_action("cycle_smoothing")
        chart.action_toggle_log()
        chart.action_cycle_smoothing()
        assert (chart.log_y, chart.smoothing) == (False, 0)


def test_bounds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="lower"):
        Chart("Metric", lower=1, upper=1)


# Drawing


async def test_equal_data_is_not_drawn_again() -> None:
    async with running(ACCURACY) as (chart, pilot):
        before = chart.draw_count
        chart.show([ChartSeries("lstm", list(ACCURACY.x), list(ACCURACY.y), 0, points=True)])
        await pilot.pause()
        assert chart.draw_count == before
        chart.show([ACCURACY, LOSS])
        chart.cursor = 5
        await pilot.pause()
        assert chart.draw_count == before + 1


async def test_data_that_grows_in_place_is_drawn() -> None:
    xs, ys = [1.0, 2.0], [1.0, 2.0]
    async with running(ChartSeries("run", xs, ys, 0)) as (chart, pilot):
        before = chart.draw_count
        xs.append(3.0)
        ys.append(9.0)
        chart.show([ChartSeries("run", xs, ys, 0)])
        await pilot.pause()
        assert chart.draw_count == before + 1
        assert frame_of(chart).y.high >= 9


async def test_a_hidden_chart_does_not_draw() -> None:
    async with running(ACCURACY) as (chart, pilot):
        chart.display = False
        await pilot.pause()
        before = chart.draw_count
        chart.show([LOSS])
        chart.smoothing = 2
        await pilot.pause()
        assert chart.draw_count == before
        chart.display = True
        await pilot.pause()
        assert chart.draw_count == before + 1
        assert "gru" in screen_text(chart)


async def test_markup_in_names_is_shown_literally() -> None:
    name = "[red]a[/red] [@click=app.quit]b"
    plain = ChartSeries(name, [1, 2], [1, 2], 0)
    async with running(plain) as (chart, pilot):
        assert name in screen_lines(chart)[1]
        chart.cursor = 2
        await pilot.pause()
        assert f"{name} 2" in screen_lines(chart)[1]


@pytest.mark.parametrize("width", range(0, 90, 7))
def test_a_legend_fits_its_width_and_keeps_the_markers(width: int) -> None:
    runs = [ChartSeries(f"a long 名前 {i}", [1], [0.5], i) for i in range(3)]
    entries = view.entries(runs, view.DARK_PALETTE, 1.0)
    line = view.text_line("epoch 1", entries, width)
    assert line.cell_length <= width
    if width >= 45:
        assert all(f"{run.marker}" in line.plain for run in runs)
        assert line.plain.count("0.5") == 3


@pytest.mark.parametrize(
    "size", [(1, 1), (10, 3), (20, 5), (20, 7), (40, 4), (30, 8), (2, 30), (200, 2)]
)
async def test_tiny_sizes_work(size: tuple[int, int]) -> None:
    async with running(ACCURACY, LOSS, size=size) as (chart, pilot):
        for change in (chart.action_toggle_log, chart.action_cycle_smoothing):
            chart.action_cursor(-1)
            chart.action_zoom(1)
            await pilot.pause()
            change()
        chart.styles.height = 0
        await pilot.pause()
        chart.action_cursor(-1)
        chart.styles.height = "1fr"
        await pilot.pause()
        assert screen_lines(chart)


async def test_too_small_for_a_plot_shows_the_last_values() -> None:
    async with running(ACCURACY, LOSS, size=(20, 5)) as (chart, pilot):
        assert [line.split() for line in screen_lines(chart)[1:3]] == [
            ["●", "lstm", "100"],
            ["─■", "gru", "0.1"],
        ]
        assert "└" not in screen_text(chart)
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert "└" in screen_text(chart)


# Colours


def plot_colours(chart: Chart) -> set[str]:
    plot = chart.query_one(ChartPlot)
    rows = [plot.render_line(row) for row in range(plot.size.height)]
    styles = [segment.style for row in rows for segment in row if segment.text.strip()]
    return {style.color.name.upper() for style in styles if style and style.color}


async def test_the_plot_follows_the_theme() -> None:
    async with running(ACCURACY) as (chart, pilot):
        chart.app.theme = "textual-dark"
        await pilot.pause()
        dark = plot_colours(chart)
        chart.app.theme = "textual-light"
        await pilot.pause()
        light = plot_colours(chart)
        assert view.DARK_PALETTE[0] in dark
        assert view.LIGHT_PALETTE[0] in light
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
    palette = view.DARK_PALETTE if BUILTIN_THEMES[theme].dark else view.LIGHT_PALETTE
    if colours["background"].startswith("ansi"):
        pytest.skip("the terminal's own colours are unknown")
    for ground in ("background", "surface"):
        for colour in palette:
            dark, light = sorted(
                map(luminance, (Color.parse(colour), Color.parse(colours[ground])))
            )
            assert (light + 0.05) / (dark + 0.05) >= 3
