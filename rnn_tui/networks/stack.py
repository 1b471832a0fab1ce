"""Recurrent layers on top of each other, each of which may read in both directions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.networks.stepwise import Activations, Array, CellWeights, Change

#: returns the change while a layer, from 0, reads the steps forward or (True) backward, or None.
Changing = Callable[[int, bool], Change | None]


def unchanged(_layer: int, _backward: bool) -> None:
    """Return None: nothing is changed in any layer."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer."""

    forward: CellWeights  #: the weights that read from the first step on.
    #: the weights that read from the last step back, if there is such a direction.
    backward: CellWeights | None = None

    def read(
        self, steps: Array, change: Change | None = None, backward_change: Change | None = None
    ) -> list[Activations]:
        """Read steps in each direction.

        Args:
            steps: (T, N, F).
            change: what is changed while they are read forward, at each step.
            backward_change: the same while they are read backward.

        Returns:
            what each direction holds at each of the steps (T, N, H).
        """
        directions = [self.forward.run(steps, change)]
        if self.backward is not None:
            by_step = from_last(backward_change, len(steps))
            activations = self.backward.run(steps[::-1], by_step)
            directions.append(activations.mapped(_reversed))
        return directions


def _reversed(values: Array) -> Array:
    """Return values (T, N, H), the last first."""
    return values[::-1]


def from_last(change: Change | None, steps: int) -> Change | None:
    """Return the change at each step for a direction that starts at the last step."""
    if change is None:
        return None
    return lambda step, quantity, values: change(steps - 1 - step, quantity, values)


def joined_states(directions: Sequence[Activations]) -> Array:
    """Return the states (T, N, D·H) of all D directions of a layer."""
    return np.concatenate([activations.states for activations in directions], axis=2)
