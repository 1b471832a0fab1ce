"""Measure how far the gradient reaches back from the answer to earlier steps.

By PyTorch's autograd in double precision, through the equations of the cell's own step, so for any
cell. If the norm of ∂loss/∂h_t falls towards the first steps, nothing is learned of them: the
gradient vanishes (Hochreiter 1991; Bengio, Simard & Frasconi 1994, “Learning long-term dependencies
with gradient descent is difficult”).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.image_network import read_test_images
from rnn_tui.inside.network import DrawnSequences
from rnn_tui.inside.own.network import OwnNetwork
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import draw_examples
from rnn_tui.inside.trace import Trace
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import Dense
from rnn_tui.networks.initialisations import suiting
from rnn_tui.networks.stack import Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights, Floats
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

INPUTS = 500
RANDOM_INPUTS = 200  # of a network of which nobody knows what is right


def sequence_norms(stack: Stack, inputs: Array, targets: npt.NDArray[Any]) -> Floats:
    """Return ‖∂loss/∂h_t‖ (T, N) of sequences of one length, as `loss_norms` measures it.

    If nobody knows what is right after the last step, the loss is that of an earlier answer, and T
    is less. Also where every step has an answer, one alone counts: with the losses of all of them,
    each step would have a gradient of its own answer.

    Args:
        stack: the network.
        inputs: (T, N, F).
        targets: (N, T) where every step has an answer, else (N, 1); −1 where nobody knows.
    """
    from rnn_tui.networks.gradients import loss_norms  # torch, on use only

    known = np.flatnonzero((targets >= 0).any(axis=0))
    last = int(known[-1]) if len(known) else targets.shape[1] - 1
    steps = len(inputs) - (targets.shape[1] - 1 - last)
    return loss_norms(stack, inputs[:steps], targets[:, last])


@dataclass(frozen=True, eq=False)
class GradientAnalysis(Analysis):
    """‖∂loss/∂h_t‖ by step: of the input at hand, and as a mean, beside those of other cells."""

    name = "gradients"
    in_json = ("inputs", "here", "networks", "means")
    in_arrays = ("here", "means")

    inputs: int  #: how many the means are of.
    here: Floats  #: (T,) of the input at hand.
    networks: tuple[str, ...]  #: (C,) whose means they are, this network first.
    means: Floats  #: (C, S) over inputs of S steps.

    def share_left(self, at: int) -> float:
        """Return a network's gradient at the first step as a share of that at the last."""
        last = float(self.means[at, -1])
        return float(self.means[at, 0]) / last if last > 0 else 0.0

    @property
    def summary(self) -> str:
        """A sentence on the gradient that is left at the first step, network by network."""
        shares = "; ".join(
            f"{name}: {self.share_left(at):.2g}" for at, name in enumerate(self.networks)
        )
        steps = self.means.shape[1]
        return f"Gradient at the first of {steps} steps, relative to the last step: {shares}."

    @property
    def findings(self) -> list[str]:
        """The summary, and the means by step."""
        heads = "step  " + "  ".join(f"{name:>22}" for name in self.networks)
        lines = [self.summary, f"Norm of ∂loss/∂h, mean of {self.inputs:,} inputs:", heads]
        for step, norms in enumerate(self.means.T, start=1):
            lines.append(f"{step:4}  " + "  ".join(f"{norm:22.3g}" for norm in norms))
        return lines


def analyse_beside_others(reading: NetworkReading, progress: Progress) -> GradientAnalysis | None:
    """Analyse a network beside one of each other cell that reads forward.

    The others are trained ones, if there are any, or else untrained ones of cells with recurrent
    weights. Returns None if it was stopped.
    """
    network = reading.network.source
    own = network.config.cell
    trained = _trained_alike(reading)
    make = untrained if reading.digit is None else untrained_reader
    networks = [(f"{CELLS[own].label}, this one", network)]
    for name, cell in CELLS.items():
        if name == own or cell.bidirectional:
            continue
        if name in trained:
            networks.append((cell.label, trained[name]))
        elif cell.has_recurrent_weights:
            networks.append((f"{cell.label}, untrained", make(network, name)))
    if reading.digit is not None:
        return analyse_digit_gradients(networks, reading.digit, reading.targets[0], progress)
    replicas = [reading.network.replica, *(_largest_replica(other) for _, other in networks[1:])]
    named = [(*pair, replica) for pair, replica in zip(networks, replicas, strict=True)]
    return analyse_gradients(named, reading.trace, reading.targets, progress)


