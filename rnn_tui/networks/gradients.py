"""Gradients through time: of a loss on the state after each step, by PyTorch's autograd, for any
cell, in double precision.

And whether MPS has the CPU's: a trial of a cell before the first run with it. Gradients were found
there 1,000 times too large where sequences times time steps are above 32,768, once a batch of
another size has been through, and nothing says so while a network trains
(https://github.com/pytorch/pytorch/issues/177116).
"""

from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor, nn

from rnn_tui.engine.errors import DeviceError
from rnn_tui.engine.problem import generator
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import TORCH, build_row_reader
from rnn_tui.networks.stepwise import Array, CellWeights, Floats, require_finite


def states_of(weights: CellWeights, inputs: Tensor) -> list[Tensor]:
    """The states (N, H) after each step of `inputs` (T, N, F), in double precision, with the graph
    of how they came about.
    """
    parts = (weights.of_input, weights.of_state, weights.input_bias, weights.state_bias)
    of_input, of_state, input_bias, state_bias = (torch.from_numpy(part).double() for part in parts)
    cell, states = weights.cell, []
    last = cell.start(inputs.new_zeros(inputs.shape[1], weights.hidden_size))
    for at_step in inputs:
        # (N, G·H)
        read, recurrent = at_step @ of_input.T + input_bias, last.state @ of_state.T + state_bias
        last = cell.step(TORCH, read.chunk(cell.blocks, 1), recurrent.chunk(cell.blocks, 1), last)
        states.append(last.state)
    return states


def gradient_norms(
    weights: CellWeights, inputs: Array, loss: Callable[[list[Tensor]], Tensor]
) -> Floats:
    """‖∂loss/∂h_t‖ (T, N) of own losses (N,), through later states, of inputs (T, N, F);
    `CheckpointError` if not finite.
    """
    with torch.enable_grad():
        states = states_of(weights, torch.from_numpy(inputs).double().requires_grad_())
        # No sequence's loss depends on another one's states: the gradient of the sum is each one's
        # own.
        found = torch.autograd.grad(loss(states).sum(), states, allow_unused=True)
    norms = [
        torch.zeros(inputs.shape[1]) if one is None else torch.linalg.vector_norm(one, dim=1)
        for one in found
    ]
    result: Floats = torch.stack(norms).double().numpy()
    require_finite(result)
    return result


STEPS, FEATURES, OUTPUTS, HIDDEN, REPLICAS = 28, 28, 10, 32, 2
BATCHES = (100, 1200)  # the second one, behind the first, makes 33,600 time steps
MOST_APART = 1e-3  # as a share of the CPU's; sums in another order make about 1e-5


def check_gradients(cell: Cell, device: torch.device, layers: int = 0) -> None:
    """On MPS compare loss and gradients of a cell with the CPU's, once in a process.

    The cell is tried in a row reader of so many `layers`, or in a set of replicas where there are
    none.

    Raises:
        DeviceError: where they differ.
    """
    if device.type != "mps":
        return
    fault = _fault_on_mps(cell, layers)
    if fault:
        raise DeviceError(
            f"On MPS PyTorch {torch.__version__} computes {fault}; choose device cpu."
        )


@cache
def _fault_on_mps(cell: Cell, layers: int) -> str:
    """What MPS computes otherwise than the CPU, and by how much; empty where nothing is."""
    found = _trial(cell, layers, torch.device("mps"))
    right = _trial(cell, layers, torch.device("cpu"))
    shares = [
        (ours - theirs).norm() / theirs.norm().clamp(1e-9)
        for ours, theirs in zip(found, right, strict=True)
    ]
    apart = torch.stack(shares).nan_to_num(torch.inf)
    if apart.max() <= MOST_APART:
        return ""
    what = "another loss" if apart[0] > MOST_APART else "other gradients"
    return f"{what} of a {cell.label} than the CPU, by {100 * apart.max():.2g} %"


def _trial(cell: Cell, layers: int, device: torch.device) -> list[Tensor]:
    """Loss and gradients, on the CPU, of a small and a large batch."""
    random, sizes = generator(0, "trial"), {"hidden_size": HIDDEN, "layers": layers}
    model: nn.Module = cell.replicas([HIDDEN] * REPLICAS, FEATURES, OUTPUTS)
    if layers:
        model = build_row_reader(
            cell, features=FEATURES, time_steps=STEPS, classes=OUTPUTS, **sizes
        )
    weights, found = [*model.to(device).parameters()], []
    for weight in weights:
        weight.data = (torch.rand(weight.shape, generator=random) / 2 - 0.25).to(device)
    for batch in BATCHES:
        inputs = torch.rand(
            (batch, STEPS, FEATURES) if layers else (STEPS, REPLICAS, FEATURES, batch),
            generator=random,
        )
        loss = model(inputs.to(device)).square().mean()
        # of a biLSTM's last step not all weights have a part
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        found += [one.detach().cpu() for one in (loss, *gradients) if one is not None]
    return found
