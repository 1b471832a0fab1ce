"""Small data sets for tests."""

import numpy as np

from rnn_tui.tasks.data_sets.data_set import DataSet
from rnn_tui.tasks.data_sets.description import Description
from rnn_tui.tasks.data_sets.options import Fill, Goal, Split


def rising_or_falling(count: int = 40, longest: int = 12, seed: int = 0) -> DataSet:
    """Return noisy lines of mixed lengths in two classes: their slopes are up or down."""
    random = np.random.default_rng(seed)
    lengths = random.integers(longest // 2, longest + 1, count)
    classes = np.arange(count, dtype=np.int64) % 2
    lines = []
    for length, falls in zip(lengths, classes, strict=True):
        slope = -1.0 if falls else 1.0
        line = 100 + slope * np.arange(length) + random.normal(0, 0.3, length)
        lines.append(line.astype(np.float32)[:, None])
    parts = (np.arange(count) // 2 % 5).astype(np.int64)  # 3 of 5 train, 1 validates, 1 tests
    parts = np.maximum(parts - 2, 0).astype(np.uint8)
    values = np.concatenate(lines)
    training = np.concatenate([lines[index] for index in np.flatnonzero(parts == 0)])
    counts = np.bincount(parts, minlength=3).tolist()
    description = Description(
        name="lines",
        label="lines",
        source="lines.csv",
        goal=Goal.CLASS,
        horizon=0,
        features=("height",),
        alphabet=(),
        outputs=("rising", "falling"),
        means=(float(training.mean()),),
        deviations=(float(training.std()),),
        output_means=(),
        output_deviations=(),
        training=counts[0],
        validation=counts[1],
        test=counts[2],
        shortest=int(lengths.min()),
        longest=int(lengths.max()),
        split=Split.CHANCE,
        fill=Fill.LINE,
        filled=0,
    )
    starts = np.concatenate([[0], lengths.cumsum()]).astype(np.int64)
    return DataSet(description, values, starts, classes, parts).named("lines")
