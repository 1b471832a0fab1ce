"""Traces a network while it reads a digit row by row, or the digits of the test set.

Comments give shapes: T rows, F features of a row or of the states below, G blocks of H units in D
directions.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError
from rnn_tui.inside.edits import Edit, change_of
from rnn_tui.inside.probes import Labels
from rnn_tui.inside.trace import LayerTrace, Trace, against_the_mean, layer_trace
from rnn_tui.networks.stack import Changing
from rnn_tui.networks.stepwise import Activations, Array
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork, digit_probabilities

ALL_STATES_NOTE = (
    "This readout takes the states of all 28 rows; an answer after fewer rows is the readout with "
    "the missing states set to zero."
)
LAST_STEP_NOTE = (
    "This network answers after the last row; an answer after an earlier one is what it would "
    "predict if the image ended there."
)
BACKWARD_NOTE = (
    "The backward direction after its first step, in which it reads this row alone; the readout "
    "takes it at the last row."
)
WHOLE_NOTE = (
    "These states depend on the whole image: the backward directions start at the last row."
)


def trace_digit(network: RowReaderNetwork, digit: Array, edits: Sequence[Edit] = ()) -> Trace:
    """Trace the states, gates and answers of a network while it reads a digit.

    Args:
        network: a reader of images.
        digit: (28, 28), 0 for background … 1 for ink.
        edits: values that are set in the network while it reads.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    changing = changing_of(network, edits)
    with np.errstate(all="ignore"):
        rows = network.rows(digit[None])  # (T, 1, F)
        logits = network.logits_after_rows(rows, changing)[:, 0]  # (T, 10)
        layers = _layers(network, rows, int(logits[-1].argmax()), changing)
        return trace_of_rows(network, rows[:, 0], layers, logits, prefix_note(network))


def trace_of_rows(
    network: RowReaderNetwork, rows: Array, layers: Sequence[LayerTrace], logits: Array, note: str
) -> Trace:
    """Make the trace of a reader of images from its layers and answers.

    Args:
        network: the reader.
        rows: (28, F), the rows that it has read.
        layers: the traces of its layers, from the input up.
        logits: (28, 10), after each row.
        note: a sentence that says what an answer before the last row means.
    """
    return Trace(
        task=network.config.task,
        read=tuple(f"row {row}" for row in range(1, len(rows) + 1)),
        inputs=rows,
        layers=tuple(layers),
        outputs=network.config.classes,
        every_step=False,
        logits=logits,
        probabilities=digit_probabilities(network.chances_of(logits)),
        answers=logits.argmax(axis=1),
        prefix_note=note,
    )


def prefix_note(network: RowReaderNetwork) -> str:
    """Return a sentence that says what an answer before the last row means."""
    return LAST_STEP_NOTE if network.cell.bidirectional else ALL_STATES_NOTE


def changing_of(network: RowReaderNetwork, edits: Sequence[Edit]) -> Changing:
    """Return a function that gives the change of edits in a layer and direction, if any."""
    return lambda at, backward: change_of(edits, layer_name(network, at, backward=backward))


def layer_name(network: RowReaderNetwork, at: int, *, backward: bool = False) -> str:
    """Return the name of a layer, numbered from 0, in one of its directions, as in traces."""
    way = "backward" if backward else "forward"
    return f"layer {at + 1} {way}" if network.cell.bidirectional else f"layer {at + 1}"


def _layers(
    network: RowReaderNetwork, rows: Array, answer: int, changing: Changing
) -> list[LayerTrace]:
    """Trace all layers, from the input up.

    Args:
        network: the reader.
        rows: (T, 1, F), the rows to read.
        answer: the class that the network predicts; the top layer's units are ranked for it.
        changing: gives the changes in each layer.
    """
    traces: list[LayerTrace] = []
    for at, (layer, above) in enumerate(pairwise(network.layers)):
        directions = layer.read(rows, changing(at, False), changing(at, True))
        rows = np.concatenate([activations.states for activations in directions], axis=2)
        traces += _layer_below(network, at, directions, above.forward.of_input)
    if network.cell.bidirectional:
        return traces + _bidirectional_top(network, rows, answer, changing)
    return [*traces, _top(network, rows, answer, changing)]


