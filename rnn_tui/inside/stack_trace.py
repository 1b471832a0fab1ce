"""Traces any network, a stack of recurrent layers with a readout, step by step.

Shapes: T steps, F features, H units of a layer in D directions, O outputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.edits import Edit, change_of
from rnn_tui.inside.trace import LayerTrace, Trace
from rnn_tui.networks.dense import NONE, activated, slope_at
from rnn_tui.networks.stack import ALL_STATES, FINAL_STATES, LAST_STEP, Changing, Layer, Stack
from rnn_tui.networks.stepwise import NUMPY, Activations, Array, sigmoid, softmax

EVERY_STEP_NOTE = (
    "The output after a {step} is the answer there; what is read later does not change it."
)
LAST_STEP_NOTE = (
    "The network answers after the last {step}; an answer after an earlier one is what it would "
    "predict if the {sequence} ended there."
)
ALL_STATES_NOTE = (
    "This readout takes the states of all {steps} {step}s; an answer after fewer {step}s is the "
    "readout with the missing states set to zero."
)
BOTH_WAYS_NOTE = (
    "The output after a step depends on the whole sequence: the backward directions start at its "
    "end."
)
BACKWARD_NOTE = (
    "These states depend on all later {step}s: the backward direction starts at the end."
)
ALONE_NOTE = (
    "The backward direction after its first step, in which it reads this {step} alone; the readout "
    "takes it at the last {step}."
)
ABOVE_BOTH_NOTE = (
    "These states depend on the whole {sequence}: the layer below reads in both directions."
)


def answers_of(logits: Array) -> npt.NDArray[np.int64]:
    """Return the answers (…) of logits (…, O): the largest, or whether the only one is positive."""
    chosen = logits[..., 0] >= 0 if logits.shape[-1] == 1 else logits.argmax(axis=-1)
    return np.asarray(chosen, np.int64)


@dataclass(frozen=True)
class Wording:
    """What the numbers that a network reads and answers mean, and how that is said."""

    task: str  #: its name.
    outputs: tuple[str, ...]  #: (O,) what its outputs mean; one output is a yes or no.
    step: str = "step"  #: what is read at a step, such as `row`.
    sequence: str = "sequence"  #: what all steps are, such as `image`.
    first_step: int = 1  #: the number of the first step, 0 or 1.
    #: whether its outputs are numbers, in place of classes.
    numbers: bool = False
    #: returns the probabilities (T, O) of logits (T, O); by default, those of one output by itself
    #: or of classes of which one is right.
    of_logits: Callable[[Array], Array] | None = None

    def answers(self, logits: Array) -> npt.NDArray[np.int64]:
        """Return the answers (…) of logits (…, O), as `Trace.answers` has them."""
        if self.numbers:
            return np.zeros(logits.shape[:-1], np.int64)
        return answers_of(logits)

    def probabilities(self, logits: Array) -> Array:
        """Return the probabilities (T, O) of logits (T, O); of numbers none, (T, 0)."""
        if self.numbers:
            return logits[:, :0]
        if self.of_logits is not None:
            return self.of_logits(logits)
        return sigmoid(logits) if logits.shape[1] == 1 else softmax(logits)


def trace_stack(
    stack: Stack, wording: Wording, inputs: Array, read: Sequence[str], edits: Sequence[Edit] = ()
) -> Trace:
    """Trace the states, gates and answers of a network while it reads a sequence.

    Args:
        stack: the network.
        wording: what its numbers mean.
        inputs: (T, F).
        read: (T,) what is read at each step, in a word or two.
        edits: values that are set in the network while it reads.

    Raises:
        CheckpointError: if weights or inputs are too large to compute with.
    """
    with np.errstate(all="ignore"):
        activations, logits = stack.read_and_answer(inputs[:, None], changing_of(stack, edits))
        answers = wording.answers(logits[:, 0])  # (T,)
        layers = [
            *_below(stack, wording, activations),
            *_top(stack, wording, activations[-1], answers),
        ]
        note = prefix_note(stack, wording)
        return trace_of(
            wording, inputs, read, layers, logits[:, 0], every_step=stack.every_step, note=note
        )


def trace_of(
    wording: Wording,
    inputs: Array,
    read: Sequence[str],
    layers: Sequence[LayerTrace],
    logits: Array,
    *,
    every_step: bool,
    note: str,
) -> Trace:
    """Make a trace of what was read and answered.

    Args:
        wording: what the numbers of the network mean.
        inputs: (T, F).
        read: (T,) what is read at each step, in a word or two.
        layers: from the input up.
        logits: (T, O) after each step.
        every_step: whether every step has an answer of its own.
        note: what an answer before the last step means, in a sentence.
    """
    return Trace(
        task=wording.task,
        read=tuple(read),
        inputs=inputs,
        layers=tuple(layers),
        outputs=wording.outputs,
        every_step=every_step,
        logits=logits,
        probabilities=wording.probabilities(logits),
        answers=wording.answers(logits),
        prefix_note=note,
        first_step=wording.first_step,
        numbers=wording.numbers,
    )


def changing_of(stack: Stack, edits: Sequence[Edit]) -> Changing:
    """Return a function that gives the change of edits in a layer and direction, if any."""
    return lambda at, backward: change_of(edits, layer_name(stack.layers, at, backward=backward))


def layer_name(layers: Sequence[Layer], at: int, *, backward: bool = False) -> str:
    """Return the name of a layer, numbered from 0, in one of its directions."""
    if layers[at].backward is None:
        return f"layer {at + 1}"
    return f"layer {at + 1} {'backward' if backward else 'forward'}"


def unit_names(stack: Stack) -> list[tuple[str, int]]:
    """Return the layer's name and the number of every unit."""
    return [
        (layer_name(stack.layers, at, backward=direction > 0), unit)
        for at, layer in enumerate(stack.layers)
        for direction, weights in enumerate(layer.directions)
        for unit in range(weights.hidden_size)
    ]


