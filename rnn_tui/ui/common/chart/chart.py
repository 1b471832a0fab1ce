"""A line chart for live training curves. Plotext draws the braille lines, and only this module
knows it; what it decides badly (ranges, ticks, legend, colours) ``ChartBase`` and below decide.
Redraws take time from the training that is watched: ``ChartPlot`` draws only what changed, once a
refresh, when Textual asks for its first line, so that it is on screen.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.state import RunState, SpreadSeries
from rnn_tui.runs.curves import Line
from rnn_tui.ui.common.chart import readout, view
from rnn_tui.ui.common.chart.base import ChartBase
from rnn_tui.ui.common.chart.geometry import MARK_LAYER, MARK_SHARE, Restyle, band_share, lay_under
from rnn_tui.ui.common.chart.view import ChartSeries, Frame

__all__ = ["Chart", "ChartSeries"]

# Plotext gets roles instead of colours: an RGB triple of number and role per element. They come
# back in its output.
LINE, AXIS, CURSOR = 1, 2, 3
TICK = "┤"
FAINT = 0.45  # of its colour is left in a series that stands back
ESCAPE = re.compile(r"\x1b\[(?:38;2;(\d+);(\d+);0|0)m")


class ChartLine(Widget):
    """Text for a width in cells, beside others in so many lines; worked out only when it is on
    screen.
    """

    ALLOW_SELECT = False

    def __init__(self, text: Callable[[int, int], Content], classes: str) -> None:
        super().__init__(classes=classes)
        self._text, self._height, self._room = text, 1, 0

    def render(self) -> Content:
        return self._text(self.content_size.width, self._room)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        # to ask a widget for its size in here would lay out the whole screen once more
        self._room = container.height
        self._height = self._text(width, self._room).plain.count("\n") + 1
        return self._height

    def redraw(self) -> None:
        """Draw anew, and make room where the text has more or fewer lines."""
        self.refresh(layout=self.render().plain.count("\n") + 1 != self._height)


# How much of the foreground is in each part. No component classes, each of which Textual would work
# out as a widget of its own whenever a chart is styled. The mark is blended faintly later on.
SHARES = {"axis": 0.55, "grid": 0.12, "cursor": 0.8, "mark": 1.0}


class ChartPlot(Widget):
    """The area of a chart's plot, with its axes."""

    ALLOW_SELECT = False

    def __init__(self, chart: ChartBase) -> None:
        super().__init__()
        self._chart = chart
        self._rows: list[Strip] | None = None
        self._look: tuple[object, ...] = ()  # what they were drawn with
        # whether that may be another now: styles are read anew at each change of focus
        self._restyled = False
        self._frame: Frame | None = None

    def redraw(self) -> None:
        """Draw anew the next time the plot is on screen."""
        self._rows = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Draw anew where colours changed, as with the theme: lines keep theirs."""
        super().notify_style_update()
        self._restyled = True

    def render_line(self, y: int) -> Strip:
        """Return one line, drawing all of them first if anything changed."""
        if self._rows is None or self._restyled or self.size != self._look[0]:
            self._restyled, before = False, self._look
            self._look = (
                self.size,
                self.app.current_theme.dark,
                self._background,
                *map(self._style, SHARES),
            )
            self._rows = (
                self._rows if self._look == before and self._rows is not None else self._draw()
            )
        return self._rows[y] if y < len(self._rows) else self._blank()

    def column_to_x(self, column: int) -> float | None:
        """Return the x shown at a column, None where nothing is plotted."""
        if (frame := self._frame) is None or not frame.left <= column < frame.left + frame.width:
            return None
        return self._chart.to_x(frame.x.position((column - frame.left) * 2 + 0.5, frame.width * 2))

    def _draw(self) -> list[Strip]:
        """Turn what plotext draws into lines in the styles of the theme, and shade them."""
        width, height = self.size
        frame = self._frame = self._chart.frame(width, height)
        if frame is None:
            text = (
                Content(self._chart.empty_message)
                .truncate(width, ellipsis=True)
                .plain.center(width)
            )
            return [
                *[self._blank()] * ((height - 1) // 2),
                Strip([Segment(text, self._style("axis"))]),
            ]
        background, dark = self._background.rich_color, self.app.current_theme.dark
        plain, grid = Style(bgcolor=background), self._style("grid")
        styles = {(0, AXIS): self._style("axis"), (0, CURSOR): self._style("cursor")}
        for one in frame.lines:
            styles[_number(one.series), LINE] = Style(
                color=self._colour(one.series, dark), bgcolor=background
            )
        shaded, restyle = (
            frame.layers() if frame.bands or frame.mark else [],
            self._on_layers(frame),
        )
        strips: list[Strip] = []
        for index, row in enumerate(plotted(frame, width, height, self._chart.cursor_position)):
            segments = []
            space, empty = " ", plain
            for number, role, text in row:
                segments.append(
                    Segment(text, styles[number, role])
                    if role
                    else Segment(text.replace(" ", space), empty)
                )
                if text.endswith(TICK):
                    # The grid fills what plotext leaves empty: ten times as fast as its own lines,
                    # and none across the cursor.
                    space, empty = "─", grid
            if index < len(shaded) and any(shaded[index]):
                segments = list(lay_under(segments, frame.left, shaded[index], restyle))
            strips.append(
                Strip([segment for segment in segments if segment.text]).adjust_cell_length(
                    width, plain
                )
            )
        return strips

    def _blank(self) -> Strip:
        return Strip.blank(self.size.width, Style(bgcolor=self._background.rich_color))

    @property
    def _background(self) -> Color:
        """The colour behind the plot, that of whatever the chart lies on."""
        return self.background_colors[1]

    def _faint(self, name: str) -> Color:
        """Return the colour of a part, usually translucent."""
        foreground = Color.parse(self.app.theme_variables["foreground"])
        return foreground.multiply_alpha(SHARES[name])

    def _style(self, name: str) -> Style:
        """Return the style of a part, blended with what is behind the chart."""
        background = self._background
        return Style(
            color=(background + self._faint(name)).rich_color, bgcolor=background.rich_color
        )

    def _colour(self, series: ChartSeries, dark: bool) -> str:
        colour = Color.parse(curve_colour(series.colour, dark))
        return (self._background + colour.with_alpha(FAINT)).hex6 if series.faint else colour.hex6

    def _on_layers(self, frame: Frame) -> Restyle:
        ground, ink, dark = self._background, self._faint("mark"), self.app.current_theme.dark
        # the terminal's own colours cannot be blended; only which is darker is known
        if ground.ansi is not None:
            ends = Color.parse("black"), Color.parse("white")
            ground, ink = ends if dark else ends[::-1]
        hues = [Color.parse(curve_colour(band.colour, dark)) for band in frame.bands]
        grid, faint = self._style("grid"), self._faint("grid")

        @cache
        def restyle(style: Style | None, behind: int) -> Style:
            colour = ground + ink.with_alpha(MARK_SHARE) if behind & MARK_LAYER else ground
            here = [hue for index, hue in enumerate(hues, start=1) if behind >> index & 1]
            for hue in here:
                colour += hue.with_alpha(band_share(len(here)))
            on_colour = Style(bgcolor=colour.rich_color)
            if style == grid:
                return on_colour + Style(color=(colour + faint).rich_color)
            return on_colour if style is None else style + on_colour

        return restyle

    def on_click(self, event: events.Click) -> None:
        if (x := self.column_to_x(event.x)) is not None:
            self._chart.move_cursor_near(x)

    @on(events.MouseScrollUp)
    @on(events.MouseScrollDown)
    def _wheel(self, event: events.MouseEvent) -> None:
        """Zoom around the pointer; a turn that can't zoom any further scrolls what is around."""
        if self._chart.zoom(
            1 if isinstance(event, events.MouseScrollUp) else -1, self.column_to_x(event.x)
        ):
            event.stop()
            event.prevent_default()


