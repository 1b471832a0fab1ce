"""A test sequence with what networks answer to it."""

from functools import partial

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.data.data_set import DataSet
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import in_words
from rnn_tui.ui.sequences.answers import AnsweredSequence
from rnn_tui.ui.sequences.comparing import (
    StepRows,
    charts_of_prediction,
    numbers_in_words,
    rows_of,
)
from rnn_tui.ui.sequences.drawing import SequencesDrawn
from rnn_tui.ui.sequences.predictions import Prediction, Predictor, predict
from rnn_tui.ui.widgets.digits import bar
from rnn_tui.ui.work.threads import LatestQuestion

MOST_BARS = 6  # classes whose probability is shown
BAR_WIDTH = 14  # cells


class SequencePanel(Vertical):
    """A sequence, with the probabilities of its classes or what a network predicts of it."""

    DEFAULT_CLASSES = "lone-panel"

    def __init__(self, class_names: tuple[str, ...], *, id: str) -> None:
        super().__init__(id=id)
        self._class_names = class_names
        self._data_set: DataSet | None = None
        self._answer: AnsweredSequence | None = None
        self._predicting = LatestQuestion[Prediction](self, self._receive)

    def compose(self) -> ComposeResult:
        yield SequencesDrawn()
        with VerticalScroll(id="test-steps"):
            yield StepRows(id="test-step-rows")
        yield Static("", id="test-bars", markup=False)

    def on_mount(self) -> None:
        self.query_one("#test-steps").display = False

    def show(self, data_set: DataSet, answer: AnsweredSequence, predictor: Predictor) -> None:
        """Show a sequence with its answer; unless it is a class, the predictor reads it."""
        self._data_set = data_set
        self._answer = answer
        if data_set.description.goal is Goal.CLASS:
            self._draw_alone(self._bars(answer))
        else:
            self._predicting.ask(partial(predict, predictor, data_set, answer.index))

    def forget(self) -> None:
        """Expect no prediction any more."""
        self._predicting.forget()

    async def _receive(self, outcome: Prediction | str) -> None:
        """Draw what is true and predicted, or the sequence with why there is no prediction."""
        if isinstance(outcome, str):
            self._draw_alone(outcome)
        else:
            self._draw_prediction(outcome)

    def _draw_alone(self, lines: Text | str) -> None:
        """Draw the sequence above these lines."""
        assert self._data_set is not None
        assert self._answer is not None
        self._entitle("")
        self.query_one("#test-steps").display = False
        drawn = self.query_one(SequencesDrawn)
        drawn.display = True
        drawn.show(self._data_set, [self._answer.index])
        self._write(lines)

    def _draw_prediction(self, prediction: Prediction) -> None:
        """Draw numbers as lines, write those of a whole sequence, and classes step below step."""
        data_set = self._data_set
        assert data_set is not None
        description = data_set.description
        self._entitle(prediction.network)
        drawn = self.query_one(SequencesDrawn)
        drawn.display = not (description.classifies and description.alphabet)
        charts = charts_of_prediction(data_set, prediction)
        if charts:
            drawn.draw(charts)
        else:
            drawn.show(data_set, [prediction.index])
        steps = self.query_one("#test-steps")
        steps.display = description.classifies
        steps.set_class(not drawn.display, "-alone")
        if description.classifies:
            self.query_one(StepRows).show(rows_of(data_set, prediction))
        is_number = description.goal is Goal.NUMBER
        self._write(numbers_in_words(data_set, prediction) if is_number else "")

    def _entitle(self, network: str) -> None:
        """Say which sequence it is, what was answered, and which network predicts."""
        assert self._answer is not None
        verdict = self._verdict(self._answer)
        self.border_title = Content(f"{in_words(self._answer.name, 'Sequence')}{verdict}")
        self.border_subtitle = Content(network)

    def _write(self, lines: Text | str) -> None:
        """Write lines below what is drawn; none if they are empty."""
        bars = self.query_one("#test-bars", Static)
        bars.display = bool(lines)
        bars.update(lines)

    def _verdict(self, answer: AnsweredSequence) -> str:
        """Say what was answered, and whether that is right."""
        if answer.answer is None:
            return f": error {answer.error:.3g}"
        name = self._class_names[answer.answer]
        if answer.true is None:
            return f": {name}"
        mark = f"✗ true {self._class_names[answer.true]}" if answer.wrong else "✓"
        return f": {name} {mark}"

    def _bars(self, answer: AnsweredSequence) -> Text:
        """Return the most probable classes, each with a bar."""
        by_probability = sorted(enumerate(answer.probabilities), key=lambda pair: -pair[1])
        text = Text(no_wrap=True, overflow="ellipsis")
        width = max((len(name) for name in self._class_names), default=0)
        for place, (index, share) in enumerate(by_probability[:MOST_BARS]):
            mark = " ← true" if index == answer.true else ""
            style = "bold" if place == 0 else ""
            line = f"{self._class_names[index]:<{width}}  {bar(share, BAR_WIDTH)}"
            line += f" {100 * share:5.1f} %{mark}"
            text.append(("\n" if place else "") + line, style)
        return text
