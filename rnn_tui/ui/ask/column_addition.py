"""An addition as on paper, one column a bit, of which only what is visible is ever drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rnn_tui.ui.ask.calculator_answer import SumAnswer
from rnn_tui.ui.common.key_table import moves
from rnn_tui.ui.common.widgets.digits import large_digit, ruler, small_digit

EIGHTHS, LABEL_WIDTH = "▁▂▃▄▅▆▇█", 9
Cell = tuple[str, str]  # a character, and the name of its style, one of these or none
STYLES = ("label", "faint", "number", "ruled", "answer", "wrong", "mark", "total", "confidence")
# Lines and cells of a digit, where there is room for more than a character.
LARGER: tuple[tuple[int, int, Callable[[int], list[str]]], ...] = (
    (3, 3, small_digit),
    (6, 6, lambda digit: [*large_digit(digit), " " * 6]),
)
SCROLL_CELLS = 10  # what an arrow key, or a notch of the wheel, scrolls by


def eighth(confidence: float) -> str:
    """A block as high as `confidence` lies between 0.5 and 1."""
    return EIGHTHS[max(0, min(7, int((confidence - 0.5) * 16)))]


@dataclass(frozen=True)
class _Row:
    """A line of the addition."""

    label: str  #: what it is called.
    #: what stands in a column, counted from the lowest bit.
    cell_of: Callable[[SumAnswer, int], Cell]
    between: str = ""  #: the style of the cells between columns.
    tall: bool = False  #: whether it is a number, whose digits are larger where there is room.


class ColumnAddition(ScrollView, can_focus=True):
    """Carries, numbers, answer, errors, true sum, highest bits left; where not all fit, the lowest
    show first, and stay.
    """

    DEFAULT_CLASSES = "panel"
    BORDER_TITLE = "Added bit by bit"
    BINDINGS = [
        Binding("left", "scroll_cells(-1)", "Scroll", key_display="←→", tooltip="Scroll the bits"),
        *moves("scroll_cells", {"right": 1}),
        *moves(
            "scroll_pages",
            {"shift+left,ctrl+left": -1, "shift+right,ctrl+right": 1, "home": -9999, "end": 9999},
        ),
    ]
    COMPONENT_CLASSES = {f"column-addition--{name}" for name in STYLES}
    answer: SumAnswer | None = None  #: what is shown.
    _from_right = 0  # cells between what is shown and the right end, kept when the width changes
    _settled = Size(0, 0)
    # Cells left of it all, and from one bit to the next; lines of a digit, and what draws it large.
    _left, _pitch, _tall = 0, 1, 1
    _glyph: Callable[[int], list[str]] | None = None
    # What each line shows: a row, or None for the ruler, and which line of that; None if empty.
    _lines: Sequence[tuple[_Row | None, int] | None] = ()

    def show(self, answer: SumAnswer) -> None:
        self.answer = answer
        self._lay_out()

    def on_resize(self) -> None:
        """Keep the same bits at the right edge."""
        self._lay_out()
        self._settled = self.size

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Remember what a person scrolled to, which a change of width must not alter."""
        super().watch_scroll_x(old_value, new_value)
        if self.size == self._settled:
            self._from_right = round(self.max_scroll_x - new_value)

    def _lay_out(self) -> None:
        if self.answer is None:
            return
        from_right = self._from_right
        self._choose_size(self.answer.addition.length)
        told = bool(self.answer.told) and any(
            line is not None and line[0] is _TOLD for line in self._lines
        )
        meaning = "votes" if self.answer.replica is None else "sure"
        self.border_subtitle = Content(
            f"{'in state: carry by a linear probe · ' * told}{meaning}: ▁ 50 … █ 100 %"
        )
        self.virtual_size = Size(LABEL_WIDTH + self._cells, len(self._lines))
        # Textual has not noticed yet
        self.scroll_to(x=max(0, self.max_scroll_x - from_right), animate=False, force=True)
        # scrolling within a new width has set it to something else
        self._from_right = min(from_right, self.max_scroll_x)
        self.refresh()

    def _choose_size(self, length: int) -> None:
        """The largest digits that fit, in the middle of the room there is."""
        room, height = self.container_size.width - LABEL_WIDTH, self.container_size.height
        self._tall, self._pitch, self._glyph = 1, 2 if 2 * length - 1 <= room else 1, None
        numbers = sum(row.tall for row in _ROWS)
        for lines, width, glyph in LARGER:
            if (width + 1) * length - 1 <= room and len(_ROWS) + 1 + (
                lines - 1
            ) * numbers <= height:
                self._tall, self._pitch, self._glyph = lines, width + 1, glyph
        # By whole columns, so that the lowest bit seldom moves while one types.
        self._left = max(0, (room - self._cells) // 2 // self._pitch * self._pitch)
        # Where a line is lacking, without what is no part of the paper.
        rows = [row for row in _ROWS if row is not _TOLD or height > len(_ROWS)]
        shown = [(row, at) for row in rows for at in range(self._tall if row.tall else 1)]
        self._lines = [*[None] * ((height - 1 - len(shown)) // 2), (None, 0), *shown]

    @property
    def _cells(self) -> int:
        """How many cells the bits take."""
        return self._pitch * self.answer.addition.length - (self._pitch > 1) if self.answer else 0

    def action_scroll_cells(self, direction: int) -> None:
        self.scroll_to(x=self.scroll_x + direction * SCROLL_CELLS, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        self.scroll_to(
            x=self.scroll_x + pages * (self.container_size.width - LABEL_WIDTH), animate=False
        )

    @on(events.MouseScrollDown)
    @on(events.MouseScrollUp)
    def _wheel(self, event: events.MouseEvent) -> None:
        if self.max_scroll_x:
            event.prevent_default()
            event.stop()
            self.action_scroll_cells(1 if isinstance(event, events.MouseScrollDown) else -1)

    def render_line(self, y: int) -> Strip:
        """Draw the visible part of a line; the labels stay where they are."""
        width, answer = self.scrollable_content_region.width, self.answer
        line = self._lines[y] if y < len(self._lines) else None
        if answer is None or line is None:
            return Strip.blank(width, self.rich_style)
        start, room, highest = (
            self.scroll_offset.x,
            width - LABEL_WIDTH - self._left,
            answer.addition.length - 1,
        )
        shown = range(start, min(start + room, self._cells))
        visible = [(highest - cell // self._pitch, cell % self._pitch) for cell in shown]
        row, at = line
        if row is None:
            label, cells = "bit", self._ruler(visible)
        else:
            label = _label(row, answer)
            if (row is _TOLD and not answer.told) or (row.tall and at != (self._tall - 1) // 2):
                label = ""
            cells = [self._cell(answer, row, at, *place) for place in visible]
        before = " " * (self._left + LABEL_WIDTH - 1 - len(label))
        segments = [Segment(before), Segment(label, self._style("label")), Segment(" ")]
        for style, run in groupby(cells, key=lambda cell: cell[1]):
            segments.append(Segment("".join(character for character, _ in run), self._style(style)))
        return (
            Strip(segments).apply_style(self.rich_style).adjust_cell_length(width, self.rich_style)
        )

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"column-addition--{name}") if name else Style()

    def _cell(self, answer: SumAnswer, row: _Row, line: int, bit: int, across: int) -> Cell:
        """What stands in a cell: so far across a bit's column, in a line of a row."""
        wide = max(1, self._pitch - 1)  # of a column, without what is between
        below = row.between if line == self._tall - 1 or not row.tall else ""
        if across == wide and self._pitch > 1:
            return " ", below
        character, style = row.cell_of(answer, bit)
        if style == row.between:
            style = below or "number"
        if self._glyph is None or row is _SURE:
            return character, style
        if row.tall:
            return self._glyph(int(character))[line][across] if character != " " else " ", style
        return (character, style) if across == self._anchor else (" ", "")

    @property
    def _anchor(self) -> int:
        """Where in a bit's column a single character stands."""
        return (self._pitch - 1) // 2 if self._glyph else 0

    def _ruler(self, visible: Sequence[tuple[int, int]]) -> list[Cell]:
        """The numbers of the bits, each with its last figure above its bit."""
        if not visible:  # there is room for the labels at most
            return []
        step = 5 if self._pitch > 1 else 10
        labelled = (
            (cell, bit)
            for cell, (bit, across) in enumerate(visible)
            if across == self._anchor and bit % step == 0
        )
        numbers = ((cell + 1 - len(f"{bit}"), f"{bit}") for cell, bit in labelled)
        text = ruler(numbers, len(visible), self.scroll_offset.x > 0, visible[-1][0] != 0)
        return [(character, "faint") for character in text]


def _carry(answer: SumAnswer, at: int) -> Cell:
    return ("1", "number") if answer.addition.carries[at] else ("·", "faint")


def _told(answer: SumAnswer, at: int) -> Cell:
    if answer.told and answer.told[at] != answer.addition.carries[at]:
        return f"{answer.told[at]:d}", "wrong"
    return _carry(answer, at) if answer.told else (" ", "")


def _digit(number: int, at: int, style: str) -> Cell:
    # A zero is one digit; otherwise nothing stands before the first one.
    return (f"{number >> at & 1}" if at < max(1, number.bit_length()) else " ", style)


_TOLD = _Row("in state", _told)
_SURE = _Row("sure", lambda answer, at: (eighth(answer.confidence[at]), "confidence"))
_ROWS = (  # from top to bottom
    _Row("carry", _carry),
    _TOLD,
    _Row("a", lambda answer, at: _digit(answer.addition.a, at, "number"), tall=True),
    _Row("+ b", lambda answer, at: _digit(answer.addition.b, at, "ruled"), "ruled", tall=True),
    _Row(
        "network",
        lambda answer, at: (f"{answer.bits[at]:d}", "wrong" if answer.wrong[at] else "answer"),
        tall=True,
    ),
    _Row("", lambda answer, at: ("✗", "mark") if answer.wrong[at] else (" ", "")),
    _Row("true sum", lambda answer, at: (f"{answer.addition.total >> at & 1}", "total"), "", True),
    _SURE,
)


def _label(row: _Row, answer: SumAnswer) -> str:
    return "votes" if row is _SURE and answer.replica is None else row.label


def addition_rows(answer: SumAnswer) -> dict[str, list[Cell]]:
    """The rows of an addition from top to bottom, by their labels; the highest bit is first.

    The row without a label has the marks of wrong bits.
    """
    bits = range(answer.addition.length - 1, -1, -1)
    return {_label(row, answer): [row.cell_of(answer, bit) for bit in bits] for row in _ROWS}
