"""A line chart for live training curves.

Redraws take time from the training that is watched. So ``ChartPlot`` draws only what changed, once
a refresh, when Textual asks for its first line: then it is on screen.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from textwrap import wrap
from typing import Literal

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from rnn_tui.archive.curves import Line
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.state import SpreadSeries
from rnn_tui.ui.chart import readout
from rnn_tui.ui.chart.axes import TICK
from rnn_tui.ui.chart.base import ChartBase
from rnn_tui.ui.chart.plotting import AXIS, CURSOR, LINE, PlottedText, number_of, plotted
from rnn_tui.ui.chart.shades import MARK_LAYER, MARK_SHARE, Restyle, band_share, lay_under
from rnn_tui.ui.chart.view import ChartSeries, Frame

__all__ = ["Chart", "ChartSeries"]

FAINT = 0.45  # the share of its colour that a faint series keeps


class ChartLine(Widget):
    """A text around the plot, worked out only when it is on screen."""

    ALLOW_SELECT = False

    def __init__(self, text: Callable[[int, int], Content], classes: str) -> None:
        """Create a line.

        Args:
            text: Makes its text, given its width in cells and the chart's height in lines.
            classes: Of the widget.
        """
        super().__init__(classes=classes)
        self._text = text
        self._height = 1  #: Lines of the text that there is room for.
        self._chart_height = 0

    def render(self) -> Content:
        return self._text(self.content_size.width, self._chart_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        # to ask a widget for its size in here would lay out the whole screen once more
        self._chart_height = container.height
        self._height = _lines_of(self._text(width, self._chart_height))
        return self._height

    def redraw(self) -> None:
        """Draw anew, and make room if the text has more or fewer lines."""
        self.refresh(layout=_lines_of(self.render()) != self._height)


def _lines_of(text: Content) -> int:
    return text.plain.count("\n") + 1


# The share of the foreground in the colour of each part. These are no component classes: Textual
# would work out each as a widget of its own whenever a chart is styled. The mark is blended faintly
# later on.
SHARES = {"axis": 0.55, "grid": 0.12, "cursor": 0.8, "mark": 1.0}
LEAST_SHARE = 0.3  # where the terminal chooses the colour of the ground, which may be no black


class ChartPlot(Widget):
    """The area of a chart's plot, with its axes."""

    ALLOW_SELECT = False

    def __init__(self, chart: ChartBase) -> None:
        super().__init__()
        self._chart = chart
        self._rows: list[Strip] | None = None  #: What was drawn; None if that is out of date.
        self._rows_look: tuple[object, ...] = ()  #: The `_look` that they were drawn with.
        #: Whether the look may have changed: styles are read anew at each change of focus.
        self._restyled = False
        self._rows_size = Size()  #: The size that they were drawn with.
        self._frame: Frame | None = None  #: What is drawn; None if nothing is plotted.

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
        if self._rows is None or self._restyled or self.size != self._rows_size:
            self._restyled = False
            look = self._look()
            if self._rows is None or look != self._rows_look:
                self._rows_look = look
                self._rows_size = self.size
                self._rows = self._draw()
        return self._rows[y] if y < len(self._rows) else self._blank()

    def _look(self) -> tuple[object, ...]:
        """Return the size, and all that colours depend on."""
        dark = self.app.current_theme.dark
        return (self.size, dark, self._background, *map(self._style, SHARES))

    def column_to_x(self, column: int) -> float | None:
        """Return the x in the middle of a column, None if nothing is plotted."""
        frame = self._frame
        if frame is None:
            return None
        plot_column = column - frame.left
        if not 0 <= plot_column < frame.width:
            return None
        return self._chart.to_x(frame.x.position(plot_column + 0.5, frame.width))

    def _draw(self) -> list[Strip]:
        """Turn what plotext draws into lines in the styles of the theme, and shade them."""
        width, height = self.size
        frame = self._chart.frame(width, height)
        self._frame = frame
        if frame is None:
            return self._empty_plot()
        plain = Style(bgcolor=self._background.rich_color)
        styles = self._styles_of(frame)
        layers = frame.layers() if frame.bands or frame.mark else []
        restyle = self._on_layers(frame)
        strips: list[Strip] = []
        for index, row in enumerate(plotted(frame, height, self._chart.cursor_position)):
            segments = self._with_grid(row, styles, plain)
            if index < len(layers) and any(layers[index]):
                segments = list(lay_under(segments, frame.left, layers[index], restyle))
            strip = Strip([segment for segment in segments if segment.text])
            strips.append(strip.adjust_cell_length(width, plain))
        return strips

    def _empty_plot(self) -> list[Strip]:
        """Return the lines down to the sentence in place of a plot, in the middle."""
        width, height = self.size
        lines = wrap(self._chart.empty_message, max(1, width))
        texts = [Strip([Segment(line.center(width), self._style("axis"))]) for line in lines]
        return [*[self._blank()] * ((height - len(texts)) // 2), *texts]

    def _styles_of(self, frame: Frame) -> dict[tuple[int, int], Style]:
        """Return the styles by number and role of what is plotted."""
        background, dark = self._background.rich_color, self.app.current_theme.dark
        styles = {(0, AXIS): self._style("axis"), (0, CURSOR): self._style("cursor")}
        for line in frame.lines:
            colour = self._colour(line.series, dark)
            styles[number_of(line.series), LINE] = Style(color=colour, bgcolor=background)
        return styles

    def _with_grid(
        self, row: "Sequence[PlottedText]", styles: Mapping[tuple[int, int], Style], plain: Style
    ) -> list[Segment]:
        """Style a row that plotext has drawn, and draw the grid where it has a tick.

        The grid fills what plotext leaves empty. That is ten times as fast as plotext's own lines,
        and does not cross the cursor.
        """
        segments = []
        space, empty = " ", plain
        for number, role, text in row:
            if role:
                segments.append(Segment(text, styles[number, role]))
            else:
                segments.append(Segment(text.replace(" ", space), empty))
            if text.endswith(TICK):
                space, empty = "─", self._style("grid")
        return segments

    def _blank(self) -> Strip:
        return Strip.blank(self.size.width, Style(bgcolor=self._background.rich_color))

    @property
    def _background(self) -> Color:
        """The colour behind the plot, that of whatever the chart lies on."""
        return self.background_colors[1]

    def _faint(self, name: str) -> Color:
        """Return the colour of a part, usually translucent."""
        if self._background.ansi is not None:
            white = Color.parse("white")
            foreground = white if self.app.current_theme.dark else white.inverse
            return foreground.multiply_alpha(max(SHARES[name], LEAST_SHARE))
        foreground = Color.parse(self.app.theme_variables["foreground"])
        return foreground.multiply_alpha(SHARES[name])

    @property
    def _ground(self) -> Color:
        """The colour to blend others with.

        The terminal's own colours cannot be blended; only which is darker is known.
        """
        if self._background.ansi is None:
            return self._background
        return Color.parse("black" if self.app.current_theme.dark else "white")

    def _style(self, name: str) -> Style:
        """Return the style of a part, blended with what is behind the chart."""
        colour = self._ground + self._faint(name)
        return Style(color=colour.rich_color, bgcolor=self._background.rich_color)

    def _colour(self, series: ChartSeries, dark: bool) -> str:
        colour = Color.parse(curve_colour(series.colour, dark))
        return (self._background + colour.with_alpha(FAINT)).hex6 if series.faint else colour.hex6

    def _on_layers(self, frame: Frame) -> Restyle:
        """Return what puts the layers behind a cell of this frame into a style."""
        ground, ink, dark = self._ground, self._faint("mark"), self.app.current_theme.dark
        band_colours = [Color.parse(curve_colour(band.colour, dark)) for band in frame.bands]
        grid, grid_ink = self._style("grid"), self._faint("grid")

        @cache
        def restyle(style: Style | None, layers: int) -> Style:
            colour = ground
            if layers & MARK_LAYER:
                colour += ink.with_alpha(MARK_SHARE)
            bands = [band for bit, band in enumerate(band_colours, start=1) if layers >> bit & 1]
            for band in bands:
                colour += band.with_alpha(band_share(len(bands)))
            on_colour = Style(bgcolor=colour.rich_color)
            if style is None:
                return on_colour
            if style == grid:
                return on_colour + Style(color=(colour + grid_ink).rich_color)
            return style + on_colour

        return restyle

    def on_click(self, event: events.Click) -> None:
        x = self.column_to_x(event.x)
        if x is not None:
            self._chart.move_cursor_near(x)

    @on(events.MouseScrollUp)
    @on(events.MouseScrollDown)
    def _wheel(self, event: events.MouseEvent) -> None:
        """Zoom around the pointer; a turn that can't zoom any further scrolls the screen."""
        direction = 1 if isinstance(event, events.MouseScrollUp) else -1
        if self._chart.zoom(direction, self.column_to_x(event.x)):
            event.stop()
            event.prevent_default()


class Chart(ChartBase):
    """Curves over epochs with a legend, a cursor and zoom."""

    _most_legend_lines = 0  #: Lines of the longest legend since the cursor came.

    def as_text(self) -> str:
        """Return the chart from its title down as lines of text; empty if it has no room yet."""
        lines = self.render_lines(Region(0, 0, *self.outer_size))[:1]  # the title
        for part in self.children:
            if part.display:
                lines += part.render_lines(Region(0, 0, *part.outer_size))
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
        if self.cursor is None:
            self._most_legend_lines = 0
            lines = readout.text_lines("", entries, width, max(1, height // 4))
            return Content("\n").join(lines)
        prefix = f"{self._x_label} {self.label_of(self.cursor)}"
        lines = readout.text_lines(prefix, entries, width, max(1, height // 3))
        # Values of other lengths, as the cursor moves, must not move the plot.
        self._most_legend_lines = max(self._most_legend_lines, len(lines))
        blank_lines = [Content()] * (self._most_legend_lines - len(lines))
        return Content("\n").join([*lines, *blank_lines])

    def foot(self, width: int, _height: int) -> Content:
        """Return what the x axis counts and what is marked on it."""
        if not self._series:
            return Content()
        return readout.foot_line(self._x_label, self._mark, width)

    def last_values(self, width: int, _height: int) -> Content:
        """Return the last value of each run, one a line, or large if these are all there is."""
        last = float("inf")  # what is nearest to it
        entries = readout.entries(self.prepared, self.app.current_theme.dark, last)
        if not entries:
            return Content("\n".join(wrap(self.empty_message, max(1, width))))
        size = (width, self.content_size.height)
        large = readout.large_figures(entries, size) if self.has_class("-figures") else None
        if large is not None:
            return large
        lines = [line for entry in entries for line in readout.text_lines("", [entry], width)]
        return Content("\n").join(lines)

    def redraw(self) -> None:
        for part in (*self.query(ChartPlot), *self.query(ChartLine)):
            part.redraw()


SpreadKind = Literal["range", "sd"]
SPREAD_LABELS = {"range": "min … max", "sd": "± sd"}


def spread_series(
    name: str, series: SpreadSeries, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """Return the curve of a mean over seeds with its spread as a band."""
    low, high = series.low, series.high
    if kind == "sd":
        pairs = list(zip(series.mean, series.sd, strict=True))
        low = tuple(mean - sd for mean, sd in pairs)
        high = tuple(mean + sd for mean, sd in pairs)
    return ChartSeries(name, series.x, series.mean, colour, points, low, high)


def line_series(
    name: str, line: Line, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """Return the curve of one run, or of several with spread, and their number in its name."""
    series = SpreadSeries.of(line.x, line.spreads)
    if line.seeds < 2:
        return ChartSeries(name, series.x, series.mean, colour, points)
    return spread_series(f"{name} (n {line.seeds})", series, colour, kind, points)


def share_cursor(owner: Widget, charts: Sequence[Chart]) -> None:
    """Give all these charts of `owner` the same cursor."""

    def follow(x: float | None) -> None:
        for chart in charts:
            if x is None or owner.app.focused is not chart:
                chart.cursor = x

    for chart in charts:
        owner.watch(chart, "cursor", follow, init=False)
