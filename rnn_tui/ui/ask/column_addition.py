"""An addition as on paper, one column a bit, of which only what is visible is ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rnn_tui.ui.ask.calculator_answer import SumAnswer

EIGHTHS = "▁▂▃▄▅▆▇█"
LABEL_WIDTH = 9
# Cells from one number of the ruler to the next: every fifth bit where bits stand apart, else
# every tenth.
RULER_STEP = 10
# What an arrow key, or a notch of the wheel, scrolls by.
SCROLL_CELLS = 10
_LEFT_OUT = "‹", "›"


def eighth(sureness: float) -> str:
    """A block as high as `sureness` lies between 0.5 and 1."""
    return EIGHTHS[max(0, min(7, int((sureness - 0.5) * 16)))]


Cell = tuple[str, str]
"""A character, and the name of its style."""


@dataclass(frozen=True)
class _Row:
    """A line of the addition.

    Attributes:
        label: what it is called.
        cell_of: what stands in a column, counted from the lowest bit.
        between: the style of the cells between columns.
    """

    label: str
    cell_of: Callable[[SumAnswer, int], Cell]
    between: str = ""


class ColumnAddition(ScrollView, can_focus=True):
    """Carries, true and told by the state, both numbers, the answer, its errors, the true sum.

    The most significant bit is at the left. Where all fits, bits stand a cell apart; where not,
    it scrolls, and the least significant end is shown at first. What is read at a bit stays in
    view while bits come and go at the other end.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "scroll_cells(-1)", "Scroll", key_display="←→", tooltip="Scroll the bits"),
        Binding("right", "scroll_cells(1)", "Scroll right", show=False),
        Binding("shift+left,ctrl+left", "scroll_pages(-1)", "A screen left", show=False),
        Binding("shift+right,ctrl+right", "scroll_pages(1)", "A screen right", show=False),
        Binding("home", "scroll_pages(-9999)", "Highest bit", show=False),
        Binding("end", "scroll_pages(9999)", "Lowest bit", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "column-addition--label", "column-addition--faint", "column-addition--number",
        "column-addition--ruled", "column-addition--answer", "column-addition--wrong",
        "column-addition--mark", "column-addition--total", "column-addition--sureness",
    }  # fmt: skip
    _answer: SumAnswer | None = None
    # Cells between what is shown and the right end, kept when the width changes.
    _from_right = 0
    _settled = Size(0, 0)

    @property
    def pitch(self) -> int:
        """Cells from one bit to the next."""
        length = self._answer.addition.length if self._answer else 0
        return 2 if LABEL_WIDTH + 2 * length - 1 <= self.container_size.width else 1

    @property
    def _rows(self) -> Sequence[_Row]:
        """The lines below the ruler; where one is lacking, without what is no part of the paper."""
        if self.container_size.height <= len(_ROWS):
            return [row for row in _ROWS if row is not _TOLD]
        return _ROWS

    def show(self, answer: SumAnswer) -> None:
        """Draw an addition."""
        self._answer = answer
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        """Keep the same bits at the right edge."""
        self._lay_out()
        self._settled = event.size

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Remember what a person scrolled to, which a change of width must not alter."""
        super().watch_scroll_x(old_value, new_value)
        if self.size == self._settled:
            self._from_right = round(self.max_scroll_x - new_value)

    def _lay_out(self) -> None:
        if self._answer is None:
            return
        from_right = self._from_right
        width = LABEL_WIDTH + self.pitch * (self._answer.addition.length - 1) + 1
        self.virtual_size = Size(width, len(self._rows) + 1)
        target = max(0, self.max_scroll_x - from_right)
        # By force, as Textual has not yet noticed that there is something to scroll.
        self.scroll_to(x=target, animate=False, force=True)
        # Scrolling within a width that is new has set it to something else.
        self._from_right = min(from_right, self.max_scroll_x)
        self.refresh()

    # Keys and wheel

    def action_scroll_cells(self, direction: int) -> None:
        """Scroll a little."""
        self.scroll_to(x=self.scroll_x + direction * SCROLL_CELLS, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        """Scroll by as much as is visible."""
        page = self.container_size.width - LABEL_WIDTH
        self.scroll_to(x=self.scroll_x + pages * page, animate=False)

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    def _wheel(self, event: events.MouseEvent) -> None:
        """Scroll right or left where there is more than fits."""
        if self.max_scroll_x:
            event.prevent_default()
            event.stop()
            self.action_scroll_cells(1 if isinstance(event, events.MouseScrollDown) else -1)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """Draw the visible part of a line; the labels stay where they are."""
        width, answer = self.scrollable_content_region.width, self._answer
        if answer is None or y > len(self._rows):
            return Strip.blank(width, self.rich_style)
        visible = self._visible(answer.addition.length)
        if y == 0:
            label, cells = "bit", self._ruler(visible)
        else:
            row = self._rows[y - 1]
            label = "votes" if row is _SURE and answer.voted else row.label
            if row is _TOLD and not answer.told:
                label = ""
            cells = [
                (" ", row.between) if bit is None else row.cell_of(answer, bit) for bit in visible
            ]
        styles = {
            style: self.get_component_rich_style(f"column-addition--{style}")
            for style in {style for _, style in cells} if style
        }  # fmt: skip
        label = label.rjust(LABEL_WIDTH - 1) + " "
        segments = [Segment(label, self.get_component_rich_style("column-addition--label"))]
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            text = "".join(character for character, _ in run)
            segments.append(Segment(text, styles.get(style, Style())))
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def _visible(self, length: int) -> list[int | None]:
        """The bit in each visible cell, None in a cell between bits."""
        pitch, start = self.pitch, self.scroll_offset.x
        room = self.scrollable_content_region.width - LABEL_WIDTH
        end = min(start + room, pitch * (length - 1) + 1)
        return [None if cell % pitch else length - 1 - cell // pitch for cell in range(start, end)]

    def _ruler(self, visible: Sequence[int | None]) -> list[Cell]:
        """The numbers of the bits, each with its last figure above its bit."""
        if not visible:  # there is room for the labels at most
            return []
        step = RULER_STEP // self.pitch
        text = [" "] * len(visible)
        more_left = self.scroll_offset.x > 0
        more_right = visible[-1] != 0
        for cell, bit in enumerate(visible):
            if bit is None or bit % step:
                continue
            number = f"{bit}"
            start = cell + 1 - len(number)
            # A number that is cut would be another number.
            if start >= 2 * more_left and cell < len(visible) - 2 * more_right:
                text[start : cell + 1] = number
        if more_left:
            text[0] = _LEFT_OUT[0]
        if more_right:
            text[-1] = _LEFT_OUT[1]
        return [(character, "faint") for character in text]


def _carry(answer: SumAnswer, at: int) -> Cell:
    return ("1", "number") if answer.addition.carries[at] else ("·", "faint")


def _told(answer: SumAnswer, at: int) -> Cell:
    if not answer.told:
        return " ", ""
    if answer.told[at] != answer.addition.carries[at]:
        return f"{answer.told[at]:d}", "wrong"
    return _carry(answer, at)


def _digit(number: int, at: int, style: str) -> Cell:
    # A zero is one digit; otherwise nothing stands before the first one.
    return (f"{number >> at & 1}" if at < max(1, number.bit_length()) else " ", style)


def _network(answer: SumAnswer, at: int) -> Cell:
    return f"{answer.bits[at]:d}", "wrong" if answer.wrong[at] else "answer"


def _mark(answer: SumAnswer, at: int) -> Cell:
    return ("✗", "mark") if answer.wrong[at] else (" ", "")


_TOLD = _Row("in state", _told)
_SURE = _Row("sure", lambda answer, at: (eighth(answer.sureness[at]), "sureness"))
# From top to bottom.
_ROWS = (
    _Row("carry", _carry),
    _TOLD,
    _Row("a", lambda answer, at: _digit(answer.addition.a, at, "number")),
    _Row("+ b", lambda answer, at: _digit(answer.addition.b, at, "ruled"), "ruled"),
    _Row("network", _network),
    _Row("", _mark),
    _Row("true sum", lambda answer, at: (f"{answer.addition.total >> at & 1}", "total")),
    _SURE,
)
