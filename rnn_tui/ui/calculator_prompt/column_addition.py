"""An addition as on paper, one column a bit, of which only what is visible is ever drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from rich.segment import Segment
from rich.style import Style
from textual import events, on
from textual.binding import Binding
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from rnn_tui.ui.calculator_prompt.calculator_answer import SumAnswer
from rnn_tui.ui.terminal.key_table import moves
from rnn_tui.ui.widgets.digits import large_digit, ruler, small_digit

EIGHTHS = "▁▂▃▄▅▆▇█"
LABEL_WIDTH = 11  # cells of a label and the space after it
Cell = tuple[str, str]  # a character, and the name of its style, one of these or none
STYLES = ("label", "faint", "number", "ruled", "answer", "wrong", "mark", "total", "confidence")


def _large_digit_with_gap(digit: int) -> list[str]:
    return [*large_digit(digit), " " * 6]


# The lines and the cells of a digit, and what draws it, if there is room for more than one cell.
LARGER: tuple[tuple[int, int, Callable[[int], list[str]]], ...] = (
    (3, 3, small_digit),
    (6, 6, _large_digit_with_gap),
)
SCROLL_CELLS = 10  # what an arrow key, or a notch of the wheel, scrolls by


def eighth(confidence: float) -> str:
    """Return a block: the lowest for a confidence of 0.5, the highest for 1."""
    height = int((confidence - 0.5) * 2 * len(EIGHTHS))
    return EIGHTHS[max(0, min(len(EIGHTHS) - 1, height))]


@dataclass(frozen=True)
class _Row:
    """A line of the addition."""

    label: str  #: the word to its left.
    #: returns the text in a column; columns are counted from the lowest bit.
    cell_of: Callable[[SumAnswer, int], Cell]
    between: str = ""  #: the style of the cells between columns.
    tall: bool = False  #: whether it is a number, whose digits are larger if there is room.


def _carry(answer: SumAnswer, bit: int) -> Cell:
    return ("1", "number") if answer.addition.carries[bit] else ("·", "faint")


def _probed_carry(answer: SumAnswer, bit: int) -> Cell:
    """Return the carry that a probe reads from the state; blank before it is asked."""
    if not answer.probed_carries:
        return " ", ""
    carry = answer.probed_carries[bit]
    if carry != answer.addition.carries[bit]:
        return f"{carry:d}", "wrong"
    return _carry(answer, bit)


def _digit_of_a(answer: SumAnswer, bit: int) -> Cell:
    return _digit(answer.addition.a, bit), "number"


def _digit_of_b(answer: SumAnswer, bit: int) -> Cell:
    return _digit(answer.addition.b, bit), "ruled"


def _digit(number: int, bit: int) -> str:
    """Return the digit of a number at a bit; empty before its first digit, but 0 for a zero."""
    return f"{number >> bit & 1}" if bit < max(1, number.bit_length()) else " "


def _answered_bit(answer: SumAnswer, bit: int) -> Cell:
    return f"{answer.bits[bit]:d}", "wrong" if answer.wrong[bit] else "answer"


def _error_mark(answer: SumAnswer, bit: int) -> Cell:
    return ("✗", "mark") if answer.wrong[bit] else (" ", "")


def _true_bit(answer: SumAnswer, bit: int) -> Cell:
    return f"{answer.addition.total >> bit & 1}", "total"


def _confidence(answer: SumAnswer, bit: int) -> Cell:
    return eighth(answer.confidence[bit]), "confidence"


_PROBED = _Row("in state", _probed_carry)
_CONFIDENCE = _Row("confidence", _confidence)
_ROWS = (  # the rows from top to bottom
    _Row("carry", _carry),
    _PROBED,
    _Row("a", _digit_of_a, tall=True),
    _Row("+ b", _digit_of_b, between="ruled", tall=True),
    _Row("network", _answered_bit, tall=True),
    _Row("", _error_mark),
    _Row("true sum", _true_bit, tall=True),
    _CONFIDENCE,
)


def _label(row: _Row, answer: SumAnswer) -> str:
    return "votes" if row is _CONFIDENCE and answer.voted else row.label


@dataclass(frozen=True)
class SumLayout:
    """Where an addition of L bits is drawn, and how large."""

    left: int  #: blank cells to the left of all labels.
    pitch: int  #: cells from one bit to the next.
    cells: int  #: cells that all bits take, without a gap after the last one.
    tall: int  #: lines of a digit.
    glyph: Callable[[int], list[str]] | None  #: draws a large digit, in lines.
    #: the row of each line, or None for the ruler, and the line within it; None for an empty line.
    lines: Sequence[tuple[_Row | None, int] | None]

    @property
    def anchor(self) -> int:
        """The place of a single character within a bit's column."""
        return (self.pitch - 1) // 2 if self.glyph else 0

    @property
    def shows_probe(self) -> bool:
        """Whether there is room for the carries that a probe reads."""
        return any(line is not None and line[0] is _PROBED for line in self.lines)


