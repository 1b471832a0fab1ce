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
    """What a replica holds while it reads `digits`, a step each; `CheckpointError` if its weights
    are too large.
    """
    # of (T, 10)
    return trace_inputs(network, np.eye(DIGITS, dtype=np.float32)[np.asarray(digits)], replica)


# Sequences, half of them to fit to, half to score on; positions and steps that are looked at,
# evenly spread.
SEQUENCES, MOST_LOOKED_AT = 2000, 16


@dataclass(frozen=True, eq=False)
class SurvivalAnalysis(Analysis):
    """How well a linear probe on the state reads each earlier digit after each step."""

    name = "survival"
    in_json = ("sequences", "position", "positions", "steps", "accuracy", "chance")
    in_arrays = ("positions", "steps", "accuracy", "chance")

    sequences: int  #: how many were scored; as many others were fitted to.
    positions: npt.NDArray[np.int64]  #: (P,) the positions looked at, from 1.
    steps: npt.NDArray[np.int64]  #: (S,) the steps looked at, from 1.
    #: (P, S), the share of right readings, 0 … 1; NaN where the digit is not read yet.
    accuracy: npt.NDArray[np.float64]
    chance: npt.NDArray[np.float64]  #: (P,), the share of the most frequent digit at each position.
    position: int | None  #: the position that the network was trained to recall.

    @property
    def summary(self) -> str:
        """What is left after the last step, in a sentence."""
        last = self.accuracy[:, -1]
        best = int(np.nanargmax(last))
        others = np.delete(last, best)
        rest = (
            f", at the other positions in {share(others.mean(), 0)} on average"
            if len(others)
            else ""
        )
        what = (
            f"After step {self.steps[-1]} a linear probe reads the digit at position "
            f"{self.positions[best]}"
        )
        return (
            f"{what} in {share(last[best], 0)} of sequences{rest}; chance "
            f"{share(self.chance.mean(), 0)}."
        )

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
    """Fit probes to states over random sequences, as `survival_analysis` says; `CheckpointError` if
    weights are too large.
    """
    longest, position = network.config.lengths[1], network.config.position
    digits = np.random.default_rng(seed).integers(0, DIGITS, (longest, sequences))
    # of (T, N, 10)
    states = activations_of(network, np.eye(DIGITS, dtype=np.float32)[digits], replica).states
    looked_at = spread_out(longest, MOST_LOOKED_AT, position)
    return survival_analysis(states, digits, looked_at, position, progress=progress)


def survival_analysis(
    states: Array,
    digits: npt.NDArray[np.int64],
    looked_at: npt.NDArray[np.int64],
    position: int | None = None,
    *,
    progress: Progress = UNWATCHED,
) -> SurvivalAnalysis | None:
    """The analysis of states (T, N, H) that followed on `digits` (T, N).

    Positions and steps are `looked_at` (P,), from 1, ascending; `position` is the one in training.
    The progress is in fits; None where it was stopped.
    """
    half, count = digits.shape[1] // 2, len(looked_at)
    accuracy = np.full((count, count), np.nan)
    # Step by step, so that a view can show a digit fade while the later steps are still to come.
    pairs = [(row, at) for at in range(count) for row in range(at + 1)]
    progress.advance(0, len(pairs))
    for done, (row, at) in enumerate(pairs, start=1):
        if progress.stopping:
            return None
        held, labels = states[looked_at[at] - 1], digits[looked_at[row] - 1]
        accuracy[row, at] = fit_probe(
            held[:half], labels[:half], held[half:], labels[half:]
        ).accuracy
        progress.advance(done, len(pairs))
    chance = np.array([chance_level(digits[place - 1, half:]) for place in looked_at])
    return SurvivalAnalysis(
        digits.shape[1] - half, looked_at, looked_at.copy(), accuracy, chance, position
    )


def spread_out(longest: int, most: int, position: int | None = None) -> npt.NDArray[np.int64]:
    """1 … `longest`, or of that `most` evenly spread ones, with `position` among them."""
    chosen = np.unique(np.linspace(1, longest, min(longest, most)).round().astype(np.int64))
    if position is not None and position <= longest and position not in chosen:
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
        shown, at = [*map(str, self._question.digits)], self._question.position - 1
        judged = verdict(self._answer.correct, shown[at])
        shown[at] = f"[{shown[at]}]"
        return f"{' '.join(shown)}: {self._answer.document['answer']}  {judged}"

    def _columns(self) -> list[Column]:
        return [
            ("step", range(1, self.trace.steps + 1)),
            ("digit", self.trace.read),
            *self._answer_columns(),
        ]
