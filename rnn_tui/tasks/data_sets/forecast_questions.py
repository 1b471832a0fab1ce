"""Questions to networks that forecast: the numbers of a series, answered with those to come."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data import store
from rnn_tui.data.conformal import INTERVAL, Intervals
from rnn_tui.data.data_set import TEST
from rnn_tui.data.inputs import in_units, movements
from rnn_tui.data.sequences import Places
from rnn_tui.data.typed_known import read_with_known, typed_with_known
from rnn_tui.data.windows import answering_windows
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import QueryError
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.data_sets.intervals import intervals_of
from rnn_tui.tasks.data_sets.questions import DataSetQuestions
from rnn_tui.tasks.sequences.inference import Answer
from rnn_tui.tasks.sequences.questions import TypedSequence, columns_in_words


@dataclass(frozen=True, eq=False)
class TypedSeries(TypedSequence):
    """A series to forecast."""

    numbers: npt.NDArray[np.float64]  #: (T, F) as typed.


def _finite(numbers: npt.NDArray[np.float64]) -> list[float | None]:
    """Return numbers for JSON, None in place of those that are not finite."""
    return [number if np.isfinite(number) else None for number in numbers.tolist()]


class ForecastQuestions(DataSetQuestions):
    """Series as they stand in the file, and what follows them, with intervals.

    Raises:
        DataError: if the data set is kept no more.
    """

    @property
    def request(self) -> str:
        """What to type, in a sentence without its full stop."""
        description = self._description
        if not description.known:
            return super().request
        columns = columns_in_words(description.columns_read)
        return (
            f"Type the numbers of each step ({columns}), with a semicolon between two steps, then "
            f"those known of {count_of(description.horizon, 'step')} ahead "
            f"({columns_in_words(description.known)})"
        )

    @property
    def example(self) -> str:
        """The shortest series that can be forecast, of zeros."""
        description = self._description
        if not description.known or description.forecast is None:
            return super().example
        zeros = [[0.0] * len(description.features)] * (description.forecast.first_asked + 1)
        return typed_with_known(zeros, description)

    def random(self, random: np.random.Generator) -> str:
        """Return a window of the test by chance, as it is typed."""
        if not self._description.known:
            return super().random(random)
        data_set = store.load(self.config.task)
        values = data_set.sequence(int(random.choice(data_set.of_part(TEST))))  # (T, F)
        return typed_with_known(values.tolist(), self._description)

    def notices(self, question: TypedSequence) -> Iterator[str]:
        """Yield nothing: as many of the last steps are read as windows of training have."""
        del question
        yield from ()

    def _numbers(self, text: str) -> list[list[float]]:
        """Read numbers (T, F), with those that are known ahead."""
        if not self._description.known:
            return super()._numbers(text)
        return read_with_known(text, self._description)

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
        # as many as in training, and from the step that `predict` reads them from
        first = int(answering_windows(np.array([steps]), forecast).firsts[-1])
        numbers = np.array(self._numbers(text))[first:]
        words = typed.words[-len(numbers) :]
        return TypedSeries(typed.text, self.inputs_of(numbers), words, numbers)

    def numbers_answered(self, question: TypedSequence, outputs: Array) -> npt.NDArray[Any]:
        """Return the numbers (T, O) in the units of the file; NaN where too little was read."""
        assert isinstance(question, TypedSeries)
        return in_units(self._description, outputs, question.numbers)

    def _answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the numbers that follow the last step."""
        numbers = self.numbers_answered(question, outputs)[-1]  # (O,)
        document: dict[str, Any] = {"query": question.text, "read": [*question.words]}
        document |= {"answer": [numbers.tolist()], "expected": None, "correct": None}
        document["outputs"] = list(self.shape.outputs)
        widths = self._widths_after(question)
        low, high = numbers - widths, numbers + widths
        document |= {
            #: the low ends of intervals, in the order of the outputs; null for too few errors.
            "low": _finite(low),
            "high": _finite(high),  #: the high ends.
            "level": INTERVAL,  #: the share of numbers that intervals are to hold, 0 … 1.
        }
        text = f"{self.written(question.words)} → {self._forecast(numbers.tolist())}"
        remark = "too few validation steps for intervals"
        if np.isfinite(widths).all():
            ends = zip(self.shape.outputs, low, high, strict=True)
            words = [f"{name} {least:.4g} … {most:.4g}" for name, least, most in ends]
            remark = f"{100 * INTERVAL:.0f} % intervals: {'; '.join(words)}"
        return Answer(text, None, remark, document)

    def _widths_after(self, question: TypedSequence) -> npt.NDArray[np.float64]:
        """Return half the widths (O,) of intervals in the units of the file; infinite for none."""
        assert isinstance(question, TypedSeries)
        scales = movements(self._description, question.numbers)[-1:]
        return self._intervals.half_widths(scales).ravel()

    @cached_property
    def _intervals(self) -> Intervals:
        """The intervals of the mean of the networks that are asked."""
        return intervals_of(store.load(self.config.task), self._means)

    def _means(self, inputs: npt.NDArray[Any], starts: Places) -> npt.NDArray[Any]:
        """Return the means (T, O) of what all networks answer to windows."""
        windows = [TypedSequence("", inputs[first:stop], ()) for first, stop in pairwise(starts)]
        outputs = self.all_outputs(windows)  # (R, T, O) each
        return np.concatenate([of_window.mean(axis=0) for of_window in outputs])

    def _columns_answered(self) -> tuple[str, ...]:
        """Return the columns whose next numbers are answered."""
        forecast = self._description.forecast
        assert forecast is not None
        return forecast.columns
