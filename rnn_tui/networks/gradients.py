"""Gradients through time: of a loss on the state after each step, by PyTorch's autograd, for any cell, in double precision."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rnn_tui.networks.layers import TORCH
from rnn_tui.networks.stepwise import Array, CellWeights, require_finite

Floats: TypeAlias = npt.NDArray[np.float64]


def states_of(weights: CellWeights, inputs: Tensor) -> list[Tensor]:
    """The states (N, H) after each step of `inputs` (T, N, F), in double precision, with the graph of how they came about."""
    parts = (weights.of_input, weights.of_state, weights.input_bias, weights.state_bias)
    of_input, of_state, input_bias, state_bias = (torch.from_numpy(part).double() for part in parts)
    cell, states = weights.cell, []
    last = cell.start(inputs.new_zeros(inputs.shape[1], weights.hidden_size))
    for at_step in inputs:
        read, recurrent = at_step @ of_input.T + input_bias, last.state @ of_state.T + state_bias  # (N, G·H)
        last = cell.step(TORCH, read.chunk(cell.blocks, 1), recurrent.chunk(cell.blocks, 1), last)
        states.append(last.state)
    return states


def gradient_norms(weights: CellWeights, inputs: Array, loss: Callable[[list[Tensor]], Tensor]) -> Floats:
    """‖∂loss/∂h_t‖ (T, N) of own losses (N,), through later states, of inputs (T, N, F); `CheckpointError` if not finite."""
    with torch.enable_grad():
        states = states_of(weights, torch.from_numpy(inputs).double().requires_grad_())
        # No sequence's loss depends on another one's states: the gradient of the sum is each one's own.
        found = torch.autograd.grad(loss(states).sum(), states, allow_unused=True)
    norms = [torch.zeros(inputs.shape[1]) if one is None else torch.linalg.vector_norm(one, dim=1) for one in found]
    result: Floats = torch.stack(norms).double().numpy()
    require_finite(result)
    return result