def _number(series: ChartSeries) -> int:
    """By which a series' colour comes back in what plotext gives."""
    return series.colour % 128 + 128 * series.faint


def plotted(
    frame: Frame, width: int, height: int, cursor: float | None = None
) -> list[list[tuple[int, int, str]]]:
    """Let plotext draw in so many columns and rows: rows of texts, each with its number and role, 0
    for none.
    """
    # an app without runs draws its first frame sooner
    from textual_plotext.plot import Plot  # noqa: PLC0415

    # a fresh one each time, for a tenth of a millisecond: plotext changes its data in place when it
    # builds
    plot = Plot()
    plot.theme("clear")
    # the public plotsize() is capped by the size of the terminal at import
    plot._set_size(width, height)  # noqa: SLF001
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    plot.ticks_color((0, AXIS, 0))
    plot.xlim(frame.x.low, frame.x.high)
    plot.ylim(frame.y.low, frame.y.high)
    plot.xticks(frame.x_cells(frame.x.ticks), list(frame.x.labels))
    plot.yticks(frame.y_cells(frame.y.ticks), list(frame.y.labels))
    if cursor is not None and frame.x.low <= cursor <= frame.x.high:
        plot.vertical_line(frame.x_cells([cursor])[0], color=(0, CURSOR, 0))
    for one in frame.lines:
        if one.series.line:
            plot.plot(one.x, one.y, marker="braille", color=(_number(one.series), LINE, 0))
        for at, low, high in one.bars:
            plot.plot([at, at], [low, high], marker="braille", color=(_number(one.series), LINE, 0))
    for one in frame.lines:  # after all lines: what comes later covers what is there
        x, y = frame.x_cells(x for x, _ in one.marks), frame.y_cells(y for _, y in one.marks)
        plot.scatter(x, y, marker=one.series.marker, color=(_number(one.series), LINE, 0))
        if one.beyond:
            x, y = frame.x_cells([one.beyond[0]]), frame.y_cells([frame.y.high])
            plot.scatter(x, y, marker="↑", color=(_number(one.series), LINE, 0))
    # Splitting at two groups: text, number, role, text, number, role, text, ...
    rows = (["", "", *ESCAPE.split(row)] for row in str(plot.build()).splitlines())
    return [
        [
            (int(parts[at] or 0), int(parts[at + 1] or 0), parts[at + 2])
            for at in range(0, len(parts), 3)
        ]
        for parts in rows
    ]


