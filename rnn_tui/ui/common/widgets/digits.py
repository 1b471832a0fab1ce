"""Digits shown: large in blocks, and as the probabilities of all ten."""

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

_LINES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
# three by five points each
_FONT = [[line[4 * digit : 4 * digit + 3] for line in _LINES] for digit in range(10)]
# by upper and lower point: two points share a cell in the small form
_HALVES = {"  ": " ", "█ ": "▀", " █": "▄", "██": "█"}
LARGE_HEIGHT = 5
# of a cell: a narrow bar, too, is read to a hundredth; the same upwards
_EIGHTHS, _RISING = " ▏▎▍▌▋▊▉█", " ▁▂▃▄▅▆▇█"
# cells: what a bar's figures and note take, the longest bar that is read at a glance
BAR_NOTES, LONGEST_BAR = 18, 40
# cells and lines from which a column has room for a digit that is larger
SIZES = (("-huge", 40, 32), ("-large", 32, 18))
SPREAD_HEIGHT = 24  # lines from which there is air between the bars of a column


def small_digit(digit: int) -> list[str]:
    """Three lines of three cells."""
    rows = [*_FONT[digit], "   "]
    return [
        "".join(_HALVES[upper + lower] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in (0, 2, 4)
    ]


def large_digit(digit: int, times: int = 1) -> list[str]:
    """Five lines of six cells, or so many times as large."""
    return [
        row
        for row in ["".join(point * 2 * times for point in row) for row in _FONT[digit]]
        for _ in range(times)
    ]


def ruler(
    numbers: Iterable[tuple[int, str]], room: int, more_left: bool, more_right: bool
) -> list[str]:
    """A line with numbers from their cells on, and signs where there are more; a number that is cut
    would be another number.
    """
    text = [" "] * room
    for at, number in numbers:
        if at >= 2 * more_left and at + len(number) <= room - 2 * more_right:
            text[at : at + len(number)] = number
    if more_left:
        text[0] = "‹"
    if more_right:
        text[-1] = "›"
    return text


def theme_style(widget: Widget, name: str) -> Style:
    """A colour of the theme as Rich has it, which knows no name such as ansi_red itself."""
    return Style(color=Color.parse(widget.app.theme_variables[name]).rich_color)


class BigDigit(Widget):
    """One digit in the widget's colour, as large as the stylesheet makes room for."""

    digit: reactive[int | None] = reactive(None, init=False)

    def render(self) -> Text:
        times = self.content_size.height // LARGE_HEIGHT
        lines = (
            []
            if self.digit is None
            else large_digit(self.digit, times)
            if times
            else small_digit(self.digit)
        )
        return Text("\n".join(lines), no_wrap=True, end="")


def bar(share: float, width: int) -> str:
    """A bar of `share` (0 … 1) of `width` cells, padded to the width."""
    full, part = divmod(round(max(0.0, min(1.0, share)) * width * 8), 8)
    return ("█" * full + _EIGHTHS[part : part + bool(part)]).ljust(width)


class ProbabilityBars(Widget):
    """Ten bars, one below the other, with air between them where it is high enough."""

    _probabilities: tuple[float, ...] = ()
    _true: int | None = None

    def show(self, probabilities: Sequence[float], true: int | None = None) -> None:
        """Draw the bars; `true` is the right class, where it is known."""
        other = len(probabilities) != len(self._probabilities)
        self._probabilities, self._true = tuple(probabilities), true
        # only then: to lay the whole screen out takes longer than networks do for an answer
        self.refresh(layout=other)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._probabilities)

    def render(self) -> Text:
        if not self._probabilities:
            return Text("")
        best = max(range(len(self._probabilities)), key=self._probabilities.__getitem__)
        width = max(4, min(LONGEST_BAR, self.content_size.width - BAR_NOTES))
        plain, good, bad = (
            theme_style(self, name) for name in ("primary", "text-success", "text-error")
        )
        between = 2 if self.content_size.height >= 2 * len(self._probabilities) - 1 else 1
        # Where nobody knows the truth nothing is wrong.
        notes = {
            best: (" read", plain) if self._true is None else (" ✗ read", bad),
            self._true: (" ✓ true", good),
        }
        lines = []
        for digit, probability in enumerate(self._probabilities):
            note, style = notes.get(digit, ("", plain))
            figure = f" {100 * probability:5.1f} %"
            lines.append(
                Text.assemble(f"{digit} ", (bar(probability, width), style), figure, (note, style))
            )
        return Text("\n" * between, no_wrap=True, end="").join(lines)


class ProbabilityColumns(ProbabilityBars):
    """The same as ten columns side by side, as wide and high as there is room."""

    _probabilities = (0.0,) * 10

    def render(self) -> Text:
        """Draw at the present size, the digits in the last line."""
        width, height = (self.content_size.width + 1) // 10, self.content_size.height - 1
        shares = [8 * height * share for share in self._probabilities]
        below = (8 * line for line in reversed(range(height)))
        rows = [
            [_RISING[max(0, min(8, round(share) - ground))] * (width - 1) for share in shares]
            for ground in below
        ]
        rows.append(
            [f"{'▸' if at == self._true else ''}{at}".center(width - 1) for at in range(10)]
        )
        text = Text("\n".join(" ".join(row) for row in rows), no_wrap=True, end="")
        length, best = 10 * width, shares.index(max(shares))
        text.stylize(theme_style(self, "primary"), 0, height * length)
        for line in range(len(rows) if any(shares) else 0):
            at = line * length + best * width
            text.stylize(theme_style(self, "text-accent") + Style(bold=True), at, at + width - 1)
        return text


class DigitColumn(Vertical):
    """What a network says: its name, the digit, words beside that, the ten probabilities below."""

    DEFAULT_CLASSES = "panel"

    def __init__(self) -> None:
        self._digit, self._bars = BigDigit(), ProbabilityBars()
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
        """Show whose answer it is, its probabilities, if any, and words, the first line in the
        `colour` of a state.
        """
        self.border_title = Content(name)
        self._digit.visible = self._bars.visible = bool(probabilities)
        if probabilities:
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
    room, height = place.width // max(1, len(columns)), place.height
    size = next((name for name, *least in SIZES if room >= least[0] and height >= least[1]), "")
    classes = {
        **{name: name == size for name, *_ in SIZES},
        "-spread": height >= SPREAD_HEIGHT + 3 * bool(size),
    }
    for column in columns:
        column.update_classes(classes)
