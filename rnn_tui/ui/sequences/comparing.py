"""Show what a network predicts beside what is true: as lines, as numbers, or step below step."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widgets import Static

from rnn_tui.data.data_set import UNKNOWN, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.data.origin import Floats
from rnn_tui.data.time_axis import axis_of
from rnn_tui.ui.chart.chart import ChartSeries
from rnn_tui.ui.sequences.drawing import MOST_LINES, DrawnChart, charts_of
from rnn_tui.ui.sequences.predictions import Prediction

MOST_COMPARED = MOST_LINES // 2  # numbers of a step whose lines are drawn, two each
NOTHING = "·"  # in place of a class that nobody knows, or nobody predicts
LABEL_WIDTH = 10  # cells
WRONG = "bold underline $text-error"


def charts_of_prediction(data_set: DataSet, prediction: Prediction) -> list[DrawnChart]:
    """Return a chart of what is true and predicted; if that is not what is read, one of this too.

    Only what is read is drawn where no step has a number to predict; nothing if that is symbols.
    """
    description = data_set.description
    inputs = [] if description.alphabet else charts_of(data_set, [prediction.index])
    if description.classifies or not description.goal.every_step:
        return inputs
    names = _names_of_numbers(data_set)
    axis = axis_of(data_set, [prediction.index])
    lines = []
    for column, name in enumerate(names[:MOST_COMPARED]):
        true, predicted = prediction.true[:, column], prediction.predicted[:, column]
        lines.append(_series(name, axis.positions[0], true, 2 * column))
        lines.append(_series(f"{name} predicted", axis.positions[0], predicted, 2 * column + 1))
    title = "True and predicted"
    if len(names) > MOST_COMPARED:
        title += f" ({MOST_COMPARED} of {len(names)} numbers)"
    compared = DrawnChart(title, names[0] if len(names) == 1 else "", lines, axis)
    return [compared] if description.goal is Goal.NEXT else [compared, *inputs]


def _series(name: str, positions: Floats, numbers: npt.NDArray[Any], colour: int) -> ChartSeries:
    """Return the line of numbers (T,) that are known; a single one is a point."""
    steps = np.flatnonzero(np.isfinite(numbers))
    y = numbers[steps].tolist()
    return ChartSeries(name, positions[steps].tolist(), y, colour, points=len(y) == 1)


def numbers_in_words(data_set: DataSet, prediction: Prediction) -> str:
    """Return the true and the predicted numbers of a sequence, a line each."""
    names = _names_of_numbers(data_set)
    rows = zip(names, prediction.true[0].tolist(), prediction.predicted[0].tolist(), strict=True)
    lines = [
        f"{name}: true {_number(true)}, predicted {_number(predicted)}"
        for name, true, predicted in rows
    ]
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "\n".join(lines[:MOST_LINES] + more)


def _names_of_numbers(data_set: DataSet) -> tuple[str, ...]:
    description = data_set.description
    return description.features if description.goal is Goal.NEXT else description.outputs


def _number(number: float) -> str:
    return "unknown" if np.isnan(number) else f"{number:.4g}"


@dataclass(frozen=True)
class StepRow:
    """A row of words, one a step."""

    label: str
    words: Sequence[str]
    wrong: Sequence[bool] = ()  #: which of them are wrong; empty if none is.


def rows_of(data_set: DataSet, prediction: Prediction) -> list[StepRow]:
    """Return the symbols that are read, unless they are what is true, then the classes."""
    description = data_set.description
    true, predicted = prediction.true.tolist(), prediction.predicted.tolist()
    wrong = [
        UNKNOWN not in pair and pair[0] != pair[1] for pair in zip(true, predicted, strict=True)
    ]
    rows = [
        StepRow("true", _words(description.outputs, true)),
        StepRow("predicted", _words(description.outputs, predicted), wrong),
    ]
    if description.alphabet and description.goal is not Goal.NEXT:
        places = data_set.sequence(prediction.index)[:, 0].astype(int).tolist()
        rows.insert(0, StepRow("read", _words(description.alphabet, places)))
    return rows


def _words(names: Sequence[str], places: Iterable[int]) -> list[str]:
    return [names[place] if place >= 0 else NOTHING for place in places]


def content_of(rows: Sequence[StepRow], width: int) -> Content:
    """Return rows below each other, in blocks of as many steps as a width has room for."""
    widest = max(cell_len(word) for row in rows for word in row.words)
    gap = 0 if widest == 1 else 1
    at_once = max(1, (width - LABEL_WIDTH) // (widest + gap))
    blocks = []
    for start in range(0, len(rows[0].words), at_once):
        steps = range(start, min(start + at_once, len(rows[0].words)))
        lines = [_line(row, steps, widest, " " * gap) for row in rows]
        blocks.append(Content("\n").join(lines))
    return Content("\n\n").join(blocks)


def _line(row: StepRow, steps: Iterable[int], width: int, gap: str) -> Content:
    """Return the words of some steps, each so many cells wide, after the label of the row."""
    parts: list[str | tuple[str, str]] = [(f"{row.label:<{LABEL_WIDTH}}", "bold")]
    for step in steps:
        word = set_cell_size(row.words[step], width)
        is_wrong = bool(row.wrong) and row.wrong[step]
        parts.append((word, WRONG) if is_wrong else word)
        parts.append(gap)
    return Content.assemble(*parts)


class StepRows(Static):
    """Rows of words, broken into blocks that fit the width."""

    def __init__(self, *, id: str) -> None:
        super().__init__("", id=id, markup=False)
        self._rows: Sequence[StepRow] = ()

    def show(self, rows: Sequence[StepRow]) -> None:
        """Show these rows of equally many words."""
        self._rows = rows
        self._lay_out()

    def on_resize(self) -> None:
        self._lay_out()

    def _lay_out(self) -> None:
        if self._rows and self.size.width:
            self.update(content_of(self._rows, self.size.width))
