"""How long each input survives in the state of a network that reads symbols."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.probes import (
    Analysis,
    activations_of,
    chance_level,
    fit_probe,
    share,
)
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.words import words_for

SEQUENCES = 2000  # half of them to fit to, half to score on
MOST_POSITIONS = 16  # positions that are probed, evenly spread; and as many steps


@dataclass(frozen=True, eq=False)
class SurvivalAnalysis(Analysis):
    """The accuracy with which a probe on the state predicts earlier symbols after each step."""

    name = "survival"
    in_json = ("sequences", "position", "positions", "steps", "accuracy", "chance")
    in_arrays = ("positions", "steps", "accuracy", "chance")

    sequences: int  #: how many were scored; as many others were fitted to.
    positions: npt.NDArray[np.int64]  #: (P,) the positions looked at, from 1.
    steps: npt.NDArray[np.int64]  #: (S,) the steps looked at, from 1.
    #: (P, S), the share of right readings, 0 … 1; NaN if the symbol is not read yet.
    accuracy: npt.NDArray[np.float64]
    chance: npt.NDArray[np.float64]  #: (P,), the share of the most frequent symbol at each one.
    position: int | None  #: the position that the network was trained to recall, if any.
    element: str = "symbol"  #: what is read at a step.

    @property
    def summary(self) -> str:
        """A sentence on what is left after the last step."""
        last = self.accuracy[:, -1]  # (P,)
        best = int(np.nanargmax(last))
        others = np.delete(last, best)
        sentence = (
            f"After step {self.steps[-1]} a linear probe reads the {self.element} at position "
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
    reading: NetworkReading,
    progress: Progress = UNWATCHED,
    *,
    sequences: int = SEQUENCES,
    seed: int = 0,
) -> SurvivalAnalysis | None:
    """Fit probes to states over random sequences, as `survival_analysis` says.

    Raises:
        CheckpointError: if weights are too large to compute with.
    """
    network: SequenceNetwork = reading.network.source
    longest, position = network.config.lengths[1], network.config.position
    words = words_for(network.task, network.config)
    drawn = words.drawn(longest, sequences, np.random.default_rng(seed))  # (T, N)
    inputs = words.inputs(drawn).astype(np.float32)  # (T, N, F)
    states = activations_of(network, inputs, reading.network.replica).states  # (T, N, H)
    positions = evenly_spread(longest, MOST_POSITIONS, position)
    return survival_analysis(
        states, drawn, positions, position, network.shape.element, progress=progress
    )


def survival_analysis(
    states: Array,
    symbols: npt.NDArray[np.integer],
    positions: npt.NDArray[np.int64],
    trained_position: int | None = None,
    element: str = "symbol",
    *,
    progress: Progress = UNWATCHED,
) -> SurvivalAnalysis | None:
    """Measure how well probes predict symbols from later states; return None if it was stopped.

    Args:
        states: (T, N, H).
        symbols: (T, N), of which the first half is fitted to, the second scored.
        positions: (P,), from 1, ascending: the positions, and also the steps, that are looked at.
        trained_position: the one that the network was trained to recall, if any.
        element: what is read at a step, in a word.
        progress: in fits.
    """
    half, count = symbols.shape[1] // 2, len(positions)
    accuracy = np.full((count, count), np.nan)
    # Step by step, so that a view can show a symbol fade while the later steps are still to come.
    pairs = [(row, column) for column in range(count) for row in range(column + 1)]
    progress.advance(0, len(pairs))
    for done, (row, column) in enumerate(pairs, start=1):
        if progress.stopping:
            return None
        states_there = states[positions[column] - 1]  # (N, H)
        labels = symbols[positions[row] - 1]  # (N,)
        probe = fit_probe(states_there[:half], labels[:half], states_there[half:], labels[half:])
        accuracy[row, column] = probe.accuracy
        progress.advance(done, len(pairs))
    chance = np.array([chance_level(symbols[position - 1, half:]) for position in positions])
    return SurvivalAnalysis(
        sequences=symbols.shape[1] - half,
        positions=positions,
        steps=positions.copy(),
        accuracy=accuracy,
        chance=chance,
        position=trained_position,
        element=element,
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
