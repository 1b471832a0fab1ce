"""Gradients of an own network: through time, of answers by inputs, and along a path from no input.

By PyTorch's autograd in double precision. Shapes: T steps, N sequences, F features, H units, O
outputs, A answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.attribution import (
    MOST_NODES,
    MOST_STEPS,
    NODES,
    TOLERANCE,
    SensitivityAnalysis,
    sensitivity_of,
)
from rnn_tui.inside.gradients import GradientAnalysis
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.own_studies import answers_of, random_inputs
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.stack import Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights, Floats, require_finite

if TYPE_CHECKING:
    from torch import Tensor

INPUTS = 200  # random ones, over which gradients are averaged
MOST_OUTPUTS = 64  # of each of which a gradient is taken


def analyse_gradients(reading: NetworkReading, progress: Progress) -> GradientAnalysis | None:
    """Analyse ‖∂loss/∂h_t‖ of the top layer's states, read forward; None if it was stopped.

    The loss is the cross-entropy of the network's own last answer; of numbers, their sum. Beside it
    are untrained networks of the same sizes, one of each cell with recurrent weights.
    """
    network: OwnNetwork = reading.network
    trace = reading.trace
    stack = network.stack
    drawn = random_inputs(network, trace, INPUTS).inputs
    stacks = {stack.cell.label: stack}
    for cell in dict.fromkeys((stack.cell, *CELLS.values())):
        if cell.has_recurrent_weights and not cell.bidirectional:
            stacks[f"untrained {cell.label}"] = untrained(stack, cell)
    numbers = network.numbers
    here = _norms(stack, trace.inputs[:, None], numbers=numbers)[:, 0]
    means = []
    progress.advance(0, len(stacks))
    for done, each in enumerate(stacks.values(), start=1):
        if progress.stopping:
            return None
        means.append(_norms(each, drawn, numbers=numbers).mean(axis=1))  # (T,)
        progress.advance(done, len(stacks))
    return GradientAnalysis(drawn.shape[1], here, tuple(stacks), np.array(means))


def _norms(stack: Stack, inputs: Array, *, numbers: bool) -> Floats:
    """Return ‖∂loss/∂h_t‖ (T, N) of the top layer's states while it reads `inputs` (T, N, F)."""
    import torch  # noqa: PLC0415 - seconds, on use only
    from torch.nn import functional as F  # noqa: PLC0415

    from rnn_tui.networks.gradients import gradient_norms  # noqa: PLC0415

    with np.errstate(all="ignore"):
        right = torch.from_numpy(answers_of(stack.logits(inputs)[-1]))  # (N,)
        below = stack.read_below(inputs)  # (T, N, F)
    top = stack.layers[-1]
    doubles = stack.with_readout_mapped(lambda array: torch.from_numpy(array).double())
    fixed: list[Tensor] = []  # what the forward states do not change
    if top.backward is not None:
        states = top.read(below)[1].states  # (T, N, H)
        fixed = [torch.from_numpy(states.copy()).double()]

    def loss(forward: "list[Tensor]") -> "Tensor":
        logits = doubles.read_out([torch.stack(forward), *fixed])[-1]  # (N, O)
        if numbers:
            total: Tensor = logits.sum(1)
            return total
        if stack.outputs == 1:
            target = right.double()
            return F.binary_cross_entropy_with_logits(logits[:, 0], target, reduction="none")
        return F.cross_entropy(logits, right, reduction="none")

    return gradient_norms(top.forward, below, loss)


def untrained(stack: Stack, cell: Cell, seed: int = 0) -> Stack:
    """Return a network of the same sizes of a cell, with weights as PyTorch draws them."""
    random = np.random.default_rng(seed)

    def drawn(shape: Sequence[int], size: int) -> Array:
        bound = size**-0.5
        return random.uniform(-bound, bound, shape).astype(np.float32)

    layers = []
    for layer in stack.layers:
        directions = []
        for weights in layer.directions:
            size, features = weights.hidden_size, weights.of_input.shape[1]
            shapes = cell.layer_shapes(features, size)
            named = {name: drawn(shape, size) for name, shape in shapes.items()}
            directions.append(CellWeights.named(cell, named))
        layers.append(Layer(*directions, backward_alone=layer.backward_alone))
    read = sum(weights.hidden_size for weights in stack.layers[-1].directions)
    return replace(
        stack,
        layers=tuple(layers),
        weights=tuple(drawn(weight.shape, read) for weight in stack.weights),
        bias=np.zeros_like(stack.bias),
    )


