"""Questions to networks that forecast: the numbers of a series, answered with those to come."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.inputs import in_units
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import QueryError
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.data_sets.questions import DataSetQuestions
from rnn_tui.tasks.sequences.inference import Answer
from rnn_tui.tasks.sequences.questions import TypedSequence


@dataclass(frozen=True, eq=False)
class TypedSeries(TypedSequence):
    """A series to forecast."""

    numbers: npt.NDArray[np.float64]  #: (T, F) as typed.


class ForecastQuestions(DataSetQuestions):
    """Series as they stand in the file, and what follows them.

    Raises:
        DataError: if the data set is kept no more.
    """

    def read(self, text: str) -> TypedSequence:
        """Read the last numbers; raises `QueryError`, also if too few to forecast from."""
        typed = super().read(text)
        forecast = self._description.forecast
        assert forecast is not None
        steps, least = len(typed.words), forecast.first_asked + 1
        if steps < least:
            raise QueryError(
                f"These networks were trained to forecast from {least} steps at least, and "
                f"{count_of(steps, 'step')} {'is' if steps == 1 else 'are'} typed."
            )
        # as many as in training: networks have never read more
        numbers = np.array(self._numbers(text))[-forecast.context - forecast.stride :]
        words = typed.words[-len(numbers) :]
        return TypedSeries(typed.text, self.inputs_of(numbers), words, numbers)

    def numbers_answered(self, question: TypedSequence, outputs: Array) -> npt.NDArray[Any]:
        """Return the numbers (T, O) in the units of the file; NaN where too little was read."""
        assert isinstance(question, TypedSeries)
        return in_units(self._description, outputs, question.numbers)

    def _answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the numbers that follow the last step."""
        numbers = self.numbers_answered(question, outputs)[-1].tolist()
        document: dict[str, Any] = {"query": question.text, "read": [*question.words]}
        document |= {"answer": [numbers], "expected": None, "correct": None}
        document["outputs"] = list(self.shape.outputs)
        text = f"{self.written(question.words)} → {self._forecast(numbers)}"
        return Answer(text, None, "", document)

    def _columns_answered(self) -> tuple[str, ...]:
        """Return the columns whose next numbers are answered."""
        forecast = self._description.forecast
        assert forecast is not None
        return forecast.columns
