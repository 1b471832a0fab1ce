"""Fill what is missing among numbers, in a way that has a name."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.data.options import Fill
from rnn_tui.data.sequences import Flags, Floats, Sequences
from rnn_tui.engine.counts import count_of

IN_WORDS = {
    Fill.LINE: "by a straight line between their neighbours",
    Fill.PREVIOUS: "by the number before",
    Fill.ZERO: "by 0",
    Fill.MEAN: "by the mean of the training sequences",
}


def fill_within(sequences: Sequences, fill: Fill, *, from_past: bool) -> Sequences:
    """Fill what can be filled from the same sequence; the rest stays NaN.

    Args:
        sequences: with gaps.
        fill: how; `Fill.LINE` looks at what comes after a gap.
        from_past: whether `Fill.PREVIOUS` leaves gaps at the start of a sequence, which it fills
            from what comes after them otherwise.
    """
    values = sequences.values
    if fill is Fill.ZERO:
        return sequences.with_values(np.nan_to_num(values, nan=0.0))
    if fill is Fill.DROP:
        missing: Flags = np.isnan(values)
        complete: Flags = np.logical_not(np.any(missing, axis=1))
        return sequences.keep_steps(complete)
    missing = np.isnan(values)
    if fill is Fill.MEAN or not missing.any():
        return sequences
    values = values.copy()
    incomplete = np.unique(sequences.sequence_of_step[missing.any(1)])
    for index in incomplete.tolist():
        part = slice(sequences.starts[index], sequences.starts[index + 1])
        for feature in np.flatnonzero(missing[part].any(0)).tolist():
            values[part, feature] = _filled(values[part, feature], fill, from_past)
    return sequences.with_values(values)


def _filled(numbers: Floats, fill: Fill, from_past: bool) -> Floats:
    """Return the numbers (steps,) of a feature in a sequence, with its gaps filled."""
    present = np.flatnonzero(~np.isnan(numbers))
    if not len(present):
        return numbers
    steps = np.arange(len(numbers))
    if fill is Fill.LINE:
        line: Floats = np.interp(steps, present, numbers[present])
        return line
    previous = np.searchsorted(present, steps, side="right") - 1
    filled = numbers[present[np.maximum(previous, 0)]]
    if from_past:
        filled[previous < 0] = np.nan
    return filled


def fill_with(sequences: Sequences, means: Floats) -> Sequences:
    """Fill what is still missing by means (F,) of the features; 0 for one without any."""
    values = sequences.values
    missing = np.isnan(values)
    if not missing.any():
        return sequences
    means = np.nan_to_num(means, nan=0.0)
    return sequences.with_values(np.where(missing, means, values))


def tell_missing(missing: Flags, names: Sequence[str], fill: Fill) -> list[str]:
    """Return a sentence on numbers that are missing (T, F), by feature; none if none is."""
    counts = missing.sum(0)
    total = int(counts.sum())
    if not total:
        return []
    worst = np.argsort(-counts, kind="stable")[:3]
    where = ", ".join(f"{counts[place]:,} of {names[place]}" for place in worst if counts[place])
    more = ", …" if (counts > 0).sum() > len(worst) else ""
    share = 100 * total / missing.size
    numbers = f"Missing: {count_of(total, 'number')} ({share:.2g} %: {where}{more})"
    if fill is Fill.DROP:
        steps = int(missing.any(1).sum())
        return [f"{numbers}; left out: {count_of(steps, 'step')} without all numbers."]
    return [f"{numbers}; filled {IN_WORDS[fill]}."]