def analyse_sensitivity(reading: NetworkReading, progress: Progress) -> SensitivityAnalysis | None:
    """Differentiate each answer's logits by the input at each step; return None if it was stopped.

    Norms are over features, and over the outputs of a step where every step has an answer.

    Raises:
        QueryError: if the input has too many steps, or the network too many outputs.
        CheckpointError: if the weights are too large to compute with.
    """
    network: OwnNetwork = reading.network
    trace = reading.trace
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.gradients import logits_of  # noqa: PLC0415

    stack = network.stack
    if trace.steps > MOST_STEPS or stack.outputs > MOST_OUTPUTS:
        raise QueryError(
            f"Each output against each input is shown of at most {MOST_STEPS} steps and "
            f"{MOST_OUTPUTS} outputs; here are {trace.steps:,} and {stack.outputs:,}."
        )
    with torch.enable_grad():
        inputs = torch.from_numpy(trace.inputs[:, None]).double().requires_grad_()  # (T, 1, F)
        logits = logits_of(stack, inputs)[:, 0]  # (A, O)
    return sensitivity_of(logits, inputs, trace, progress)


@dataclass(frozen=True, eq=False)
class StepAttribution(Analysis):
    """The part of each input of each step in the last answer's logit: integrated gradients.

    Sundararajan, Taly & Yan 2017, “Axiomatic attribution for deep networks”.
    """

    name = "attribution"
    in_json = ("answer", "steps", "parts", "total", "difference")
    in_arrays = ("parts", "steps")

    answer: str  #: whose logit it is of.
    read: tuple[str, ...]  #: (T,) what is read at each step.
    parts: npt.NDArray[np.float64]  #: (T, F).
    total: float  #: their sum.
    difference: float  #: the logit less that of inputs of zeros, which the sum should be.
    first_step: int = 1  #: the number of the first step.

    @property
    def steps(self) -> npt.NDArray[np.float64]:
        """The part of each step (T,)."""
        result: npt.NDArray[np.float64] = self.parts.sum(axis=1)
        return result

    @property
    def summary(self) -> str:
        """A sentence on the step that adds most, and one on the sum."""
        step = int(np.abs(self.steps).argmax())
        return (
            f"For {self.answer}, step {step + self.first_step} ({self.read[step]}) matters most: "
            f"{self.steps[step]:+.3g} of {self.total:+.3g}, which the inputs add to its logit over "
            "inputs of zeros."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, and the part of each step."""
        lines = [self.summary]
        for number, (word, part) in enumerate(zip(self.read, self.steps, strict=True)):
            lines.append(f"{number + self.first_step:>5}  {word:>20}  {part:+9.3g}")
        return lines


def analyse_attribution(reading: NetworkReading, progress: Progress) -> StepAttribution | None:
    """Integrate the gradients of the last answer's logit from inputs of zeros to those of `trace`.

    Of the inputs x:

        x_i · ∫₀¹ ∂logit(α·x)/∂x_i dα

    Raises:
        QueryError: if the input has too many steps.
        CheckpointError: if the weights are too large to compute with.
    """
    network: OwnNetwork = reading.network
    trace = reading.trace
    if trace.steps > MOST_STEPS:
        raise QueryError(
            f"The part of each step is computed of at most {MOST_STEPS} steps; here are "
            f"{trace.steps:,}."
        )
    output = 0 if trace.one_output else trace.answer  # of numbers the first
    nodes = NODES
    progress.advance(0, MOST_NODES)
    while not progress.stopping:
        parts, difference = _integrated(network.stack, trace.inputs, output, nodes)
        total = float(parts.sum())
        require_finite(parts, np.array(difference))
        if nodes >= MOST_NODES or abs(total - difference) <= TOLERANCE * abs(difference):
            progress.advance(MOST_NODES, MOST_NODES)
            answer = (
                f"output {trace.outputs[0]}"
                if trace.numbers
                else trace.answer_word(trace.steps - 1)
            )
            return StepAttribution(answer, trace.read, parts, total, difference, trace.first_step)
        progress.advance(nodes, MOST_NODES)
        nodes *= 2
    return None


def _integrated(
    stack: Stack, inputs: Array, output: int, nodes: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the integral (T, F), by the Gauss-Legendre rule of so many nodes.

    Also return the logit of the inputs (T, F) less that of zeros.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.gradients import logits_of  # noqa: PLC0415

    places, weights = np.polynomial.legendre.leggauss(nodes)  # (K,), from −1 to 1
    alphas = np.concatenate([(places + 1) / 2, [0.0, 1.0]])  # (K + 2,)
    along = alphas[:, None] * inputs[:, None].astype(np.float64)  # (T, K + 2, F)
    read = torch.from_numpy(along).requires_grad_()
    with torch.enable_grad():
        logits = logits_of(stack, read)[-1, :, output]  # (K + 2,)
        [gradients] = torch.autograd.grad(logits.sum(), read)  # (T, K + 2, F)
    mean: Floats = np.tensordot(weights / 2, gradients[:, :nodes].numpy(), (0, 1))  # (T, F)
    zeros, whole = logits[-2:].detach()
    return inputs * mean, float(whole - zeros)
