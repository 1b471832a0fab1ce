"""Answers of trained row readers in numpy: no question waits seconds for torch. A test holds both
forward passes together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.stepwise import (
    Activations,
    Array,
    CellWeights,
    Change,
    require_finite,
    softmax,
)
from rnn_tui.tasks.config import ImageConfig

SIDE, CLASSES = 28, 10  # rows and columns of an image, and digits
HISTORY_IMAGE = 18  # the test image whose states are kept while a network learns: a 3
# of the pixels of the 60,000 training images, scaled to 0 … 1
PIXEL_MEAN, PIXEL_DEVIATION = 0.1307, 0.3081

# What is changed while a layer, from 0, reads the rows, forward or (True) backward; None for
# nothing.
Changing = Callable[[int, bool], Change | None]


def unchanged(_layer: int, _backward: bool) -> None:
    """Nothing is changed in any layer."""


@dataclass(frozen=True)
class Layer:
    """A recurrent layer."""

    forward: CellWeights  #: from the first row down.
    #: from the last row up, where there is such a direction; of the top layer only the output after
    #: its first step is read.
    backward: CellWeights | None = None

    def read(
        self, rows: Array, ahead: Change | None = None, back: Change | None = None
    ) -> list[Activations]:
        """What each direction holds at each of the `rows` (T, N, F), with what is changed in it at
        these.
        """
        found = [self.forward.run(rows, ahead)]
        if self.backward is not None:
            change = back and (lambda step, *values: back(len(rows) - 1 - step, *values))
            found.append(self.backward.run(rows[::-1], change).mapped(lambda values: values[::-1]))
        return found


def digit_probabilities(chances: Array) -> Array:
    """Probabilities (N, 10) of the digits, if each image is of one.

    They are divided by their own sum. The complement of the last column is, rounded, now and then
    less than that sum: divided by it, probabilities came to 1.0000001.

    Args:
        chances: (N, 11), as `RowReaderNetwork.chances` returns them.
    """
    digits = chances[:, :CLASSES]
    probabilities: Array = digits / digits.sum(axis=1, keepdims=True)
    return probabilities


class RowReaderNetwork:
    """A trained reader of images, for answers; `CheckpointError` if weights are another task's or
    do not fit their settings.
    """

    def __init__(self, file: WeightsFile) -> None:
        config = file.config
        if not isinstance(config, ImageConfig):
            raise CheckpointError(f"These weights are for {config.task}, not for mnist.")
        self.config, self.metrics = config, file.metrics
        self.cell: Cell = CELLS[config.cell]  #: the kind of its recurrent layers.
        arrays = {name: array for name, array in file.arrays.items() if self.cell.is_in_use(name)}
        if {name: array.shape for name, array in arrays.items()} != _shapes(config):
            raise CheckpointError("These weights do not fit the settings that come with them.")
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise CheckpointError("Some of these weights are not finite numbers.")
        #: parameters by the names that `networks.layers` has for them.
        self.arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
        #: weights (10, T·H) and bias (10,) of the readout; for a biLSTM (10, 2·H) and (10,).
        self.readout: tuple[Array, Array] = (
            self.arrays["readout.weight"],
            self.arrays["readout.bias"],
        )

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The recurrent layers, from the input up."""
        size = self.config.hidden_size
        cells = [
            CellWeights.named(
                self.cell,
                {
                    name: self.arrays[f"{module}.{name}{suffix}"]
                    for name in self.cell.layer_shapes(features, size)
                },
            )
            for module, suffix, features in _parts(self.config)
        ]
        if not self.cell.bidirectional:
            return tuple(Layer(cell) for cell in cells)
        return tuple(Layer(*both) for both in zip(cells[::2], cells[1::2], strict=True))

    def chances(self, digits: Array) -> Array:
        """Probabilities (N, 11) of the ten classes and that it is no digit; arguments and errors
        are those of `logits`.

        The last is 0 for a network that has not learned what is no digit. What smoothed labels
        (Szegedy et al. 2016) add to every class in training is taken away again: to a network that
        learned `(1 - s) p + s / K`, with K classes and smoothing s, `p` is what is probable.
        """
        return self.chances_of(self.logits(digits))

    def chances_of(self, logits: Array) -> Array:
        """The same for logits (N, 10)."""
        classes, smoothing = CLASSES, self.config.recipe.label_smoothing
        if self.config.knows_no_digit:
            classes, logits = CLASSES + 1, np.pad(logits, ((0, 0), (0, 1)))
        chances = np.maximum(softmax(logits) - smoothing / classes, np.finfo(np.float32).tiny)
        chances /= chances.sum(axis=1, keepdims=True)
        return np.pad(chances, ((0, 0), (0, CLASSES + 1 - classes)))

    def logits(self, digits: Array) -> Array:
        """Logits (N, 10) of `digits` (N, 28, 28), 0 … 1 for full ink; `CheckpointError` if weights
        are too large for that.
        """
        with np.errstate(all="ignore"):
            logits = self.logits_of_rows(self.rows(digits))
        require_finite(logits)
        return logits

    def rows(self, digits: Array) -> Array:
        """What the network reads step by step, (28, N, 28), of `digits` (N, 28, 28) in 0 … 1."""
        inputs = digits.astype(np.float32)
        if self.config.recipe.standardise:
            inputs = (inputs - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_DEVIATION)
        return inputs.transpose(1, 0, 2)

    def logits_of_rows(self, rows: Array, changing: Changing = unchanged) -> Array:
        """Logits (N, 10) of `rows` (T, N, 28); T = 28, but a biLSTM reads any number of rows."""
        top, last = self.layers[-1], len(self.layers) - 1
        rows = self.read_below(rows, changing)
        ahead, back = top.forward.run(rows, changing(last, False)).states, changing(last, True)
        if top.backward is None:  # all states, flattened: (N, T·H)
            read = ahead.transpose(1, 0, 2).reshape(rows.shape[1], -1)
        else:  # both directions' outputs after the last step: (N, 2·H)
            change = back and (lambda _, *values: back(len(rows) - 1, *values))
            read = np.concatenate(
                [ahead[-1], top.backward.run(rows[-1:], change).states[0]], axis=1
            )
        weight, bias = self.readout
        return np.asarray(read @ weight.T + bias)

    def logits_after_rows(self, rows: Array, changing: Changing = unchanged) -> Array:
        """Logits (T, N, 10) after each of `rows` (T, N, 28): as if states to come were 0, or a
        biLSTM got no more.
        """
        if self.cell.bidirectional and len(self.layers) > 1:
            # Below the top, the backward direction starts from the last row: all of it differs by
            # the number of rows.
            return np.stack(
                [self.logits_of_rows(rows[: row + 1], changing) for row in range(len(rows))]
            )
        weight, bias = self.readout
        states = np.concatenate(
            [one.states for one in self.read_top(self.read_below(rows, changing), changing)], axis=2
        )
        if self.cell.bidirectional:
            return np.asarray(states @ weight.T + bias)
        by_row = weight.reshape(CLASSES, len(rows), -1).transpose(1, 2, 0)  # (T, H, 10)
        return np.asarray(np.cumsum(states @ by_row, axis=0) + bias)

    def read_top(self, rows: Array, changing: Changing = unchanged) -> list[Activations]:
        """What the top layer's directions hold (T, N, H) at each of the `rows` (T, N, F) that it
        reads.

        The backward one after one step, from zero, on that row alone: the readout takes it at the
        last row, its first.
        """
        top, last = self.layers[-1], len(self.layers) - 1
        ahead = top.forward.run(rows, changing(last, False))
        if top.backward is None:
            return [ahead]
        steps, count, features = rows.shape

        def change(_step: int, quantity: str, values: Array) -> Array:
            parts = ((changing(last, True), part) for part in np.split(values, steps))
            return np.concatenate(
                [one(at, quantity, part) if one else part for at, (one, part) in enumerate(parts)]
            )

        back = top.backward.run(
            rows.reshape(1, steps * count, features), change if changing(last, True) else None
        )
        return [ahead, back.mapped(lambda values: values.reshape(steps, count, -1))]

    def read_below(self, rows: Array, changing: Changing = unchanged) -> Array:
        """What the top layer reads, (T, N, F), of the `rows` (T, N, 28) that the lowest reads."""
        for at, layer in enumerate(self.layers[:-1]):
            rows = np.concatenate(
                [one.states for one in layer.read(rows, changing(at, False), changing(at, True))],
                axis=2,
            )
        return rows


