"""How early a row reader could have decided: accuracy by the number of rows read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.mnist import logits_after_rows, prefix_note
from rnn_tui.inside.probes import Labels, Progress, Stopping, chance_level, never, silent
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

# Large enough to keep a core busy, small enough for its cache.
BATCH = 250


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
