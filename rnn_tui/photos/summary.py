"""How many photos were read right, where their digits are known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from rnn_tui.photos.reader import Reading

CLASSES = 10
UNSURE = CLASSES


@dataclass
class Summary:
    """Counts over readings, kept up to date as they come.

    Attributes:
        photos: all of them.
        errors: those that could not be read.
        doubtful: those without a prediction though they could be read.
        labelled: those whose digit is known and that could be read.
        right: those of them that were read right.
        confusion: 10 rows of 11 counts: known digits in rows, predictions in columns, the last
            one for no prediction.
    """

    photos: int = 0
    errors: int = 0
    doubtful: int = 0
    labelled: int = 0
    right: int = 0
    confusion: list[list[int]] = field(
        default_factory=lambda: [[0] * (CLASSES + 1) for _ in range(CLASSES)]
    )

    def add(self, readings: Iterable[Reading]) -> None:
        """Count some more."""
        for reading in readings:
            self.photos += 1
            self.errors += bool(reading.error)
            self.doubtful += bool(reading.doubt)
            if reading.label is None or reading.error:
                continue
            self.labelled += 1
            self.right += bool(reading.correct)
            said = reading.prediction
            self.confusion[reading.label][UNSURE if said is None else said] += 1

    @property
    def accuracy(self) -> float | None:
        """Percent of the labelled photos that were read right; None without any."""
        return 100.0 * self.right / self.labelled if self.labelled else None

    def document(self) -> dict[str, Any]:
        """A JSON-ready form."""
        document: dict[str, Any] = {
            "photos": self.photos,
            "errors": self.errors,
            "doubtful": self.doubtful,
        }
        if self.labelled:
            document |= {
                "labelled": self.labelled,
                "right": self.right,
                "accuracy": self.accuracy,
                "confusion": self.confusion,
            }
        return document
