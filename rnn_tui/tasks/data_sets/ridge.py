"""Ridge regression whose penalty is chosen by leaving out each row in turn.

scikit-learn's `RidgeCV` and `RidgeClassifierCV` do the same. With thousands of rows and columns
this is several times faster: it needs the smaller of two products, in place of a decomposition.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PENALTIES = np.logspace(-3, 3, 10)  # those of the authors of ROCKET
NEGLIGIBLE = 1e-10  # of the largest variance: directions in which rows do not differ


class Ridge:
    """A linear model of standardised columns.

    With the centred columns X = Z Vᵀ, where ZᵀZ is diagonal with the entries s, and a penalty α:

        fitted answers  ŷ = Z (s + α)⁻¹ Zᵀ y + mean
        leverage        h = diag(Z (s + α)⁻¹ Zᵀ) + 1/n
        error of a row that is left out  (y − ŷ) / (1 − h)

    Args:
        columns: (n, p) numbers, of one row at least.
        targets: (n, O) what is answered.
    """

    def __init__(self, columns: npt.NDArray[Any], targets: npt.NDArray[Any]) -> None:
        self._means = columns.mean(axis=0, dtype=np.float64)
        deviations = columns.std(axis=0, dtype=np.float64)
        self._scales = np.where(deviations > 0, deviations, 1.0)
        self._target_means = targets.mean(axis=0, dtype=np.float64)
        wanted = targets - self._target_means
        scaled = self._scaled(columns)
        squares, parts, directions = _decomposed(scaled)
        along = parts.T @ wanted  # (r, O)
        leverages = parts**2  # (n, r)
        errors = []
        for penalty in PENALTIES:
            fitted = parts @ (along / (squares + penalty)[:, None])
            kept = 1 - 1 / len(scaled) - leverages @ (1 / (squares + penalty))
            kept = np.maximum(kept, NEGLIGIBLE)  # of a single row nothing is left without it
            errors.append(float(np.mean(((wanted - fitted) / kept[:, None]) ** 2)))
        self.penalty = float(PENALTIES[int(np.argmin(errors))])  #: that which was chosen.
        self._weights = directions @ (along / (squares + self.penalty)[:, None])  # (p, O)

    def answers(self, columns: npt.NDArray[Any]) -> Floats:
        """Return the answers (m, O) to columns (m, p)."""
        answers: Floats = self._scaled(columns) @ self._weights + self._target_means
        return answers

    def _scaled(self, columns: npt.NDArray[Any]) -> Floats:
        scaled: Floats = columns - self._means
        scaled /= self._scales
        return scaled


def _decomposed(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Return s (r,), Z (n, r) and V (p, r) of centred columns (n, p)."""
    rows, width = columns.shape
    is_wide = rows <= width
    squares, vectors = np.linalg.eigh(columns @ columns.T if is_wide else columns.T @ columns)
    counts = squares > NEGLIGIBLE * max(float(squares[-1]), 1e-300)
    squares, vectors = squares[counts], vectors[:, counts]
    if not is_wide:
        return squares, columns @ vectors, vectors
    roots = np.sqrt(squares)
    return squares, vectors * roots, columns.T @ (vectors / roots)
