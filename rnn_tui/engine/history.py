"""Series of training metrics, made fit to be looked at.

A run records one value per optimiser step, far more than a screen can hold and noisier
than an eye can follow. The functions here turn such a series into a smooth and short one
without a dependency, so that the user interface and the reports share one definition.
"""

import math
from collections.abc import Sequence


def smooth(values: Sequence[float], weight: float) -> list[float]:
    """Return the debiased exponential moving average of ``values``.

    The average starts at 0 and is divided by ``1 - weight ** n`` after n values, which is
    the bias correction of Adam (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980,
    section 3) and what the smoothing slider of TensorBoard's scalar charts computes. The
    first result therefore equals the first value, whatever the weight.

    Args:
        values: The raw series. Non-finite values are passed through and leave the
            average untouched, so that one diverged step does not blank the rest.
        weight: The share of the past, 0 (no smoothing) up to but excluding 1.

    Returns:
        A series of the same length.
    """
    if weight == 0.0:
        return list(values)
    result: list[float] = []
    average = 0.0
    decay = 1.0
    for value in values:
        if not math.isfinite(value):
            result.append(value)
            continue
        average = weight * average + (1.0 - weight) * value
        decay *= weight
        result.append(average / (1.0 - decay))
    return result


def decimate(x: Sequence[float], y: Sequence[float], limit: int) -> tuple[list[float], list[float]]:
    """Thin a series to at most ``limit`` points while keeping its outline.

    The first and the last point stay. The points between are cut into buckets of equal
    count, and of each bucket the lowest and the highest stay, in their original order:
    the min-max aggregation of Jugel et al., "M4: A Visualization-Oriented Time Series Data
    Aggregation" (VLDB 2014), with M4's first and last kept for the whole series only.
    Peaks survive, which plain subsampling would lose.

    Args:
        x: The positions, ascending.
        y: The finite values, as many as ``x``.
        limit: The most points to return, at least 4.

    Returns:
        The kept positions and values.
    """
    count = len(x)
    if count <= limit:
        return list(x), list(y)
    buckets = (limit - 2) // 2
    inner = count - 2
    kept = [0]
    values = list(y)
    for bucket in range(buckets):
        start = 1 + bucket * inner // buckets
        stop = 1 + (bucket + 1) * inner // buckets
        chunk = values[start:stop]
        kept.extend(sorted({start + chunk.index(min(chunk)), start + chunk.index(max(chunk))}))
    kept.append(count - 1)
    return [x[index] for index in kept], [y[index] for index in kept]
