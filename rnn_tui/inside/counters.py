"""Counters: units whose value grows by the same amount with each symbol, and falls with another.

A network that has to say whether a word has as many a as b can count: one unit goes up with each a
and down with each b. An LSTM's cell has no bound, so it can do so for words of any length; the
state of a GRU or an RNN lies between −1 and 1 and can't (Weiss, Goldberg & Yahav 2018, “On the
Practical Computational Power of Finite Precision RNNs for Language Recognition”).

With n_s the number of symbols s read so far, a unit that counts has the value

    intercept + Σ_s slope_s · n_s

The slopes are fitted by least squares to words as long as those in training, and R², the share of
the variance that this explains, is measured on words up to three times as long: what is bent by a
bound looks straight on short words, and not on long ones.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.hidden import CELL, STATE
from rnn_tui.inside.probes import Analysis, activations_of
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.words import words_for

COUNTS_FROM = 0.99  # R² on longer words from which on a unit is said to count
FARTHER = 3  # how many times as long as in training the longest words are
MOST_WORDS = 40  # words that are fitted to; of longer ones, so many per length in training
MOST_STEPS = 128  # of a word that is fitted to
LEAST_VARIANCE = 1e-8  # a unit that moves less does not count
LIMITS = (
    "Not found are counts that several units share, or that grow by steps of different size. "
    "Whether the answer depends on a unit that counts is seen when it is ablated."
)


@dataclass(frozen=True, eq=False)
class CountersAnalysis(Analysis):
    """How well each unit's state, and its cell if it has one, follows the numbers of symbols."""

    name = "counters"
    in_arrays = ("slopes", "intercepts", "within", "beyond")

    symbols: tuple[str, ...]  #: (K,) the ones that are counted.
    numbers: tuple[int, ...]  #: (K,) which of the numbers that are read is 1 for each.
    sources: tuple[str, ...]  #: (S,) what was looked at of each unit.
    slopes: npt.NDArray[np.float64]  #: (S, H, K) what each symbol adds to the value.
    intercepts: npt.NDArray[np.float64]  #: (S, H) the value before the first symbol.
    within: npt.NDArray[np.float64]  #: (S, H) R² on the words that were fitted to.
    #: (S, H) R² on longer ones, below 0 where the mean would be nearer; 0 of what never moves.
    beyond: npt.NDArray[np.float64]
    trained: int  #: symbols of the longest word that was fitted to.
    longest: int  #: symbols of the longest word.

    @property
    def best(self) -> tuple[int, int]:
        """The places of the source and unit that count best in longer words."""
        source, unit = np.unravel_index(self.beyond.argmax(), self.beyond.shape)
        return int(source), int(unit)

    @property
    def counting(self) -> list[tuple[int, int]]:
        """The places of the sources and units that count, the best first."""
        places = [(int(source), int(unit)) for source, unit in np.argwhere(self._counts)]
        return sorted(places, key=lambda place: -self.beyond[place])

    @property
    def _counts(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.beyond >= COUNTS_FROM)

    @property
    def units_counting(self) -> int:
        """How many units count, in state or cell."""
        return int(self._counts.any(axis=0).sum())

    def in_words(self, place: tuple[int, int]) -> str:
        """Return what each symbol adds to a source of a unit, such as `+0.97 for each a`."""
        slopes = zip(self.slopes[place], self.symbols, strict=True)
        return ", ".join(f"{slope:+.3g} for each {symbol}" for slope, symbol in slopes)

    def of_unit(self, unit: int) -> str:
        """Return a sentence on the state of a unit, and on its cell if it has one."""
        parts = [
            f"{source} R² {self.beyond[at, unit]:.2f}, {self.in_words((at, unit))}"
            for at, source in enumerate(self.sources)
        ]
        return f"Unit {unit}: {'; '.join(parts)}."

    @property
    def summary(self) -> str:
        """A sentence on the best unit, and on how many count."""
        source, unit = self.best
        named = f"the {self.sources[source]} of unit {unit}"
        units = self.beyond.shape[1]
        if not self.units_counting:
            return (
                f"No unit counts: the best, {named}, follows the numbers of symbols with R² "
                f"{self.within[self.best]:.2f} in words of up to {self.trained} symbols, with "
                f"{self.beyond[self.best]:.2f} in words of up to {self.longest}."
            )
        return (
            f"{named[0].upper()}{named[1:]} counts: {self.in_words(self.best)}, R² "
            f"{self.beyond[self.best]:.4f} in words of up to {self.longest} symbols, fitted to "
            f"{self.trained}. In all, {self.units_counting} of {units} units count."
        )

    @property
    def findings(self) -> list[str]:
        """The summary, all units that count, and what the analysis can't see."""
        lines = [
            f"{self.sources[place[0]]} of unit {place[1]}: {self.in_words(place)}, "
            f"R² {self.beyond[place]:.4f}"
            for place in self.counting[1:]
        ]
        return [self.summary, *lines, LIMITS]

    def values(self, trace: Trace) -> Array:
        """Return the best unit's value (T,) after each step."""
        source, unit = self.best
        values: Array = trace.layers[0].quantities[self.sources[source]][:, unit]
        return values

    def line(self, trace: Trace) -> Array:
        """Return the value (T,) that the best unit has if it counts all symbols alike."""
        counts = trace.inputs[:, list(self.numbers)].cumsum(axis=0)  # (T, K)
        line = counts @ self.slopes[self.best] + self.intercepts[self.best]
        return np.asarray(line, np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        source, unit = self.best
        document: dict[str, Any] = {
            "symbols": list(self.symbols),
            "trained": self.trained,
            "longest": self.longest,
            "units_counting": self.units_counting,
            "best": {
                "source": self.sources[source],
                "unit": unit,
                "slopes": self.slopes[self.best].tolist(),
                "within": float(self.within[self.best]),
                "beyond": float(self.beyond[self.best]),
            },
        }
        for at, name in enumerate(self.sources):
            document[name] = {
                figure: getattr(self, figure)[at].tolist() for figure in self.in_arrays
            }
        return document


@dataclass(frozen=True, eq=False)
class CountedStates:
    """What units held after each of M steps, of several words, and what had been read by then."""

    counts: npt.NDArray[np.float64]  #: (M, K), of each symbol.
    values: npt.NDArray[np.float64]  #: (S, M, H), by source.


def analyse_counters(reading: NetworkReading, *_: object) -> CountersAnalysis:
    """Look for counters in a replica's units: so fast that it neither reports nor is stopped.

    Words have equally many of each symbol that the task counts, one symbol after the other.

    Raises:
        CheckpointError: if the weights are too large to compute with.
    """
    network: SequenceNetwork = reading.network.source
    words = words_for(network.task, network.config)
    symbols = network.shape.counted
    places = np.array([words.names.index(symbol) for symbol in symbols])  # (K,)
    block = max(2, min(network.config.lengths[1], MOST_STEPS) // len(places))
    longest = FARTHER * block

    def states(first: int, last: int) -> CountedStates:
        blocks = np.unique(np.linspace(first, last, MOST_WORDS).round().astype(int))
        steps = np.arange(last * len(places))[:, None]
        in_word = steps < blocks * len(places)  # (T, N)
        # after the end of a word, its last symbol goes on; these steps are left out below
        drawn = places[np.minimum(steps // blocks, len(places) - 1)]  # (T, N)
        inputs = words.inputs(drawn).astype(np.float32)  # (T, N, F)
        activations = activations_of(network, inputs, reading.network.replica)
        sources = [activations.states, *([] if activations.cells is None else [activations.cells])]
        counts = inputs[..., places].cumsum(axis=0)  # (T, N, K)
        return CountedStates(
            counts[in_word].astype(np.float64),
            np.stack([source[in_word] for source in sources]).astype(np.float64),
        )

    return counters_analysis(
        states(1, block),
        states(block + 1, longest),
        symbols,
        tuple(places.tolist()),
        (block * len(places), longest * len(places)),
    )


def counters_analysis(
    fitted: CountedStates,
    scored: CountedStates,
    symbols: tuple[str, ...],
    numbers: tuple[int, ...],
    lengths: tuple[int, int],
) -> CountersAnalysis:
    """Fit how the values of units follow the numbers of symbols, and score that on longer words.

    Args:
        fitted: the states to fit to.
        scored: those of longer words.
        symbols: (K,) the names of the symbols.
        numbers: (K,) which number that is read is 1 for each.
        lengths: symbols of the longest word among `fitted`, and of the longest of all.
    """
    sources = (STATE, CELL)[: len(fitted.values)]
    design = _with_ones(fitted.counts)  # (M, K + 1)
    solutions = [np.linalg.lstsq(design, values, rcond=None)[0] for values in fitted.values]
    solution = np.stack(solutions)  # (S, K + 1, H)
    return CountersAnalysis(
        symbols=symbols,
        numbers=numbers,
        sources=sources,
        slopes=solution[:, :-1].transpose(0, 2, 1),
        intercepts=solution[:, -1],
        within=_explained(fitted, solution),
        beyond=_explained(scored, solution),
        trained=lengths[0],
        longest=lengths[1],
    )


def _with_ones(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return counts (M, K) with a column of ones behind them, for the intercept."""
    return np.column_stack([counts, np.ones(len(counts))])


def _explained(states: CountedStates, solution: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return R² (S, H) of lines (S, K + 1, H); 0 where a unit hardly moves."""
    errors = states.values - _with_ones(states.counts) @ solution  # (S, M, H)
    variance = states.values.var(axis=1)  # (S, H)
    moves = variance > LEAST_VARIANCE
    r_squared = 1 - np.square(errors).mean(axis=1) / np.where(moves, variance, 1)
    return np.where(moves, r_squared, 0.0)
