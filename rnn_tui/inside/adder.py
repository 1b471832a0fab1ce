"""Looking into adders: an addition place by place, and where its network keeps the carry."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.inspection import Column, QuestionInspection, verdict
from rnn_tui.inside.probes import (
    Analysis,
    Labels,
    LinearProbe,
    activations_of,
    chance_level,
    fit_probe,
    share,
)
from rnn_tui.inside.trace import Trace, trace_inputs
from rnn_tui.networks.stepwise import Activations, Array
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, Sum


def trace_addition(network: AdderNetwork, addition: Addition, replica: int = 0) -> Trace:
    """What a replica holds while it adds, a step a place, the lowest first; `CheckpointError` if
    its weights are too large.
    """
    bits = np.stack([addition.bits(addition.a), addition.bits(addition.b)], axis=1)  # (T, 2)
    return trace_inputs(
        network, bits.astype(np.float32), replica, read=[f"{a} + {b}" for a, b in bits]
    )


Bits = npt.NDArray[np.uint8]

# where a unit may keep the carry: in what it puts out, or in its cell if it has one
STATE, CELL = "state", "cell"
# what is known of each source of each unit
OF_UNITS = ("correlation", "accuracy", "threshold", "above")
# Additions of the longest length in training, within what shows carries and takes no minute.
ADDITIONS, FEWEST_STEPS, MOST_STEPS = 1000, 4, 64


@dataclass(frozen=True, eq=False)
class CarryAnalysis(Analysis):
    """How well each unit, and a plane through all, tells the next place's carry, in additions that
    neither was fitted to.
    """

    name = "carry"
    in_json = ("additions", "steps", "chance")
    in_arrays = (*OF_UNITS, "chance")

    additions: int  #: how many were scored; as many others were fitted to.
    steps: int  #: time steps of each.
    #: (S,) what was looked at of each unit: its state, and its cell if it has one.
    sources: tuple[str, ...]
    #: (S, H), Pearson's, of each source with the carry; 0 where a unit never moves.
    correlation: npt.NDArray[np.float64]
    #: (S, H), the share of right readings, 0 … 1, of a threshold on the source.
    accuracy: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]  #: (S, H).
    #: (S, H), whether values from the threshold up stand for a carry, or those below.
    above: npt.NDArray[np.bool_]
    chance: float  #: the share of the more frequent of carry and none.
    probe: LinearProbe  #: reads the carry off the states.

    @property
    def best(self) -> tuple[str, int]:
        """The source, `STATE` or `CELL`, and the unit, from 0, of the highest accuracy; of equals,
        of higher correlation.
        """
        rank = np.lexsort((-np.abs(self.correlation).ravel(), -self.accuracy.ravel()))
        source, unit = np.unravel_index(rank[0], self.accuracy.shape)
        return self.sources[source], int(unit)

    @property
    def best_accuracy(self) -> float:
        """The share of right readings of the best unit, 0 … 1."""
        return float(self.accuracy.max())

    @property
    def summary(self) -> str:
        """Best unit and probe in a sentence."""
        source, unit = self.best
        best = (
            f"{share(self.best_accuracy)} right, correlation "
            f"{self.correlation[self.sources.index(source), unit]:+.2f}"
        )
        others = (
            f"a linear probe on all states {share(self.probe.accuracy)}; chance "
            f"{share(self.chance)}."
        )
        return f"The {source} of unit {unit} tells the carry best: {best}; {others}"

    @property
    def findings(self) -> list[str]:
        """Where the carry is, and how that was found out."""
        fitted = (
            f"Fitted to one half of {ADDITIONS:,} random additions of {self.steps - 1} bits, "
            "scored on the other."
        )
        return [self.summary, fitted]

    def values(self, trace: Trace) -> Array:
        """The best unit's state or cell (L,) before each place of an addition, to tell the carry
        into it: 0 at first.
        """
        source, unit = self.best
        before = np.zeros(trace.steps, np.float32)
        before[1:] = trace.layers[0].quantities[source][:-1, unit]
        return before

    def unit_row(self, trace: Trace) -> Bits:
        """The carry (L,) into each place as the best unit's threshold reads it."""
        source, unit = self.best
        at = self.sources.index(source), unit
        return _into_places((self.values(trace) >= self.threshold[at]) == self.above[at])

    def carry_row(self, trace: Trace) -> Bits:
        """The carry (L,) into each place as the probe reads it, to stand beside the true one."""
        return _into_places(self.probe.read(np.roll(trace.layers[0].states, 1, axis=0)))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        source, unit = self.best
        return {
            **super().to_dict(),
            "best": {"source": source, "unit": unit, "accuracy": self.best_accuracy},
            **{
                source: {name: getattr(self, name)[at].tolist() for name in OF_UNITS}
                for at, source in enumerate(self.sources)
            },
            "probe": self.probe.to_dict(),
        }

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Those of the units, and of the probe."""
        probe = {
            f"carry_probe_{name}": np.asarray(getattr(self.probe, name))
            for name in ("accuracy", "weight", "bias")
        }
        return {**super().arrays(), **probe}


def analyse_carry(
    network: AdderNetwork, replica: int = 0, *_: object, additions: int = ADDITIONS, seed: int = 0
) -> CarryAnalysis:
    """Look for the carry in a replica's units over random additions: so fast that it neither tells
    progress nor is stopped.

    Numbers are uniform below 2^(L − 1), L the longest length in training; thresholds and probe are
    fitted to the first half of the additions and scored on the other. `CheckpointError` if the
    weights are too large to compute with.
    """
    bits = draw_bits(additions, min(max(network.config.lengths[1], FEWEST_STEPS), MOST_STEPS), seed)
    return carry_analysis(
        activations_of(network, bits.astype(np.float32), replica), carries_of(bits)
    )


def carry_analysis(activations: Activations, carries: Bits) -> CarryAnalysis:
    """The analysis of the states and cells (T, N, H) during N additions, with what is to be carried
    (T, N) after each step.
    """
    looked_at = {STATE: activations.states} | (
        {} if activations.cells is None else {CELL: activations.cells}
    )
    # The last place has no next one to carry to.
    # (S, H, T−1, N), (T−1, N)
    held, carries = np.stack([*looked_at.values()])[:, :-1].transpose(0, 3, 1, 2), carries[:-1]
    half = carries.shape[1] // 2
    # (S, H, …)
    fitted, scored = (part.reshape(*held.shape[:2], -1) for part in np.split(held, [half], axis=3))
    known, asked = (part.ravel() for part in np.split(carries, [half], axis=1))
    figures, above = np.empty((3, *held.shape[:2])), np.empty(held.shape[:2], np.bool_)
    for at in np.ndindex(above.shape):
        threshold, above[at] = fit_threshold(fitted[at], known)
        right = ((scored[at] >= threshold) == above[at]) == asked
        figures[:, *at] = _correlation(scored[at], asked), right.mean(), threshold
    return CarryAnalysis(
        additions=carries.shape[1] - half,
        steps=len(carries) + 1,
        sources=tuple(looked_at),
        correlation=figures[0],
        accuracy=figures[1],
        threshold=figures[2],
        above=above,
        chance=chance_level(asked),
        probe=fit_probe(
            np.ascontiguousarray(fitted[0].T), known, np.ascontiguousarray(scored[0].T), asked
        ),
    )


def draw_bits(count: int, steps: int, seed: int) -> Bits:
    """Bits (T, N, 2) of N pairs of numbers uniform below 2^(T − 1), the lowest first."""
    bits = np.random.default_rng(seed).integers(0, 2, (steps, count, 2), np.uint8)
    bits[-1] = 0
    return bits


def carries_of(bits: Bits) -> Bits:
    """What is carried from each place to the next (T, N), of pairs of numbers (T, N, 2)."""
    totals = bits.sum(axis=2, dtype=np.uint8)
    carries: Bits = np.empty_like(totals)
    carry = np.zeros_like(totals[0])
    for place, total in enumerate(totals):
        carry = carries[place] = (total + carry) >> 1
    return carries


def fit_threshold(values: npt.NDArray[Any], labels: Labels) -> tuple[float, bool]:
    """The threshold, midway between two of the values (N,), that tells labels (N,) of 0 and 1 best;
    whether 1 is above.
    """
    order = np.argsort(values, kind="stable")
    ordered, ones = values[order].astype(np.float64), np.cumsum(labels[order], dtype=np.int64)
    count, all_ones = len(values), ones[-1]
    # Right readings with the k smallest values below the threshold, k = 0 … N − 1.
    below, ones_below = np.arange(count), np.concatenate([[0], ones[:-1]])
    right = (below - ones_below) + (all_ones - ones_below)
    # no threshold can part equal values
    possible = np.concatenate([[True], ordered[1:] > ordered[:-1]])
    up, down = np.where(possible, right, -1), np.where(possible, count - right, -1)
    above = bool(up.max() >= down.max())
    at = int((up if above else down).argmax())
    return float(ordered[at] if at == 0 else (ordered[at - 1] + ordered[at]) / 2), above


def _correlation(values: npt.NDArray[Any], labels: Labels) -> float:
    """Pearson's correlation; 0 where either never changes."""
    deviations, others = (one - one.mean(dtype=np.float64) for one in (values, labels))
    scale = np.sqrt(np.square(deviations).sum() * np.square(others).sum())
    return float((deviations * others).sum() / scale) if scale > 0 else 0.0