def lay_out(length: int, width: int, height: int) -> SumLayout:
    """Choose the largest digits that fit, and put them in the middle of the room there is.

    Args:
        length: bits.
        width: cells, those of the labels among them.
        height: lines.
    """
    room = width - LABEL_WIDTH
    tall = 1
    pitch = 2 if 2 * length - 1 <= room else 1
    glyph = None
    tall_rows = sum(row.tall for row in _ROWS)
    for larger, glyph_width, larger_glyph in LARGER:
        needed_width = (glyph_width + 1) * length - 1
        needed_height = len(_ROWS) + 1 + (larger - 1) * tall_rows  # 1 for the ruler
        if needed_width <= room and needed_height <= height:
            tall = larger
            pitch = glyph_width + 1
            glyph = larger_glyph
    cells = pitch * length - (1 if pitch > 1 else 0)
    # With a line too few, the row of the probe is left out: it is no part of the addition.
    rows = [row for row in _ROWS if row is not _PROBED or height > len(_ROWS)]
    lines = [(row, line) for row in rows for line in range(tall if row.tall else 1)]
    blank_lines = (height - 1 - len(lines)) // 2
    return SumLayout(
        # By whole columns, so that the lowest bit seldom moves while one types.
        left=max(0, (room - cells) // 2 // pitch * pitch),
        pitch=pitch,
        cells=cells,
        tall=tall,
        glyph=glyph,
        lines=[*[None] * blank_lines, (None, 0), *lines],
    )


class ColumnAddition(ScrollView, can_focus=True):
    """Shows carries, numbers, answer, errors and true sum in columns, the highest bit on the left.

    If not all bits fit, the lowest are shown first, and stay where they are.
    """

    DEFAULT_CLASSES = "panel"
    FOCUS_ON_CLICK = False  # what is typed next is for the field
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
    _from_right = 0  #: Cells scrolled away from the right end, kept when the width changes.
    _settled = Size(0, 0)  #: The size that the layout was made for.
    _layout = SumLayout(0, 1, 0, 1, None, ())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to scroll only if there are more bits than fit."""
        if action == "scroll_cells" and not self.max_scroll_x:
            return None
        return super().check_action(action, parameters)

    def show(self, answer: SumAnswer) -> None:
        self.answer = answer
        self._arrange()

    def on_resize(self) -> None:
        """Keep the same bits at the right edge."""
        self._arrange()
        self._settled = self.size

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """Remember where a user scrolled to: a change of width must not alter it."""
        super().watch_scroll_x(old_value, new_value)
        if self.size == self._settled:
            self._from_right = round(self.max_scroll_x - new_value)

    def _arrange(self) -> None:
        if self.answer is None:
            return
        from_right = self._from_right
        could_scroll = self.max_scroll_x > 0
        length = self.answer.addition.length
        self._layout = lay_out(length, self.container_size.width, self.container_size.height)
        meaning = f"{_label(_CONFIDENCE, self.answer)}: ▁ 50 … █ 100 %"
        if self._layout.shows_probe and self.answer.probed_carries:
            meaning = f"in state: carry read by a linear probe · {meaning}"
        self.border_subtitle = Content(meaning)
        self.virtual_size = Size(LABEL_WIDTH + self._layout.cells, len(self._layout.lines))
        # Textual has not noticed yet
        self.scroll_to(x=max(0, self.max_scroll_x - from_right), animate=False, force=True)
        # scrolling within a new width has set it to something else
        self._from_right = min(from_right, self.max_scroll_x)
        if could_scroll != (self.max_scroll_x > 0):
            self.refresh_bindings()
        self.refresh()

    def action_scroll_cells(self, direction: int) -> None:
        self.scroll_to(x=self.scroll_x + direction * SCROLL_CELLS, animate=False)

    def action_scroll_pages(self, pages: int) -> None:
        page = self.container_size.width - LABEL_WIDTH
        self.scroll_to(x=self.scroll_x + pages * page, animate=False)

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
        lines = self._layout.lines
        line_of_row = lines[y] if y < len(lines) else None
        if answer is None or line_of_row is None:
            return Strip.blank(width, self.rich_style)
        row, line = line_of_row
        places = self._visible_places(width - LABEL_WIDTH - self._layout.left)
        if row is None:
            label = "bit"
            cells = self._ruler(places)
        else:
            label = self._label_in(row, line, answer)
            cells = [self._cell(answer, row, line, bit, across) for bit, across in places]
        before = " " * (self._layout.left + LABEL_WIDTH - 1 - len(label))
        segments = [Segment(before), Segment(label, self._style("label")), Segment(" ")]
        for style, run in groupby(cells, key=itemgetter(1)):
            text = "".join(character for character, _ in run)
            segments.append(Segment(text, self._style(style)))
        strip = Strip(segments).apply_style(self.rich_style)
        return strip.adjust_cell_length(width, self.rich_style)

    def _visible_places(self, room: int) -> list[tuple[int, int]]:
        """Return for each visible cell its bit, and its offset within the bit's column."""
        highest = self.answer.addition.length - 1 if self.answer else 0
        start = self.scroll_offset.x
        cells = range(start, min(start + room, self._layout.cells))
        return [(highest - cell // self._layout.pitch, cell % self._layout.pitch) for cell in cells]

    def _label_in(self, row: _Row, line: int, answer: SumAnswer) -> str:
        """Return the label of a row in one of its lines: of a tall row in the middle one."""
        if row is _PROBED and not answer.probed_carries:
            return ""
        if row.tall and line != (self._layout.tall - 1) // 2:
            return ""
        return _label(row, answer)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"column-addition--{name}") if name else Style()

    def _cell(self, answer: SumAnswer, row: _Row, line: int, bit: int, across: int) -> Cell:
        """Return a cell at an offset within a bit's column, in a line of a row."""
        is_last_line = line == self._layout.tall - 1 or not row.tall
        between = row.between if is_last_line else ""
        if self._layout.pitch > 1 and across == self._layout.pitch - 1:
            return " ", between
        character, style = row.cell_of(answer, bit)
        if style == row.between:
            style = between or "number"
        if self._layout.glyph is None or row is _CONFIDENCE:
            return character, style
        if row.tall and character != " ":
            return self._layout.glyph(int(character))[line][across], style
        if row.tall:
            return " ", style
        return (character, style) if across == self._layout.anchor else (" ", "")

    def _ruler(self, visible: Sequence[tuple[int, int]]) -> list[Cell]:
        """Return the numbers of the bits, each with its last figure above its bit."""
        if not visible:  # there is room for the labels at most
            return []
        step = 5 if self._layout.pitch > 1 else 10
        numbers = []
        for cell, (bit, across) in enumerate(visible):
            if across == self._layout.anchor and bit % step == 0:
                number = f"{bit}"
                numbers.append((cell + 1 - len(number), number))
        lowest_bit, _ = visible[-1]
        text = ruler(numbers, len(visible), self.scroll_offset.x > 0, lowest_bit != 0)
        return [(character, "faint") for character in text]


def addition_rows(answer: SumAnswer) -> dict[str, list[Cell]]:
    """Return the rows of an addition from top to bottom, by their labels; the highest bit is first.

    The row without a label has the marks of wrong bits.
    """
    bits = range(answer.addition.length - 1, -1, -1)
    return {_label(row, answer): [row.cell_of(answer, bit) for bit in bits] for row in _ROWS}
