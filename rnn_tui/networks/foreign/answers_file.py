"""Reads inputs and the answers of the real network to them from a `.npz` file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rnn_tui.engine.errors import DataError, NetworkError, printable, why
from rnn_tui.engine.files.array_files import NUMBERS, read_archive
from rnn_tui.engine.files.outside import opened
from rnn_tui.networks.foreign.comparing import Answers, AnswerTrial, Candidate

MOST_NUMBERS = 50_000_000
INPUTS = ("x", "input", "inputs")
ANSWERS = ("y", "output", "outputs", "answers", "logits")


class FileTrial(AnswerTrial):
    """The inputs and answers of a file.

    Raises:
        NetworkError: if it can't be read, or has no such arrays.
    """

    def __init__(self, path: Path) -> None:
        self.source = printable(path, 200)
        try:
            with opened(path) as file:
                arrays = read_archive(file, self.source, MOST_NUMBERS)
        except DataError as error:
            raise NetworkError(str(error)) from error
        except (OSError, ValueError) as error:
            raise NetworkError(f"{self.source} can't be read: {why(error)}.") from error
        self._inputs = self._array(arrays, INPUTS)
        self._answers = self._array(arrays, ANSWERS)

    def _array(self, arrays: dict[str, Answers], names: Sequence[str]) -> Answers:
        """Return the array that has one of these names."""
        present = [arrays[name] for name in names if name in arrays]
        if len(present) != 1:
            listed = ", ".join(printable(name, 20) for name in [*arrays][:8]) or "none"
            raise NetworkError(
                f"{self.source} has no array {names[0]}, or several that may be it; name its two "
                f"arrays x (inputs) and y (what the network answers to them). It has {listed}."
            )
        array = present[0]
        if array.dtype.kind not in NUMBERS or not array.size or not np.isfinite(array).all():
            raise NetworkError(
                f"{self.source}: its array {names[0]} has other than finite numbers."
            )
        return array

    def answered(self, candidate: Candidate) -> Sequence[tuple[Answers, Sequence[Answers]]]:
        """Return the inputs and answers, whoever may read them."""
        del candidate
        return [(self._inputs, [self._answers.astype(float)])]