def _into_places(said: Labels) -> Bits:
    """As bits; nothing is carried into the lowest place, and nothing was read before it."""
    row: Bits = said.astype(np.uint8)
    row[0] = 0
    return row


class AdditionInspection(QuestionInspection[Sum, AdderNetwork]):
    """Two numbers."""

    def _traced(self) -> Trace:
        return trace_addition(self._network, self._question.numbers)

    def _right(self) -> list[int]:
        return [*map(int, self._question.numbers.bits(self._question.numbers.total))]

    @property
    def title(self) -> str:
        """The sum, and whether it is right."""
        truth = self._question.prefix + self._answer.document["expected"]
        return f"{self._answer.text}  {verdict(self._answer.correct, truth)}"

    @property
    def _carry(self) -> CarryAnalysis | None:
        return self.analyses.get(CarryAnalysis.name)

    def _columns(self) -> list[Column]:
        """The true carry into each place beside what the network has."""
        numbers, trace, analysis = self._question.numbers, self.trace, self._carry
        told: list[Column] = []
        if analysis is not None:
            values = [f"{value:+.3f}" for value in analysis.values(trace)]
            told = [
                ("probe", analysis.carry_row(trace)),
                ("{} {} before".format(*analysis.best), values),
            ]
        return [
            ("bit", range(trace.steps)),
            ("a", numbers.bits(numbers.a)),
            ("b", numbers.bits(numbers.b)),
            ("carry", numbers.carries),
            *told,
            ("output", [f"{value:.3f}" for value in trace.probabilities[:, 0]]),
            ("answer", trace.answers),
            ("right", self.reading.right),
            self._unit_column(),
        ]

    @property
    def asked(self) -> dict[str, Any]:
        """The carries, too."""
        return {**super().asked, "carries": self._question.numbers.carries.tolist()}

    def document(self, *, whole: bool = True) -> dict[str, Any]:
        """The carries that the states of this addition tell, too."""
        found = super().document(whole=whole)
        if whole and self._carry is not None:
            found["carry"]["read_here"] = self._carry.carry_row(self.reading.trace).tolist()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The carries, true and told, too."""
        found = {**super().arrays(), "carries": self._question.numbers.carries}
        if self._carry is not None:
            found["carry_read_here"] = self._carry.carry_row(self.reading.trace)
        return found
