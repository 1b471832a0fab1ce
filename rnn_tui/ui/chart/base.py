"""The base of a chart, without its drawing: what it plots, its cursor, zoom and titles.

The drawing is in ``chart``, so that the plotting library can be replaced there alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from rnn_tui.engine.metrics import Metric
from rnn_tui.ui.chart import readout, view
from rnn_tui.ui.chart.readout import first_that_fits
from rnn_tui.ui.chart.scales import (
    Axis,
    Range,
    from_position,
    labelled_axis,
    round_log_axis,
    to_position,
)
from rnn_tui.ui.chart.turns import marks_in_turns
from rnn_tui.ui.chart.view import ChartSeries
from rnn_tui.ui.terminal.key_table import moves

SMOOTHING_WEIGHTS = (0.0, 0.6, 0.9, 0.97)
ANYTHING = Metric("", "", lower=None)  # a metric without bounds
TINY_SIZE = (20, 6)  # columns and rows; with fewer of them the chart shows the last values alone
LOW_HEIGHT = 9  # rows; with fewer of them the chart has no foot
LEAST_TICKS = 2  # labels of its own that an axis needs in view; else it has the usual ones
ROOM_AT_ENDS = 0.08  # the share of the range left free beside the first and the last placed tick
# A log axis that is chosen here begins where values differ by the first factor, and ends where
# they differ by less than the second: so that it does not flicker.
LOG_FROM, LOG_UNTIL = 10.0, 5.0
LONG_HINT, SHORT_HINT = "start cut; 0 shows all", "↑ 0: all"  # of a cut axis
FRAME_CELLS = 4  # cells of the frame's corners and of the blanks beside a title
# What words of a title are shortened to where there is no room.
SHORTER = {"validation": "val", "training": "train", "accuracy": "acc"}
WHOLE_WORD = re.compile(r"[A-Za-z]+")


class ChartBase(Widget, can_focus=True):
    """A chart without its drawing."""

    DEFAULT_CLASSES = "lone-panel"
    BINDINGS = [
        *moves("cursor", {"left": -1, "right": 1}),
        *moves("cursor_to", {"home": 0, "end": -1}),
        Binding("escape", "clear_cursor", "Hide cursor", show=False),
    ]

    #: How strongly lines are smoothed, 0 (not) to 3.
    smoothing: reactive[int] = reactive(0, repaint=False, init=False)
    #: Whether the y axis is logarithmic.
    log_y: reactive[bool] = reactive(False, repaint=False, init=False)
    #: The x at which values are read, None for none. It is as in the data, also on a log axis, so
    #: that charts can share it.
    cursor: reactive[float | None] = reactive(None, repaint=False, init=False)

    def __init__(
        self,
        *,
        log_x: bool = False,
        allow_smoothing: bool = True,
        empty_text: str = "No data yet",
        id: str | None = None,
    ) -> None:
        """Create an empty chart; `describe` says what it plots.

        Args:
            log_x: Whether x is on a scale to base two. Values of 0 and below are left out then.
            allow_smoothing: Whether lines can be smoothed.
            empty_text: The sentence in place of a plot without data.
            id: Of the widget.
        """
        super().__init__(id=id)
        self.log_x = log_x  #: Whether x is on a scale to base two.
        self.empty_text = empty_text  #: The sentence in place of a plot without data.
        self._allow_smoothing = allow_smoothing
        self._described = ("", ANYTHING, "epoch")  #: What `describe` was last called with.
        self._title = ""
        self._metric = ANYTHING
        self._x_label = "epoch"  #: What x counts.
        #: The series that are plotted, clean; their x, as that of `_view`, is a position on the
        #: axis.
        self._series: tuple[ChartSeries, ...] = ()
        #: The same as they are plotted; None until they are asked for.
        self._prepared: tuple[ChartSeries, ...] | None = None
        self._view: tuple[float, float] | None = None  #: The range zoomed to; None for all.
        #: Both ends of the marked range, as in the data, and its label.
        self._mark: tuple[float, float, str] | None = None
        self._ticks: dict[float, str] = {}  #: Labels of x that replace those of the axis.
        self._only_ticks = False  #: Whether all points lie at these labels.
        self._settles = False  #: Whether the y axis leaves out the beginning, or becomes a log one.
        self._whole = False  #: Whether the beginning is wanted nevertheless.
        self._by_hand = False  #: Whether the user chose between a log axis and a linear one.
        self._cut = False  #: Whether the beginning of a line is above the axis.
        self._shown_titles = ("", "")
        self._update_title()

    @property
    def prepared(self) -> tuple[ChartSeries, ...]:
        """The series as they are plotted."""
        if self._prepared is None:
            weight = SMOOTHING_WEIGHTS[self.smoothing]
            prepared = [view.prepare(curve, weight, self.log_y) for curve in self._series]
            if self.app.no_color:  # without colours, markers distinguish the lines
                prepared = [replace(curve, mark=curve.marker) for curve in prepared]
            self._prepared = tuple(prepared)
        return self._prepared

    @property
    def _present(self) -> tuple[float, float] | None:
        """The positions at both ends of the visible range, None without data."""
        return self._view or view.extent(self._series)

    @property
    def has_data(self) -> bool:
        """Whether there is anything to plot."""
        return view.extent(self._series) is not None

    @property
    def cursor_position(self) -> float | None:
        """The cursor's position on the axis; None without a cursor."""
        return None if self.cursor is None else to_position(self.cursor, self.log_x)

    @property
    def empty_message(self) -> str:
        """The sentence to show if nothing is plotted."""
        if any(curve.y for curve in self._series):
            return "Nothing to show here on a log scale"
        return self.empty_text

    def on_mount(self) -> None:
        """Follow the theme: the colours of the runs are not the stylesheet's."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._changed())

    def on_resize(self) -> None:
        width, height = self.content_size
        least_width, least_height = TINY_SIZE
        tiny = width < least_width or height < least_height
        self.update_classes({"-tiny": tiny, "-low": height < LOW_HEIGHT})
        self._update_title()

    def show(self, series: Sequence[ChartSeries]) -> None:
        """Plot ``series``; nothing happens if they are what is plotted already."""
        lower, upper = self._metric.lower, self._metric.upper
        cleaned = tuple(view.clean(curve, lower, upper, self.log_x) for curve in series)
        if cleaned == self._series:
            return
        old_extent, new_extent = view.extent(self._series), view.extent(cleaned)
        self._series = cleaned
        self.set_class(view.are_figures(cleaned), "-figures")
        if not new_extent:
            self._view = None
        elif self._view and old_extent:
            # A view that touches the newest data stays with it as training goes on.
            touches_newest = self._view[1] >= old_extent[1]
            by = new_extent[1] - old_extent[1] if touches_newest else 0.0
            self._view = view.shift_into(self._view, new_extent, by)
        if (old_extent is None) != (new_extent is None):
            self.refresh_bindings()  # without data most keys do nothing
        if self._settles and not self._by_hand:
            self.log_y = view.spans_a_decade(cleaned, LOG_UNTIL if self.log_y else LOG_FROM)
        self._changed(data=True)

    def describe(self, title: str, metric: Metric, x_label: str = "epoch") -> None:
        """Plot another metric from now on, all of it.

        No axis goes beyond the bounds of the metric; with an upper one it is not logarithmic. The
        axis of a loss, and of everything else without an upper bound, leaves out the first
        twentieth of its values where these are higher. It is logarithmic if the others span
        more than a decade.
        """
        if self._described == (title, metric, x_label):
            return
        self._described = (title, metric, x_label)
        self._title = title
        self._metric = metric
        self._x_label = x_label
        self._settles = metric.lower == 0 and metric.upper is None and not metric.higher_is_better
        self._whole = False
        self._by_hand = False
        self._cut = False
        self._series = ()
        self._view = None
        self.cursor = None
        self.log_y = False
        self._changed(data=True)

    def say(self, empty_text: str, title: str = "") -> None:
        """Change the sentence for why there is nothing yet, and the title if one is given."""
        title = title or self._title
        if (title, empty_text) != (self._title, self.empty_text):
            self._title = title
            self.empty_text = empty_text
            self._update_title()
            self.redraw()

    def place_ticks(self, ticks: Mapping[float, str], *, only: bool = False) -> None:
        """Label these values of x in place of the axis' own ticks, with room at both ends.

        Args:
            ticks: The labels by x.
            only: Whether all points lie at these x, so that each has a label for its name.
        """
        if (dict(ticks), only) != (self._ticks, self._only_ticks):
            self._ticks = dict(ticks)
            self._only_ticks = only
            self._changed()

    def label_of(self, x: float) -> str:
        """Return an x in words: its label, or its number."""
        if not (self._only_ticks and self._ticks):
            return readout.format_position(x)
        position = to_position(x, self.log_x)
        nearest = min(self._ticks, key=lambda tick: abs(to_position(tick, self.log_x) - position))
        return self._ticks[nearest]

    def mark_range(self, low: float | None, high: float | None, label: str = "") -> None:
        """Mark a range of x by a shade, as the lengths seen in training; None for none.

        The foot says so too, by the label as it stands.
        """
        mark = None
        if low is not None and high is not None:
            mark = (float(low), float(high), " ".join(label.split()))
        if mark != self._mark:
            self._mark = mark
            self._update_title()
            self._changed()

    def to_x(self, position: float) -> float:
        """Return the x at a position on the axis."""
        return from_position(position, self.log_x)

    def frame(self, width: int, height: int) -> view.Frame | None:
        """Work out what to draw, None without data."""
        present = self._present
        if present is None:
            return None
        if self._ticks and self._view is None:
            room = (present[1] - present[0]) * ROOM_AT_ENDS
            present = present[0] - room, present[1] + room
        mark = None
        if self._mark is not None:
            low, high, _ = self._mark
            mark = to_position(low, self.log_x), to_position(high, self.log_x)
        cuts_beginning = self._settles and not self._whole and not self.log_y
        frame = view.frame(
            self.prepared,
            present,
            (width, height),
            (self._metric.lower, self._metric.upper),
            self.log_y,
            log_x=self.log_x,
            mark=mark,
            settled=cuts_beginning and any(curve.line for curve in self.prepared),
        )
        if frame is not None and self._ticks:
            frame = replace(frame, x=self._labelled_axis(present, frame))
        cut = frame is not None and any(line.beyond for line in frame.lines)
        if cut != self._cut:
            self._cut = cut
            self.call_later(self._update_title)
        return frame and marks_in_turns(frame)

    def _labelled_axis(self, present: Range, frame: view.Frame) -> Axis:
        """Return the x axis with the placed labels; with round numbers if few are in view."""
        room = frame.width, frame.left
        labels = {to_position(x, self.log_x): label for x, label in self._ticks.items()}
        axis = labelled_axis(*present, labels, *room)
        if self._only_ticks or len(axis.ticks) >= LEAST_TICKS:
            return axis
        return round_log_axis(*present, *room) if self.log_x else frame.x

    def zoom(self, direction: int, anchor: float | None = None) -> bool:
        """Show half (1) or twice (-1) the range, and return whether that is a change.

        Args:
            direction: 1 or -1.
            anchor: The x that keeps its place; None for the cursor, or the right end without one.
        """
        present, full = self._present, view.extent(self._series)
        if present is None or full is None:
            return False
        position = self.cursor_position if anchor is None else to_position(anchor, self.log_x)
        if position is None:
            position = present[1]
        else:
            # A cursor from another chart may be where this one has no data, or no place.
            position = min(max(position, full[0]), full[1])
        return self._look_at(view.zoom_range(present, full, position, direction))

    def move_cursor_near(self, x: float) -> None:
        """Move the cursor to the point that is closest to an x on the screen."""
        position = to_position(x, self.log_x)
        self.cursor = min(
            self._stops(),
            key=lambda stop: abs(to_position(stop, self.log_x) - position),
            default=None,
        )

    def action_cursor(self, step: int) -> None:
        """Move the cursor to the next (1) or previous (-1) point; show it at the last one."""
        cursor = self.cursor
        if cursor is None:
            self.cursor = max(self._stops(), default=None)
            return
        full = view.extent(self._series)
        for _ in range(2):
            stop = self._next_stop(cursor, step)
            if stop is not None:
                self.cursor = stop
                return
            if self._view is None or full is None:
                return
            # None is left in view: look half a width further.
            half_a_width = (self._view[1] - self._view[0]) / 2
            self._look_at(view.shift_into(self._view, full, step * half_a_width))

    def _next_stop(self, cursor: float, step: int) -> float | None:
        """Return the next stop in view on one side of the cursor."""
        stops = [stop for stop in self._stops() if (stop - cursor) * step > 0]
        return min(stops, key=lambda stop: abs(stop - cursor), default=None)

    def action_cursor_to(self, end: int) -> None:
        """Show the cursor at the first point (0), or at the last (-1)."""
        ends = [self.to_x(curve.x[end]) for curve in self.prepared if curve.x]
        self.cursor = max(ends, default=None) if end else min(ends, default=None)

    def action_clear_cursor(self) -> None:
        self.cursor = None

    def action_reset_view(self) -> None:
        """Show all data; if all is shown, leave the highest of the beginning out again."""
        self._whole = self._view is not None or not self._whole
        self._view = None
        self._changed()

    def action_toggle_log(self) -> None:
        self._by_hand = True
        self.log_y = not self.log_y

    def action_cycle_smoothing(self) -> None:
        self.smoothing = (self.smoothing + 1) % len(SMOOTHING_WEIGHTS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer only what this chart allows; leave escape to others without a cursor."""
        match action:
            case "toggle_log":
                return self._metric.upper is None
            case "cycle_smoothing":
                only_points = bool(self._series) and all(curve.points for curve in self._series)
                return self._allow_smoothing and not only_points
            case "clear_cursor":
                return self.cursor is not None
            case _:
                return True

    def watch_smoothing(self) -> None:
        self._changed(data=True)

    def watch_log_y(self) -> None:
        self._changed(data=True)

    def watch_cursor(self) -> None:
        """Show the cursor, moving a view that it has left."""
        position, full = self.cursor_position, view.extent(self._series)
        if position is not None and self._view and full:
            position = min(max(position, full[0]), full[1])
            low, high = self._view
            by = min(0.0, position - low) + max(0.0, position - high)
            self._view = view.shift_into(self._view, full, by)
        self._update_title()
        self._changed()

    def redraw(self) -> None:
        """Mark everything that is drawn; for the subclass that draws."""

    def _look_at(self, present: tuple[float, float] | None) -> bool:
        """Show a range, None for all data, and return whether that is a change."""
        if present == self._view:
            return False
        self._view = present
        self._changed()
        return True

    def _changed(self, data: bool = False) -> None:
        """Mark everything for a redraw, the prepared series too if ``data`` changed."""
        if data:
            self._prepared = None
            self._update_title()
        self.redraw()

    def _stops(self) -> list[float]:
        """Return every x in view at which the cursor may stop."""
        present = self._present
        if present is None:
            return []
        width = self.content_size.width or 80
        return [self.to_x(stop) for stop in view.stops(self.prepared, *present, width)]

    def _update_title(self) -> None:
        """Put title, unit and modes into the frame, and under it what x counts and what is marked.

        A low chart has no foot, so that its mark is in the title.
        """
        width = self.outer_size.width - FRAME_CELLS
        title = next(self._titles()) if width <= 0 else first_that_fits(self._titles(), width)
        foot = ""
        if self._series and not self.has_class("-figures"):
            foot = readout.foot_line(self._x_label, self._mark, 1000).plain
        self._show_titles(title, foot)

    def _titles(self) -> Iterator[str]:
        """Yield the title with all that there is to say, then shorter and shorter ones."""
        unit = f" ({self._metric.unit})" if self._metric.unit else ""
        title = f"{self._title}{unit}"
        shorter = WHOLE_WORD.sub(_shorter_word, title)
        modes, short_modes = self._modes(), self._modes(short=True)
        if self._cut:
            yield " · ".join([title, *modes, LONG_HINT])
            yield " · ".join([title, *modes, SHORT_HINT])
            yield " · ".join([shorter, *short_modes, SHORT_HINT])
        yield " · ".join([title, *modes])
        yield " · ".join([shorter, *modes])
        yield " · ".join([shorter, *short_modes])
        yield shorter
        yield shorter.removesuffix(unit)

    def _modes(self, short: bool = False) -> list[str]:
        """Return the words in the title on how the plot is drawn, and how to leave full screen."""
        modes = []
        if self.smoothing:
            weight = f"{SMOOTHING_WEIGHTS[self.smoothing]:g}"
            modes.append("smooth" if short else f"smoothed {weight}")
        if self.log_y:
            automatic = self._settles and not self._by_hand
            words = "auto log" if automatic else "log scale"
            modes.append("log" if short else words)
        if self._mark and self.has_class("-low"):
            modes.append(readout.marked_text(*self._mark))
        if self.has_class("-maximized"):
            way_out = "hides the cursor" if self.cursor is not None else "leaves full screen"
            modes.append(f"Esc {way_out}")
        return modes

    def _show_titles(self, title: str, subtitle: str) -> None:
        """Put words on the frame; the same ones again would draw all of the chart anew."""
        if (title, subtitle) != self._shown_titles:
            self._shown_titles = (title, subtitle)
            self.border_title = Content(title)
            self.border_subtitle = Content(subtitle)


def _shorter_word(word: re.Match[str]) -> str:
    """Return a word of a title in fewer letters, with its capital."""
    text = word[0]
    short = SHORTER.get(text.lower(), text)
    return short.capitalize() if text[0].isupper() and short != text else short
