"""What recall networks answer: the digits, a column for each network, the report's table."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Horizontal, HorizontalScroll, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import DataTable, Static

from rnn_tui.ui.ask.recall_answers import A_LENGTH, RecallAnswers
from rnn_tui.ui.widgets.digits import BigDigit, ProbabilityBars
from rnn_tui.ui.widgets.fields import TypesDigits

# Cells from which there is room for the words beside the digits.
WORDS_WIDTH = 60
# Cells below which a column cuts its words: beside a small digit, and beside a large one.
NARROWEST, ROOMY = 25, 31
# Sequences as long as the report's are shown in full, longer ones around the position.
SEQUENCE_WIDTH = 2 * 11 + 1


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


class AnswerColumn(Vertical):
    """What one variant answers: the digit, right or wrong, and the ten probabilities."""

    def compose(self) -> ComposeResult:
        """Lay the words out beside the digit, the bars below."""
        with Horizontal(classes="head"):
            yield BigDigit()
            with Vertical():
                yield Static("", classes="name", markup=False)
                yield Static("", classes="verdict", markup=False)
                yield Static("", classes="seeds", markup=False)
        yield ProbabilityBars()

    def show(self, answers: RecallAnswers, variant: int, seed: int | None) -> None:
        """Show the answer of a variant's `seed`-th replica to the first sequence, or the mean."""
        probabilities = answers.of(variant, seed)[0]
        answer, true = int(probabilities.argmax()), int(answers.truth[0])
        verdict = f"✓ {answer}" if answer == true else f"✗ {answer}, true {true}"
        self.query_one(BigDigit).digit = answer
        name = f"{answers.variant_label(variant)} · {answers.seed_label(seed)}"
        count, seeds = answers.seeds_right(variant), answers.config.seeds
        right = f"{count} of {seeds} seeds right" if seeds > 1 else ""
        for place, text in ((".name", name), (".verdict", verdict), (".seeds", right)):
            self.query_one(place, Static).update(text, layout=False)
        self.query_one(ProbabilityBars).show(probabilities.tolist(), true)
        self.set_class(answer != true, "-wrong")


class AnswerColumns(HorizontalScroll, TypesDigits):
    """As many columns as the weights have variants; takes the focus, so that keys are commands."""

    async def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """Show the answers to the first sequence."""
        columns = list(self.query(AnswerColumn))
        wanted = len(answers.config.variants)
        if len(columns) > wanted:
            await self.remove_children(columns[wanted:])
        elif len(columns) < wanted:
            await self.mount_all([AnswerColumn() for _ in range(wanted - len(columns))])
        for variant, column in enumerate(self.query(AnswerColumn)):
            column.show(answers, variant, seed)
        self._fit()

    def on_resize(self) -> None:
        """Fit the new size."""
        self._fit()

    def _fit(self) -> None:
        count = len(self.query(AnswerColumn))
        self.set_class(count * NARROWEST > self.size.width, "-many")
        self.set_class(count * ROOMY <= self.size.width, "-large")


class RecallTable(Vertical):
    """A headline, and a row for each sequence."""

    def compose(self) -> ComposeResult:
        """Lay the headline out above the table."""
        yield Static("", classes="headline", markup=False)
        table: DataTable[Text] = DataTable(
            cursor_type="row", header_height=2, zebra_stripes=True, cell_padding=1
        )
        yield table

    def say(self, text: str) -> None:
        """Say in place of the headline why there is no table."""
        self.query_one(".headline", Static).update(text)
        self.query_one(DataTable).clear(columns=True)

    def show(self, answers: RecallAnswers, seed: int | None) -> None:
        """List the sequences with the answers of every variant's `seed`-th replica, or the mean."""
        self.query_one(".headline", Static).update(_headline(answers, seed))
        table = self.query_one(DataTable)
        place, scrolled = table.cursor_row, table.scroll_offset
        table.clear(columns=True)
        theme = self.app.theme_variables
        # By way of Textual's colours: those of a terminal's own palette are unknown to Rich.
        good, bad = (
            Style(color=Color.parse(theme[name]).rich_color)
            for name in ("text-success", "text-error")
        )
        variants = range(len(answers.config.variants))
        for heading in ("\nlength", "\nsequence", "\ntrue"):
            table.add_column(Text(heading))
        for variant in variants:
            right = answers.right(variant, seed)
            heading = f"{answers.variant_label(variant)}\n{100 * right.mean():.0f} % right"
            table.add_column(Text(heading))
        said = [answers.of(variant, seed).argmax(axis=1).tolist() for variant in variants]
        for digits, true, *row in zip(
            answers.sequences, answers.truth.tolist(), *said, strict=True
        ):
            cells = [
                Text(f"{len(digits)}", justify="right"),
                Text(marked(digits, answers.position, SEQUENCE_WIDTH).rstrip()),
                Text(f"{true}", justify="center"),
            ]
            for answer in row:
                mark, style = ("✓", good) if answer == true else ("✗", bad)
                cells.append(Text(f"{mark} {answer}", style))
            table.add_row(*cells)
        table.move_cursor(row=place, animate=False)
        table.scroll_to(*scrolled, animate=False)


def _headline(answers: RecallAnswers, seed: int | None) -> str:
    lengths = sorted({len(digits) for digits in answers.sequences})
    which = f"each length {lengths[0]} … {lengths[-1]}"
    if len(lengths) == 1:
        which = f"length {lengths[0]}"
    elif len(lengths) < lengths[-1] - lengths[0] + 1:
        which = f"each of {len(lengths)} lengths {lengths[0]} … {lengths[-1]}"
    return (
        f"{len(answers.sequences)} random sequences, {A_LENGTH} of {which}; "
        f"answers of {answers.seed_label(seed)}.\n{answers.source_text}"
    )
