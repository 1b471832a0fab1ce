"""Measure what an edit does to a thousand inputs, and which units a network can do without.

Each unit is ablated in turn: its state is zero at every step. After that, the units whose
ablation costs most are ablated together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.edits import ablated
from rnn_tui.inside.image_network import read_test_images
from rnn_tui.inside.probes import Analysis, Labels, share
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import changing_of, unit_names
from rnn_tui.inside.task_network import UNKNOWN, draw_examples
from rnn_tui.networks.stepwise import Array, require_finite, still_going
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork, longest_first

if TYPE_CHECKING:
    from rnn_tui.engine.training.parallel import Workers

INPUTS = 1000
LISTED = 10  # units that the command lists
IMAGES_AT_ONCE = 100  # all gates of all steps of these are in memory, for each core
Units = Sequence[tuple[str, int]]  # layer and unit
#: returns the accuracy of a network with these units ablated, 0 … 1.
Accuracy = Callable[[Units], float]


@dataclass(frozen=True, eq=False)
class AblationAnalysis(Analysis):
    """Units by the accuracy that their ablation costs, those that cost most first."""

    name = "silence"
    in_json = ("inputs", "accuracy", "layers", "units", "alone", "together")
    in_arrays = ("accuracy", "layers", "units", "alone", "together")
    in_sentences = ("free", "half")

    inputs: int  #: how many were read, by chance or of the test set.
    accuracy: float  #: the share of right answers, 0 … 1, with nothing ablated.
    layers: tuple[str, ...]  #: (U,) in which layer each unit is.
    units: tuple[int, ...]  #: (U,) the units, from 0 in their layer.
    alone: npt.NDArray[np.float64]  #: (U,) the share of right answers without this unit alone.
    together: npt.NDArray[np.float64]  #: (U,) without this unit and all before it.
    measured: str = ""  #: what the shares are of, in words; empty for right answers.

    @property
    def names(self) -> list[str]:
        """The units in words, with the layer if there are several."""
        if len(set(self.layers)) == 1:
            return [str(unit) for unit in self.units]
        return [f"{layer} {unit}" for layer, unit in zip(self.layers, self.units, strict=True)]

    @property
    def free(self) -> int:
        """How many units can be ablated alone without loss."""
        return int((self.alone >= self.accuracy).sum())

    @property
    def half(self) -> int:
        """How many units, the most important first, have to be ablated to lose half.

        That is half of what the accuracy exceeds that with all units ablated by.
        """
        half_lost = self.together <= (self.accuracy + self.together[-1]) / 2  # (U,)
        return int(half_lost.argmax()) + 1

    @property
    def summary(self) -> str:
        """The unit that costs most, and how many cost nothing, in a sentence."""
        measured = self.measured or f"of the answers to {self.inputs:,} inputs are right"
        return (
            f"{share(self.accuracy)} {measured}, without "
            f"unit {self.names[0]} {share(self.alone[0])}. {self.free} of {len(self.units)} units "
            f"can be ablated alone without loss; {self._loss}."
        )

    @property
    def _loss(self) -> str:
        """What ablating several units costs, in a clause."""
        rest = self.together[-1]
        if rest >= self.accuracy:
            return f"without all units {share(rest)}"
        units = f"unit {self.names[0]}" if self.half == 1 else f"the first {self.half}"
        return f"ablating {units} loses half of what exceeds the {share(rest)} without all units"

    @property
    def findings(self) -> list[str]:
        """The summary, and the first units in a table."""
        lines = [self.summary, "", f"{'unit ablated':>18}  {'alone':>10}  {'with those':>10}"]
        rows = list(zip(self.names, self.alone, self.together, strict=True))[:LISTED]
        for name, alone, together in rows:
            lines.append(f"{name:>18}  {share(alone):>10}  {share(together):>10}")
        return lines


def ablation_analysis(
    units: Units, inputs: int, accuracy: Accuracy, progress: Progress
) -> AblationAnalysis | None:
    """Ablate each unit, then the first 1, 2, … in their order; None if it was stopped.

    As many networks read at once as there are cores.

    Args:
        units: of a network.
        inputs: how many inputs the accuracies are of.
        accuracy: measures the network without some units.
        progress: in networks.
    """
    from rnn_tui.engine.training.parallel import automatic_workers, cpu_workers  # noqa: PLC0415 - torch

    count = len(units)
    progress.advance(0, 2 * count)  # of a large network, each takes a while
    # Beside a busy process, a product by several threads takes some times as long as by one.
    with cpu_workers(automatic_workers()) as workers, single_blas_thread():
        ablations = _Ablations(accuracy, workers, progress)
        whole = accuracy(())
        alone = ablations.accuracies([[unit] for unit in units], 0)
        if len(alone) < count:
            return None
        order = np.argsort(alone, kind="stable")
        ordered = [units[at] for at in order]
        # Without the first alone was measured.
        more = [ordered[:number] for number in range(2, count + 1)]
        together = [alone[order[0]], *ablations.accuracies(more, count + 1)]
        if len(together) < count:
            return None
    return AblationAnalysis(
        inputs=inputs,
        accuracy=whole,
        layers=tuple(layer for layer, _ in ordered),
        units=tuple(unit for _, unit in ordered),
        alone=np.array(alone)[order],
        together=np.array(together),
    )


@dataclass(frozen=True)
class _Ablations:
    """Measures one network after the other, some at once."""

    accuracy: Accuracy  #: measures one.
    workers: "Workers"  #: so many at once.
    progress: Progress  #: the progress in networks.

    def accuracies(self, groups: Sequence[Units], done: int) -> list[float]:
        """Return the accuracy without each of the groups of units; of fewer if it is stopped.

        Args:
            groups: of units to ablate together.
            done: how many were measured before.
        """
        accuracies: list[float] = []
        at_once = self.workers.count
        for start in range(0, len(groups), at_once):
            if self.progress.stopping:
                break
            calls = [partial(self.accuracy, group) for group in groups[start : start + at_once]]
            for accuracy in self.workers.run(calls):
                if self.progress.stopping:
                    break
                accuracies.append(accuracy)
                self.progress.advance(done + len(accuracies))
        return accuracies


def analyse_ablations(
    reading: NetworkReading,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> AblationAnalysis | None:
    """Ablate a replica's units over sequences by chance, of lengths in training; None if it was
    stopped.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    network: SequenceNetwork = reading.network.source
    replica = reading.network.replica
    drawn = draw_examples(network.task, network.config, inputs, seed)
    sequences = [drawn.inputs[:length, at] for at, length in enumerate(drawn.lengths)]
    order, lengths, read = longest_first(sequences)
    accuracy = _SequenceAccuracy(network, replica, read, lengths, drawn.targets[order])
    return ablation_analysis(unit_names(reading.network.stack), len(sequences), accuracy, progress)


