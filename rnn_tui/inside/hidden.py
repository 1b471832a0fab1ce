"""Where a network keeps its task's hidden variable: a quantity of each step that it never reads or
answers, such as the carry of an addition.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.probes import (
    Analysis,
    Labels,
    LinearProbe,
    activations_of,
    chance_level,
    fit_probe,
    share,
)
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import draw_examples
from rnn_tui.inside.trace import Trace
from rnn_tui.networks.stepwise import Activations, Array
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.words import truth_of, words_for
from rnn_tui.tasks.shapes import HiddenVariable
from rnn_tui.tasks.task import SequenceShape

#: where a unit may keep it: in its output, or in its cell if it has one.
STATE, CELL = "state", "cell"
#: what is known of each source of each unit.
OF_UNITS = ("correlation", "accuracy", "threshold", "above")
SEQUENCES = 1000
#: the steps of a sequence: the longest length in training, within these limits.
FEWEST_STEPS, MOST_STEPS = 4, 64


@dataclass(frozen=True, eq=False)
class HiddenAnalysis(Analysis):
    """The accuracy with which each unit, and a linear probe, predicts the hidden variable.

    Accuracy is measured on sequences that were not used for fitting. Single units are scored if the
    variable has two values, by a threshold between these.
    """

    in_arrays = (*OF_UNITS, "chance")

    variable: HiddenVariable
    shape: SequenceShape  #: of the task.
    sequences: int  #: how many were scored; as many others were fitted to.
    steps: int  #: time steps of each.
    #: (S,) what was looked at of each unit: its state, and its cell if it has one; of more than two
    #: values, nothing.
    sources: tuple[str, ...]
    #: (S, H), Pearson's, of each source with the variable; 0 if a unit never moves.
    correlation: npt.NDArray[np.float64]
    #: (S, H), the share of right readings, 0 … 1, of a threshold on the source.
    accuracy: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]  #: (S, H).
    #: (S, H), True if values from the threshold up mean the second value, False if those below do.
    above: npt.NDArray[np.bool_]
    chance: float  #: the share of the most frequent value.
    probe: LinearProbe  #: reads the variable off the states.

    @property
    def name(self) -> str:
        """The name of the variable, as keys of documents have it."""
        return self.variable.key

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
        accuracy, chance = share(self.probe.accuracy), share(self.chance)
        if not self.sources:
            return (
                f"A linear probe on all states predicts the {self.variable.name} with {accuracy} "
                f"right; chance {chance}."
            )
        source, unit = self.best
        return (
            f"The {source} of unit {unit} predicts the {self.variable.name} best: "
            f"{share(self.best_accuracy)} right, "
            f"correlation {self.correlation[self._best_place]:+.2f}; a linear probe on all states "
            f"{accuracy}; chance {chance}."
        )

    @property
    def findings(self) -> list[str]:
        """Sentences on where the variable is kept, and on how that was measured."""
        steps = self.steps - 1 if self.shape.every_step else self.steps
        return [
            self.summary,
            f"Fitted to one half of {2 * self.sequences:,} random {self.shape.sequences} of "
            f"{steps} {self.shape.inputs}, scored on the other.",
        ]

    def values(self, trace: Trace) -> Array:
        """Return the best unit's state or cell (T,), as `_shown` says when."""
        source, unit = self.best
        return _shown(trace, trace.layers[0].quantities[source][:, unit])

    def unit_row(self, trace: Trace) -> npt.NDArray[np.uint8]:
        """Return the variable (T,) as the best unit's threshold predicts it."""
        best = self._best_place
        is_above = self.values(trace) >= self.threshold[best]
        return _from_first(trace, is_above == self.above[best])

    def probe_row(self, trace: Trace) -> npt.NDArray[np.uint8]:
        """Return the variable (T,) as the probe predicts it."""
        return _from_first(trace, _shown(trace, self.probe.read(trace.layers[0].states)))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        document: dict[str, Any] = {
            self.shape.sequences: self.sequences,
            "steps": self.steps,
            "chance": self.chance,
        }
        if self.sources:
            source, unit = self.best
            document["best"] = {"source": source, "unit": unit, "accuracy": self.best_accuracy}
        for at, name in enumerate(self.sources):
            document[name] = {figure: getattr(self, figure)[at].tolist() for figure in OF_UNITS}
        return {**document, "probe": self.probe.to_dict()}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of the units and of the probe, by name."""
        arrays = super().arrays()
        for name in ("accuracy", "weight", "bias"):
            arrays[f"{self.name}_probe_{name}"] = np.asarray(getattr(self.probe, name))
        return arrays


def _shown(trace: Trace, after_steps: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what is shown beside each step of what is known after each step (T,).

    Where every step has an answer, that is what comes into the step, for the answer there; 0 at
    first.
    """
    if not trace.every_step:
        return after_steps
    into_steps = np.zeros_like(after_steps)
    into_steps[1:] = after_steps[:-1]
    return into_steps


