"""A digit to be read from across the room, in blocks: three cells wide, or six where they fit."""

from rich.text import Text
from textual.widget import Widget

# Three by five points a digit.
_FONT = (
    ("███", "█ █", "█ █", "█ █", "███"),
    (" █ ", "██ ", " █ ", " █ ", "███"),
    ("███", "  █", "███", "█  ", "███"),
    ("███", "  █", "███", "  █", "███"),
    ("█ █", "█ █", "███", "  █", "  █"),
    ("███", "█  ", "███", "  █", "███"),
    ("███", "█  ", "███", "█ █", "███"),
    ("███", "  █", "  █", "  █", "  █"),
    ("███", "█ █", "███", "█ █", "███"),
    ("███", "█ █", "███", "  █", "███"),
)
# By upper and lower point: two points share a cell in the small form.
_HALVES = {"  ": " ", "█ ": "▀", " █": "▄", "██": "█"}
LARGE_HEIGHT = 5


def small_digit(digit: int) -> list[str]:
    """Three lines of three cells."""
    rows = [*_FONT[digit], "   "]
    return [
        "".join(_HALVES[upper + lower] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in (0, 2, 4)
    ]


def large_digit(digit: int) -> list[str]:
    """Five lines of six cells."""
    return ["".join(point * 2 for point in row) for row in _FONT[digit]]


class BigDigit(Widget):
    """One digit in the widget's colour, as large as the stylesheet makes room for."""

    def __init__(self) -> None:
        super().__init__()
        self._digit: int | None = None

    @property
    def digit(self) -> int | None:
        """What is shown."""
        return self._digit

    def show(self, digit: int) -> None:
        """Draw `digit`."""
        self._digit = digit
        self.refresh()

    def render(self) -> Text:
        """Draw at the present height."""
        if self._digit is None:
            return Text("")
        large = self.content_size.height >= LARGE_HEIGHT
        lines = large_digit(self._digit) if large else small_digit(self._digit)
        return Text("\n".join(lines), no_wrap=True, end="")