def _trained_alike(reading: NetworkReading) -> dict[str, Any]:
    """Return the trained networks by cell.

    Those that recall another position are left out: they never learned what is asked.
    """
    position = getattr(reading.network.source.config, "position", None)
    return {
        cell: network
        for cell, network in reading.trained().items()
        if getattr(network.config, "position", None) == position
    }


def _largest_replica(network: SequenceNetwork) -> int:
    """Return the place of the first of its largest replicas."""
    sizes = [replica.variant.hidden_size for replica in network.replicas]
    return sizes.index(max(sizes))


def analyse_gradients(
    networks: Sequence[tuple[str, SequenceNetwork, int]],
    trace: Trace,
    truth: Sequence[int],
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
) -> GradientAnalysis | None:
    """Analyse networks on sequences of the longest length in training.

    Returns None if it was stopped.

    Args:
        networks: each with its name and replica; the first is looked into.
        trace: what the first held while it read the input at hand.
        truth: (T,) or (1,), what is right of that input.
        progress: in networks.
        inputs: how many sequences.
    """
    _, network, replica = networks[0]
    targets = np.array(truth, np.uint8)[None]  # (1, T) or (1, 1)
    here = sequence_norms(network.stack(replica), trace.inputs[:, None], targets)[:, 0]  # (T,)
    longest = network.config.lengths[1]
    drawn = draw_examples(network.task, network.config, inputs, 0, length=longest)
    norms = [(name, partial(_norms_of, other, at, drawn)) for name, other, at in networks]
    return _analysis(here, drawn.inputs.shape[1], norms, progress)


def analyse_digit_gradients(
    networks: Sequence[tuple[str, RowReaderNetwork]],
    digit: Array,
    truth: int,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
) -> GradientAnalysis | None:
    """Return the analysis of readers of images on the first test images; None if it was stopped.

    Args:
        networks: each with its name; the first is looked into.
        digit: (28, 28), which the first has read.
        truth: which digit that is.
        progress: in networks.
        inputs: how many images.
    """
    from rnn_tui.networks.gradients import loss_norms  # torch, on use only

    digits, labels = read_test_images(slice(inputs), networks[0][1].config)
    _, first = networks[0]
    here = loss_norms(first.stack, first.rows(digit[None]), np.array([truth]))[:, 0]
    norms = [
        (name, partial(loss_norms, network.stack, network.rows(digits), labels))
        for name, network in networks
    ]
    return _analysis(here, len(labels), norms, progress)


def analyse_beside_untrained(
    reading: NetworkReading, progress: Progress
) -> GradientAnalysis | None:
    """Analyse ‖∂loss/∂h_t‖ of the top layer's states, read forward; None if it was stopped.

    The loss is the cross-entropy of the network's own last answer; of numbers, their sum. Beside it
    are untrained networks of the same sizes, one of each cell with recurrent weights.
    """
    from rnn_tui.networks.gradients import loss_norms  # torch, on use only

    network: OwnNetwork = reading.network
    trace = reading.trace
    stack = network.stack
    drawn = network.draw(RANDOM_INPUTS, 0, trace.steps).inputs
    stacks = {stack.cell.label: stack}
    for cell in dict.fromkeys((stack.cell, *CELLS.values())):
        if cell.has_recurrent_weights and not cell.bidirectional:
            stacks[f"untrained {cell.label}"] = untrained_stack(stack, cell)
    numbers = network.numbers
    here = loss_norms(stack, trace.inputs[:, None], numbers=numbers)[:, 0]
    norms = [
        (name, partial(loss_norms, each, drawn, numbers=numbers)) for name, each in stacks.items()
    ]
    return _analysis(here, drawn.shape[1], norms, progress)


