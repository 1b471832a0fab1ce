"""The answers side by side: one column for each trained network."""

from textual.app import ComposeResult
from textual.containers import Horizontal, HorizontalScroll, Vertical
from textual.widgets import Static

from rnn_tui.ui.ask.recall_answers import Answers
from rnn_tui.ui.widgets.big_digit import BigDigit
from rnn_tui.ui.widgets.probability_bars import ProbabilityBars
from rnn_tui.ui.widgets.typed_input import TypesDigits

# Cells below which a column cuts its words: beside a small digit, and beside a large one.
NARROWEST, ROOMY = 25, 31


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

    def show(self, answers: Answers, variant: int, seed: int | None) -> None:
        """Show the answer of a variant's `seed`-th replica to the first sequence, or the mean."""
        probabilities = answers.of(variant, seed)[0]
        answer, true = int(probabilities.argmax()), int(answers.truth[0])
        verdict = f"✓ {answer}" if answer == true else f"✗ {answer}, true {true}"
        self.query_one(BigDigit).show(answer)
        name = f"{answers.variant_label(variant)} · {answers.seed_label(seed)}"
        count, seeds = answers.seeds_right(variant), answers.config.seeds
        right = f"{count} of {seeds} seeds right" if seeds > 1 else ""
        for place, text in ((".name", name), (".verdict", verdict), (".seeds", right)):
            self.query_one(place, Static).update(text, layout=False)
        self.query_one(ProbabilityBars).show(probabilities.tolist(), true)
        self.set_class(answer != true, "-wrong")


class AnswerColumns(HorizontalScroll, TypesDigits):
    """As many columns as the weights have variants; takes the focus, so that keys are commands."""

    async def show(self, answers: Answers, seed: int | None) -> None:
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