def prefix_note(stack: Stack, wording: Wording) -> str:
    """Return what an answer before the last step means, in a sentence."""
    note = LAST_STEP_NOTE
    if stack.takes == ALL_STATES:
        note = ALL_STATES_NOTE
    elif stack.every_step:
        note = BOTH_WAYS_NOTE if stack.looks_ahead else EVERY_STEP_NOTE
    return note.format(step=wording.step, sequence=wording.sequence, steps=stack.only_steps)


def _states_note(stack: Stack, wording: Wording, at: int, *, backward: bool) -> str:
    """Return what to know of the states of a layer, from 0, in one direction."""
    note = ""
    if backward and stack.layers[at].backward_alone:
        note = ALONE_NOTE
    elif any(layer.looks_ahead for layer in stack.layers[:at]):
        note = ABOVE_BOTH_NOTE
    elif backward:
        note = BACKWARD_NOTE
    return note.format(step=wording.step, sequence=wording.sequence)


def _below(
    stack: Stack, wording: Wording, activations: Sequence[Sequence[Activations]]
) -> list[LayerTrace]:
    """Trace the layers below the top; their units matter by how strongly they drive the next.

    A backward direction that reads each step alone is read out once, and left out of that.
    """
    traces = []
    for at, (_, above) in enumerate(pairwise(stack.layers)):
        drives = np.abs(above.forward.of_input).sum(axis=0)  # (D·H,)
        if above.backward is not None and not above.backward_alone:
            drives = drives + np.abs(above.backward.of_input).sum(axis=0)
        by_direction = np.split(drives, len(activations[at]))  # (H,) each
        for direction, (each, drive) in enumerate(zip(activations[at], by_direction, strict=True)):
            importance = np.abs(each.states[:, 0]).mean(axis=0) * drive
            note = _states_note(stack, wording, at, backward=direction > 0)
            traces.append(
                _traced(stack, at, direction, each, importance, note=note, read_out=False)
            )
    return traces


