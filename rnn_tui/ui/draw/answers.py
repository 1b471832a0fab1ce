"""What networks make of a drawing, and how that is shown: their answers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.drawing import SIDE, Ink
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.draw.ink_image import PLAIN, SMALL, InkImage
from rnn_tui.ui.widgets.digits import BigDigit, DigitColumn, ProbabilityBars

MISSING = (
    "There are no weights to read drawings: those that ship with rnn-tui are missing. Install it "
    "anew, or train with t."
)


@dataclass(frozen=True)
class DigitAnswer:
    """What one network makes of a digit.

    Attributes:
        source: the weights of the network.
        probabilities: of the ten digits; empty where there is none.
        failure: why there is no answer.
    """

    source: Source
    probabilities: tuple[float, ...] = ()
    failure: str = ""

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """Its probability."""
        return max(self.probabilities)

    @property
    def unsure(self) -> bool:
        """Whether the answer is little better than a guess."""
        return self.confidence < THRESHOLD

    @property
    def verdict(self) -> str:
        """How sure, in words."""
        if not self.unsure:
            return f"{100 * self.confidence:.1f} % sure"
        likely = sorted(range(len(self.probabilities)), key=lambda n: -self.probabilities[n])
        return f"Unsure: {likely[0]} or {likely[1]}?"


@dataclass(frozen=True)
class DrawingAnswers:
    """A drawing as the networks read it.

    Attributes:
        digit: (28, 28), what they see.
        each: an answer of every network that was asked, the chosen one's first; none where
            nothing is drawn.
    """

    digit: Ink
    each: tuple[DigitAnswer, ...]


def answer_drawing(ink: Ink, sources: Sequence[Source]) -> DrawingAnswers:
    """Read a drawing (28, 28), 0 … 1, as photos are read: centred, strokes evened."""
    # OpenCV takes a tenth of a second to load: not while a view is being made.
    from rnn_tui.photos.digit.picture import centre  # noqa: PLC0415

    digit = centre(ink)
    if not digit.any():
        return DrawingAnswers(digit, ())
    return DrawingAnswers(digit, tuple(answer_digit(digit, source) for source in sources))


def answer_digit(digit: Ink, source: Source) -> DigitAnswer:
    """What the network with these weights makes of a digit (28, 28), 0 … 1."""
    try:
        network = NETWORKS.get(source.path, RowReaderNetwork)
    except CheckpointError as error:
        return DigitAnswer(source, failure=str(error))
    return answer_of(network, digit, source)


def answer_of(network: RowReaderNetwork, digit: Ink, source: Source) -> DigitAnswer:
    """The same of a network that is loaded already."""
    try:
        probabilities = network.probabilities(digit[None])[0]
    except CheckpointError as error:
        return DigitAnswer(source, failure=str(error))
    return DigitAnswer(source, tuple(probabilities.tolist()))


# Cells that the bars of a network take beside those of another.
COLUMN = 30
# Cells below which words go below what the network sees.
WORDY_WIDTH = 40
# From here on what the network sees is drawn as large as it is.
SEES_WIDTH, SEES_HEIGHT = 60, 29

HINT = """\
Draw a digit.

Mouse: left draws; right, or Shift, erases.

