"""Measure what an edit does to a thousand inputs, and which units a network can do without.

Each unit is ablated in turn: its state is zero at every step. After that, the units whose
ablation costs most are ablated together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.process.blas import single_blas_thread
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.image_network import ImageNetwork
from rnn_tui.inside.network import UNKNOWN, DrawnSequences, InsideNetwork
from rnn_tui.inside.probes import Analysis, share
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import answers_of, layer_name, unit_names
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, Floats, require_finite, still_going
from rnn_tui.tasks.sequences.inference import longest_first

if TYPE_CHECKING:
    from rnn_tui.engine.training.parallel import Workers

INPUTS = 1000
FEWEST_INPUTS = 50  # of a network with many units, whose answers nobody else knows
READINGS = 200_000  # inputs that all ablations of such a network read, unless there are too many
LISTED = 10  # units that the command lists
AT_ONCE = 100  # inputs whose gates of all steps are in memory, for each core
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
    from rnn_tui.engine.training.parallel import automatic_workers, cpu_workers  # torch

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
    """Ablate the units of all layers over sequences by chance; None if it was stopped.

    Where nobody knows what is right, it is measured how much of the network's own answers stays.

    Raises:
        CheckpointError: if weights are too large to compute with.
        TaskError: if the task can't be loaded, or is not of sequences.
    """
    network: InsideNetwork = reading.network
    stack, steps = network.stack, reading.trace.steps
    if network.knows_right:
        return _ablate(stack, network.draw(inputs, seed, steps), progress)
    units = unit_names(stack)
    count = min(inputs, max(FEWEST_INPUTS, READINGS // (2 * len(units))))
    drawn = network.draw(count, seed, steps)
    whole = _logits_without(stack, drawn.inputs, ())  # (A, N, O)
    if reading.trace.numbers:
        kept = _VarianceKept(stack, drawn.inputs, whole.astype(np.float64))
        analysis = ablation_analysis(units, count, kept, progress)
        measured = f"of the variance of the answers to {drawn.in_words} stays"
    else:
        analysis = _ablate(stack, replace(drawn, targets=answers_of(whole).T), progress)
        measured = f"of the answers to {drawn.in_words} are those of the whole network"
    return None if analysis is None else replace(analysis, measured=measured)


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
    network: ImageNetwork = reading.network
    return _ablate(network.stack, network.first_images(inputs), progress)


def _ablate(stack: Stack, drawn: DrawnSequences, progress: Progress) -> AblationAnalysis | None:
    """Ablate the units of all layers over labelled sequences; None if it was stopped.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    accuracy = _SharesRight if stack.answers_as_it_reads else _SharesRightOfAll
    return ablation_analysis(
        unit_names(stack), len(drawn.lengths), accuracy(stack, drawn), progress
    )


def _without(stack: Stack, units: Units) -> Stack:
    """Return a network without units by the names of their layers."""
    places = {
        layer_name(stack.layers, at, backward=direction > 0): (at, direction)
        for at, layer in enumerate(stack.layers)
        for direction in range(len(layer.directions))
    }
    return stack.without({(*places[layer], unit) for layer, unit in units})


class _SharesRight:
    """The share of right answers of a network of one layer, without some of its units.

    Args:
        stack: the network.
        drawn: what it reads, and what is right.
    """

    def __init__(self, stack: Stack, drawn: DrawnSequences) -> None:
        self._stack = stack
        sequences = [drawn.inputs[:length, at] for at, length in enumerate(drawn.lengths)]
        order, self._lengths, self._inputs = longest_first(sequences)  # (T, F, N)
        self._targets = drawn.targets[order]  # (N, T) where every step has an answer, else (N, 1)
        self._known = sum(  # answers of which it is known what is right
            int(
                np.count_nonzero(
                    self._targets_at(step, still_going(self._lengths, step)) != UNKNOWN
                )
            )
            for step in range(self._lengths[0])
        )

    def __call__(self, units: Units) -> float:
        """Return the share of right answers, 0 … 1, with these units ablated."""
        stack = _without(self._stack, units)
        right = 0
        with np.errstate(all="ignore"):
            for step, logits in enumerate(stack.answers(self._inputs, self._lengths)):  # (O, n)
                require_finite(logits)
                going = logits.shape[1]
                answers = answers_of(logits[:, self._answered(step, going)].T)
                right += int(np.count_nonzero(answers == self._targets_at(step, going)))
        return right / self._known

    def _answered(self, step: int, going: int) -> slice:
        """Return which of the sequences that still go on have an answer after a step.

        Unless every step has an answer, only those that end there do.
        """
        first = 0 if self._stack.every_step else still_going(self._lengths, step + 1)
        return slice(first, going)

    def _targets_at(self, step: int, going: int) -> npt.NDArray[Any]:
        """Return what is right of these after a step (n,)."""
        return self._targets[self._answered(step, going), step if self._stack.every_step else 0]


@dataclass(frozen=True, eq=False)
class _SharesRightOfAll:
    """The share of right answers of any network, on sequences of one length."""

    stack: Stack
    drawn: DrawnSequences

    def __call__(self, units: Units) -> float:
        """Return the share of right answers, 0 … 1, with these units ablated."""
        answers = answers_of(_logits_without(self.stack, self.drawn.inputs, units))  # (A, N)
        targets = self.drawn.targets.T  # (A, N)
        known = targets != UNKNOWN
        return float((answers == targets)[known].mean()) if known.any() else 0.0


@dataclass(frozen=True, eq=False)
class _VarianceKept:
    """The share of the variance of numbers that stays without some of a network's units.

    That is 1 less the mean square of what changes, as a share of the variance, and at least 0.
    """

    stack: Stack
    inputs: Array  #: (T, N, F).
    whole: Floats  #: (A, N, O), the numbers of the whole network.

    def __call__(self, units: Units) -> float:
        """Return the share, 0 … 1, that stays with these units ablated."""
        logits = _logits_without(self.stack, self.inputs, units)
        variance = np.square(self.whole - self.whole.mean(axis=(0, 1))).mean()
        changed = np.square(self.whole - logits).mean()
        return max(0.0, 1 - float(changed / max(variance, np.finfo(float).tiny)))


def _logits_without(stack: Stack, inputs: Array, units: Units) -> Array:
    """Return the logits (A, N, O) to inputs (T, N, F) with these units ablated."""
    smaller = _without(stack, units)
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, inputs.shape[1], AT_ONCE):
            logits = smaller.logits(inputs[:, start : start + AT_ONCE])
            require_finite(logits)
            parts.append(logits)
    return np.concatenate(parts, axis=1)
