"""Looking into MNIST's networks: a digit row by row, and how early it could have been told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.inspection import Inspection, Row, share, unit_name
from rnn_tui.inside.probes import Labels, Progress, Stopping, chance_level, never, silent
from rnn_tui.inside.row_readers import logits_after_rows, prefix_note, saliency, trace_digit
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# Images read at a time: enough to keep a core busy, few enough for its cache.
BATCH = 250
# From no ink to all of it.
INK = " .:*#"


@dataclass(frozen=True, eq=False)
class RowsStudy:
    """How early a network could have decided, over labelled images.

    Attributes:
        images: how many.
        accuracy: (28,), the share of right answers, 0 … 1, after 1 … 28 rows.
        settled: (28,), the share of images whose answer stays the same from there on.
        chance: the share of the most frequent class.
        prefix_note: what an answer before the last row means, in a sentence.
    """

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

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "images": self.images,
            "accuracy": self.accuracy.tolist(),
            "settled": self.settled.tolist(),
            "chance": self.chance,
            "prefix_note": self.prefix_note,
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers under names for an NPZ file."""
        return {
            "rows_accuracy": self.accuracy,
            "rows_settled": self.settled,
            "rows_chance": np.array(self.chance),
        }


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


class DigitInspection(Inspection):
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
        self._study: RowsStudy | None = None

    @classmethod
    def of_test_image(
        cls, network: RowReaderNetwork, weights: Mapping[str, Any], number: int
    ) -> Self:
        """A test image by its number, from 0."""
        from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

        data = load_mnist()
        digit = data.test_images[number].numpy().astype(np.float32) / np.float32(255)
        truth = int(data.test_labels[number])
        about, name = {"test_image": number}, f"test image {number}"
        return cls(network, weights, digit, about, name, truth=truth)

    @cached_property
    def _saliency(self) -> Array:
        return saliency(self._network, self._digit)

    def study(self, progress: Progress, stopping: Stopping) -> bool:
        """Read all test images."""
        from rnn_tui.tasks.mnist.data import load_mnist  # noqa: PLC0415 - torch, on use only

        data = load_mnist()
        images, labels = data.test_images.numpy(), data.test_labels.numpy()
        self._study = study_rows(
            self._network, images, labels, progress=progress, stopping=stopping
        )
        return self._study is not None

    @property
    def title(self) -> str:
        """The answer, and from when on it stands."""
        verdict = ""
        if self._truth is not None:
            verdict = "right" if self.trace.answer == self._truth else f"wrong, it is {self._truth}"
            verdict = f"  {verdict}"
        return f"{self._name}: {self.trace.answer}{verdict}; settled after row {self.trace.settled}"

    def table(self) -> tuple[Row, list[Row]]:
        """A row of the image a row."""
        layer, unit = self.trace.leading
        heads = ["row", "".ljust(len(self._digit)), "answer", "probability", unit_name(self.trace)]
        rows: list[Row] = []
        levels = np.rint(self._digit.clip(0, 1) * (len(INK) - 1)).astype(int)
        for at, answer in enumerate(self.trace.answers):
            cells = [
                str(at + 1),
                "".join(INK[level] for level in levels[at]),
                str(answer),
                share(self.trace.probabilities[at, answer]),
                f"{layer.states[at, unit]:+.3f}",
            ]
            if self._study is not None:
                cells.append(share(self._study.accuracy[at], 2))
            rows.append(cells)
        return [*heads, "accuracy"] if self._study is not None else heads, rows

    def findings(self) -> list[str]:
        """How early all test images could be told."""
        return [] if self._study is None else [self._study.summary]

    def document(self) -> dict[str, Any]:
        """What was read, trace, saliency, study."""
        about: dict[str, Any] = {**self._about, "answer": self.trace.answer}
        if self._truth is not None:
            about |= {"label": self._truth, "correct": self.trace.answer == self._truth}
        found: dict[str, Any] = {
            "input": {**about, "digit": self._digit.tolist()},
            "trace": self.trace.to_dict(),
            "saliency": self._saliency.tolist(),
        }
        if self._study is not None:
            found["rows"] = self._study.to_dict()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Digit, trace, saliency, study."""
        study = {} if self._study is None else self._study.arrays()
        return {
            "digit": self._digit,
            **self.trace.arrays(),
            "saliency": self._saliency,
            **study,
        }
