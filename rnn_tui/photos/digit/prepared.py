"""What preprocessing makes of a photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

SIDE = 28

# As OpenCV's own types have it, which say no more of what its functions return; bytes in fact.
Picture: TypeAlias = npt.NDArray[np.integer[Any] | np.floating[Any]]
Digit: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stage:
    """A picture on the way from a photo to a digit.

    Attributes:
        name: what was done, in a few words, such as `background divided out`.
        picture: (H, W) grey or (H, W, 3) BGR, uint8.
    """

    name: str
    picture: Picture


@dataclass(frozen=True)
class Prepared:
    """A photo as a network reads it.

    Attributes:
        digit: (28, 28) float32, 0 for background … 1 for ink.
        stages: the pictures on the way, in order; empty unless asked for.
        doubt: why there may be no digit in the photo, in a sentence for the user; empty if there
            seems to be one.
    """

    digit: Digit
    stages: tuple[Stage, ...] = ()
    doubt: str = ""