def _top(
    stack: Stack,
    wording: Wording,
    directions: Sequence[Activations],
    answers: npt.NDArray[np.int64],
) -> list[LayerTrace]:
    """Trace the top layer, whose units matter by what they add to the answers (T,).

    Of numbers these are the first output.
    """
    traces, last = [], len(stack.layers) - 1
    states = [each.states[:, 0] for each in directions]  # (T, H)
    slopes = _slopes(stack, states, answers, numbers=wording.numbers)
    for direction, each in enumerate(directions):
        importance = _importance(stack, states[direction], slopes[direction], direction)
        note = _states_note(stack, wording, last, backward=direction > 0)
        traces.append(_traced(stack, last, direction, each, importance, note=note))
    return traces


def _slopes(
    stack: Stack, states: Sequence[Array], answers: npt.NDArray[np.int64], *, numbers: bool
) -> list[Array]:
    """Return how the logit of the answer, over the mean of all, rises with each state read out.

    Args:
        stack: the network.
        states: (T, H) of each direction of its top layer.
        answers: (T,) after each step.
        numbers: whether its outputs are numbers, in place of classes; then the mean stays in.

    Returns:
        (A, H) of each direction, of the answers A that the network gives; (T, H) of `ALL_STATES`.
    """
    centred = stack.outputs > 1 and not numbers
    outputs = np.zeros_like(answers) if stack.outputs == 1 else answers
    given = outputs if stack.every_step else outputs[-1:]  # (A,)
    if not stack.head:
        above: Array | None = None
    else:
        sums = stack.first_sums([each[:, None] for each in states])[:, 0]  # (A, …)
        above = _slopes_of_head(stack, sums, given, centred=centred)
    slopes = []
    for weight, each in zip(stack.weights, states, strict=True):
        if above is not None:
            slope = weight[: len(each)] @ above[0] if weight.ndim > 2 else above @ weight.T
        else:
            slope = weight - weight.mean(axis=-1, keepdims=True) if centred else weight
            slope = slope[: len(each), :, given[0]] if slope.ndim > 2 else slope.T[given]
        slopes.append(slope)
    return slopes


def _slopes_of_head(
    stack: Stack, sums: Array, outputs: npt.NDArray[np.int64], *, centred: bool
) -> Array:
    """Return how the logits (A,) of outputs rise with what the readout itself answers (A, …)."""
    values = [activated(stack.readout_activation, sums, NUMPY)]
    for dense in stack.head:
        values.append(dense.answer(values[-1], NUMPY))
    last = stack.head[-1].weight
    slopes: Array = (last - last.mean(axis=0) if centred else last)[outputs]
    for dense, value in zip(stack.head[-2::-1], values[-2:0:-1], strict=True):
        slopes = (slopes * slope_at(dense.activation, value)) @ dense.weight
    return slopes * slope_at(stack.readout_activation, values[0])


def _importance(stack: Stack, states: Array, slopes: Array, direction: int) -> Array:
    """Return how much each unit (H,) matters, as `LayerTrace.importance` defines it.

    Args:
        stack: the network.
        states: (T, H), of one direction of its top layer.
        slopes: (T, H) or (1, H), of `_slopes`.
        direction: 0 for forward, 1 for backward.
    """
    if stack.takes == FINAL_STATES and direction:
        states = states[:1]
    elif stack.takes in (FINAL_STATES, LAST_STEP):
        states = states[-1:]
    if stack.state_activation != NONE:
        results = activated(stack.state_activation, states, NUMPY)
        slopes = slopes * slope_at(stack.state_activation, results)
    parts = states * slopes
    importance: Array = np.abs(parts).mean(axis=0) if stack.every_step else parts.sum(axis=0)
    return importance


def _traced(
    stack: Stack,
    at: int,
    direction: int,
    activations: Activations,
    importance: Array,
    *,
    note: str,
    read_out: bool = True,
) -> LayerTrace:
    """Return the trace of a layer, from 0, in a direction, of its activations (T, 1, H)."""
    sequence = activations.mapped(lambda values: values[:, 0])  # (T, H)
    return LayerTrace(
        layer_name(stack.layers, at, backward=direction > 0),
        sequence.states,
        sequence.cells,
        sequence.gates,
        importance,
        read_out,
        note,
        stack.cell.candidates,
    )
