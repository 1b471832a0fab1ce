"""Which units an own network can do without, and where its states lie.

Nobody says what is right, or what inputs are usual. So the inputs are random, as `own_samples`
draws them, and answers are compared with those of the whole network.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.ablation import AblationAnalysis, Units, ablation_analysis
from rnn_tui.inside.edits import ablated
from rnn_tui.inside.own_inputs import Alphabet
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.own_samples import RandomInputs, draw_inputs
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import changing_of, layer_name, unit_names
from rnn_tui.inside.state_space import (
    ALL_LAYERS,
    MOST_CONSTANT_INPUTS,
    StateSpaceAnalysis,
    fixed_points_of,
    state_space,
    update_of_stack,
    with_fixed_points,
)
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, require_finite

STATES = 2000  # inputs whose states are drawn
MOST_STEPS = 200  # of the random inputs
INPUTS, FEWEST_INPUTS = 1000, 50  # of an ablation
READINGS = 200_000  # inputs that all ablations together read, unless there are too many units
AT_ONCE = 100  # inputs whose gates of all steps are in memory
ANSWER, THIRD = "answer", "third of the answers"  # what states are coloured by
THIRDS = ("low", "middle", "high")

Answers = npt.NDArray[np.int64]


def random_inputs(network: OwnNetwork, trace: Trace, count: int, seed: int = 0) -> RandomInputs:
    """Draw inputs that are as long as the one that was read, up to `MOST_STEPS`."""
    stack = network.stack
    steps = stack.only_steps or min(trace.steps, MOST_STEPS)
    return draw_inputs(stack.features, network.alphabet, steps, count, seed)


def answers_of(logits: Array) -> Answers:
    """Return the answers (…) of logits (…, O)."""
    chosen = logits[..., 0] >= 0 if logits.shape[-1] == 1 else logits.argmax(axis=-1)
    return np.asarray(chosen, np.int64)


def analyse_ablations(reading: NetworkReading, progress: Progress) -> AblationAnalysis | None:
    """Ablate the units of all layers over random inputs; None if it was stopped.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    network: OwnNetwork = reading.network
    trace = reading.trace
    stack = network.stack
    units = unit_names(stack)
    count = min(INPUTS, max(FEWEST_INPUTS, READINGS // (2 * len(units))))
    drawn = random_inputs(network, trace, count)
    agreement = _Agreement.of(stack, drawn.inputs, numbers=network.numbers)
    analysis = ablation_analysis(units, count, agreement, progress)
    if analysis is None:
        return None
    measured = f"of the answers to {drawn.in_words} are those of the whole network"
    if network.numbers:
        measured = f"of the variance of the answers to {drawn.in_words} stays"
    return replace(analysis, measured=measured)


@dataclass(frozen=True, eq=False)
class _Agreement:
    """The share of the whole network's answers that stay without some of its units.

    Of numbers, the share of their variance: 1 less the mean square of what changes, as a share of
    the variance, and at least 0.
    """

    stack: Stack
    inputs: Array  #: (T, N, F).
    logits: Array  #: (A, N, O) of the whole network.
    numbers: bool  #: whether these are its answers, in place of the largest of them.

    @classmethod
    def of(cls, stack: Stack, inputs: Array, *, numbers: bool) -> "_Agreement":
        """Return it for these inputs."""
        return cls(stack, inputs, _logits_without(stack, inputs, ()), numbers)

    def __call__(self, units: Units) -> float:
        """Return the share, 0 … 1, that stays with these units ablated."""
        logits = _logits_without(self.stack, self.inputs, units)
        if not self.numbers:
            return float((answers_of(logits) == answers_of(self.logits)).mean())
        whole = self.logits.astype(np.float64)
        variance = np.square(whole - whole.mean(axis=(0, 1))).mean()
        changed = np.square(whole - logits).mean()
        return max(0.0, 1 - float(changed / max(variance, np.finfo(float).tiny)))


def _logits_without(stack: Stack, inputs: Array, units: Units) -> Array:
    """Return the logits (A, N, O) with these units ablated."""
    changing = changing_of(stack, [ablated(layer, unit) for layer, unit in units])
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, inputs.shape[1], AT_ONCE):
            logits = stack.logits(inputs[:, start : start + AT_ONCE], changing)
            require_finite(logits)
            parts.append(logits)
    return np.concatenate(parts, axis=1)


def analyse_state_space(reading: NetworkReading, progress: Progress) -> StateSpaceAnalysis | None:
    """Analyse states of all layers over random inputs, and fixed points; None if it was stopped.

    Of a network that reads in both directions, the states are those of the top layer read forward,
    and there are no fixed points. They are those after the last step, or where every step has an
    answer, after one by chance. Their colour is the network's answer there.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    network: OwnNetwork = reading.network
    trace = reading.trace
    stack = network.stack
    drawn = random_inputs(network, trace, STATES)
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
    points = fixed_points_of(
        {name: partial(update_of_stack, weights, read) for name, read in constant.items()},
        np.concatenate(starts),
        all_states.shape[1],
        progress.after(len(batches)),
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
