"""The report's table: random sequences of every length, with what each network answers."""

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.color import Color
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from rnn_tui.ui.ask.marked_digits import marked
from rnn_tui.ui.ask.recall_answers import A_LENGTH, Answers

# Sequences as long as the report's are shown in full, longer ones around the position.
SEQUENCE_WIDTH = 2 * 11 + 1


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

    def show(self, answers: Answers, seed: int | None) -> None:
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
        for row, (digits, true) in enumerate(
            zip(answers.sequences, answers.truth.tolist(), strict=True)
        ):
            cells = [
                Text(f"{len(digits)}", justify="right"),
                Text(marked(digits, answers.position, SEQUENCE_WIDTH).rstrip()),
                Text(f"{true}", justify="center"),
            ]
            for variant in variants:
                answer = said[variant][row]
                mark, style = ("✓", good) if answer == true else ("✗", bad)
                cells.append(Text(f"{mark} {answer}", style))
            table.add_row(*cells)
        table.move_cursor(row=place, animate=False)
        table.scroll_to(*scrolled, animate=False)


def _headline(answers: Answers, seed: int | None) -> str:
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
