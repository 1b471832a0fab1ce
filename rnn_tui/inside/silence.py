"""What an edit does to a thousand inputs: which units a network can do without, and which not.

Each unit is silenced in turn (an ablation: its state is zero at every step), and after that those
that cost most together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.edits import Edit, change_of, silenced
from rnn_tui.inside.mnist import changing_of, layer_name, read_test_images
from rnn_tui.inside.probes import Study, share
from rnn_tui.inside.trace import ONLY_LAYER, draw_examples
from rnn_tui.networks.stepwise import require_finite
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork

INPUTS = 1000
LISTED = 10  # units that the command lists
Units = Sequence[tuple[str, int]]  # layer and unit
# of a network with some units silenced, the share of right answers, 0 … 1
Accuracy = Callable[[Sequence[Edit]], float]


@dataclass(frozen=True, eq=False)
class SilenceStudy(Study):
    """Units by the accuracy that their silence costs, those that cost most first."""

    name = "silence"
    in_json = ("inputs", "accuracy", "layers", "units", "alone", "together")
    in_arrays = ("accuracy", "layers", "units", "alone", "together")

    inputs: int  #: how many were read, by chance or of the test set.
    accuracy: float  #: the share of right answers, 0 … 1, with nothing silenced.
    layers: tuple[str, ...]  #: (U,) in which layer each unit is.
    units: tuple[int, ...]  #: (U,) the units, from 0 in their layer.
    alone: npt.NDArray[np.float64]  #: (U,) the share of right answers without this unit alone.
    together: npt.NDArray[np.float64]  #: (U,) without this unit and all before it.

    @property
    def names(self) -> list[str]:
        """The units in words, with the layer where there are several."""
        many = len(set(self.layers)) > 1
        return [
            f"{layer} {unit}" if many else str(unit)
            for layer, unit in zip(self.layers, self.units, strict=True)
        ]

    @property
    def summary(self) -> str:
        """The unit that costs most, and how many cost nothing, in a sentence."""
        free = int((self.alone >= self.accuracy).sum())
        half = np.flatnonzero(self.together <= (self.accuracy + self.together[-1]) / 2)
        right = (
            f"{share(self.accuracy)} of the answers to {self.inputs:,} inputs are right, without "
            f"unit {self.names[0]} "
        )
        lost = (
            f"{free} of {len(self.units)} units cost nothing alone; half is lost without the "
            f"first {half[0] + 1}."
        )
        return f"{right}{share(self.alone[0])}. {lost}"

    @property
    def findings(self) -> list[str]:
        """The summary, and the first units in a table."""
        rows = list(zip(self.names, self.alone, self.together, strict=True))[:LISTED]
        lines = [
            f"{name:>18}  {share(alone):>10}  {share(together):>10}"
            for name, alone, together in rows
        ]
        return [
            self.summary,
            "",
            f"{'unit silenced':>18}  {'alone':>10}  {'with those':>10}",
            *lines,
        ]


def silence_study(
    units: Units, inputs: int, accuracy: Accuracy, progress: Progress
) -> SilenceStudy | None:
    """Silence each of the `units`, then the first 1, 2, … of their order; None where it was
    stopped.
    """
    total = 2 * len(units)
    progress.advance(0, total)  # of a large network, each takes a while
    whole = accuracy(())
    alone: list[float] = []
    for done, (layer, unit) in enumerate(units, start=1):
        if progress.stopping:
            return None
        alone.append(accuracy([silenced(layer, unit)]))
        progress.advance(done, total)
    order = np.argsort(alone, kind="stable")
    ordered, together = [units[at] for at in order], [alone[order[0]]]
    for count in range(2, len(units) + 1):
        if progress.stopping:
            return None
        together.append(accuracy([silenced(layer, unit) for layer, unit in ordered[:count]]))
        progress.advance(len(units) + count, total)
    layers, numbers = zip(*ordered, strict=True)
    return SilenceStudy(inputs, whole, layers, numbers, np.array(alone)[order], np.array(together))


def study_silence(
    network: SequenceNetwork,
    replica: int = 0,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> SilenceStudy | None:
    """Silence a replica's units over sequences by chance, of lengths in training; `CheckpointError`
    at too large weights.
    """
    drawn = draw_examples(network.task, network.config, inputs, seed)
    weights, (weight, bias) = network.cell(replica), network.readout(replica)
    steps = np.arange(len(drawn.inputs))[:, None]
    # (T, N)
    counted = steps < drawn.lengths if network.shape.every_step else steps == drawn.lengths - 1
    # (T, N) or (1, N)
    targets = drawn.targets.T[: len(steps)] if network.shape.every_step else drawn.targets.T

    def accuracy(edits: Sequence[Edit]) -> float:
        with np.errstate(all="ignore"):
            # (T, N, O)
            logits = (
                weights.run(drawn.inputs, change_of(edits, ONLY_LAYER)).states @ weight.T + bias
            )
        require_finite(logits)
        answers = logits[..., 0] >= 0 if network.outputs == 1 else logits.argmax(axis=2)
        return float((answers == targets)[counted].mean())

    return silence_study(
        [(ONLY_LAYER, unit) for unit in range(weights.hidden_size)],
        inputs,
        accuracy,
        progress,
    )


def study_digit_silence(
    network: RowReaderNetwork,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
) -> SilenceStudy | None:
    """Silence a reader's units over the first test images; `CheckpointError` at too large weights,
    `DataError` at no images.
    """
    digits, labels = read_test_images(slice(inputs))
    rows, size = network.rows(digits), network.config.hidden_size

    def accuracy(edits: Sequence[Edit]) -> float:
        with np.errstate(all="ignore"):
            logits = network.logits_of_rows(rows, changing_of(network, edits))
        require_finite(logits)
        return float((logits.argmax(axis=1) == labels).mean())

    ways = (False, True) if network.cell.bidirectional else (False,)
    names = [
        layer_name(network, at, backward=way) for at in range(len(network.layers)) for way in ways
    ]
    return silence_study(
        [(name, unit) for name in names for unit in range(size)],
        len(labels),
        accuracy,
        progress,
    )
