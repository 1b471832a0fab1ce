"""Answers of trained readers of images in NumPy, so that no question waits seconds for torch.

A test holds the forward pass here and PyTorch's together.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.stack import ALL_STATES, LAST_STEP, Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights, require_finite, softmax
from rnn_tui.tasks.config import ImageConfig

SIDE = 28  # rows, and columns, of an image
CLASSES = 10  # digits
HISTORY_IMAGE = 18  # the test image whose states are kept while a network learns: a 3
# mean and standard deviation of the pixels of the 60,000 training images, scaled to 0 … 1
PIXEL_MEAN = 0.1307
PIXEL_DEVIATION = 0.3081
NO_DIGIT_LEARNED = 20 / 90  # the share of no digit in what preset photos learns from
NO_DIGIT_ASKED = 1 / 100  # its share in what people ask about: a guess for a folder of digits


def _odds(share: float) -> float:
    return share / (1 - share)


def digit_probabilities(chances: Array) -> Array:
    """Return the probabilities (N, 10) of the digits, if each image is of one.

    They are divided by their own sum. The complement of the last column is, rounded, now and then
    less than that sum: divided by it, probabilities came to 1.0000001.

    Args:
        chances: (N, 11), as `RowReaderNetwork.chances` returns them.
    """
    digits = chances[:, :CLASSES]
    probabilities: Array = digits / digits.sum(axis=1, keepdims=True)
    return probabilities


class RowReaderNetwork:
    """A trained reader of images, which answers without torch.

    Raises:
        CheckpointError: if the weights are another task's, or do not fit their settings.
    """

    def __init__(self, file: WeightsFile) -> None:
        config = file.config
        if not isinstance(config, ImageConfig):
            raise CheckpointError(f"These weights are for {config.task}, not for mnist.")
        self.config = config
        self.metrics = file.metrics
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

    def require_digits(self) -> None:
        """Do nothing if its classes are the ten digits.

        Raises:
            CheckpointError: if they are not; its answers would be taken for digits.
        """
        if not self.config.image_set.shows_digits:
            raise CheckpointError(
                f"This network was trained on {self.config.image_set.label} and tells "
                f"{self.config.classes[0]} from {self.config.classes[1]}, not digits; choose one "
                "that was trained on digits."
            )

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The recurrent layers, from the input up."""
        directions = [self._direction(*part) for part in _parts(self.config)]
        if not self.cell.bidirectional:
            return tuple(Layer(forward) for forward in directions)
        pairs = zip(directions[::2], directions[1::2], strict=True)
        *below, top = (Layer(forward, backward) for forward, backward in pairs)
        return (*below, replace(top, backward_alone=True))

    @cached_property
    def stack(self) -> Stack:
        """Its layers and its readout: of all rows, or of a biLSTM of the last one."""
        takes = LAST_STEP if self.cell.bidirectional else ALL_STATES
        return Stack.with_readout(self.layers, *self.readout, takes)

    def _direction(self, module: str, suffix: str, features: int) -> CellWeights:
        """Return the weights of one direction of a layer, as `_parts` names them."""
        names = self.cell.layer_shapes(features, self.config.hidden_size)
        arrays = {name: self.arrays[f"{module}.{name}{suffix}"] for name in names}
        return CellWeights.named(self.cell, arrays)

    def chances(self, digits: Array) -> Array:
        """Return the probabilities (N, 11) of the ten digits, and of no digit.

        Arguments and errors are those of `logits`. The last is 0 for a network that has not learned
        what is no digit. What smoothed labels (Szegedy et al. 2016) add to every class in training
        is taken away again. With K classes and smoothing s, a network learns to answer

            (1 − s) p + s / K

        for a class of probability p.

        No digit is rarer among what people ask about than in training. Its odds are moved by as
        much as those of its share q differ (Saerens, Latinne & Decaestecker 2002):

            p / (1 − p) · (q_asked / (1 − q_asked)) / (q_learned / (1 − q_learned))
        """
        return self.chances_of(self.logits(digits))

    def chances_of(self, logits: Array) -> Array:
        """Return these probabilities for logits (N, 10)."""
        classes = CLASSES
        if self.config.knows_no_digit:
            classes += 1
            logits = np.pad(logits, ((0, 0), (0, 1)))
        smoothed_share = self.config.recipe.label_smoothing / classes
        chances = np.maximum(softmax(logits) - smoothed_share, np.finfo(np.float32).tiny)
        chances[:, CLASSES:] *= _odds(NO_DIGIT_ASKED) / _odds(NO_DIGIT_LEARNED)
        chances /= chances.sum(axis=1, keepdims=True)
        return np.pad(chances, ((0, 0), (0, CLASSES + 1 - classes)))

    def logits(self, digits: Array) -> Array:
        """Return logits (N, 10) of `digits` (N, 28, 28), 0 … 1 for full ink.

        Raises:
            CheckpointError: if the weights are too large for that.
        """
        with np.errstate(all="ignore"):
            logits = self.stack.logits(self.rows(digits))  # (1, N, 10)
        require_finite(logits)
        return np.asarray(logits[0])

    def rows(self, digits: Array) -> Array:
        """Return what the network reads step by step (28, N, 28) of `digits` (N, 28, 28), 0 … 1."""
        inputs = digits.astype(np.float32)
        if self.config.recipe.standardise:
            inputs = (inputs - np.float32(PIXEL_MEAN)) / np.float32(PIXEL_DEVIATION)
        return inputs.transpose(1, 0, 2)


def _parts(config: ImageConfig) -> list[tuple[str, str, int]]:
    """Return the directions of all layers, from the input up, forward before backward.

    Returns:
        of each the module and the suffix of its parameters' names, and the features it reads.
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
    """Return the names and shapes of the parameters of `config`'s network."""
    cell, size = CELLS[config.cell], config.hidden_size
    read = (2 if cell.bidirectional else SIDE) * size
    shapes: dict[str, tuple[int, ...]] = {}
    for module, suffix, features in _parts(config):
        for name, shape in cell.layer_shapes(features, size).items():
            shapes[f"{module}.{name}{suffix}"] = shape
    return shapes | {"readout.weight": (CLASSES, read), "readout.bias": (CLASSES,)}