def _parts(config: ImageConfig) -> list[tuple[str, str, int]]:
    """Of each direction of each layer, from the input up: its parameters' module and suffix, and
    the features it reads.
    """
    size, layers = config.hidden_size, config.layers
    if not CELLS[config.cell].bidirectional:
        return [("recurrent", f"_l{layer}", size if layer else SIDE) for layer in range(layers)]
    below = [
        ("below", f"_l{layer}{direction}", 2 * size if layer else SIDE)
        for layer in range(layers - 1)
        for direction in ("", "_reverse")
    ]
    features = 2 * size if layers > 1 else SIDE
    return [*below, ("forward_direction", "_l0", features), ("backward_direction", "", features)]


def _shapes(config: ImageConfig) -> Mapping[str, tuple[int, ...]]:
    """Names and shapes of the parameters of `config`'s network."""
    cell, size = CELLS[config.cell], config.hidden_size
    read = (2 if cell.bidirectional else SIDE) * size
    shapes: dict[str, tuple[int, ...]] = {}
    for module, suffix, features in _parts(config):
        for name, shape in cell.layer_shapes(features, size).items():
            shapes[f"{module}.{name}{suffix}"] = shape
    return shapes | {"readout.weight": (CLASSES, read), "readout.bias": (CLASSES,)}
