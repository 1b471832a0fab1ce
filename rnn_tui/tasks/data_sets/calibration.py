"""Whether probabilities mean what they say, and a temperature that makes them mean more of it.

Of answers with a probability of 80 % some 80 % should be right. A temperature T divides logits
before they become probabilities, so no answer changes (Guo et al. 2017). It is fitted on the
validation sequences, for each replica, and used only if it helps there: fitted on one half of them,
it has to lower the loss of the other half, and the reverse.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.metrics import Figures

Floats = npt.NDArray[np.float64]

BINS = 10  # of equal width, from 0 to 1
COOLEST, HOTTEST = 0.05, 20.0  # temperatures that may be fitted
BISECTIONS = 40  # of a range of logarithms of six: to 12 digits
NO_TEMPERATURE = 1.0


class AnsweredTargets(NamedTuple):
    """What R replicas answer where n targets are known."""

    logits: npt.NDArray[np.float32]  #: (R, n, C).
    targets: npt.NDArray[np.int64]  #: (n,) the right classes.


def probabilities_of(logits: npt.NDArray[Any], *, separate: bool) -> Floats:
    """Return the probabilities (…, C) of classes: a softmax, or a sigmoid of each by itself."""
    wide = logits.astype(np.float64)
    if separate:
        return 0.5 * (1 + np.tanh(wide / 2))
    powers = np.exp(wide - wide.max(axis=-1, keepdims=True))
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def mean_loss(logits: npt.NDArray[Any], targets: npt.NDArray[Any], *, separate: bool) -> float:
    """Return the mean negative log-likelihood of targets (n,), by logits (n, C)."""
    wide = logits.astype(np.float64)
    of_targets = np.take_along_axis(wide, targets[:, None], axis=1)[:, 0]
    if separate:  # a yes or no of each class: log(1 + exp(z)), less z of the right one
        return float((np.logaddexp(0, wide).sum(axis=1) - of_targets).mean())
    largest = wide.max(axis=1)
    normaliser = largest + np.log(np.exp(wide - largest[:, None]).sum(axis=1))
    return float((normaliser - of_targets).mean())


def fitted_temperature(
    logits: npt.NDArray[Any], targets: npt.NDArray[Any], *, separate: bool
) -> float:
    """Return the temperature with the least loss; 1 if that is beyond all bounds.

    The loss is convex in 1 / T. Its slope there is the mean over targets of

        sum of p · z over the classes, less z of the right class.

    Where no answer is wrong the loss falls for ever as T does: such answers tell no temperature.

    Args:
        logits: z (n, C) of one replica.
        targets: (n,) the right classes.
        separate: see `probabilities_of`.
    """
    if not len(targets) or not np.isfinite(logits).all():
        return NO_TEMPERATURE
    wide = logits.astype(np.float64)
    of_targets = np.take_along_axis(wide, targets[:, None], axis=1)[:, 0].mean()

    def slope(inverse: float) -> float:
        expected = (probabilities_of(wide * inverse, separate=separate) * wide).sum(axis=1)
        return float(expected.mean() - of_targets)

    low, high = -np.log(HOTTEST), -np.log(COOLEST)  # of log 1 / T
    if slope(np.exp(low)) >= 0 or slope(np.exp(high)) <= 0:
        return NO_TEMPERATURE
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if slope(np.exp(middle)) < 0:
            low = middle
        else:
            high = middle
    return float(np.exp(-(low + high) / 2))


def useful_temperature(halves: Sequence[AnsweredTargets], replica: int, *, separate: bool) -> float:
    """Return the temperature of a replica if it helps on what it was not fitted on, else 1.

    Args:
        halves: answers to the two halves of the validation sequences.
        replica: which one.
        separate: see `probabilities_of`.
    """
    parts = [(half.logits[replica], half.targets) for half in halves]
    if any(not len(targets) for _, targets in parts):
        return NO_TEMPERATURE
    loss, loss_with = 0.0, 0.0
    for (logits, targets), others in zip(parts, reversed(parts), strict=True):
        temperature = fitted_temperature(*others, separate=separate)
        loss += len(targets) * mean_loss(logits, targets, separate=separate)
        loss_with += len(targets) * mean_loss(logits / temperature, targets, separate=separate)
    if not loss_with < loss:
        return NO_TEMPERATURE
    all_logits, all_targets = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return fitted_temperature(all_logits, all_targets, separate=separate)


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies in a range, its upper end included."""

    low: float  #: from this probability, 0 … 1.
    high: float  #: up to this one.
    count: int  #: answers.
    confidence: float  #: their mean probability; 0 of none.
    right: float  #: the share of right ones among them; 0 of none.


def reliability(probabilities: Floats, targets: npt.NDArray[Any]) -> list[ReliabilityBin]:
    """Return the bins of answers, all of them.

    Args:
        probabilities: (n, C).
        targets: (n,) the right classes.
    """
    confidence = np.nan_to_num(probabilities.max(axis=1))  # of a network that diverged
    is_right = probabilities.argmax(axis=1) == targets
    edges = np.linspace(0, 1, BINS + 1)
    places = np.clip(np.ceil(confidence * BINS).astype(int) - 1, 0, BINS - 1)
    counts = np.bincount(places, minlength=BINS)
    divisors = np.maximum(counts, 1)
    confidences = np.bincount(places, confidence, BINS) / divisors
    shares = np.bincount(places, is_right, BINS) / divisors
    rows = zip(edges[:-1], edges[1:], counts, confidences, shares, strict=True)
    return [
        ReliabilityBin(float(low), float(high), int(count), float(mean), float(share))
        for low, high, count, mean, share in rows
    ]


def calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Return the expected calibration error: the mean distance of both over all answers, 0 … 1."""
    total = sum(each.count for each in bins)
    distances = sum(each.count * abs(each.confidence - each.right) for each in bins)
    return distances / max(1, total)


def kept_temperatures(metrics: Figures, places: Sequence[int]) -> Floats:
    """Return the temperatures (n,) that are kept with weights, of the replicas at some places.

    They are 1 before the test, in files of earlier versions, and where a file was changed.
    """
    temperatures = metrics.get("test_temperature")
    if not isinstance(temperatures, tuple) or len(temperatures) <= max(places):
        return np.full(len(places), NO_TEMPERATURE)
    chosen = np.array([temperatures[place] for place in places])
    if not (np.isfinite(chosen).all() and (chosen > 0).all()):
        return np.full(len(places), NO_TEMPERATURE)
    return chosen