def _from_first(trace: Trace, labels: Labels) -> npt.NDArray[np.uint8]:
    """Return labels (T,) as small numbers; nothing comes into the first step, if that is shown."""
    row: npt.NDArray[np.uint8] = labels.astype(np.uint8)
    if trace.every_step:
        row[0] = 0
    return row


def true_values(network: SequenceNetwork, inputs: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Return the hidden variable (T, N) after each step of inputs (T, N, F)."""
    hidden = truth_of(network.task, network.config).hidden
    assert hidden is not None
    return hidden(inputs)


def true_row(network: SequenceNetwork, trace: Trace) -> npt.NDArray[np.uint8]:
    """Return the hidden variable (T,) of what was read, as it is shown beside each step."""
    return _from_first(trace, _shown(trace, true_values(network, trace.inputs[:, None])[:, 0]))


def analyse_hidden(
    reading: NetworkReading,
    *_: object,
    sequences: int = SEQUENCES,
    seed: int = 0,
) -> HiddenAnalysis:
    """Look for the hidden variable in a replica's units over random sequences: so fast that it
    neither reports progress nor is stopped.

    Thresholds and probe are fitted to the first half of the sequences and scored on the other.
    Their length is the longest in training.

    Raises:
        CheckpointError: if the weights are too large to compute with.
    """
    network: SequenceNetwork = reading.network.source
    task, config = network.task, network.config
    assert task.hidden is not None
    steps = min(max(config.lengths[1], FEWEST_STEPS), MOST_STEPS)
    if network.shape.alphabet:
        words = words_for(task, config)
        drawn = words.drawn(steps, sequences, np.random.default_rng(seed))
        inputs = words.inputs(drawn).astype(np.float32)  # (T, N, F)
    else:
        inputs = draw_examples(task, config, sequences, seed, length=steps).inputs
    activations = activations_of(network, inputs, reading.network.replica)
    return hidden_analysis(activations, true_values(network, inputs), task.hidden, network.shape)


def hidden_analysis(
    activations: Activations,
    values: npt.NDArray[Any],
    variable: HiddenVariable,
    shape: SequenceShape,
) -> HiddenAnalysis:
    """Measure how well states and cells (T, N, H) predict a variable (T, N) after each step.

    Args:
        activations: of N sequences.
        values: the numbers of the variable's values.
        variable: what is predicted.
        shape: that of the task. Where every step has an answer, what is left after the last one is
            of no use.
    """
    values_of = {STATE: activations.states}
    if activations.cells is not None:
        values_of[CELL] = activations.cells
    looked_at = len(values) - shape.every_step
    sources = np.stack([*values_of.values()])[:, :looked_at].transpose(0, 3, 1, 2)  # (S, H, T, N)
    values = values[:looked_at]
    half = values.shape[1] // 2
    count, units = sources.shape[:2]
    # M values of each unit, of all steps of half of the sequences
    fitted = sources[..., :half].reshape(count, units, -1)  # (S, H, M)
    scored = sources[..., half:].reshape(count, units, -1)
    fitted_values = values[:, :half].ravel()  # (M,)
    scored_values = values[:, half:].ravel()
    scored_sources = tuple(values_of) if len(variable.values) == 2 else ()
    correlation, accuracy, threshold = np.empty((3, len(scored_sources), units))
    above = np.empty((len(scored_sources), units), np.bool_)
    for at in np.ndindex(*above.shape):
        threshold[at], above[at] = fit_threshold(fitted[at], fitted_values)
        readings = (scored[at] >= threshold[at]) == above[at]
        accuracy[at] = (readings == scored_values).mean()
        correlation[at] = _correlation(scored[at], scored_values)
    return HiddenAnalysis(
        variable=variable,
        shape=shape,
        sequences=values.shape[1] - half,
        steps=len(values) + shape.every_step,
        sources=scored_sources,
        correlation=correlation,
        accuracy=accuracy,
        threshold=threshold,
        above=above,
        chance=chance_level(scored_values),
        probe=fit_probe(
            np.ascontiguousarray(fitted[0].T),
            fitted_values,
            np.ascontiguousarray(scored[0].T),
            scored_values,
        ),
    )


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
