"""Where the states of an own network lie.

Nobody says what is right, or what inputs are usual. So the inputs are random, as `own_samples`
draws them, and states are coloured by the answers.
"""

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.own_inputs import Alphabet
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import answers_of, layer_name
from rnn_tui.inside.state_space import (
    ALL_LAYERS,
    MOST_CONSTANT_INPUTS,
    StateSpaceAnalysis,
    find_fixed_points,
    state_space,
    with_fixed_points,
)
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, require_finite

STATES = 2000  # inputs whose states are drawn
AT_ONCE = 100  # inputs whose gates of all steps are in memory
ANSWER, THIRD = "answer", "third of the answers"  # what states are coloured by
THIRDS = ("low", "middle", "high")

Answers = npt.NDArray[np.int64]


def analyse_state_space(reading: NetworkReading, progress: Progress) -> StateSpaceAnalysis | None:
    """Analyse states of all layers over random inputs, and fixed points; None if it was stopped.

    Of a network that reads in both directions, the states are those of the top layer read forward,
    and there are no fixed points. They are those after the last step, or where every step has an
    answer, after one by chance. Their colour is the network's answer there.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    network: OwnNetwork = reading.network
    stack = network.stack
    drawn = network.random_inputs(reading.trace.steps, STATES)
    steps, count, _ = drawn.inputs.shape
    random_steps = np.random.default_rng(0).integers(0, steps, (count,))  # (N,)
    chosen_steps = random_steps if stack.every_step else np.full(count, steps - 1)
    batches = np.array_split(np.arange(count), -(-count // AT_ONCE))
    constant = _constant_inputs(stack, network.alphabet)
    total = len(batches) + len(constant)
    states, answers, starts = [], [], []
    progress.advance(0, total)
    for done, part in enumerate(batches, start=1):
        if progress.stopping:
            return None
        with np.errstate(all="ignore"):
            activations = stack.read(drawn.inputs[:, part])
            top = [direction.states for direction in activations[-1]]
            logits = stack.read_out(top)  # (A, n, O)
        # of layers that carry on what all of them hold, all; else the top one read forward
        layers = [activations[-1][0]] if stack.bidirectional else [each for [each] in activations]
        layer_states = np.concatenate([layer.states for layer in layers], axis=2)  # (T, n, H)
        require_finite(layer_states, logits)
        sequences = np.arange(len(part))
        states.append(layer_states[chosen_steps[part], sequences])  # (n, H)
        answered = chosen_steps[part] if stack.every_step else 0
        answers.append(logits[answered, sequences])  # (n, O)
        memories = [layer.cells for layer in layers if layer.cells is not None]
        carried = np.concatenate([layer_states, *memories], axis=2)  # (T, n, D)
        starts.append(carried[random_steps[part], sequences])
        progress.advance(done, total)
    layer = ALL_LAYERS
    if stack.bidirectional or len(stack.layers) == 1:
        layer = layer_name(stack.layers, len(stack.layers) - 1)
    all_states = np.concatenate(states)
    analysis = state_space(layer, all_states, *_labels(network, np.concatenate(answers)))
    weights = [each.forward for each in stack.layers]
    points = find_fixed_points(
        weights, constant, np.concatenate(starts), progress.after(len(batches))
    )
    if points is None:
        return None
    return with_fixed_points(analysis, points, all_states) if points else analysis


def _labels(network: OwnNetwork, logits: Array) -> tuple[Answers, tuple[str, ...], str]:
    """Return the label (N,) of each state by the answer there (N, O).

    Numbers have the labels of thirds, by the first of them. The names of the labels, and what they
    are, are returned, too.
    """
    if network.numbers:
        first = logits[:, 0]
        thirds = np.searchsorted(np.quantile(first, (1 / 3, 2 / 3)), first)
        return thirds.astype(np.int64), THIRDS, THIRD
    names = network.outputs if len(network.outputs) > 1 else ("0", "1")
    return answers_of(logits), names, ANSWER


def _constant_inputs(stack: Stack, alphabet: Alphabet | None) -> dict[str, Array]:
    """Return inputs of a step (F,), by name, that are read again and again for fixed points.

    They are the symbols, or a step of zeros; none where the state depends on what comes later.
    """
    if stack.bidirectional:
        return {}
    if alphabet is None:
        return {"zeros": np.zeros(stack.features, np.float32)}
    if len(alphabet.symbols) > MOST_CONSTANT_INPUTS:
        return {}
    return dict(zip(alphabet.symbols, alphabet.vectors, strict=True))
