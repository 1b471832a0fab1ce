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
    """Trace what a replica holds while it adds, one place a step, the lowest first.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    a, b = addition.bits(addition.a), addition.bits(addition.b)  # (T,)
    inputs = np.stack([a, b], axis=1).astype(np.float32)  # (T, 2)
    words = [f"{bit_of_a} + {bit_of_b}" for bit_of_a, bit_of_b in zip(a, b, strict=True)]
    return trace_inputs(network, inputs, replica, read=words)


Bits = npt.NDArray[np.uint8]

#: where a unit may keep the carry: in its output, or in its cell if it has one.
STATE, CELL = "state", "cell"
#: what is known of each source of each unit.
OF_UNITS = ("correlation", "accuracy", "threshold", "above")
ADDITIONS = 1000
#: the bits of an addition: the longest length in training, within these limits.
FEWEST_STEPS, MOST_STEPS = 4, 64


@dataclass(frozen=True, eq=False)
class CarryAnalysis(Analysis):
    """The accuracy with which each unit, and a linear probe, predicts the next place's carry.

    Accuracy is measured on additions that were not used for fitting.
    """

    name = "carry"
    in_json = ("additions", "steps", "chance")
    in_arrays = (*OF_UNITS, "chance")

    additions: int  #: how many were scored; as many others were fitted to.
    steps: int  #: time steps of each.
    #: (S,) what was looked at of each unit: its state, and its cell if it has one.
    sources: tuple[str, ...]
    #: (S, H), Pearson's, of each source with the carry; 0 if a unit never moves.
    correlation: npt.NDArray[np.float64]
    #: (S, H), the share of right readings, 0 … 1, of a threshold on the source.
    accuracy: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]  #: (S, H).
    #: (S, H), True if values from the threshold up mean a carry, False if those below do.
    above: npt.NDArray[np.bool_]
    chance: float  #: the share of the more frequent of carry and none.
    probe: LinearProbe  #: reads the carry off the states.

    @property
    def best(self) -> tuple[str, int]:
        """The source, `STATE` or `CELL`, and the unit, from 0, of the highest accuracy; of equals,
        of higher correlation.
        """
        correlation = np.abs(self.correlation).ravel()  # (S·H,)
        accuracy = self.accuracy.ravel()
        best = np.lexsort((-correlation, -accuracy))[0]
        source, unit = np.unravel_index(best, self.accuracy.shape)
        return self.sources[source], int(unit)

    @property
    def _best_place(self) -> tuple[int, int]:
        """The place in the figures (S, H) of the best unit."""
        source, unit = self.best
        return self.sources.index(source), unit

    @property
    def best_accuracy(self) -> float:
        """The share of right readings of the best unit, 0 … 1."""
        return float(self.accuracy.max())

    @property
    def summary(self) -> str:
        """Best unit and probe in a sentence."""
        source, unit = self.best
        return (
            f"The {source} of unit {unit} predicts the carry best: "
            f"{share(self.best_accuracy)} right, "
            f"correlation {self.correlation[self._best_place]:+.2f}; a linear probe on all states "
            f"{share(self.probe.accuracy)}; chance {share(self.chance)}."
        )

    @property
    def findings(self) -> list[str]:
        """Sentences on where the carry is kept, and on how that was measured."""
        return [
            self.summary,
            f"Fitted to one half of {ADDITIONS:,} random additions of {self.steps - 1} bits, "
            "scored on the other.",
        ]

    def values(self, trace: Trace) -> Array:
        """Return the best unit's state or cell (L,) before each place, for the carry into it.

        It is 0 at first.
        """
        source, unit = self.best
        values = np.zeros(trace.steps, np.float32)
        values[1:] = trace.layers[0].quantities[source][:-1, unit]
        return values

    def unit_row(self, trace: Trace) -> Bits:
        """Return the carry (L,) into each place as the best unit's threshold reads it."""
        best = self._best_place
        is_above = self.values(trace) >= self.threshold[best]
        return _into_places(is_above == self.above[best])

    def carry_row(self, trace: Trace) -> Bits:
        """Return the carry (L,) into each place as the probe predicts it."""
        states_before = np.roll(trace.layers[0].states, 1, axis=0)  # (L, H)
        return _into_places(self.probe.read(states_before))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        source, unit = self.best
        document = {
            **super().to_dict(),
            "best": {"source": source, "unit": unit, "accuracy": self.best_accuracy},
        }
        for at, name in enumerate(self.sources):
            document[name] = {figure: getattr(self, figure)[at].tolist() for figure in OF_UNITS}
        return {**document, "probe": self.probe.to_dict()}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the units and of the probe, by name."""
        arrays = super().arrays()
        for name in ("accuracy", "weight", "bias"):
            arrays[f"carry_probe_{name}"] = np.asarray(getattr(self.probe, name))
        return arrays


def analyse_carry(
    network: AdderNetwork, replica: int = 0, *_: object, additions: int = ADDITIONS, seed: int = 0
) -> CarryAnalysis:
    """Look for the carry in a replica's units over random additions: so fast that it neither tells
    progress nor is stopped.

    Numbers are uniform below 2^(L − 1), L the longest length in training; thresholds and probe are
    fitted to the first half of the additions and scored on the other. `CheckpointError` if the
    weights are too large to compute with.
    """
    longest = network.config.lengths[1]
    bits = draw_bits(additions, min(max(longest, FEWEST_STEPS), MOST_STEPS), seed)  # (T, N, 2)
    activations = activations_of(network, bits.astype(np.float32), replica)
    return carry_analysis(activations, carries_of(bits))


def carry_analysis(activations: Activations, carries: Bits) -> CarryAnalysis:
    """Measure how well states and cells (T, N, H) predict the carries (T, N) after each step.

    N is the number of additions.
    """
    values_of = {STATE: activations.states}
    if activations.cells is not None:
        values_of[CELL] = activations.cells
    # The last place has no next one to carry to.
    values = np.stack([*values_of.values()])[:, :-1].transpose(0, 3, 1, 2)  # (S, H, T−1, N)
    carries = carries[:-1]  # (T−1, N)
    half = carries.shape[1] // 2
    sources, units = values.shape[:2]
    # M values of each unit, of all steps of half of the additions
    fitted = values[..., :half].reshape(sources, units, -1)  # (S, H, M)
    scored = values[..., half:].reshape(sources, units, -1)
    fitted_carries = carries[:, :half].ravel()  # (M,)
    scored_carries = carries[:, half:].ravel()
    correlation, accuracy, threshold = np.empty((3, sources, units))
    above = np.empty((sources, units), np.bool_)
    for at in np.ndindex(sources, units):
        threshold[at], above[at] = fit_threshold(fitted[at], fitted_carries)
        readings = (scored[at] >= threshold[at]) == above[at]
        accuracy[at] = (readings == scored_carries).mean()
        correlation[at] = _correlation(scored[at], scored_carries)
    return CarryAnalysis(
        additions=carries.shape[1] - half,
        steps=len(carries) + 1,
        sources=tuple(values_of),
        correlation=correlation,
        accuracy=accuracy,
        threshold=threshold,
        above=above,
        chance=chance_level(scored_carries),
        probe=fit_probe(
            np.ascontiguousarray(fitted[0].T),
            fitted_carries,
            np.ascontiguousarray(scored[0].T),
            scored_carries,
        ),
    )


def draw_bits(count: int, steps: int, seed: int) -> Bits:
    """Draw bits (T, N, 2) of N pairs of numbers uniform below 2^(T − 1), the lowest first."""
    bits = np.random.default_rng(seed).integers(0, 2, (steps, count, 2), np.uint8)
    bits[-1] = 0
    return bits


def carries_of(bits: Bits) -> Bits:
    """Return the carries (T, N) out of each place, for pairs of numbers (T, N, 2)."""
    totals = bits.sum(axis=2, dtype=np.uint8)
    carries: Bits = np.empty_like(totals)
    carry = np.zeros_like(totals[0])
    for place, total in enumerate(totals):
        carry = carries[place] = (total + carry) >> 1
    return carries


def fit_threshold(values: npt.NDArray[Any], labels: Labels) -> tuple[float, bool]:
    """Find the threshold that best separates values (N,) by labels (N,) of 0 and 1.

    It is midway between two values. Also returned: whether label 1 is above it.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order].astype(np.float64)
    ones = np.cumsum(labels[order], dtype=np.int64)  # among the first 1 … N
    count, all_ones = len(values), ones[-1]
    # With the k smallest values below the threshold, k = 0 … N − 1, and 1 above it, right are the
    # zeros below and the ones above.
    below = np.arange(count)
    ones_below = np.concatenate([[0], ones[:-1]])
    right = (below - ones_below) + (all_ones - ones_below)
    # no threshold can part equal values
    possible = np.concatenate([[True], ordered[1:] > ordered[:-1]])
    right_if_above = np.where(possible, right, -1)
    right_if_below = np.where(possible, count - right, -1)
    above = bool(right_if_above.max() >= right_if_below.max())
    at = int((right_if_above if above else right_if_below).argmax())
    threshold = ordered[0] if at == 0 else (ordered[at - 1] + ordered[at]) / 2
    return float(threshold), above


