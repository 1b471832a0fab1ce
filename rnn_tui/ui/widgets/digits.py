"""Widgets that show a digit large, and the probabilities of all ten."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.style import Style
from rich.text import Text
from textual.color import Color
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.tasks.image_sets import DIGITS

_LINES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
# The digits in rows of three points; each has five rows.
_FONT = [[line[4 * digit : 4 * digit + 3] for line in _LINES] for digit in range(10)]
# A cell of a small digit by its upper and its lower point.
_HALVES = {"  ": " ", "█ ": "▀", " █": "▄", "██": "█"}
LARGE_HEIGHT = 5
_RIGHTWARDS, _UPWARDS = " ▏▎▍▌▋▊▉█", " ▁▂▃▄▅▆▇█"  # eighths of a cell
BAR_NOTES = 18  # cells that a bar's digit, percentage and note take
LONGEST_BAR = 40  # cells of the longest bar that can be read at a glance
# Classes of columns with larger digits, and the cells and lines that these need.
SIZES = (("-huge", 40, 32), ("-large", 32, 18))
SPREAD_HEIGHT = 24  # lines from which there are blank ones between the bars of a column
LARGER_DIGIT_LINES = 3  # lines that a larger digit takes more


def small_digit(digit: int) -> list[str]:
    """Draw a digit in three lines of three cells."""
    rows = [*_FONT[digit], "   "]
    return [_halved(rows[index], rows[index + 1]) for index in (0, 2, 4)]


def _halved(upper_row: str, lower_row: str) -> str:
    """Draw two rows of points in one line."""
    pairs = zip(upper_row, lower_row, strict=True)
    return "".join(_HALVES[upper + lower] for upper, lower in pairs)


def large_digit(digit: int, times: int = 1) -> list[str]:
    """Draw a digit in five lines of six cells, or so many times as large."""
    lines = []
    for row in _FONT[digit]:
        line = "".join(point * 2 * times for point in row)
        lines += [line] * times
    return lines


def ruler(
    numbers: Iterable[tuple[int, str]], room: int, more_left: bool, more_right: bool
) -> list[str]:
    """Write numbers into a line, and signs at its ends if there are more.

    A number that would be cut is left out: it would be another number.

    Args:
        numbers: The first cell and the text of each.
        room: The cells of the line.
        more_left: Whether something lies to the left of the line.
        more_right: Whether something lies to the right of it.
    """
    first = 2 if more_left else 0
    end = room - 2 if more_right else room
    text = [" "] * room
    for cell, number in numbers:
        if cell >= first and cell + len(number) <= end:
            text[cell : cell + len(number)] = number
    if more_left:
        text[0] = "‹"
    if more_right:
        text[-1] = "›"
    return text


def theme_style(widget: Widget, name: str) -> Style:
    """Return a colour of the theme for Rich, which does not know names such as ansi_red."""
    return Style(color=Color.parse(widget.app.theme_variables[name]).rich_color)


class BigDigit(Widget):
    """A digit in the widget's colour, as large as the stylesheet allows."""

    digit: reactive[int | None] = reactive(None, init=False)

    def render(self) -> Text:
        lines: list[str] = []
        times = self.content_size.height // LARGE_HEIGHT
        if self.digit is not None and times:
            lines = large_digit(self.digit, times)
        elif self.digit is not None:
            lines = small_digit(self.digit)
        return Text("\n".join(lines), no_wrap=True, end="")


def bar(share: float, width: int) -> str:
    """Draw a bar of `share` (0 … 1) of `width` cells, padded to the width."""
    full, eighths = divmod(round(max(0.0, min(1.0, share)) * width * 8), 8)
    text = "█" * full
    if eighths:
        text += _RIGHTWARDS[eighths]
    return text.ljust(width)