Keys: ← ↑ ↓ → move, Space puts the pen down and up, Shift+arrow goes far."""


class DrawingAnswerBars(DigitColumn):
    """The answer of one network of several: its name, the digit, the ten probabilities."""

    def show(self, answer: DigitAnswer) -> None:
        """Show an answer."""
        self.query_one(".name", Static).update(answer.source.short_title, layout=False)
        self.query_one(".verdict", Static).update(answer.failure or answer.verdict, layout=False)
        digit, bars = self.query_one(BigDigit), self.query_one(ProbabilityBars)
        digit.visible = bars.visible = not answer.failure
        self.set_class(bool(answer.failure) or answer.unsure, "-unsure")
        if not answer.failure:
            digit.digit = answer.digit
            bars.show(answer.probabilities)


class DrawingView(Vertical):
    """The answers to a drawing, as large and as many as there is room for.

    Attributes:
        answers: the last ones that were shown.
    """

    answers: DrawingAnswers | None = None
    _lines = -1  # of the other networks

    def compose(self) -> ComposeResult:
        """Lay out what the network sees, the answer beside it, the bars below."""
        with Container(id="drawing-top"):
            with Horizontal(id="drawing-pictures"):
                with Vertical(id="drawing-sees"):
                    yield InkImage()
                    yield Static("what the network sees", classes="caption")
                yield BigDigit()
            with Vertical(id="drawing-words"):
                yield Static("", id="drawing-verdict", markup=False)
                yield Static("", id="drawing-by", markup=False)
                yield Static("", id="drawing-others", markup=False)
        yield Static(HINT, id="drawing-hint", markup=False)
        yield Horizontal(id="drawing-bars")

    async def show(self, answers: DrawingAnswers) -> None:
        """Show answers; or the hint, where nothing is drawn."""
        self.answers = answers
        self.query_one(InkImage).show_ink(answers.digit)
        first = answers.each[0] if answers.each else None
        if first is None or first.failure:
            self.say(first.failure if first else "")
            return
        self.remove_class("-empty")
        self.query_one("#drawing-pictures > BigDigit", BigDigit).digit = first.digit
        self._tell("#drawing-verdict", first.verdict)
        self._tell("#drawing-by", first.source.title)
        self.set_class(first.unsure, "-unsure")
        await self._show_bars(answers.each)

    def say(self, sentence: str) -> None:
        """Show why there is no answer; without a sentence, how to get one."""
        if not sentence:
            self.query_one(InkImage).show_ink(np.zeros((SIDE, SIDE), np.float32))
        self._tell("#drawing-hint", sentence or HINT)
        self.query_one("#drawing-hint").set_class(bool(sentence), "-wrong")
        self.add_class("-empty")

    def _tell(self, place: str, text: str) -> None:
        """Put `text` there; what is one line high moves nothing."""
        if str(self.query_one(place, Static).content) != text:
            self.query_one(place, Static).update(text, layout=place == "#drawing-hint")

    async def _show_bars(self, each: tuple[DigitAnswer, ...]) -> None:
        """As many networks' bars as fit side by side; of the others the answers alone."""
        place = self.query_one("#drawing-bars")
        fit = max(1, min(len(each), self.size.width // COLUMN))
        columns = list(place.query(DrawingAnswerBars))
        if len(columns) > fit:
            await place.remove_children(columns[fit:])
        elif len(columns) < fit:
            await place.mount_all([DrawingAnswerBars() for _ in range(fit - len(columns))])
        place.set_class(fit == 1, "-single")
        for column, answer in zip(place.query(DrawingAnswerBars), each, strict=False):
            column.show(answer)
        lines = [_line_of(answer, each[0]) for answer in each[fit:]]
        others = self.query_one("#drawing-others", Static)
        if fit > 1:
            lines.insert(0, _agreement(each))
        text = Content("\n").join(lines)
        if others.content != text:
            # Where lines were as many, nothing else moves.
            others.update(text, layout=self._lines != len(lines))
            self._lines = len(lines)

    async def on_resize(self) -> None:
        """Fit the new size."""
        width, height = self.size
        wide = width >= SEES_WIDTH and height >= SEES_HEIGHT
        self.query_one(InkImage).scale = PLAIN if wide else SMALL
        self.set_class(wide, "-wide")
        self.set_class(width < WORDY_WIDTH, "-thin")
        if self.answers is not None and self.answers.each:
            await self.show(self.answers)


def _line_of(answer: DigitAnswer, first: DigitAnswer) -> Content:
    """Another network's answer in a line."""
    if answer.failure:
        return Content(f"{answer.source.short_title} ✗")
    line = f"{answer.source.short_title:<7}{answer.digit}  {100 * answer.confidence:5.1f} %"
    if answer.digit == first.digit:
        return Content(line)
    return Content(f"{line} ≠").stylize("$text-warning")


def _agreement(each: tuple[DigitAnswer, ...]) -> Content:
    """How many networks agree with the first."""
    given = [answer.digit for answer in each if not answer.failure]
    same = given.count(given[0])
    if same == len(given):
        return Content(f"All {len(given)} networks say {given[0]}.")
    text = f"{same} of {len(given)} networks say {given[0]}."
    return Content(text).stylize("$text-warning")
