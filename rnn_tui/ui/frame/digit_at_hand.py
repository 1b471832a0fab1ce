"""A digit that one view has at hand, for another to read."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.photos.drawing import Ink
from rnn_tui.tasks.image_sets import DIGITS


@dataclass(frozen=True, eq=False)
class DigitAtHand:
    """A digit from another view."""

    name: str  #: what to call it, such as `drawing`.
    digit: Ink  #: (28, 28), 0 … 1, as a network reads it.
    label: int | None = None  #: the true class; None if that is unknown.
    #: the weights of the network that answered there; None if unknown.
    weights: Path | None = None
    classes: Sequence[str] = DIGITS  #: what its label is one of.

    @property
    def key(self) -> Hashable:
        """Tells it, read by these weights, from others."""
        return self.name, self.digit.tobytes(), self.weights