def _layer_below(
    network: RowReaderNetwork, at: int, directions: Sequence[Activations], above: Array
) -> list[LayerTrace]:
    """Trace a layer below the top, in each direction.

    Args:
        network: the reader.
        at: the layer, from 0.
        directions: its activations, forward and, if there is one, backward.
        above: (G·H, D·H), the weights with which the next layer reads its states.
    """
    states = np.concatenate([activations.states[:, 0] for activations in directions], axis=1)
    # How strongly each unit drives the layer above.
    drive = np.abs(states).mean(axis=0) * np.abs(above).sum(axis=0)  # (D·H,)
    note = WHOLE_NOTE if network.cell.bidirectional else ""
    return [
        layer_trace(
            layer_name(network, at, backward=direction > 0),
            network.cell,
            activations,
            importance,
            read_out=False,
            note=note,
        )
        for direction, (activations, importance) in enumerate(
            zip(directions, np.split(drive, len(directions)), strict=True)
        )
    ]


def _top(network: RowReaderNetwork, rows: Array, answer: int, changing: Changing) -> LayerTrace:
    """Trace the top layer of a network with one direction; its readout reads all T states."""
    [activations] = network.read_top(rows, changing)
    weight = against_the_mean(network.readout[0])[answer].reshape(len(rows), -1)  # (T, H)
    importance = (activations.states[:, 0] * weight).sum(axis=0)  # (H,)
    name = layer_name(network, len(network.layers) - 1)
    return layer_trace(name, network.cell, activations, importance)


def _bidirectional_top(
    network: RowReaderNetwork, rows: Array, answer: int, changing: Changing
) -> list[LayerTrace]:
    """Return the top layer in both directions: the readout takes what they hold at the last row."""
    last = len(network.layers) - 1
    forward, backward = network.read_top(rows, changing)
    weight = against_the_mean(network.readout[0])[answer]  # (2·H,)
    of_forward, of_backward = np.split(weight, 2)  # (H,) each
    return [
        layer_trace(
            layer_name(network, last),
            network.cell,
            forward,
            forward.states[-1, 0] * of_forward,
            note=WHOLE_NOTE if last else "",
        ),
        layer_trace(
            layer_name(network, last, backward=True),
            network.cell,
            backward,
            backward.states[-1, 0] * of_backward,
            note=BACKWARD_NOTE,
        ),
    ]


def test_set(config: ImageConfig) -> tuple[npt.NDArray[np.uint8], Labels]:
    """Read the test images (N, 28, 28) of the data set of a run, and their labels (N,).

    Raises:
        DataError: if the set can't be read.
    """
    task = TASKS[config.task]
    images, labels = task.part(task.test_images)(config)
    return images, labels


def read_test_images(chosen: Any, config: ImageConfig) -> tuple[Array, Labels]:
    """Read the test images (…, 28, 28) of an index as networks read them, 0 … 1.

    Their labels (…) are returned, too. Arguments and errors are those of `test_set`.
    """
    images, labels = test_set(config)
    return images[chosen].astype(np.float32) / np.float32(255), labels[chosen]


def read_test_image(number: int, config: ImageConfig) -> tuple[Array, int]:
    """Return a test image by its number, from 0, as networks read it; and its label.

    Raises:
        DataError: if there is none, as in a smaller set than MNIST.
    """
    images, labels = test_set(config)
    if number >= len(labels):
        raise DataError(
            f"{config.image_set.label} has {len(labels):,} test images, numbered from 0; there is "
            f"no image {number}."
        )
    return images[number].astype(np.float32) / np.float32(255), int(labels[number])
