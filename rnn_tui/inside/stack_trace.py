"""Traces any stack of recurrent layers with a linear readout, step by step.

Shapes: T steps, F features, H units of a layer in D directions, O outputs.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.edits import Edit, change_of
from rnn_tui.inside.trace import EVERY_STEP_NOTE, LAST_STEP_NOTE, LayerTrace, Trace, layer_trace
from rnn_tui.networks.stack import ALL_STATES, FINAL_STATES, Changing, Layer, Stack
from rnn_tui.networks.stepwise import Activations, Array, sigmoid, softmax

ALL_STATES_NOTE = (
    "The readout takes the states of all {steps} steps; an answer after fewer steps is the readout "
    "with the missing states set to zero."
)
BOTH_WAYS_NOTE = (
    "The output after a step depends on the whole sequence: the backward directions start at its "
    "end."
)
BACKWARD_NOTE = "These states depend on all later steps: the backward direction starts at the end."
ABOVE_BOTH_NOTE = (
    "These states depend on the whole sequence: the layer below reads in both directions."
)


def trace_stack(
    stack: Stack,
    inputs: Array,
    words: Sequence[str],
    edits: Sequence[Edit] = (),
    *,
    outputs: tuple[str, ...],
    name: str,
    numbers: bool = False,
) -> Trace:
    """Trace the states, gates and answers of a network while it reads a sequence.

    Args:
        stack: the network.
        inputs: (T, F).
        words: (T,) what is read at each step.
        edits: values that are set in the network while it reads.
        outputs: (O,) what its outputs mean; one output is a yes or no.
        name: what the trace calls the task of the network.
        numbers: whether its outputs are numbers, in place of classes.

    Raises:
        CheckpointError: if weights or inputs are too large to compute with.
    """
    changing = changing_of(stack, edits)
    one_output = stack.outputs == 1
    with np.errstate(all="ignore"):
        activations = stack.read(inputs[:, None], changing)
        logits = stack.logits_after_steps(inputs[:, None], changing)[:, 0]  # (T, O)
        chosen = logits[:, 0] >= 0 if one_output else logits.argmax(axis=1)
        answers = chosen.astype(np.int64)  # (T,)
        probabilities = sigmoid(logits) if one_output else softmax(logits)
        if numbers:
            answers, probabilities = np.zeros_like(answers), logits[:, :0]
        layers = _below(stack, activations) + _top(stack, activations[-1], answers, numbers=numbers)
    return Trace(
        task=name,
        read=tuple(words),
        inputs=inputs,
        layers=tuple(layers),
        outputs=outputs,
        every_step=stack.every_step,
        logits=logits,
        probabilities=probabilities,
        answers=answers,
        prefix_note=_note(stack),
        numbers=numbers,
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


def _note(stack: Stack) -> str:
    if stack.takes == ALL_STATES:
        return ALL_STATES_NOTE.format(steps=stack.only_steps)
    if stack.every_step:
        return BOTH_WAYS_NOTE if stack.bidirectional else EVERY_STEP_NOTE.format(step="step")
    return LAST_STEP_NOTE.format(step="step")


def _states_note(stack: Stack, at: int, *, backward: bool) -> str:
    """Return what to know of the states of a layer, from 0, in one direction."""
    if any(layer.backward is not None for layer in stack.layers[:at]):
        return ABOVE_BOTH_NOTE
    return BACKWARD_NOTE if backward else ""


def _below(stack: Stack, activations: Sequence[Sequence[Activations]]) -> list[LayerTrace]:
    """Trace the layers below the top; their units matter by how strongly they drive the next."""
    traces = []
    for at, (_, above) in enumerate(pairwise(stack.layers)):
        weights = sum(np.abs(each.of_input).sum(axis=0) for each in above.directions)  # (D·H,)
        drives = np.split(np.asarray(weights), len(activations[at]))  # (H,) each
        for direction, (each, drive) in enumerate(zip(activations[at], drives, strict=True)):
            importance = np.abs(each.states[:, 0]).mean(axis=0) * drive
            traces.append(_traced(stack, at, direction, each, importance, read_out=False))
    return traces


def _top(
    stack: Stack,
    directions: Sequence[Activations],
    answers: npt.NDArray[np.int64],
    *,
    numbers: bool,
) -> list[LayerTrace]:
    """Trace the top layer, whose units matter by what they add to the answers (T,).

    Of `numbers` these are the first output.
    """
    traces = []
    for direction, each in enumerate(directions):
        weight = stack.weights[direction]  # (H, O) or (T, H, O)
        if stack.outputs > 1 and not numbers:
            weight = weight - weight.mean(axis=-1, keepdims=True)
        importance = _importance(stack, each.states[:, 0], weight, answers, direction)
        traces.append(_traced(stack, len(stack.layers) - 1, direction, each, importance))
    return traces


def _importance(
    stack: Stack,
    states: Array,
    weight: Array,
    answers: npt.NDArray[np.int64],
    direction: int,
) -> Array:
    """Return how much each unit (H,) matters, as `LayerTrace.importance` defines it.

    Args:
        stack: the network.
        states: (T, H), of one direction of its top layer.
        weight: (H, O) or (T, H, O), with which the readout takes them, over its mean.
        answers: (T,).
        direction: 0 for forward, 1 for backward.
    """
    outputs = np.zeros_like(answers) if stack.outputs == 1 else answers
    if stack.takes == ALL_STATES:
        importance: Array = (states * weight[: len(states), :, outputs[-1]]).sum(axis=0)
    elif stack.every_step:
        importance = np.abs(states * weight.T[outputs]).mean(axis=0)
    else:
        at = 0 if stack.takes == FINAL_STATES and direction else -1
        importance = states[at] * weight[:, outputs[-1]]
    return importance


def _traced(
    stack: Stack,
    at: int,
    direction: int,
    activations: Activations,
    importance: Array,
    *,
    read_out: bool = True,
) -> LayerTrace:
    """Return the trace of a layer, from 0, in a direction."""
    backward = direction > 0
    return layer_trace(
        layer_name(stack.layers, at, backward=backward),
        stack.cell,
        activations,
        importance,
        read_out=read_out,
        note=_states_note(stack, at, backward=backward),
    )
