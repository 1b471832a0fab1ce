"""Linear layers with an activation behind them: before recurrent layers, or behind a readout."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from rnn_tui.networks.cell import Operations
from rnn_tui.networks.stepwise import Array

#: what may be done with each number behind a layer; all but the first are in `Operations`.
ACTIVATIONS = NONE, RELU, TANH, SIGMOID = "none", "relu", "tanh", "sigmoid"
#: those of them that may be trained between the states and the readout of a set of replicas.
STATE_ACTIVATIONS = NONE, RELU


def activated(name: str, values: Any, operations: Operations) -> Any:
    """Return values behind an activation, one of `ACTIVATIONS`."""
    match name:
        case "relu":
            return operations.relu(values)
        case "tanh":
            return operations.tanh(values)
        case "sigmoid":
            return operations.sigmoid(values)
        case _:
            return values


def slope_at(name: str, results: Array) -> Array:
    """Return the derivative of an activation where it gave these results."""
    match name:
        case "relu":
            return np.sign(results)
        case "tanh":
            return 1 - results**2
        case "sigmoid":
            return results * (1 - results)
        case _:
            return np.ones_like(results)


@dataclass(frozen=True, eq=False)
class Dense:
    """A linear layer of I inputs and O outputs, and what is done with these."""

    weight: Any  #: (O, I).
    bias: Any  #: (O,).
    activation: str = NONE  #: one of `ACTIVATIONS`.

    def answer(self, values: Any, operations: Operations) -> Any:
        """Return the outputs (…, O) to values (…, I)."""
        return activated(self.activation, values @ self.weight.T + self.bias, operations)

    def mapped(self, change: Callable[[Any], Any]) -> Self:
        """Return the layer with a change made to its weights."""
        return type(self)(change(self.weight), change(self.bias), self.activation)
