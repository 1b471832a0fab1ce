"""The calculator's parts: a field for a number, a sum in every base, how many seeds are right."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.adder.questions import BASES, MOST_BITS, Base, parse_number
from rnn_tui.ui.ask.calculator_answer import SumAnswer, Tally
from rnn_tui.ui.widgets.fields import TypedInput

# A binary number with as many zeros before it and spaces in it as it has digits.
MOST_CHARACTERS = 3 * MOST_BITS
# More digits than these in a row are no longer read.
MOST_DIGITS_SHOWN = 64
GAP = "   "
# Content makes no use of the theme's $text-muted, whose colour is found by what is behind it.
MUTED = "$foreground 60%"
TITLE = "Seeds that have the whole sum right"


@dataclass(frozen=True)
class _Cut:
    """A paste of which a part was left out.

    Attributes:
        value: what the field held right after it.
        note: a sentence on it.
    """

    value: str
    note: str


class NumberEntry(TypedInput):
    """An input for a number. All printable keys are typed text, since `2` or `x` is an answer too:
    a wrong one, which is said in a sentence.

    Args:
        label: what the number is called.
        value: what is typed at first.
    """

    def __init__(self, label: str, value: str) -> None:
        super().__init__(value, MOST_CHARACTERS, id=f"number-{label}")
        self.label = label
        self._cut: _Cut | None = None

    def on_typed_input_cut(self, event: TypedInput.Cut) -> None:
        """What is left of a paste is not the number that was meant."""
        event.stop()
        note = f"Only the first {event.kept:,} of {event.pasted:,} pasted characters fit."
        self._cut = _Cut(self.value, note)
        self.post_message(self.Changed(self, self.value))

    def read(self, base: Base) -> int:
        """The number typed.

        Raises:
            QueryError: with the sentence to show.
        """
        if self._cut is not None and self._cut.value == self.value:
            raise QueryError(f"{self._cut.note} A number may have at most {MOST_BITS:,} bits.")
        return parse_number(self.value, base)

    def convert(self, old: Base, new: Base) -> None:
        """Write the number in another base; what is none stays as typed."""
        try:
            self.value = new.format(self.read(old))
        except QueryError:
            return
        self.action_end()


def shorten(digits: str, width: int) -> str:
    """`digits` in at most `width` cells: cut in the middle, with the number of digits after it."""
    if len(digits) <= min(width, MOST_DIGITS_SHOWN):
        return digits
    count = f" ({len(digits):,} digits)"
    shown = max(2, min(width - len(count), MOST_DIGITS_SHOWN) - 1)
    return f"{digits[: (shown + 1) // 2]}…{digits[-(shown // 2) :]}{count}"


class SumLines(Widget):
    """The answer in the three bases, beside it the true sum where that differs."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._answer: SumAnswer | None = None

    def show(self, answer: SumAnswer) -> None:
        """Write an answer."""
        self._answer = answer
        self.refresh()

    def render(self) -> Content:
        """Write it at the present width."""
        if self._answer is None:
            return Content("")
        label_width = max(len(base.name) for base in BASES) + 2
        room = self.content_size.width - label_width
        wrong = any(answered != true for answered, true in self._answer.written)
        if wrong:
            room = (room - len(f"{GAP}true ")) // 2
        written = [
            (shorten(answered, room), shorten(true, room))
            for answered, true in self._answer.written
        ]
        column = max(len(answered) for answered, _ in written)
        lines = []
        for base, (answered, true) in zip(BASES, written, strict=True):
            line = Content(base.name.ljust(label_width)).stylize(MUTED)
            line += Content(answered).stylize("bold")
            if wrong:
                label = " " * (column - len(answered)) + f"{GAP}true "
                line += Content(label).stylize(MUTED)
                # Where both are cut they may differ in the part that is left out.
                line += Content(true if true != answered else "differs within the …")
            lines.append(line)
        return Content("\n").join(lines)


class TallyTable(Widget):
    """Every variant with its seeds that are right, as many beside each other as fit."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tallies: tuple[Tally, ...] = ()

    def show(self, tallies: tuple[Tally, ...]) -> None:
        """List them; none takes no room."""
        self._tallies = tallies
        self.display = bool(tallies)
        self.refresh(layout=True)

    def get_content_height(
        self,
        container: Size,  # noqa: ARG002 (the names are Textual's)
        viewport: Size,  # noqa: ARG002
        width: int,
    ) -> int:
        """The title, and a line for each row."""
        return 1 + len(self._rows(width))

    def render(self) -> Content:
        """Write it at the present width."""
        lines = [Content(TITLE).stylize(MUTED)]
        lines += [Content(GAP).join(row) for row in self._rows(self.content_size.width)]
        return Content("\n").join(lines)

    def _rows(self, width: int) -> list[list[Content]]:
        """The variants, a loss to a row where its hidden sizes fit."""
        labels = [tally.variant.label for tally in self._tallies]
        counts = [f"{tally.right} of {tally.seeds}" for tally in self._tallies]
        label_width, count_width = max(map(len, labels)), max(map(len, counts))
        cells = [
            Content(label.ljust(label_width) + "  ")
            + Content(count.rjust(count_width)).stylize(_style(tally))
            for label, count, tally in zip(labels, counts, self._tallies, strict=True)
        ]
        fitting = max(1, (width + len(GAP)) // (label_width + 2 + count_width + len(GAP)))
        losses = {tally.variant.loss for tally in self._tallies}
        in_a_row = min(fitting, len(cells) // len(losses))
        rows = zip_longest(*[iter(cells)] * in_a_row)
        return [[cell for cell in row if cell is not None] for row in rows]


def _style(tally: Tally) -> str:
    if tally.right == tally.seeds:
        return "$text-success"
    return "$text-error bold"
