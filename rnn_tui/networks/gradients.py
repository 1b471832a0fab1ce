"""Gradients through time: of a loss on the state after each step, by PyTorch's autograd, for any
cell, in double precision.

And whether MPS has the CPU's: a trial of a cell before the first run with it. Gradients were found
there 1,000 times too large where sequences times time steps are above 32,768, once a batch of
another size has been through, and nothing says so while a network trains
(https://github.com/pytorch/pytorch/issues/177116).
"""

from collections.abc import Callable
from functools import cache
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from rnn_tui.engine.errors import DeviceError
from rnn_tui.engine.training.problem import generator
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import TORCH, build_row_reader
from rnn_tui.networks.replicas import replicas_of
from rnn_tui.networks.stack import EVERY_STEP, LAST_STEP, Stack
from rnn_tui.networks.stepwise import Array, CellWeights, Floats, require_finite


def states_of(weights: CellWeights, inputs: Tensor) -> list[Tensor]:
    """Return the states (N, H) after each step of `inputs` (T, N, F), with their graph.

    They are in double precision.
    """
    tensors = weights.mapped(lambda weight: torch.from_numpy(weight).double())
    last = weights.cell.start(inputs.new_zeros(inputs.shape[1], weights.hidden_size))
    states = []
    for at_step in inputs:
        last = tensors.step(TORCH, tensors.read(at_step), last)
        states.append(last.state)
    return states


def _in_doubles(stack: Stack) -> Stack:
    """Return a network of tensors in double precision."""
    return stack.mapped(lambda array: torch.from_numpy(array).double(), TORCH)


def logits_of(stack: Stack, inputs: Tensor) -> Tensor:
    """Return the answers (T, N, O), or (1, N, O), to `inputs` (T, N, F), with their graph.

    They are in double precision.
    """
    states: list[Tensor] = []
    doubles = _in_doubles(stack)
    inputs = doubles.let_in(inputs)
    for layer in stack.layers:
        forward = states_of(layer.forward, inputs)
        if layer is stack.layers[-1] and stack.takes == LAST_STEP and layer.backward is None:
            forward = forward[-1:]  # all that is read out: a shorter way back
        states = [torch.stack(forward)]  # (T, N, H)
        if layer.backward is not None and layer.backward_alone:
            [alone] = states_of(layer.backward, inputs.flatten(0, 1)[None])  # (T·N, H)
            states.append(alone.view(*inputs.shape[:2], -1))
        elif layer.backward is not None:
            states.append(torch.stack(states_of(layer.backward, inputs.flip(0))).flip(0))
        inputs = torch.cat(states, 2)  # (T, N, D·H)
    return cast("Tensor", doubles.read_out(states))


def loss_norms(
    stack: Stack,
    inputs: Array,
    right: npt.NDArray[np.integer] | None = None,
    *,
    numbers: bool = False,
) -> Floats:
    """Measure how strongly each state of the top layer, read forward, changes the loss.

    Args:
        stack: the network.
        inputs: (T, N, F).
        right: (N,), the class that is right in the end, −1 where nobody knows; None for what the
            network answers.
        numbers: whether its outputs are numbers, in place of classes.

    Returns:
        ‖∂loss/∂h_t‖ (T, N), where the loss is the cross-entropy of the last answer, or the sum of
        numbers.
    """
    with np.errstate(all="ignore"):
        below = stack.read_below(inputs)  # (T, N, F)
        if right is None:
            logits = stack.logits(inputs)[-1]  # (N, O)
            right = logits[:, 0] >= 0 if stack.outputs == 1 else logits.argmax(axis=1)
    targets = torch.from_numpy(right.astype(np.int64))  # (N,)
    top = stack.layers[-1]
    doubles = _in_doubles(stack)
    last_only = stack.takes in (LAST_STEP, EVERY_STEP)  # of all answers, the last one counts
    fixed: list[Tensor] = []  # what the forward states do not change
    if top.backward is not None:
        states = top.last_states(below)[1] if last_only else top.read(below)[1].states
        fixed = [torch.from_numpy(states.copy()).double()]

    def loss(forward: list[Tensor]) -> Tensor:
        states = torch.stack(forward[-1:] if last_only else forward)
        logits: Tensor = doubles.read_out([states, *fixed])[-1]  # (N, O)
        if numbers:
            return logits.sum(1)
        if stack.outputs == 1:
            binary = functional.binary_cross_entropy_with_logits
            return binary(logits[:, 0], targets.double(), reduction="none")
        return functional.cross_entropy(logits, targets, ignore_index=-1, reduction="none")

    return gradient_norms(top.forward, below, loss)