@dataclass(frozen=True)
class _SequenceAccuracy:
    """The accuracy of a replica on sequences, without some of its units."""

    network: SequenceNetwork
    replica: int
    inputs: npt.NDArray[Any]  #: (T, F, N), the longest sequence first.
    lengths: list[int]  #: the lengths of the N sequences.
    targets: npt.NDArray[Any]  #: (N, T) where every step has an answer, else (N, 1).

    def __call__(self, units: Units) -> float:
        """Return the share of right answers, 0 … 1, with these units ablated."""
        # A unit whose state is always zero adds nothing: without it there is less to compute.
        network = self.network.only(self.replica, {unit for _, unit in units})
        right = count = 0
        with np.errstate(all="ignore"):
            for step, [logits] in enumerate(network.steps(self.inputs, self.lengths)):  # (O, n)
                require_finite(logits)
                answered = self._answered(step, logits.shape[1])
                targets = self._targets(step, answered)
                correct = self._answers(logits[:, answered]) == targets
                right += int(np.count_nonzero(correct))
                count += int(np.count_nonzero(targets != UNKNOWN))
        return right / count

    def _answered(self, step: int, going: int) -> slice:
        """Return which of the sequences that still go on have an answer after a step.

        Unless every step has an answer, only those that end there do.
        """
        every_step = self.network.shape.every_step
        return slice(0 if every_step else still_going(self.lengths, step + 1), going)

    def _answers(self, logits: Array) -> npt.NDArray[Any]:
        """Return the answers (n,) by logits (O, n)."""
        if self.network.outputs == 1:
            return np.asarray(logits[0] >= 0)
        return np.asarray(logits.argmax(axis=0))

    def _targets(self, step: int, answered: slice) -> npt.NDArray[Any]:
        return self.targets[answered, step if self.network.shape.every_step else 0]


def analyse_digit_ablations(
    reading: NetworkReading,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
) -> AblationAnalysis | None:
    """Ablate a reader's units over the first test images; None if it was stopped.

    Raises:
        CheckpointError: if weights are too large to compute with.
        DataError: if there are no images.
    """
    network: RowReaderNetwork = reading.network.source
    digits, labels = read_test_images(slice(inputs), network.config)
    accuracy = _DigitAccuracy(network, network.rows(digits), labels)
    return ablation_analysis(unit_names(network.stack), len(labels), accuracy, progress)


@dataclass(frozen=True)
class _DigitAccuracy:
    """The accuracy of a reader on images, without some of its units."""

    network: RowReaderNetwork
    rows: Array  #: (28, N, 28).
    labels: Labels  #: (N,).

    def __call__(self, units: Units) -> float:
        """Return the share of right answers, 0 … 1, with these units ablated."""
        changing = changing_of(self.network.stack, [ablated(layer, unit) for layer, unit in units])
        right = 0
        with np.errstate(all="ignore"):
            for start in range(0, len(self.labels), IMAGES_AT_ONCE):
                images = slice(start, start + IMAGES_AT_ONCE)
                [logits] = self.network.stack.logits(self.rows[:, images], changing)  # (n, 10)
                require_finite(logits)
                right += int(np.count_nonzero(logits.argmax(axis=1) == self.labels[images]))
        return right / len(self.labels)