class ProbabilityBars(Widget):
    """Ten bars, one below the other, with blank lines between them if there is room."""

    _probabilities: tuple[float, ...] = ()
    _true: int | None = None
    _names: Sequence[str] = DIGITS

    def show(
        self,
        probabilities: Sequence[float],
        true: int | None = None,
        names: Sequence[str] = DIGITS,
    ) -> None:
        """Draw the bars; `true` is the right class, if it is known, of those with these names."""
        self._names = names
        other_count = len(probabilities) != len(self._probabilities)
        self._probabilities = tuple(probabilities)
        self._true = true
        # only then: to lay the whole screen out takes longer than networks need to answer
        self.refresh(layout=other_count)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._probabilities)

    def render(self) -> Text:
        if not self._probabilities:
            return Text("")
        best = max(range(len(self._probabilities)), key=self._probabilities.__getitem__)
        # of a digit, a letter
        name_width = max(len(name) for name in self._names)
        room = self.content_size.width - BAR_NOTES - (name_width - 1)
        width = max(4, min(LONGEST_BAR, room))
        plain = theme_style(self, "primary")
        notes: dict[int, tuple[str, Style]] = {}
        if self._true is None:  # without a true class no bar is marked as wrong
            notes[best] = (" read", plain)
        else:
            notes[best] = (" ✗ guess", theme_style(self, "text-error"))
            notes[self._true] = (" ✓ true", theme_style(self, "text-success"))
        lines = []
        for number, probability in enumerate(self._probabilities):
            note, style = notes.get(number, ("", plain))
            name = self._names[number].ljust(name_width)
            percent = f" {100 * probability:5.1f} %"
            lines.append(
                Text.assemble(f"{name} ", (bar(probability, width), style), percent, (note, style))
            )
        has_room = self.content_size.height >= 2 * len(lines) - 1
        return Text("\n\n" if has_room else "\n", no_wrap=True, end="").join(lines)


class ProbabilityColumns(ProbabilityBars):
    """Ten columns side by side, as wide and high as there is room."""

    _probabilities = (0.0,) * 10

    def render(self) -> Text:
        """Draw at the present size, the digits in the last line."""
        width = (self.content_size.width + 1) // 10  # a column and the blank after it
        height = self.content_size.height - 1
        heights = [8 * height * share for share in self._probabilities]  # in eighths of a line
        rows = []
        for line in reversed(range(height)):
            eighths = [max(0, min(8, round(column) - 8 * line)) for column in heights]
            rows.append([_UPWARDS[count] * (width - 1) for count in eighths])
        digits = [f"▸{digit}" if digit == self._true else f"{digit}" for digit in range(10)]
        rows.append([digit.center(width - 1) for digit in digits])
        text = Text("\n".join(" ".join(row) for row in rows), no_wrap=True, end="")
        line_length = 10 * width
        text.stylize(theme_style(self, "primary"), 0, height * line_length)
        if any(heights):
            best = heights.index(max(heights))
            style = theme_style(self, "text-accent") + Style(bold=True)
            for line in range(len(rows)):
                start = line * line_length + best * width
                text.stylize(style, start, start + width - 1)
        return text


class DigitColumn(Vertical):
    """Shows the answer of a network: its name, the digit, words, and ten probabilities."""

    DEFAULT_CLASSES = "panel"

    def __init__(self) -> None:
        self._digit = BigDigit()
        self._bars = ProbabilityBars()
        self._words = Static("", classes="words", markup=False)
        super().__init__(Horizontal(self._digit, self._words, classes="head"), self._bars)

    def show(
        self,
        name: str,
        probabilities: Sequence[float],
        words: str,
        *,
        colour: str = "success",
        true: int | None = None,
    ) -> None:
        """Show an answer.

        Args:
            name: Of the network.
            probabilities: Of the ten digits; empty if there is no answer.
            words: Beside the digit.
            colour: Of their first line: `success`, `warning` or `error`.
            true: The right digit, if it is known.
        """
        self.border_title = Content(name)
        has_answer = bool(probabilities)
        self._digit.visible = has_answer
        self._bars.visible = has_answer
        if has_answer:
            self._digit.digit = max(range(len(probabilities)), key=probabilities.__getitem__)
            self._bars.show(probabilities, true)
        self.update_classes({"-unsure": colour == "warning", "-wrong": colour == "error"})
        first, _, more = words.partition("\n")
        self._words.update(
            Content.assemble((first, f"$text-{colour}"), (f"\n{more}", "$foreground 60%")),
            layout=False,
        )


def fit_columns(columns: Sequence[DigitColumn], place: Size) -> None:
    """Draw columns that stand side by side as large as there is room for in a place."""
    width, height = place.width // max(1, len(columns)), place.height
    fitting = [
        name
        for name, least_width, least_height in SIZES
        if width >= least_width and height >= least_height
    ]
    size = fitting[0] if fitting else ""
    classes = {name: name == size for name, _, _ in SIZES}
    classes["-spread"] = height >= SPREAD_HEIGHT + (LARGER_DIGIT_LINES if size else 0)
    for column in columns:
        column.update_classes(classes)
