"""Which input mattered: what each pixel adds to the answer; how strongly each output depends on the
input at each step.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.trace import Record, Trace
from rnn_tui.networks.stepwise import Array, require_finite
from rnn_tui.tasks.mnist.inference import PIXEL_DEVIATION, RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

MOST_STEPS = 128  # of longer inputs, each output against each input takes too long


@dataclass(frozen=True, eq=False)
class SensitivityAnalysis(Analysis):
    """How strongly each output depends on the input at each step, here: ‖∂y_j/∂x_t‖."""

    name = "sensitivity"
    in_json = ("outputs", "norms")
    in_arrays = ("norms",)

    outputs: tuple[str, ...]  #: (J,) which output: of every step, or each class after the last one.
    #: (J, T) of the logit; 0 where the input comes after the output.
    norms: npt.NDArray[np.float64]
    first_step: int = 1  #: what the first step is called, 0 or 1.

    @property
    def summary(self) -> str:
        """Which input weighs most, in a sentence."""
        output, step = np.unravel_index(self.norms.argmax(), self.norms.shape)
        at, most = step + self.first_step, self.norms.max()
        return (
            f"The strongest: the output of {self.outputs[output]} on the input at step {at} "
            f"({most:.3g})."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, and the grid."""
        rows = [
            f"{name:>8}  " + " ".join(f"{value:8.3g}" for value in row)
            for name, row in zip(self.outputs, self.norms, strict=True)
        ]
        return [self.summary, "Norm of ∂output/∂input, a row an output, a column a step:", *rows]


def analyse_sensitivity(
    network: SequenceNetwork,
    trace: Trace,
    replica: int = 0,
    progress: Progress = UNWATCHED,
) -> SensitivityAnalysis | None:
    """Each output's logit against each step of the input of `trace`; norms are over features, and
    over outputs of a step.

    `QueryError` if it has more than `MOST_STEPS` steps, `CheckpointError` if the weights are too
    large to compute with.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.networks.gradients import states_of  # noqa: PLC0415

    if trace.steps > MOST_STEPS:
        told = "Each output against each input is shown of at most"
        raise QueryError(f"{told} {MOST_STEPS} steps; this input has {trace.steps:,}.")
    weight, bias = (torch.from_numpy(part).double() for part in network.readout(replica))
    norms: list[npt.NDArray[np.float64]] = []
    with torch.enable_grad():
        inputs = torch.from_numpy(trace.inputs[:, None]).double().requires_grad_()
        states = states_of(network.cell(replica), inputs)
        # (T or 1, O)
        logits = torch.cat(states if trace.every_step else states[-1:]) @ weight.T + bias
        asked = (
            [row.unbind() for row in logits] if trace.every_step else [(one,) for one in logits[0]]
        )
        progress.advance(0, len(asked))
        for done, outputs in enumerate(asked, start=1):
            if progress.stopping:
                return None
            # (T, F) each
            gradients = [
                torch.autograd.grad(one, inputs, retain_graph=True)[0][:, 0] for one in outputs
            ]
            norms.append(torch.linalg.vector_norm(torch.cat(gradients, 1), dim=1).numpy())
            progress.advance(done, len(asked))
    found = np.array(norms)
    require_finite(found)
    numbers = range(trace.first_step, trace.first_step + trace.steps)
    outputs = tuple(map(str, numbers)) if trace.every_step else trace.outputs
    return SensitivityAnalysis(outputs, found, trace.first_step)


# Nodes of the Gauss-Legendre rule along the path from a blank image: so many, or more until the sum
# is as it should be. Networks differ in how smooth they are there: an RNN of 128 units needs up to
# 256.
NODES, MOST_NODES, TOLERANCE = 64, 512, 0.005


@dataclass(frozen=True, eq=False)
class Attribution(Record):
    """What each pixel adds to the winning logit, over a blank image: integrated gradients."""

    in_json = ("answer", "pixels", "total", "difference")

    answer: int  #: the digit whose logit it is of.
    pixels: Array  #: (28, 28).
    total: float  #: their sum.
    difference: float  #: the logit of the image less that of a blank one, which the sum should be.


def attribution(network: RowReaderNetwork, digit: Array, answer: int) -> Attribution:
    """Integrated gradients (Sundararajan, Taly & Yan 2017, “Axiomatic attribution for deep
    networks”) of `digit` (28, 28).

    Of the pixels x, 0 … 1, from a blank image x′ = 0: x_i · ∫₀¹ ∂logit(α·x)/∂x_i dα, by PyTorch's
    autograd in double precision. `CheckpointError` if the weights are too large to compute with.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.tasks.mnist.problem import build_model  # noqa: PLC0415

    model = build_model(network.config).double()
    model.load_state_dict(
        {name: torch.from_numpy(array).double() for name, array in network.arrays.items()}
    )
    model.requires_grad_(False)
    scale, nodes = PIXEL_DEVIATION if network.config.recipe.standardise else 1.0, NODES
    while True:
        places, weights = np.polynomial.legendre.leggauss(nodes)
        # (K + 2, 28, 28)
        along = np.concatenate([(places + 1) / 2, [0.0, 1.0]])[:, None, None] * digit
        rows = (
            torch.from_numpy(network.rows(along).transpose(1, 0, 2).copy())
            .double()
            .requires_grad_()
        )
        with torch.enable_grad():
            logits = model(rows)[:, answer]
            [gradient] = torch.autograd.grad(logits.sum(), rows)
        pixels = digit * np.tensordot(weights / 2, gradient[:nodes].numpy() / scale, 1)
        total, difference = float(pixels.sum()), float(logits[-1].detach() - logits[-2].detach())
        require_finite(pixels, np.array(difference))
        if nodes >= MOST_NODES or abs(total - difference) <= TOLERANCE * abs(difference):
            return Attribution(answer, pixels.astype(np.float32), total, difference)
        nodes *= 2
