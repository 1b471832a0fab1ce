"""Features of sequences by convolutions with random kernels, which nothing is learned in.

ROCKET (Dempster, Petitjean & Webb 2020, arXiv:1910.13051): each kernel slides over a sequence, and
says in what share of the steps its output is positive, and its largest output. Many kernels of
different length, spread and shape see most of what a linear model needs to tell sequences apart.
Several columns are read as in the authors' code: each kernel has some of them.

Shapes: N sequences, T steps of the longest, F columns; a kernel has C columns and L weights each.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]

LENGTHS = (7, 9, 11)  # of kernels
FEATURES = 2  # of a kernel: the share of positive outputs, and the largest one
MOST_OUTPUTS = 2**16  # of a kernel at once, so that they stay in a processor's cache
MOST_INPUTS = 2**22  # numbers of some sequences at once: 16 MiB


@dataclass(frozen=True)
class Kernel:
    """A random convolution."""

    weights: Floats  #: (C, L), of each column with the mean 0.
    columns: Places  #: (C,) which columns it reads.
    bias: float
    dilation: int  #: how many steps lie between those that it reads, plus 1.
    padded: bool  #: whether it also stands where it reaches over an end, and reads zeros there.

    @property
    def reach(self) -> int:
        """The steps that it reads on either side of where it stands."""
        length: int = self.weights.shape[1]
        return (length - 1) // 2 * self.dilation


def draw_kernels(count: int, steps: int, columns: int, seed: int = 0) -> list[Kernel]:
    """Return kernels for sequences of at most so many steps and columns.

    Kernels have 7, 9 or 11 weights, drawn from N(0, 1) and centred, and a bias from U(-1, 1). Their
    dilation is 2^u with u from U(0, log2((steps - 1) / (L - 1))), and 1 where that is no number.
    Half of them are padded.
    """
    random = np.random.default_rng(seed)
    kernels = []
    for _ in range(count):
        length = int(random.choice(LENGTHS))
        read = int(2 ** random.uniform(0, math.log2(min(columns, length) + 1)))
        weights = random.normal(size=(read, length))
        weights -= weights.mean(axis=1, keepdims=True)
        widest = max(1.0, (steps - 1) / (length - 1))
        kernels.append(
            Kernel(
                weights=weights.astype(np.float32),
                columns=random.choice(columns, read, replace=False),
                bias=float(random.uniform(-1, 1)),
                dilation=int(2 ** random.uniform(0, math.log2(widest))),
                padded=bool(random.integers(2)),
            )
        )
    return kernels


def kernel_features(
    kernels: Sequence[Kernel],
    lengths: Places,
    columns: int,
    read: Callable[[int], npt.NDArray[Any]],
    progress: Progress = UNWATCHED,
) -> Floats:
    """Return the features (N, 2 K) of sequences (steps, F), each over its own steps.

    A kernel that is not padded, and too wide for a sequence, stands on it as if it were.

    Args:
        kernels: K of them.
        lengths: (N,) steps of each sequence, 1 at least.
        columns: F.
        read: returns a sequence by its place, when it is its turn.
        progress: counts sequences; what is not done when it is stopped stays 0.
    """
    features = np.zeros((len(lengths), FEATURES * len(kernels)), np.float32)
    margin = max(kernel.reach for kernel in kernels)
    done = 0
    progress.advance(0, len(lengths))
    for chosen in _chunks(lengths, columns, margin):
        block = _Block([read(int(at)) for at in chosen], margin)
        for place, kernel in enumerate(kernels):
            if progress.stopping:
                return features
            positive, largest = block.features(kernel)
            features[chosen, FEATURES * place] = positive
            features[chosen, FEATURES * place + 1] = largest
            progress.advance(done + len(chosen) * (place + 1) / len(kernels))
        done += len(chosen)
    return features


def _chunks(lengths: Places, columns: int, margin: int) -> Iterator[Places]:
    """Yield the places of sequences of about the same length, as many as are read at once."""
    order = np.argsort(lengths, kind="stable")[::-1]
    first = 0
    while first < len(order):
        width = int(lengths[order[first]]) + 2 * margin
        count = max(1, min(MOST_OUTPUTS // width, MOST_INPUTS // (width * columns)))
        yield order[first : first + count]
        first += count


class _Block:
    """Sequences of different lengths, side by side, with zeros around each.

    Args:
        sequences: (steps, F) each.
        margin: zeros on either side of the longest.
    """

    def __init__(self, sequences: Sequence[npt.NDArray[Any]], margin: int) -> None:
        self._margin = margin
        self._lengths = np.array([len(sequence) for sequence in sequences])  # (N,)
        self._steps = int(self._lengths.max())
        shape = (sequences[0].shape[1], len(sequences), self._steps + 2 * margin)
        self._inputs = np.zeros(shape, np.float32)
        for place, sequence in enumerate(sequences):
            self._inputs[:, place, margin : margin + len(sequence)] = sequence.T
        self._products = np.empty((len(sequences), self._steps), np.float32)

    def features(self, kernel: Kernel) -> tuple[npt.NDArray[np.float64], Floats]:
        """Return the share of positive outputs (N,), and the largest output (N,)."""
        outputs = self._outputs(kernel)
        # without padding it stands where it does not reach over an end, if there is such a place
        fits = self._lengths > 2 * kernel.reach
        begins = np.where(fits & (not kernel.padded), kernel.reach, 0)[:, None]
        ends = self._lengths[:, None] - begins
        steps = np.arange(self._steps)
        outside = (steps < begins) | (steps >= ends)
        if outside.any():
            np.copyto(outputs, -np.inf, where=outside)
        positive = np.count_nonzero(outputs > 0, axis=1) / (ends - begins)[:, 0]
        return positive, outputs.max(axis=1)

    def _outputs(self, kernel: Kernel) -> Floats:
        """Return the output (N, T) of a kernel where it stands at each step."""
        outputs = np.full((len(self._lengths), self._steps), kernel.bias, np.float32)
        for column, weights in zip(kernel.columns, kernel.weights, strict=True):
            for place, weight in enumerate(weights):
                first = self._margin - kernel.reach + place * kernel.dilation
                read = self._inputs[column, :, first : first + self._steps]
                outputs += np.multiply(read, weight, out=self._products)
        return outputs
