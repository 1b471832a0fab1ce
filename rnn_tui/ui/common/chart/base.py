"""What a chart does apart from drawing, which stands in ``chart``: the plotting library can be
replaced there alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from rnn_tui.engine.metrics import Metric
from rnn_tui.ui.common.chart import readout, view
from rnn_tui.ui.common.chart.geometry import from_position, labelled_axis, to_position
from rnn_tui.ui.common.chart.view import ChartSeries
from rnn_tui.ui.common.key_table import moves

SMOOTHING_WEIGHTS = (0.0, 0.6, 0.9, 0.97)
ANYTHING = Metric("", "", lower=None)
# columns and rows below which there are but the last values; rows below which no foot
TINY_SIZE, LOW_HEIGHT = (20, 6), 9
ROOM_AT_ENDS = 0.08


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
    #: The x that is read out, None for none: as in the data, also on a log axis, so that charts can
    #: share it.
    cursor: reactive[float | None] = reactive(None, repaint=False, init=False)

    def __init__(
        self,
        *,
        log_x: bool = False,
        allow_smoothing: bool = True,
        empty_text: str = "No data yet",
        id: str | None = None,
    ) -> None:
        """Create an empty chart, to be described. With `log_x` x is on a scale to base two; 0 and
        below are left out.
        """
        super().__init__(id=id)
        self.log_x, self._allow_smoothing, self.empty_text = log_x, allow_smoothing, empty_text
        self._described = self._title, self._spec, self._x_label = "", ANYTHING, "epoch"
        self._series: tuple[ChartSeries, ...] = ()
        self._prepared: tuple[ChartSeries, ...] | None = None
        # in positions on the axis, as is the x of all series that are held
        self._view: tuple[float, float] | None = None
        self._mark: tuple[float, float, str] | None = None
        self._ticks: dict[float, str] = {}
        self._only_ticks = False
        # Whether the y axis is chosen here, all is wanted, log chosen by hand, a part cut off.
        self._settles = self._whole = self._by_hand = self._cut = False
        self._titles = ("", "")  # that are shown
        self._update_title()

    @property
    def prepared(self) -> tuple[ChartSeries, ...]:
        """The series as they are plotted."""
        if self._prepared is None:
            self._prepared = tuple(
                view.prepare(one, SMOOTHING_WEIGHTS[self.smoothing], self.log_y)
                for one in self._series
            )
            if self.app.no_color:  # by which lines are told apart
                self._prepared = tuple(replace(one, mark=one.marker) for one in self._prepared)
        return self._prepared

    @property
    def _present(self) -> tuple[float, float] | None:
        """The positions at both ends, None without data."""
        return self._view or view.extent(self._series)

    @property
    def cursor_position(self) -> float | None:
        return None if self.cursor is None else to_position(self.cursor, self.log_x)

    @property
    def empty_message(self) -> str:
        return (
            "Nothing to show here on a log scale"
            if any(one.y for one in self._series)
            else self.empty_text
        )

    def on_mount(self) -> None:
        """Follow the theme: the colours of the runs are not the stylesheet's."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._changed())

    def on_resize(self) -> None:
        width, height = self.content_size
        self.update_classes(
            {"-tiny": width < TINY_SIZE[0] or height < TINY_SIZE[1], "-low": height < LOW_HEIGHT}
        )
        self._update_title()

    def show(self, series: Sequence[ChartSeries]) -> None:
        """Plot ``series``; nothing happens if they are what is plotted already."""
        cleaned = tuple(
            view.clean(one, self._spec.lower, self._spec.upper, self.log_x) for one in series
        )
        if cleaned == self._series:
            return
        before, after, self._series = view.extent(self._series), view.extent(cleaned), cleaned
        if self._view and before and after:
            # A view that touches the newest data stays with it as training goes on.
            self._view = view.shift_into(
                self._view, after, after[1] - before[1] if self._view[1] >= before[1] else 0.0
            )
        elif not after:
            self._view = None
        if self._settles and not self._by_hand:
            # to go back takes more: no axis flickers
            self.log_y = view.spans_a_decade(cleaned, 5.0 if self.log_y else 10.0)
        self._changed(data=True)

    def describe(self, title: str, spec: Metric, x_label: str = "epoch") -> None:
        """Plot something else from now on, all of it. No axis goes beyond the bounds of the metric;
        with an upper one it is not logarithmic. The axis of a loss, or of what else has no upper
        end, leaves out the first twentieth of its values where these are higher; it is logarithmic
        where the others span more than a decade.
        """
        if self._described == (title, spec, x_label):
            return
        self._described = self._title, self._spec, self._x_label = title, spec, x_label
        self._settles = spec.lower == 0 and spec.upper is None and not spec.higher_is_better
        self._whole = self._by_hand = self._cut = False
        self._series, self._view, self.cursor, self.log_y = (), None, None, False
        self._changed(data=True)

    def say(self, empty_text: str, title: str = "") -> None:
        """Change the words for why there is nothing yet, and for what is plotted."""
        title = title or self._title
        if (title, empty_text) != (self._title, self.empty_text):
            self._title, self.empty_text = title, empty_text
            self._update_title()
            self.redraw()

    def place_ticks(self, ticks: Mapping[float, str], *, only: bool = False) -> None:
        """Label these x in place of what the axis finds, with room at both ends; with ``only``
        nothing else lies on it.
        """
        if (dict(ticks), only) != (self._ticks, self._only_ticks):
            self._ticks, self._only_ticks = dict(ticks), only
            self._changed()

    def named(self, x: float) -> str:
        """An x in words: its label, or its number."""
        if self._only_ticks and self._ticks:
            return self._ticks[
                min(
                    self._ticks,
                    key=lambda at: abs(to_position(at, self.log_x) - to_position(x, self.log_x)),
                )
            ]
        return readout.format_position(x)

    def mark_range(self, low: float | None, high: float | None, label: str = "") -> None:
        """Mark a range of x, as the lengths seen in training, by a shade, and in the foot by a
        literal label; None for none.
        """
        mark = (
            None
            if low is None or high is None
            else (float(low), float(high), " ".join(label.split()))
        )
        if mark != self._mark:
            self._mark = mark
            self._update_title()
            self._changed()

    def to_x(self, position: float) -> float:
        return from_position(position, self.log_x)

    def frame(self, width: int, height: int) -> view.Frame | None:
        """Work out what to draw, None without data."""
        present, mark = self._present, self._mark
        if present is None:
            return None
        room = (
            (present[1] - present[0]) * ROOM_AT_ENDS if self._ticks and self._view is None else 0.0
        )
        present = present[0] - room, present[1] + room
        frame = view.frame(
            self.prepared,
            present,
            (width, height),
            (self._spec.lower, self._spec.upper),
            self.log_y,
            log_x=self.log_x,
            mark=mark and (to_position(mark[0], self.log_x), to_position(mark[1], self.log_x)),
            settled=self._settles
            and not self._whole
            and not self.log_y
            and any(one.line for one in self.prepared),
        )
        if frame is not None and self._ticks:
            places = {to_position(x, self.log_x): label for x, label in self._ticks.items()}
            frame = replace(frame, x=labelled_axis(*present, places, frame.width))
        cut = frame is not None and any(one.beyond for one in frame.lines)
        if cut != self._cut:
            self._cut = cut
            self.call_later(self._update_title)
        return frame

    def zoom(self, direction: int, anchor: float | None = None) -> bool:
        """Show half (1) or twice (-1) the range around an x, by default the cursor or the right
        end; return if that changed.
        """
        if (present := self._present) is None or (full := view.extent(self._series)) is None:
            return False
        fixed = self.cursor_position if anchor is None else to_position(anchor, self.log_x)
        # A cursor from another chart may be where this one has no data, or no place.
        fixed = present[1] if fixed is None else min(max(fixed, full[0]), full[1])
        return self._look_at(view.zoom_range(present, full, fixed, direction))

    def move_cursor_near(self, x: float) -> None:
        at = to_position(x, self.log_x)
        self.cursor = min(
            self._stops(), key=lambda stop: abs(to_position(stop, self.log_x) - at), default=None
        )

    def action_cursor(self, step: int) -> None:
        """Move the cursor to the next (1) or previous (-1) point; show it at the last one."""
        if (cursor := self.cursor) is None:
            self.cursor = max(self._stops(), default=None)
            return
        for _ in range(2):
            if stops := [stop for stop in self._stops() if (stop - cursor) * step > 0]:
                self.cursor = min(stops) if step > 0 else max(stops)
                return
            # None is left in view: look half a width further, once.
            if self._view is None or (full := view.extent(self._series)) is None:
                return
            self._look_at(
                view.shift_into(self._view, full, step * (self._view[1] - self._view[0]) / 2)
            )

    def action_cursor_to(self, end: int) -> None:
        """Show the cursor at the first point (0), or at the last (-1)."""
        self.cursor = (max if end else min)(
            [self.to_x(one.x[end]) for one in self.prepared if one.x], default=None
        )

    def action_clear_cursor(self) -> None:
        self.cursor = None

    def action_reset_view(self) -> None:
        """Show all data; where all is shown, leave the highest of the beginning out again."""
        self._whole, self._view = self._view is not None or not self._whole, None
        self._changed()

    def action_toggle_log(self) -> None:
        self._by_hand, self.log_y = True, not self.log_y

    def action_cycle_smoothing(self) -> None:
        self.smoothing = (self.smoothing + 1) % len(SMOOTHING_WEIGHTS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer only what this chart allows; leave escape to others without a cursor."""
        smooth = self._allow_smoothing and (
            not self._series or not all(one.points for one in self._series)
        )
        allowed = {
            "toggle_log": self._spec.upper is None,
            "cycle_smoothing": smooth,
            "clear_cursor": self.cursor is not None,
        }
        return allowed.get(action, True)

    def watch_smoothing(self) -> None:
        self._changed(data=True)

    watch_log_y = watch_smoothing

    def watch_cursor(self) -> None:
        """Show the cursor, moving a view that it has left."""
        at, present, full = self.cursor_position, self._view, view.extent(self._series)
        if at is not None and present and full:
            at = min(max(at, full[0]), full[1])
            self._view = view.shift_into(
                present, full, min(0.0, at - present[0]) + max(0.0, at - present[1])
            )
        self._changed()

    def redraw(self) -> None:
        """Mark everything that is drawn; for the subclass that draws."""

    def _look_at(self, present: tuple[float, float] | None) -> bool:
        """Show a range, None for all data, and return whether that is a change."""
        changed, self._view = present != self._view, present
        if changed:
            self._changed()
        return changed

    def _changed(self, data: bool = False) -> None:
        """Mark everything for a redraw, the prepared series too if ``data`` changed."""
        if data:
            self._prepared = None
            self._update_title()
        self.redraw()

    def _stops(self) -> list[float]:
        present, width = self._present, self.content_size.width or 80
        return (
            [self.to_x(stop) for stop in view.stops(self.prepared, *present, width)]
            if present
            else []
        )

    def _update_title(self) -> None:
        """Put title, unit and modes into the border; a low chart has no foot for its mark.

        What x counts is said where something is plotted.
        """
        modes = [f"smoothed {SMOOTHING_WEIGHTS[self.smoothing]:g}"] if self.smoothing else []
        modes += (
            ["auto log" if self._settles and not self._by_hand else "log scale"]
            if self.log_y
            else []
        )
        modes += [readout.marked_text(*self._mark)] if self._mark and self.has_class("-low") else []
        title = " · ".join(
            [self._title + (f" ({self._spec.unit})" if self._spec.unit else ""), *modes]
        )
        if self._cut:
            title += (
                " · start cut; 0 shows all" if self.size.width >= len(title) + 31 else " · ↑ 0: all"
            )
        foot = readout.foot_line(self._x_label, self._mark, 1000).plain if self._series else ""
        self._show_titles(title, foot)

    def _show_titles(self, title: str, subtitle: str) -> None:
        """Put words on the frame; the same ones again would draw all of the chart anew."""
        if (title, subtitle) != self._titles:
            self._titles = (title, subtitle)
            self.border_title = Content(title)
            self.border_subtitle = Content(subtitle)
