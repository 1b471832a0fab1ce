"""Measure which input mattered: each pixel's part in the answer, each step's effect."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import Record
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, Floats, require_finite
from rnn_tui.tasks.images.inference import PIXEL_DEVIATION, RowReaderNetwork

if TYPE_CHECKING:
    from torch import nn

MOST_STEPS = 128  # longer inputs take too long, each output against each input
MOST_OUTPUTS = 64  # of each of which a gradient is taken


@dataclass(frozen=True, eq=False)
class SensitivityAnalysis(Analysis):
    """The sensitivity of each output to the input at each step, at this input: ‖∂y_j/∂x_t‖."""

    name = "sensitivity"
    in_json = ("outputs", "norms")
    in_arrays = ("norms",)

    outputs: tuple[str, ...]  #: (J,) which output: of every step, or each class after the last one.
    #: (J, T) of the logit; 0 if the input comes after the output.
    norms: npt.NDArray[np.float64]
    first_step: int = 1  #: the number of the first step, 0 or 1.

    @property
    def summary(self) -> str:
        """A sentence on which input weighs most."""
        output, step = np.unravel_index(self.norms.argmax(), self.norms.shape)
        return (
            f"Strongest: output {self.outputs[output]} depends on the input at step "
            f"{step + self.first_step} ({self.norms.max():.3g})."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, and the grid."""
        lines = [self.summary, "Norm of ∂output/∂input, a row an output, a column a step:"]
        for name, norms in zip(self.outputs, self.norms, strict=True):
            lines.append(f"{name:>8}  " + " ".join(f"{norm:8.3g}" for norm in norms))
        return lines


def analyse_sensitivity(
    reading: NetworkReading, progress: Progress = UNWATCHED
) -> SensitivityAnalysis | None:
    """Differentiate each output's logit by the input at each step; return None if it was stopped.

    Norms are over features. Of answers of every step, a row is a step, and a norm is over its
    outputs; of the last answer alone, a row is an output.

    Args:
        reading: a network and what it has read.
        progress: in rows.

    Raises:
        QueryError: if the input has too many steps, or the network too many outputs.
        CheckpointError: if the weights are too large to compute with.
    """
    import torch  # seconds, on use only

    from rnn_tui.networks.gradients import logits_of

    stack, trace = reading.network.stack, reading.trace
    if trace.steps > MOST_STEPS:
        raise QueryError(
            f"Each output against each input is shown of at most {MOST_STEPS} steps; this input "
            f"has {trace.steps:,}."
        )
    if stack.outputs > MOST_OUTPUTS:
        raise QueryError(
            f"Each output against each input is shown of at most {MOST_OUTPUTS} outputs; this "
            f"network has {stack.outputs:,}."
        )
    with torch.enable_grad():
        inputs = torch.from_numpy(trace.inputs[:, None]).double().requires_grad_()  # (T, 1, F)
        logits = logits_of(stack, inputs)[:, 0]  # (A, O)
    rows = list(logits) if trace.every_step else [logit[None] for logit in logits[0]]
    norms: list[npt.NDArray[np.float64]] = []
    progress.advance(0, len(rows))
    for done, outputs in enumerate(rows, start=1):
        if progress.stopping:
            return None
        gradients = [
            torch.autograd.grad(output, inputs, retain_graph=True)[0][:, 0]  # (T, F)
            for output in outputs
        ]
        norms.append(torch.linalg.vector_norm(torch.cat(gradients, 1), dim=1).numpy())  # (T,)
        progress.advance(done, len(rows))
    grid = np.array(norms)  # (J, T)
    require_finite(grid)
    steps = range(trace.first_step, trace.first_step + trace.steps)
    names = tuple(map(str, steps)) if trace.every_step else trace.outputs
    return SensitivityAnalysis(names, grid, trace.first_step)


#: nodes of the Gauss-Legendre rule along the path from a blank image: so many at first, then twice
#: as many until the sum is as it should be. Networks differ in how smooth they are there: an RNN of
#: 128 units needs up to 256.
NODES, MOST_NODES = 64, 512
#: how far the sum may be from what it should be, as a share of that.
TOLERANCE = 0.005


@dataclass(frozen=True, eq=False)
class Attribution(Record):
    """The part of each pixel in the winning logit over a blank image: integrated gradients."""

    in_json = ("answer", "pixels", "total", "difference")

    answer: int  #: the digit whose logit it is of.
    pixels: Array  #: (28, 28).
    total: float  #: their sum.
    difference: float  #: the logit of the image less that of a blank one, which the sum should be.


def attribution(network: RowReaderNetwork, digit: Array, answer: int) -> Attribution:
    """Compute the integrated gradients of a digit.

    Sundararajan, Taly & Yan 2017, “Axiomatic attribution for deep networks”.

    Of the pixels x, 0 … 1, from a blank image x′ = 0, by PyTorch's autograd in double precision:

        x_i · ∫₀¹ ∂logit(α·x)/∂x_i dα

    Args:
        network: a reader of images.
        digit: (28, 28).
        answer: whose logit it is of.

    Raises:
        CheckpointError: if the weights are too large to compute with.
    """
    import torch  # seconds, on use only

    from rnn_tui.tasks.images.model import build_model

    model = build_model(network.config).double()
    weights = {name: torch.from_numpy(array).double() for name, array in network.arrays.items()}
    model.load_state_dict(weights)
    model.requires_grad_(False)
    nodes = NODES
    while True:
        pixels, difference = _integrated(network, model, digit, answer, nodes)
        total = float(pixels.sum())
        require_finite(pixels, np.array(difference))
        if nodes >= MOST_NODES or abs(total - difference) <= TOLERANCE * abs(difference):
            return Attribution(answer, pixels.astype(np.float32), total, difference)
        nodes *= 2


def _integrated(
    network: RowReaderNetwork, model: "nn.Module", digit: Array, answer: int, nodes: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the integral (28, 28), computed with K nodes.

    Also return the logit of the digit less that of a blank image.
    """
    import torch  # seconds, on use only

    places, weights = np.polynomial.legendre.leggauss(nodes)  # (K,), from −1 to 1
    alphas = np.concatenate([(places + 1) / 2, [0.0, 1.0]])  # (K + 2,)
    images = alphas[:, None, None] * digit  # (K + 2, 28, 28)
    rows = network.rows(images).transpose(1, 0, 2).copy()  # (K + 2, 28, 28)
    read = torch.from_numpy(rows).double().requires_grad_()
    with torch.enable_grad():
        logits = model(read)[:, answer]  # (K + 2,)
        [gradients] = torch.autograd.grad(logits.sum(), read)  # (K + 2, 28, 28)
    # of what is read, not of the pixels
    scale = PIXEL_DEVIATION if network.config.recipe.standardise else 1.0
    pixels = digit * np.tensordot(weights / 2, gradients[:nodes].numpy() / scale, 1)
    blank, whole = logits[-2:].detach()
    return pixels, float(whole - blank)


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
    network = reading.network
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
        parts, difference = _integrated_steps(network.stack, trace.inputs, output, nodes)
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


def _integrated_steps(
    stack: Stack, inputs: Array, output: int, nodes: int
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the integral (T, F), by the Gauss-Legendre rule of so many nodes.

    Also return the logit of the inputs (T, F) less that of zeros.
    """
    import torch  # seconds, on use only

    from rnn_tui.networks.gradients import logits_of

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
