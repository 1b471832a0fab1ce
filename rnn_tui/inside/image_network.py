"""A reader of images to look into, and the digits of the test set, which it reads row by row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import DataError
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.network import Colouring, DrawnSequences, InsideNetwork
from rnn_tui.inside.stack_trace import Wording
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork, digit_probabilities

CLASS = "class"  # what the states of readers of images are coloured by


@dataclass(frozen=True, eq=False)
class ImageNetwork(InsideNetwork):
    """A network that reads images row by row."""

    source: RowReaderNetwork

    @property
    def stack(self) -> Stack:
        """Its layers and its readout."""
        return self.source.stack

    @property
    def wording(self) -> Wording:
        """What its rows and classes mean."""
        return Wording(
            task=self.source.config.task,
            outputs=self.source.config.classes,
            step="row",
            sequence="image",
            of_logits=self._probabilities,
        )

    def _probabilities(self, logits: Array) -> Array:
        return digit_probabilities(self.source.chances_of(logits))

    def words(self, inputs: Array) -> Sequence[str]:
        """Return the numbers of the rows."""
        return [f"row {row}" for row in range(1, len(inputs) + 1)]

    def draw(self, count: int, seed: int, steps: int) -> DrawnSequences:
        """Choose test images of its data set."""
        del steps
        _, labels = test_set(self.source.config)
        return self._drawn(np.random.default_rng(seed).permutation(len(labels))[:count])

    def first_images(self, count: int) -> DrawnSequences:
        """Return the first test images of its data set, which edits are measured on, too."""
        return self._drawn(slice(count))

    def _drawn(self, chosen: Any) -> DrawnSequences:
        """Return the test images of an index, as `read_test_images` takes it."""
        digits, labels = read_test_images(chosen, self.source.config)
        rows = self.source.rows(digits)  # (T, N, 28)
        return DrawnSequences(rows, labels[:, None], np.full(len(labels), len(rows)))

    def colouring(
        self, drawn: DrawnSequences, steps: npt.NDArray[np.int64], answers: Array
    ) -> Colouring:
        """Return the classes."""
        del steps, answers
        return Colouring(drawn.targets[:, 0], self.source.config.classes, CLASS)

    def trace_digit(self, digit: Array) -> Trace:
        """Trace the network while it reads a digit (28, 28), 0 for background … 1 for ink."""
        return self.trace(self.source.rows(digit[None])[:, 0])


def trace_digit(network: RowReaderNetwork, digit: Array, edits: Sequence[Edit] = ()) -> Trace:
    """Trace the states, gates and answers of a network while it reads a digit.

    Args:
        network: a reader of images.
        digit: (28, 28), 0 for background … 1 for ink.
        edits: values that are set in the network while it reads.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    return ImageNetwork(network).trace(network.rows(digit[None])[:, 0], edits=edits)


def test_set(config: ImageConfig) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Read the test images (N, 28, 28) of the data set of a run, and their labels (N,).

    Raises:
        DataError: if the set can't be read.
    """
    task = TASKS[config.task]
    images, labels = task.part(task.test_images)(config)
    return images, labels


def read_test_images(chosen: Any, config: ImageConfig) -> tuple[Array, npt.NDArray[np.int64]]:
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
