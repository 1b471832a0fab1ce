"""The answers of networks to a drawing, and the widgets that show them side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.archive.weights import Source
from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.ui.widgets.digits import DigitColumn, fit_columns
from rnn_tui.ui.widgets.ink_image import PLAIN, SMALL, InkImage
from rnn_tui.ui.widgets.plain import views_in
from rnn_tui.ui.work.digit_answers import DigitAnswer, answer_digit

COLUMN_WIDTH = 30  # cells that the bars of a network take beside those of another
# Cells and lines of the view from which the network's input is drawn at its full resolution.
FULL_WIDTH, FULL_HEIGHT = 72, 29
HINT = """\
Draw a digit: the networks read it after every stroke.

Mouse: the left button draws; the right one, or Shift, erases.

Keys: ← ↑ ↓ → move, Space puts the pen down or lifts it, Shift with an arrow moves further."""


@dataclass(frozen=True)
class DrawingAnswers:
    """A drawing and the answers of networks to it."""

    digit: Ink  #: (28, 28), 0 … 1, as the networks read it.
    #: the answers of all networks, the selected one's first; none if nothing is drawn.
    answers: tuple[DigitAnswer, ...]


def answer_drawing(ink: Ink, sources: Sequence[Source]) -> DrawingAnswers:
    """Read a drawing (28, 28), 0 … 1, as photos are read: centred, strokes of an even width."""
    # OpenCV, slow to load: not while a view is being made
    from rnn_tui.tasks.mnist.centre import centre

    digit = centre(ink)
    if not digit.any():
        return DrawingAnswers(digit, ())
    return DrawingAnswers(digit, tuple(answer_digit(digit, source) for source in sources))


class DrawingView(Horizontal):
    """Shows the answers to a drawing, as large and as many as there is room for."""

    drawing: DrawingAnswers | None = None  #: what was shown last.

    def compose(self) -> ComposeResult:
        with Vertical(id="drawing-sees", classes="panel") as sees:
            sees.border_title = "It sees"
            yield InkImage()
            yield Static("", id="drawing-others", markup=False)
        yield Static(HINT, id="drawing-hint", markup=False)
        yield Horizontal(id="drawing-bars")

    def show(self, drawing: DrawingAnswers) -> None:
        """Show answers; or the hint, if nothing is drawn."""
        self.drawing = drawing
        self.query_one(InkImage).show_ink(drawing.digit)
        if not drawing.answers:
            self.say("")
        elif drawing.answers[0].failure:
            self.say(drawing.answers[0].failure)
        else:
            self.remove_class("-empty")
            self._show_bars(drawing.answers)

    def say(self, sentence: str) -> None:
        """Say why there is no answer; without a sentence, say how to draw."""
        if not sentence:
            self.query_one(InkImage).show_ink(np.zeros((SIDE, SIDE), np.float32))
        self.query_one("#drawing-others", Static).update("")
        self.query_one("#drawing-hint", Static).update(sentence or HINT)
        self.query_one("#drawing-hint").set_class(bool(sentence), "-wrong")
        self.add_class("-empty")

    def _show_bars(self, answers: tuple[DigitAnswer, ...]) -> None:
        """Show the bars of as many networks as fit side by side, and the others' answers alone."""
        place = self.query_one("#drawing-bars")
        room = self.size.width - self.query_one("#drawing-sees").outer_size.width
        count = max(1, min(len(answers), room // COLUMN_WIDTH))
        columns = views_in(place, DigitColumn, count)
        for index, (column, answer) in enumerate(zip(columns, answers, strict=False)):
            words = answer.failure or answer.verdict
            if index == 0 and len(answers) > 1:
                words += f"\n{_agreement(answers)}"
            colour = _colour_of(answer)
            column.show(answer.source.title, answer.probabilities, words, colour=colour)
        fit_columns(columns, place.size)
        lines = [_line_of(answer, answers[0]) for answer in answers[count:]]
        self.query_one("#drawing-others", Static).update(Content("\n").join(lines))

    def on_resize(self) -> None:
        width, height = self.size
        has_room = width >= FULL_WIDTH and height >= FULL_HEIGHT
        self.query_one(InkImage).scale = PLAIN if has_room else SMALL
        if self.drawing is not None and not self.has_class("-empty"):
            self.show(self.drawing)


def _agreement(answers: Sequence[DigitAnswer]) -> str:
    """Say how many networks predict the digit that the first one predicts."""
    digits = [answer.digit for answer in answers if not answer.failure]
    agreeing = digits.count(digits[0])
    if agreeing == len(digits):
        return f"All {len(digits)} networks: {digits[0]}"
    return f"{agreeing} of {len(digits)} networks: {digits[0]}"


def _colour_of(answer: DigitAnswer) -> str:
    """Return the name of the state of an answer, as `DigitColumn` colours it."""
    if answer.failure:
        return "error"
    return "warning" if answer.unsure else "success"


def _line_of(answer: DigitAnswer, first: DigitAnswer) -> Content:
    """Write an answer in a line, marked if it differs from the first one's."""
    if answer.failure:
        return Content.styled(f"{answer.source.short_title} ✗", "$text-error")
    line = f"{answer.source.short_title:<7}{answer.digit} {100 * answer.confidence:3.0f} %"
    return Content.styled(line, "" if answer.digit == first.digit else "$text-warning")
