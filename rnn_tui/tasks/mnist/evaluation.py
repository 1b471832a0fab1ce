"""A finished run's answers on the test set, as the views take them: arrays, no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class ImageEvaluation:
    """The test set with a model's answers.

    Attributes:
        images: (N, 28, 28) uint8.
        labels: (N,) true classes.
        probabilities: (N, 10) softmax outputs.
        predictions: (N,) most probable classes.
        confusion: (10, 10) counts, true classes in rows, predicted ones in columns.
        misread: (M,) indices of the wrong answers, the most confident first.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]
    predictions: npt.NDArray[np.int64]
    confusion: npt.NDArray[np.int64]
    misread: npt.NDArray[np.int64]
