"""A sequence of digits on one line, one of them in brackets."""

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

# Cells from which there is room for the words beside the digits.
WORDS_WIDTH = 60


def marked(digits: Sequence[int], position: int, width: int) -> str:
    """The digits with the one at `position` (from 1) in brackets, as ` 3 1[4]1 5 `.

    Where they need more than `width` cells, those around the position are left.
    """
    room = max(1, (width - 1) // 2)
    first, last = 0, len(digits)
    if len(digits) > room:
        room = max(1, room - 2)  # an ellipsis takes the place of a digit
        first = min(max(0, position - 1 - room // 2), len(digits) - room)
        last = first + room
    shown = ["…"] * (first > 0) + [str(digit) for digit in digits[first:last]]
    at = position - 1 - first + (first > 0)
    shown += ["…"] * (last < len(digits))
    between = [" "] * (len(shown) + 1)
    between[at], between[at + 1] = "[", "]"
    return between[0] + "".join(map("".join, zip(shown, between[1:], strict=True)))


class MarkedDigits(Widget):
    """The sequence, as much of it as fits around the position."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._digits: tuple[int, ...] = ()
        self._position = 1

    def show(self, digits: Sequence[int], position: int) -> None:
        """Draw `digits`, the one at `position` (from 1) in brackets."""
        self._digits, self._position = tuple(digits), position
        self.refresh()

    def render(self) -> Content:
        """Draw at the present width."""
        if not self._digits:
            return Content("")
        digits, position, width = self._digits, self._position, self.content_size.width
        words = ""
        if width >= WORDS_WIDTH:
            words = f"  digit {position:,} of {len(digits):,} is {digits[position - 1]}"
        line = Content(marked(digits, position, width - len(words)))
        start = line.plain.index("[")
        return line.stylize("bold reverse", start, start + 3) + Content(words).stylize("dim")
