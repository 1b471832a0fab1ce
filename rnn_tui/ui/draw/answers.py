"""What networks make of a drawing, and how that is shown: their answers side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.runs.weights import Source
from rnn_tui.ui.common.digit_answers import DigitAnswer, answer_digit
from rnn_tui.ui.common.widgets.digits import DigitColumn, fit_columns
from rnn_tui.ui.common.widgets.ink_image import PLAIN, SMALL, InkImage
from rnn_tui.ui.common.widgets.plain import views_in

COLUMN = 30  # cells that the bars of a network take beside those of another
SEES_WIDTH, SEES_HEIGHT = 72, 29  # from here on what the network sees is drawn as large as it is
HINT = """\
Draw a digit: the networks read it after every stroke.

Mouse: the left button draws; the right one, or Shift, erases.

Keys: ← ↑ ↓ → move, Space puts the pen down and up, Shift with an arrow goes far."""


@dataclass(frozen=True)
class DrawingAnswers:
    """A drawing as the networks read it."""

    digit: Ink  #: (28, 28), what they see.
    #: of every network that was asked, the chosen one's first; none where nothing is drawn.
    each: tuple[DigitAnswer, ...]


def answer_drawing(ink: Ink, sources: Sequence[Source]) -> DrawingAnswers:
    """Read a drawing (28, 28), 0 … 1, as photos are read: centred, strokes evened."""
    # OpenCV, slow to load: not while a view is being made
    from rnn_tui.tasks.mnist.centre import centre  # noqa: PLC0415

    digit = centre(ink)
    return DrawingAnswers(
        digit, tuple(answer_digit(digit, source) for source in sources if digit.any())
    )


class DrawingView(Horizontal):
    """The answers to a drawing, as large and as many as there is room for."""

    answers: DrawingAnswers | None = None  #: the last ones that were shown.

    def compose(self) -> ComposeResult:
        with Vertical(id="drawing-sees", classes="panel") as sees:
            sees.border_title = "It sees"
            yield InkImage()
            yield Static("", id="drawing-others", markup=False)
        yield Static(HINT, id="drawing-hint", markup=False)
        yield Horizontal(id="drawing-bars")

    def show(self, answers: DrawingAnswers) -> None:
        """Show answers; or the hint, where nothing is drawn."""
        self.answers = answers
        self.query_one(InkImage).show_ink(answers.digit)
        if not answers.each or answers.each[0].failure:
            self.say(answers.each[0].failure if answers.each else "")
        else:
            self.remove_class("-empty")
            self._show_bars(answers.each)

    def say(self, sentence: str) -> None:
        """Show why there is no answer; without a sentence, how to get one."""
        if not sentence:
            self.query_one(InkImage).show_ink(np.zeros((SIDE, SIDE), np.float32))
        self.query_one("#drawing-others", Static).update("")
        self.query_one("#drawing-hint", Static).update(sentence or HINT)
        self.query_one("#drawing-hint").set_class(bool(sentence), "-wrong")
        self.add_class("-empty")

    def _show_bars(self, each: tuple[DigitAnswer, ...]) -> None:
        """As many networks' bars as fit side by side; of the others the answers alone."""
        place = self.query_one("#drawing-bars")
        fit = max(
            1,
            min(
                len(each),
                (self.size.width - self.query_one("#drawing-sees").outer_size.width) // COLUMN,
            ),
        )
        columns = views_in(place, DigitColumn, fit)
        for column, answer in zip(columns, each, strict=False):
            colour = "error" if answer.failure else "warning" if answer.unsure else "success"
            words = answer.failure or answer.verdict
            if answer is each[0] and len(each) > 1:
                given = [one.digit for one in each if not one.failure]
                same = "All" if len({*given}) == 1 else f"{given.count(given[0])} of"
                words += f"\n{same} {len(given)} say {given[0]}"
            column.show(answer.source.title, answer.probabilities, words, colour=colour)
        fit_columns(columns, place.size)
        self.query_one("#drawing-others", Static).update(
            Content("\n").join(_line_of(answer, each[0]) for answer in each[fit:])
        )

    def on_resize(self) -> None:
        width, height = self.size
        self.query_one(InkImage).scale = (
            PLAIN if width >= SEES_WIDTH and height >= SEES_HEIGHT else SMALL
        )
        if self.answers is not None and not self.has_class("-empty"):
            self.show(self.answers)


def _line_of(answer: DigitAnswer, first: DigitAnswer) -> Content:
    if answer.failure:
        return Content.styled(f"{answer.source.short_title} ✗", "$text-error")
    line = f"{answer.source.short_title:<7}{answer.digit} {100 * answer.confidence:3.0f} %"
    return Content.styled(line, "" if answer.digit == first.digit else "$text-warning")