def _norms_of(network: SequenceNetwork, replica: int, drawn: DrawnSequences) -> Floats:
    """Return the norms (S, N) of a replica of a task's networks over drawn sequences."""
    inputs = network.embedded(drawn.inputs, replica)
    return sequence_norms(network.stack(replica), inputs, drawn.targets)


def _analysis(
    here: Floats,
    inputs: int,
    norms: Sequence[tuple[str, Callable[[], Floats]]],
    progress: Progress,
) -> GradientAnalysis | None:
    """Return the analysis of what each of the functions of `norms` returns, (S, N), by its name."""
    means = []
    progress.advance(0, len(norms))
    for done, (_, measure) in enumerate(norms, start=1):
        if progress.stopping:
            return None
        means.append(measure().mean(axis=1))  # (S,)
        progress.advance(done, len(norms))
    return GradientAnalysis(inputs, here, tuple(name for name, _ in norms), np.array(means))


def untrained(network: SequenceNetwork, cell: str) -> SequenceNetwork:
    """Return an untrained network of another cell, of the largest size.

    Its weights are those that its training would begin with, except for the readout.
    """
    from rnn_tui.tasks.sequences.replica_problem import build_replicas  # torch, on use only

    config = network.config.replace(
        cell=cell,
        initialisation=suiting(network.config.recipe.initialisation, CELLS[cell]),
        hidden_sizes=(max(network.config.hidden_sizes),),
        losses=network.config.losses[-1:],
        seeds=1,
    )
    model = build_replicas(config, network.features, network.outputs)
    arrays = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    _draw_readout(arrays["readout"][:, :, :-1])
    return type(network)(WeightsFile(config, arrays, 0, {}), network.task)


def untrained_stack(stack: Stack, cell: Cell, seed: int = 0) -> Stack:
    """Return a network of the same sizes of a cell, with weights as PyTorch draws them."""
    random = np.random.default_rng(seed)

    def drawn(shape: Sequence[int], size: int) -> Array:
        bound = size**-0.5
        return random.uniform(-bound, bound, shape).astype(np.float32)

    def drawn_dense(dense: Dense) -> Dense:
        size = dense.weight.shape[1]
        weight, bias = drawn(dense.weight.shape, size), drawn(dense.bias.shape, size)
        return replace(dense, weight=weight, bias=bias)

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
        inlet=tuple(map(drawn_dense, stack.inlet)),
        head=tuple(map(drawn_dense, stack.head)),
    )


def untrained_reader(network: RowReaderNetwork, cell: str) -> RowReaderNetwork:
    """Return an untrained reader of images of another cell.

    Its weights are those that its training would begin with, except for the readout.
    """
    from rnn_tui.engine.training.problem import generator  # torch, on use only
    from rnn_tui.networks.layers import initialise
    from rnn_tui.tasks.images.model import build_model

    config = network.config.replace(
        cell=cell, initialisation=suiting(network.config.recipe.initialisation, CELLS[cell])
    )
    recipe = config.recipe
    model = build_model(config)
    initialise(
        model,
        CELLS[cell],
        recipe.initialisation,
        generator(config.seed, "weights"),
        recipe.forget_biases,
        input_gain=recipe.input_gain,
    )
    arrays = {name: tensor.numpy().copy() for name, tensor in model.state_dict().items()}
    _draw_readout(arrays["readout.weight"])
    return RowReaderNetwork(WeightsFile(config, arrays, 0, {}))


def _draw_readout(weight: Array) -> None:
    """Fill a readout (…, F) of zeros, through which no gradient comes before the first step of
    training, as PyTorch does.
    """
    if not weight.any():
        bound = weight.shape[-1] ** -0.5
        weight[:] = np.random.default_rng(0).uniform(-bound, bound, weight.shape)
