"""Looking into MNIST's networks: a digit row by row, and how early it could have been told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.inspection import Column, Inspection, share, verdict
from rnn_tui.inside.probes import Labels, Progress, Stopping, Study, chance_level, never, silent
from rnn_tui.inside.row_readers import logits_after_rows, prefix_note, saliency, trace_digit
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# Images read at a time: enough to keep a core busy, few enough for its cache.
BATCH = 250
# From no ink to all of it.
INK = " .:*#"


@dataclass(frozen=True, eq=False)
class RowsStudy(Study):
    """How early a network could have decided, over labelled images.

    Attributes:
        images: how many.
        accuracy: (28,), the share of right answers, 0 … 1, after 1 … 28 rows.
        settled: (28,), the share of images whose answer stays the same from there on.
        chance: the share of the most frequent class.
        prefix_note: what an answer before the last row means, in a sentence.
    """

    name = "rows"
    in_json = ("images", "accuracy", "settled", "chance", "prefix_note")
    in_arrays = ("accuracy", "settled", "chance")

    images: int
    accuracy: npt.NDArray[np.float64]
    settled: npt.NDArray[np.float64]
    chance: float
    prefix_note: str

    @property
    def summary(self) -> str:
        """When it gets near to its final accuracy, in a sentence."""
        final = self.accuracy[-1]
        near = int(np.argmax(self.accuracy >= final - 0.01)) + 1
        return (
            f"Of {self.images:,} images, {100 * final:.2f} % are right after all rows; within a "
            f"point of that after {near}. Chance {100 * self.chance:.1f} %."
        )


def study_rows(
    network: RowReaderNetwork,
    images: npt.NDArray[np.uint8],
    labels: Labels,
    *,
    progress: Progress = silent,
    stopping: Stopping = never,
) -> RowsStudy | None:
    """Answers after each row, over labelled images.

    Args:
        network: what reads them.
        images: (N, 28, 28), 0 for background … 255 for ink.
        labels: (N,).
        progress: told after every batch, in images.
        stopping: asked before every batch.

    Returns:
        The study, or None where it was stopped.
    """
    count = len(images)
    right = np.zeros(images.shape[1], np.int64)
    settled = np.zeros_like(right)
    for start in range(0, count, BATCH):
        if stopping():
            return None
        digits = images[start : start + BATCH].astype(np.float32) / np.float32(255)
        with np.errstate(all="ignore"):
            answers = logits_after_rows(network, network.rows(digits)).argmax(axis=2)  # (T, N)
        right += (answers == labels[start : start + BATCH]).sum(axis=1)
        same = answers == answers[-1]
        settled += np.logical_and.accumulate(same[::-1])[::-1].sum(axis=1)
        progress(min(start + BATCH, count), count)
    return RowsStudy(
        count, right / count, settled / count, chance_level(labels), prefix_note(network)
    )


def read_test_image(number: int) -> tuple[Array, int]:
    """A test image by its number, from 0, as networks read it; and its label."""
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    digit = data.test_images[number].numpy().astype(np.float32) / np.float32(255)
    return digit, int(data.test_labels[number])


def study_test_images(
    network: RowReaderNetwork, progress: Progress, stopping: Stopping
) -> RowsStudy | None:
    """Read all test images; None where that was stopped."""
    from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

    data = load_mnist()
    images, labels = data.test_images.numpy(), data.test_labels.numpy()
    return study_rows(network, images, labels, progress=progress, stopping=stopping)


class DigitInspection(Inspection[RowsStudy]):
    """A digit that a row reader reads.

    Args:
        network: what reads it.
        weights: what is known of it for JSON; their `source` is what to call it.
        digit: (28, 28), 0 for background … 1 for ink.
        about: what it is, for JSON.
        name: what it is, in a few words.
        truth: which digit it is, where that is known.
        notices: sentences on what to keep in mind.
    """

    def __init__(
        self,
        network: RowReaderNetwork,
        weights: Mapping[str, Any],
        digit: Array,
        about: dict[str, Any],
        name: str,
        *,
        truth: int | None = None,
        notices: tuple[str, ...] = (),
    ) -> None:
        self._network, self.label, self.weights = network, weights["source"], weights
        self._digit, self._about, self._name, self._truth = digit, about, name, truth
        self.trace = trace_digit(self._network, digit)
        self.notices = [*notices, self.trace.prefix_note]

    @classmethod
    def of_test_image(
        cls, network: RowReaderNetwork, weights: Mapping[str, Any], number: int
    ) -> Self:
        """A test image by its number, from 0."""
        digit, truth = read_test_image(number)
        about, name = {"test_image": number}, f"test image {number}"
        return cls(network, weights, digit, about, name, truth=truth)

    def _made_study(self, progress: Progress, stopping: Stopping) -> RowsStudy | None:
        return study_test_images(self._network, progress, stopping)

    @property
    def title(self) -> str:
        """The answer, and from when on it stands."""
        answer, truth = self.trace.answer, self._truth
        judged = "" if truth is None else f"  {verdict(answer == truth, truth)}"
        return f"{self._name}: {answer}{judged}; settled after row {self.trace.settled}"

    def _columns(self) -> list[Column]:
        levels = np.rint(self._digit.clip(0, 1) * (len(INK) - 1)).astype(int)
        columns: list[Column] = [
            ("row", range(1, self.trace.steps + 1)),
            ("", ["".join(INK[level] for level in row) for row in levels]),
            *self._answer_columns(),
        ]
        if self._study is not None:
            columns.append(("accuracy", [share(part, 2) for part in self._study.accuracy]))
        return columns

    @property
    def asked(self) -> dict[str, Any]:
        """What was read."""
        about: dict[str, Any] = {**self._about, "answer": self.trace.answer}
        if self._truth is not None:
            about |= {"label": self._truth, "correct": self.trace.answer == self._truth}
        return {**about, "digit": self._digit.tolist()}

    @cached_property
    def beside_trace(self) -> dict[str, npt.NDArray[Any]]:
        """Which pixels speak for the answer."""
        return {"saliency": saliency(self._network, self._digit)}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The digit, too."""
        return {"digit": self._digit, **super().arrays()}