def loss_chart(state: RunState, width: int, height: int) -> Text:
    """The loss in so many columns and rows, without an app: training as lines, validation as
    points, the mean over seeds.
    """
    drawn = []
    for metric in (one for one in state.metric_definitions if one.chart == "loss"):
        points = metric.stage != "train"
        for at, band in enumerate(state.bands.get(metric.name, ())):
            drawn.append(
                ChartSeries(
                    f"{state.config.variants[at].label} {metric.label}",
                    band.x,
                    band.mean,
                    at,
                    points,
                )
            )
        if (one := state.series.get(metric.name)) is not None:
            drawn.append(
                ChartSeries(metric.label, one.x, one.y, len(drawn), points, line=not points)
            )
    cleaned = [view.clean(one, 0.0, None) for one in drawn]
    log_y = view.spans_a_decade(cleaned)
    prepared = [view.prepare(one, 0.0, log_y) for one in cleaned]
    present, size = view.extent(prepared), (width, height - 1)
    frame = present and view.frame(prepared, present, size, (0.0, None), log_y, settled=not log_y)
    if not frame:
        return Text("No loss was logged yet.", "dim")
    chart = Text(no_wrap=True, overflow="ellipsis")
    for series in prepared:
        chart.append(
            series.marker if series.points else "─", curve_colour(series.colour, dark=True)
        )
        chart.append(f" {series.name}  ")
    chart.append("log scale" if log_y else "", "dim")
    for (_, _, first), *parts in plotted(frame, *size):
        chart.append(f"\n{first}")
        for number, role, text in parts:
            chart.append(text, curve_colour(number, dark=True) if role == LINE else "dim")
    return chart


class Chart(ChartBase):
    """Curves over epochs with a legend, a cursor and zoom."""

    _read = 0  # lines of the longest reading since the cursor came

    def as_text(self) -> str:
        """What it shows, from its title down, as lines of text; empty where it has no room yet."""
        lines = self.render_lines(Region(0, 0, *self.outer_size))[:1]  # the title
        for part in self.children:
            if part.display:
                lines += part.render_lines(part.size.region)
        return "\n".join(line.text.rstrip() for line in lines)

    def compose(self) -> ComposeResult:
        yield ChartLine(self.legend, classes="chart-legend")
        yield ChartPlot(self)
        yield ChartLine(self.foot, classes="chart-foot")
        yield ChartLine(self.last_values, classes="chart-values")

    def legend(self, width: int, height: int) -> Content:
        """Return the runs; with a cursor, its x and the value of each run there."""
        entries = readout.entries(
            self.prepared,
            self.app.current_theme.dark,
            self.cursor_position,
            self._present,
            self.log_x,
        )
        prefix = "" if self.cursor is None else f"{self._x_label} {self.named(self.cursor)}"
        lines = readout.text_lines(prefix, entries, width, max(1, height // (3 if prefix else 4)))
        # other values, as the cursor moves, must not move the plot
        self._read = max(self._read, len(lines)) if prefix else 0
        return Content("\n").join([*lines, *[Content()] * (self._read - len(lines))])

    def foot(self, width: int, _height: int) -> Content:
        """Return what the x axis counts and what is marked on it."""
        return readout.foot_line(self._x_label, self._mark, width) if self._series else Content()

    def last_values(self, width: int, _height: int) -> Content:
        """Return the last value of each run, one a line."""
        if not (
            entries := readout.entries(self.prepared, self.app.current_theme.dark, float("inf"))
        ):
            return Content(self.empty_message).truncate(width, ellipsis=True)
        return Content("\n").join(
            line for entry in entries for line in readout.text_lines("", [entry], width)
        )

    def redraw(self) -> None:
        for part in (*self.query(ChartPlot), *self.query(ChartLine)):
            part.redraw()


SpreadKind = Literal["range", "sd"]
SPREAD_LABELS = {"range": "min … max", "sd": "± sd"}


def spread_series(
    name: str, series: SpreadSeries, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """A mean over seeds with its spread around it."""
    low, high = series.low, series.high
    if kind == "sd":
        pairs = list(zip(series.mean, series.sd, strict=True))
        low, high = tuple(m - s for m, s in pairs), tuple(m + s for m, s in pairs)
    return ChartSeries(name, series.x, series.mean, colour, points, low, high)


def line_series(
    name: str, line: Line, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """A line over runs: with its spread, and their number after its name; or of one run alone."""
    series = SpreadSeries.of(line.x, line.spreads)
    if line.seeds < 2:
        return ChartSeries(name, series.x, series.mean, colour, points)
    return spread_series(f"{name} (n {line.seeds})", series, colour, kind, points)


def share_cursor(owner: Widget, charts: Sequence[Chart]) -> None:
    """Read all these charts of `owner` at the same place."""

    def follow(position: float | None) -> None:
        for chart in charts:
            if position is None or owner.app.focused is not chart:
                chart.cursor = position

    for chart in charts:
        owner.watch(chart, "cursor", follow, init=False)