def gradient_norms(
    weights: CellWeights, inputs: Array, loss: Callable[[list[Tensor]], Tensor]
) -> Floats:
    """Return ‖∂loss/∂h_t‖ (T, N) of own losses (N,), through later states.

    Inputs have the shape (T, N, F). Raises `CheckpointError` if norms are not finite.
    """
    with torch.enable_grad():
        states = states_of(weights, torch.from_numpy(inputs).double().requires_grad_())
        # No sequence's loss depends on another one's states: the gradient of the sum is each one's
        # own.
        gradients = torch.autograd.grad(loss(states).sum(), states, allow_unused=True)
    norms = [
        torch.zeros(inputs.shape[1])  # (N,): no loss depends on this state
        if gradient is None
        else torch.linalg.vector_norm(gradient, dim=1)
        for gradient in gradients
    ]
    result: Floats = torch.stack(norms).double().numpy()
    require_finite(result)
    return result


# The sizes of the trial.
STEPS, FEATURES, OUTPUTS, HIDDEN, REPLICAS = 28, 28, 10, 32, 2
BATCHES = (100, 1200)  # the second one, run after the first, makes 33,600 time steps
LARGEST_DIFFERENCE = 1e-3  # a share of the CPU's; sums in another order make about 1e-5


def check_gradients(cell: Cell, device: torch.device, layers: int = 0) -> None:
    """Compare loss and gradients of a cell on MPS with the CPU's, once in a process.

    The cell is tried in a row reader of so many `layers`, or in a set of replicas if there are
    none.

    Raises:
        DeviceError: if they differ.
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
    """Return how MPS differs from the CPU, and by how much; empty if it does not."""
    on_mps = _trial(cell, layers, torch.device("mps"))
    on_cpu = _trial(cell, layers, torch.device("cpu"))
    shares = [
        (ours - theirs).norm() / theirs.norm().clamp(1e-9)
        for ours, theirs in zip(on_mps, on_cpu, strict=True)
    ]
    differences = torch.stack(shares).nan_to_num(torch.inf)
    if differences.max() <= LARGEST_DIFFERENCE:
        return ""
    fault = "another loss" if differences[0] > LARGEST_DIFFERENCE else "other gradients"
    return f"{fault} of a {cell.label} than the CPU, by {100 * differences.max():.2g} %"


def _trial(cell: Cell, layers: int, device: torch.device) -> list[Tensor]:
    """Compute loss and gradients, on the CPU, of a small and a large batch."""
    random = generator(0, "trial")
    model = _trial_model(cell, layers).to(device)
    weights = [*model.parameters()]
    for weight in weights:
        weight.data = (torch.rand(weight.shape, generator=random) / 2 - 0.25).to(device)
    results: list[Tensor] = []
    for batch in BATCHES:
        shape = (batch, STEPS, FEATURES) if layers else (STEPS, REPLICAS, FEATURES, batch)
        inputs = torch.rand(shape, generator=random)
        loss = model(inputs.to(device)).square().mean()
        # not all weights have a part in a biLSTM's last step
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
        results += [value.detach().cpu() for value in (loss, *gradients) if value is not None]
    return results


def _trial_model(cell: Cell, layers: int) -> nn.Module:
    if not layers:
        return replicas_of(cell, [HIDDEN] * REPLICAS, FEATURES, OUTPUTS)
    return build_row_reader(
        cell,
        features=FEATURES,
        time_steps=STEPS,
        classes=OUTPUTS,
        hidden_size=HIDDEN,
        layers=layers,
    )
