"""Tell of numbers that lie so far from all others that they may be codes, such as 999999."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.data.sequences import Floats
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import printable

FAR = 100  # times the range of the middle half, from the median
LARGEST_SHARE = 0.05  # of the numbers of a column that may lie far from the others
MOST_TOLD = 3  # columns that have a sentence of their own
MOST_LOOKED_AT = 100_000  # numbers of a column by which the range is known


def tell_far_numbers(names: Sequence[str], values: Floats) -> list[str]:
    """Return sentences on the columns (T, F) that have a few numbers far from all others.

    They widen the standard deviation by which all are divided, so that the others are read as if
    they were alike.
    """
    sentences = []
    for name, column in zip(names, values.T, strict=True):
        present = column[~np.isnan(column)]
        if not len(present):
            continue
        some = present[:: max(1, len(present) // MOST_LOOKED_AT)]
        lower, median, upper = np.quantile(some, (0.25, 0.5, 0.75))
        far = np.abs(present - median) > FAR * (upper - lower)
        count = int(far.sum())
        if upper == lower or not 0 < count <= LARGEST_SHARE * len(present):
            continue
        farthest = present[np.argmax(np.abs(present - median))]
        numbers = count_of(count, "number")
        verb = "lies" if count == 1 else "lie"
        sentences.append(
            f"{printable(name, 80)}: {numbers} {verb} far from all others, up to {farthest:.7g}, "
            f"where half of all are between {lower:.4g} and {upper:.4g}. The scale follows "
            "them; if they stand for what is missing, empty these cells."
        )
    untold = len(sentences) - MOST_TOLD
    if untold > 0:
        columns = count_of(untold, "column")
        sentences[MOST_TOLD:] = [f"More numbers far from all others are in {columns}."]
    return sentences
