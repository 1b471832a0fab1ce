"""Looking into recall networks: a sequence digit by digit, and how long each digit survives."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.inspection import Column, QuestionInspection, verdict
from rnn_tui.inside.probes import (
    Analysis,
    activations_of,
    chance_level,
    fit_probe,
    share,
)
from rnn_tui.inside.trace import Trace, trace_inputs
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.recall import DIGITS
from rnn_tui.tasks.recall.questions import RecallNetwork, RecallQuestions, Recollection


def trace_digits(network: RecallNetwork, digits: Sequence[int], replica: int = 0) -> Trace:
    """Trace a replica while it reads `digits`, one a step.

    Raises `CheckpointError` if its weights are too large.
    """
    one_hot = np.eye(DIGITS, dtype=np.float32)[np.asarray(digits)]  # (T, 10)
    return trace_inputs(network, one_hot, replica)


SEQUENCES = 2000  # half of them to fit to, half to score on
MOST_POSITIONS = 16  # positions that are probed, evenly spread; and as many steps


@dataclass(frozen=True, eq=False)
class SurvivalAnalysis(Analysis):
    """The accuracy with which a probe on the state predicts earlier digits after each step."""

    name = "survival"
    in_json = ("sequences", "position", "positions", "steps", "accuracy", "chance")
    in_arrays = ("positions", "steps", "accuracy", "chance")

    sequences: int  #: how many were scored; as many others were fitted to.
    positions: npt.NDArray[np.int64]  #: (P,) the positions looked at, from 1.
    steps: npt.NDArray[np.int64]  #: (S,) the steps looked at, from 1.
    #: (P, S), the share of right readings, 0 … 1; NaN if the digit is not read yet.
    accuracy: npt.NDArray[np.float64]
    chance: npt.NDArray[np.float64]  #: (P,), the share of the most frequent digit at each position.
    position: int | None  #: the position that the network was trained to recall.

    @property
    def summary(self) -> str:
        """A sentence on what is left after the last step."""
        last = self.accuracy[:, -1]  # (P,)
        best = int(np.nanargmax(last))
        others = np.delete(last, best)
        sentence = (
            f"After step {self.steps[-1]} a linear probe reads the digit at position "
            f"{self.positions[best]} in {share(last[best], 0)} of sequences"
        )
        if len(others):
            sentence += f", at the other positions in {share(others.mean(), 0)} on average"
        return f"{sentence}; chance {share(self.chance.mean(), 0)}."

    @property
    def findings(self) -> list[str]:
        """The summary, and accuracies of the probes by position and step."""
        heads = "         " + "".join(f"{step:5}" for step in self.steps)
        lines = [self.summary, "", "position  after step, % right", heads]
        for position, row in zip(self.positions, self.accuracy, strict=True):
            cells = ("" if np.isnan(value) else f"{100 * value:.0f}" for value in row)
            lines.append((f"{position:8} " + "".join(f"{cell:>5}" for cell in cells)).rstrip())
        return lines


def analyse_survival(
    network: RecallNetwork,
    replica: int = 0,
    progress: Progress = UNWATCHED,
    *,
    sequences: int = SEQUENCES,
    seed: int = 0,
) -> SurvivalAnalysis | None:
    """Fit probes to states over random sequences, as `survival_analysis` says.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    longest, position = network.config.lengths[1], network.config.position
    digits = np.random.default_rng(seed).integers(0, DIGITS, (longest, sequences))  # (T, N)
    one_hot = np.eye(DIGITS, dtype=np.float32)[digits]  # (T, N, 10)
    states = activations_of(network, one_hot, replica).states  # (T, N, H)
    positions = evenly_spread(longest, MOST_POSITIONS, position)
    return survival_analysis(states, digits, positions, position, progress=progress)


def survival_analysis(
    states: Array,
    digits: npt.NDArray[np.int64],
    positions: npt.NDArray[np.int64],
    trained_position: int | None = None,
    *,
    progress: Progress = UNWATCHED,
) -> SurvivalAnalysis | None:
    """Measure how well probes predict digits from later states; return None if it was stopped.

    Args:
        states: (T, N, H).
        digits: (T, N), of which the first half is fitted to, the second scored.
        positions: (P,), from 1, ascending: the positions, and also the steps, that are looked at.
        trained_position: the one that the network was trained to recall.
        progress: in fits.
    """
    half, count = digits.shape[1] // 2, len(positions)
    accuracy = np.full((count, count), np.nan)
    # Step by step, so that a view can show a digit fade while the later steps are still to come.
    pairs = [(row, column) for column in range(count) for row in range(column + 1)]
    progress.advance(0, len(pairs))
    for done, (row, column) in enumerate(pairs, start=1):
        if progress.stopping:
            return None
        states_there = states[positions[column] - 1]  # (N, H)
        labels = digits[positions[row] - 1]  # (N,)
        probe = fit_probe(states_there[:half], labels[:half], states_there[half:], labels[half:])
        accuracy[row, column] = probe.accuracy
        progress.advance(done, len(pairs))
    chance = np.array([chance_level(digits[position - 1, half:]) for position in positions])
    return SurvivalAnalysis(
        sequences=digits.shape[1] - half,
        positions=positions,
        steps=positions.copy(),
        accuracy=accuracy,
        chance=chance,
        position=trained_position,
    )


def evenly_spread(longest: int, most: int, position: int | None = None) -> npt.NDArray[np.int64]:
    """Return 1 … `longest`, or `most` evenly spread ones of these with `position` among them."""
    count = min(longest, most)
    chosen = np.unique(np.linspace(1, longest, count).round().astype(np.int64))
    if position is not None and position <= longest and position not in chosen:
        # In place of its neighbour, but for the first and the last.
        nearest = int(np.abs(chosen[1:-1] - position).argmin()) + 1
        chosen[nearest] = position
    return chosen


class DigitsInspection(QuestionInspection[Recollection, RecallNetwork]):
    """A sequence."""

    def __init__(self, questions: RecallQuestions, *more: Any) -> None:
        super().__init__(questions, *more)
        self.notices = [*self.notices, self.trace.prefix_note]

    def _traced(self) -> Trace:
        return trace_digits(self._network, self._question.digits)

    def _right(self) -> list[int]:
        return [self._question.digits[self._question.position - 1]]

    @property
    def title(self) -> str:
        """The sequence with the position marked, and the answer."""
        digits = [*map(str, self._question.digits)]
        place = self._question.position - 1
        judgement = verdict(self._answer.correct, digits[place])
        digits[place] = f"[{digits[place]}]"
        return f"{' '.join(digits)}: {self._answer.document['answer']}  {judgement}"

    def _columns(self) -> list[Column]:
        return [
            ("step", range(1, self.trace.steps + 1)),
            ("digit", self.trace.read),
            *self._answer_columns(),
        ]
