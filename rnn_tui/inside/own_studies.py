"""Which units an own network can do without, and where its states lie.

Nobody says what is right, or what inputs are usual. So the inputs are random, as `own_samples`
draws them, and answers are compared with those of the whole network.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import Progress
from rnn_tui.inside.ablation import AblationAnalysis, Units, ablation_analysis
from rnn_tui.inside.edits import ablated
from rnn_tui.inside.own_inputs import Alphabet
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.own_samples import RandomInputs, draw_inputs
from rnn_tui.inside.stack_trace import changing_of, layer_name, unit_names
from rnn_tui.inside.state_space import (
    MOST_CONSTANT_INPUTS,
    StateSpaceAnalysis,
    find_fixed_points,
    state_space,
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
WHOLE = "those of the whole network"  # what answers are compared with
ANSWER = "answer"  # what states are coloured by

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


def analyse_ablations(
    network: OwnNetwork, trace: Trace, progress: Progress
) -> AblationAnalysis | None:
    """Ablate the units of all layers over random inputs; None if it was stopped.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    stack = network.stack
    units = unit_names(stack)
    count = min(INPUTS, max(FEWEST_INPUTS, READINGS // (2 * len(units))))
    drawn = random_inputs(network, trace, count)
    agreement = _Agreement.of(stack, drawn.inputs)
    analysis = ablation_analysis(units, count, agreement, progress)
    if analysis is None:
        return None
    return replace(analysis, inputs_in_words=drawn.in_words, compared_with=WHOLE)


@dataclass(frozen=True, eq=False)
class _Agreement:
    """The share of the whole network's answers that stay without some of its units."""

    stack: Stack
    inputs: Array  #: (T, N, F).
    answers: Answers  #: (A, N) of the whole network.

    @classmethod
    def of(cls, stack: Stack, inputs: Array) -> "_Agreement":
        """Return it for these inputs."""
        whole = cls(stack, inputs, np.zeros((0, 0), np.int64))
        return cls(stack, inputs, whole._answers_without(()))

    def _answers_without(self, units: Units) -> Answers:
        """Return the answers (A, N) with these units ablated."""
        changing = changing_of(self.stack, [ablated(layer, unit) for layer, unit in units])
        answers = []
        with np.errstate(all="ignore"):
            for start in range(0, self.inputs.shape[1], AT_ONCE):
                logits = self.stack.logits(self.inputs[:, start : start + AT_ONCE], changing)
                require_finite(logits)
                answers.append(answers_of(logits))
        return np.concatenate(answers, axis=1)

    def __call__(self, units: Units) -> float:
        """Return the share of the answers, 0 … 1, that stay with these units ablated."""
        return float((self._answers_without(units) == self.answers).mean())


def analyse_state_space(
    network: OwnNetwork, trace: Trace, progress: Progress
) -> StateSpaceAnalysis | None:
    """Analyse the top layer's states over random inputs, and fixed points; None if stopped.

    They are those of its forward direction after the last step, or where every step has an answer,
    after one by chance. Their colour is the network's answer there.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    stack = network.stack
    drawn = random_inputs(network, trace, STATES)
    steps, count, _ = drawn.inputs.shape
    random_steps = np.random.default_rng(0).integers(0, steps, (count,))  # (N,)
    chosen_steps = random_steps if stack.every_step else np.full(count, steps - 1)
    batches = np.array_split(np.arange(count), -(-count // AT_ONCE))
    constant = _constant_inputs(stack, network.alphabet)
    total = len(batches) + len(constant)
    states, labels, starts = [], [], []
    progress.advance(0, total)
    for done, part in enumerate(batches, start=1):
        if progress.stopping:
            return None
        with np.errstate(all="ignore"):
            top = stack.read(drawn.inputs[:, part])[-1]
            logits = stack.read_out([direction.states for direction in top])  # (A, n, O)
        forward = top[0]
        require_finite(forward.states, logits)
        sequences = np.arange(len(part))
        states.append(forward.states[chosen_steps[part], sequences])  # (n, H)
        answered = chosen_steps[part] if stack.every_step else 0
        labels.append(answers_of(logits)[answered, sequences])
        start = forward.states[random_steps[part], sequences]
        if forward.cells is not None:
            start = np.concatenate([start, forward.cells[random_steps[part], sequences]], axis=1)
        starts.append(start)
        progress.advance(done, total)
    names = network.outputs if stack.outputs > 1 else ("0", "1")
    layer = layer_name(stack.layers, len(stack.layers) - 1)
    all_states = np.concatenate(states)
    analysis = state_space(layer, all_states, np.concatenate(labels), names, ANSWER)
    points = find_fixed_points(
        stack.layers[-1].forward, constant, np.concatenate(starts), progress.after(len(batches))
    )
    if points is None:
        return None
    return with_fixed_points(analysis, points, all_states) if points else analysis


def _constant_inputs(stack: Stack, alphabet: Alphabet | None) -> dict[str, Array]:
    """Return inputs of a step (F,), by name, that are read again and again for fixed points.

    They are the symbols, or a step of zeros; none for layers that read each other's states.
    """
    if len(stack.layers) > 1 or stack.bidirectional:
        return {}
    if alphabet is None:
        return {"zeros": np.zeros(stack.features, np.float32)}
    if len(alphabet.symbols) > MOST_CONSTANT_INPUTS:
        return {}
    return dict(zip(alphabet.symbols, alphabet.vectors, strict=True))
