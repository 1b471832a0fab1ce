"""Read the right answers of a new file, where it has them, as those of a data set."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.data_set import UNKNOWN
from rnn_tui.data.description import LARGEST, LONGEST_NAME, Description
from rnn_tui.data.files.cells import MISSING, MISSING_WORDS, as_word, number_of
from rnn_tui.data.options import Goal
from rnn_tui.data.sequences import Floats, Label
from rnn_tui.engine.errors import printable

MOST_NAMED = 5  # classes that training does not have, in sentences

Targets = npt.NDArray[Any]


class RightAnswers:
    """The way from cells of a label to targets, as `DataSet.targets` has them.

    Args:
        description: of the data set.
        remarks: is told of classes that it does not have.
        decimal: the mark before decimals.
    """

    def __init__(self, description: Description, remarks: Remarks, decimal: str = ".") -> None:
        self._remarks = remarks
        self._decimal = decimal
        self._label = description.reading.label if description.reading else None
        self._places = {name: place for place, name in enumerate(description.outputs)}
        self._unknown = 0
        self.are_classes = description.classifies
        #: whether the file says what is right in its label, in place of the inputs to come.
        self.are_in_label = description.goal is not Goal.NEXT

    def of_cells(self, cells: Sequence[str]) -> Targets:
        """Return targets (n,): classes, `UNKNOWN` without one, or numbers, NaN without one."""
        distinct = dict.fromkeys(map(str.strip, cells))
        if self.are_classes:
            classes = {cell: self._class_of(cell) for cell in distinct}
            return np.array([classes[cell.strip()] for cell in cells], np.int64)
        numbers = {cell: self._number_of(cell) for cell in distinct}
        return np.array([numbers[cell.strip()] for cell in cells], np.float64)

    def of_label(self, label: Label) -> Targets:
        """Return targets (n,) of a label as formats of sequences have it."""
        values: Floats = label.values  # type: ignore[assignment]
        if label.is_text:
            return self.of_cells(label.values.tolist())
        if not self.are_classes:
            return values.astype(np.float64)
        return self.of_cells([*map(as_word, values.tolist())])

    def missing(self, count: int) -> Targets:
        """Return targets (n,) of which none is known."""
        if self.are_classes:
            return np.full(count, UNKNOWN, np.int64)
        return np.full(count, np.nan)

    @staticmethod
    def are_known(targets: Targets) -> npt.NDArray[np.bool_]:
        """Return which targets (n,) are known."""
        known: npt.NDArray[np.bool_] = (
            targets >= 0 if targets.dtype.kind == "i" else ~np.isnan(targets)
        )
        return known

    def _class_of(self, cell: str) -> int:
        if cell in MISSING_WORDS:
            return UNKNOWN
        place = self._places.get(printable(cell, LONGEST_NAME))
        if place is None:
            place = self._places.get(self._as_number(cell))
        if place is not None:
            return place
        self._tell(cell, "class of training")
        return UNKNOWN

    def _tell(self, cell: str, thing: str) -> None:
        """Say that a cell can't be measured, of the first few."""
        self._unknown += 1
        if self._unknown <= MOST_NAMED:
            self._remarks.note(
                f"“{printable(cell, 30)}” in the label {self._label} is no {thing}; it is not "
                "measured."
            )

    def _as_number(self, cell: str) -> str:
        """Return a class that is a number as it is named, such as 1 for 1.0."""
        try:
            return as_word(number_of(cell, self._decimal))
        except ValueError:
            return ""

    def _number_of(self, cell: str) -> float:
        if cell in MISSING:
            return np.nan
        try:
            number = number_of(cell, self._decimal)
        except ValueError:
            self._tell(cell, "number")
            return np.nan
        return number if abs(number) <= LARGEST else np.nan
