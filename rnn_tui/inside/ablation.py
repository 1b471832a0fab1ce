"""What an edit does to a thousand inputs: which units a network can do without, and which not.

Each unit is ablated in turn: its state is zero at every step), and after that those
that cost most together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.digit_trace import changing_of, layer_name, read_test_images
from rnn_tui.inside.edits import ablated
from rnn_tui.inside.probes import Analysis, share
from rnn_tui.inside.trace import ONLY_LAYER, draw_examples
from rnn_tui.networks.stepwise import require_finite, still_going
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.tasks.sequences.inference import SequenceNetwork, longest_first

if TYPE_CHECKING:
    from rnn_tui.engine.parallel import Workers

INPUTS = 1000
LISTED = 10  # units that the command lists
IMAGES_AT_ONCE = 100  # all gates of all steps of these are in memory, for each core
Units = Sequence[tuple[str, int]]  # layer and unit
# of a network with these units ablated, the share of right answers, 0 … 1
Accuracy = Callable[[Units], float]


@dataclass(frozen=True, eq=False)
class AblationAnalysis(Analysis):
    """Units by the accuracy that their ablation costs, those that cost most first."""

    name = "silence"
    in_json = ("inputs", "accuracy", "layers", "units", "alone", "together")
    in_arrays = ("accuracy", "layers", "units", "alone", "together")

    inputs: int  #: how many were read, by chance or of the test set.
    accuracy: float  #: the share of right answers, 0 … 1, with nothing ablated.
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
            f"{'unit ablated':>18}  {'alone':>10}  {'with those':>10}",
            *lines,
        ]


def ablation_analysis(
    units: Units, inputs: int, accuracy: Accuracy, progress: Progress
) -> AblationAnalysis | None:
    """Ablate each of the `units`, then the first 1, 2, … of their order; None where it was
    stopped.

    As many networks read at once as there are cores.
    """
    from rnn_tui.engine.parallel import automatic_workers, cpu_workers  # noqa: PLC0415 - torch

    count = len(units)
    progress.advance(0, 2 * count)  # of a large network, each takes a while
    # Beside a busy process, a product by several threads takes some times as long as by one.
    with cpu_workers(automatic_workers()) as workers, threadpool_limits(1, "blas"):
        ablations = _Ablations(accuracy, workers, progress)
        whole = accuracy(())
        alone = ablations.accuracies([[unit] for unit in units], 0)
        if len(alone) < count:
            return None
        order = np.argsort(alone, kind="stable")
        ordered = [units[at] for at in order]
        more = [ordered[:number] for number in range(2, count + 1)]
        together = [alone[order[0]], *ablations.accuracies(more, count + 1)]
        if len(together) < count:
            return None
    layers, numbers = zip(*ordered, strict=True)
    return AblationAnalysis(
        inputs, whole, layers, numbers, np.array(alone)[order], np.array(together)
    )


@dataclass(frozen=True)
class _Ablations:
    """Measures one network after the other, some at once."""

    accuracy: Accuracy
    workers: "Workers"
    progress: Progress

    def accuracies(self, groups: Sequence[Units], done: int) -> list[float]:
        """The accuracy without each of the groups of units; of fewer where it is stopped.

        Args:
            groups: of units to ablate together.
            done: how many were measured before.
        """
        found: list[float] = []
        at_once = self.workers.count
        for start in range(0, len(groups), at_once):
            if self.progress.stopping:
                break
            calls = [partial(self.accuracy, group) for group in groups[start : start + at_once]]
            for accuracy in self.workers.run(calls):
                if self.progress.stopping:
                    break
                found.append(accuracy)
                self.progress.advance(done + len(found))
        return found


def analyse_ablations(
    network: SequenceNetwork,
    replica: int = 0,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
    seed: int = 0,
) -> AblationAnalysis | None:
    """Ablate a replica's units over sequences by chance, of lengths in training; `CheckpointError`
    at too large weights.
    """
    drawn = draw_examples(network.task, network.config, inputs, seed)
    sequences = [
        drawn.inputs[:length, at].astype(np.uint8) for at, length in enumerate(drawn.lengths)
    ]
    order, lengths, read = longest_first(sequences)  # (T, F, N)
    targets = drawn.targets[order]  # (N, T) or (N, 1)
    every_step = network.shape.every_step

    def accuracy(units: Units) -> float:
        # A unit whose state is always zero adds nothing: without it there is less to compute.
        rest = network.only(replica, {unit for _, unit in units})
        right = count = 0
        with np.errstate(all="ignore"):
            for step, (logits,) in enumerate(rest.steps(read, lengths)):  # (O, n)
                require_finite(logits)
                going = logits.shape[1]
                # only those that end here, unless every step has an answer
                start = 0 if every_step else still_going(lengths, step + 1)
                asked = logits[:, start:]
                answers = asked[0] >= 0 if network.outputs == 1 else asked.argmax(axis=0)
                correct = answers == targets[start:going, step if every_step else 0]
                right += int(np.count_nonzero(correct))
                count += going - start
        return right / count

    return ablation_analysis(
        [(ONLY_LAYER, unit) for unit in range(network.replicas[replica].variant.hidden_size)],
        inputs,
        accuracy,
        progress,
    )


def analyse_digit_ablations(
    network: RowReaderNetwork,
    progress: Progress = UNWATCHED,
    *,
    inputs: int = INPUTS,
) -> AblationAnalysis | None:
    """Ablate a reader's units over the first test images; `CheckpointError` at too large weights,
    `DataError` at no images.
    """
    digits, labels = read_test_images(slice(inputs))
    rows, size = network.rows(digits), network.config.hidden_size

    def accuracy(units: Units) -> float:
        changing = changing_of(network, [ablated(layer, unit) for layer, unit in units])
        right = 0
        with np.errstate(all="ignore"):
            for start in range(0, len(labels), IMAGES_AT_ONCE):
                some = slice(start, start + IMAGES_AT_ONCE)
                logits = network.logits_of_rows(rows[:, some], changing)
                require_finite(logits)
                right += int(np.count_nonzero(logits.argmax(axis=1) == labels[some]))
        return right / len(labels)

    ways = (False, True) if network.cell.bidirectional else (False,)
    names = [
        layer_name(network, at, backward=way) for at in range(len(network.layers)) for way in ways
    ]
    return ablation_analysis(
        [(name, unit) for name in names for unit in range(size)],
        len(labels),
        accuracy,
        progress,
    )
