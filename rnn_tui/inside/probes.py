"""Linear probes: can a quantity be read off a state by a plane, and how often correctly?

A probe is fitted to some of the data and scored on other data (Alain & Bengio 2017, “Understanding
intermediate layers using linear classifier probes”). Beside its accuracy stands the chance level,
that of always naming the most frequent class.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.trace import Record
from rnn_tui.networks.stepwise import Activations, Array, require_finite

if TYPE_CHECKING:
    from rnn_tui.tasks.sequences.inference import SequenceNetwork

Labels: TypeAlias = npt.NDArray[Any]

MOST_ITERATIONS = 500
LEAST_DEVIATION = 1e-3  # a unit that hardly moves is not blown up to a deviation of 1


def activations_of(network: "SequenceNetwork", inputs: Array, replica: int) -> Activations:
    """Return the activations of a replica while it reads `inputs` (T, N, F) of the task.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    with np.errstate(all="ignore"):
        activations = network.cell(replica).run(network.embedded(inputs, replica))
    require_finite(activations.states)
    if activations.cells is not None:
        require_finite(activations.cells)
    return activations


def chance_level(labels: Labels) -> float:
    """Return the share, 0 … 1, of the most frequent of whole numbers (N,) from 0."""
    return float(np.bincount(labels).max() / len(labels))


def share(value: float, digits: int = 1) -> str:
    """Return a share 0 … 1 in percent."""
    return f"{100 * value:.{digits}f} %"


class Analysis(Record):
    """The result of an analysis of a whole network."""

    in_arrays: ClassVar[tuple[str, ...]]  #: its fields and properties there.
    in_sentences: ClassVar[tuple[str, ...]] = ()  #: further properties, which sentences quote.

    @property
    def name(self) -> str:
        """What documents call it; its arrays' names in an NPZ file begin with it."""
        raise NotImplementedError

    @property
    def summary(self) -> str:
        """The result in a sentence."""
        raise NotImplementedError

    @property
    def findings(self) -> list[str]:
        """The results line by line: the summary, then the details."""
        return [self.summary]

    @property
    def figures(self) -> dict[str, Any]:
        """What sentences may quote: all that the document has, and `in_sentences`."""
        quoted = {name: getattr(self, name) for name in self.in_sentences}
        return {**self.to_dict(), **quoted, "summary": self.summary}

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all numbers by their names in an NPZ file."""
        return {
            f"{self.name}_{field}": np.asarray(getattr(self, field)) for field in self.in_arrays
        }


@dataclass(frozen=True, eq=False)
class LinearProbe(Record):
    """Multinomial logistic regression on states of H units."""

    in_json = ("accuracy", "chance", "classes", "weight", "bias")

    classes: Labels  #: (C,) what it can say.
    weight: npt.NDArray[np.float64]  #: (C, H), for states as they are.
    bias: npt.NDArray[np.float64]  #: (C,).
    accuracy: float  #: the share of right readings, 0 … 1, of data that it was not fitted to.
    chance: float  #: the share of the most frequent class there.

    def read(self, states: Array) -> Labels:
        """Return the most probable class (N,) for `states` (N, H)."""
        result: Labels = self.classes[(states @ self.weight.T + self.bias).argmax(axis=1)]
        return result


def fit_probe(
    states: Array, labels: Labels, scored_states: Array, scored_labels: Labels
) -> LinearProbe:
    """Fit a probe, and score it on other data.

    scikit-learn's `LogisticRegression` with its usual regularisation, on standardised units.

    Args:
        states: (N, H), to fit to.
        labels: (N,), whole numbers from 0.
        scored_states: (M, H), to score on.
        scored_labels: (M,).
    """
    classes = np.unique(labels)
    if len(classes) == 1:
        weight, bias = np.zeros((1, states.shape[1])), np.zeros(1)
    else:
        weight, bias = _fitted(states, labels)
    chance = chance_level(scored_labels)
    probe = LinearProbe(classes, weight, bias, accuracy=0.0, chance=chance)
    right = probe.read(scored_states) == scored_labels
    return replace(probe, accuracy=float(right.mean()))


def _fitted(
    states: Array, labels: Labels
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the weight (C, H) and bias (C,), for states as they are."""
    from sklearn.linear_model import LogisticRegression  # a second, on use only

    mean = states.mean(axis=0, dtype=np.float64)
    deviation = np.maximum(states.std(axis=0, dtype=np.float64), LEAST_DEVIATION)
    model = LogisticRegression(max_iter=MOST_ITERATIONS)
    model.fit((states - mean) / deviation, labels)
    weight, bias = model.coef_, model.intercept_
    if len(weight) == 1:  # of two classes, scikit-learn keeps the second one's only
        weight = np.vstack([np.zeros_like(weight), weight])
        bias = np.array([0.0, bias[0]])
    weight = weight / deviation
    return weight, bias - weight @ mean