def _correlation(values: npt.NDArray[Any], labels: Labels) -> float:
    """Return Pearson's correlation of values and labels (N,); 0 if either never changes."""
    of_values = values - values.mean(dtype=np.float64)
    of_labels = labels - labels.mean(dtype=np.float64)
    scale = np.sqrt(np.square(of_values).sum() * np.square(of_labels).sum())
    return float((of_values * of_labels).sum() / scale) if scale > 0 else 0.0


def _into_places(carries: Labels) -> Bits:
    """Return labels as bits, with 0 in the lowest place, which no carry enters."""
    row: Bits = carries.astype(np.uint8)
    row[0] = 0
    return row


class AdditionInspection(QuestionInspection[Sum, AdderNetwork]):
    """An inspection of a network that adds two numbers."""

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
        """Return the true carry into each place beside what the network has."""
        numbers, trace, analysis = self._question.numbers, self.trace, self._carry
        carry_columns: list[Column] = []
        if analysis is not None:
            source, unit = analysis.best
            values = [f"{value:+.3f}" for value in analysis.values(trace)]
            carry_columns = [
                ("probe", analysis.carry_row(trace)),
                (f"{source} {unit} before", values),
            ]
        return [
            ("bit", range(trace.steps)),
            ("a", numbers.bits(numbers.a)),
            ("b", numbers.bits(numbers.b)),
            ("carry", numbers.carries),
            *carry_columns,
            ("output", [f"{value:.3f}" for value in trace.probabilities[:, 0]]),
            ("answer", trace.answers),
            ("right", self.reading.right),
            self._unit_column(),
        ]

    @property
    def input_document(self) -> dict[str, Any]:
        """The carries, too."""
        return {**super().input_document, "carries": self._question.numbers.carries.tolist()}

    def document(self, *, whole: bool = True) -> dict[str, Any]:
        """Return the carries that the states of this addition tell, too."""
        document = super().document(whole=whole)
        if whole and self._carry is not None:
            document["carry"]["read_here"] = self._carry.carry_row(self.reading.trace).tolist()
        return document

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the true carries and those that the states tell, too."""
        arrays = {**super().arrays(), "carries": self._question.numbers.carries}
        if self._carry is not None:
            arrays["carry_read_here"] = self._carry.carry_row(self.reading.trace)
        return arrays
