"""Small data sets for tests."""

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.data_set import DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.options import Fill, Goal, Split


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


def data_set_of(
    label: str,
    goal: Goal,
    sequences: list[npt.NDArray[np.float32]],
    targets: npt.NDArray[Any] | None = None,
    *,
    outputs: tuple[str, ...] = (),
    alphabet: tuple[str, ...] = (),
    horizon: int = 0,
) -> DataSet:
    """Return a data set of made-up sequences, of which 3 in 5 train, 1 validates and 1 tests.

    Args:
        label: what it is called.
        goal: what is answered.
        sequences: (steps, F) each, or (steps, 1) places in the alphabet.
        targets: as `DataSet.targets` has them; None for the inputs to come.
        outputs: the names of the answers, unless they are inputs to come.
        alphabet: if symbols are read.
        horizon: how many steps ahead are answered.
    """
    lengths = np.array([len(sequence) for sequence in sequences])
    parts = np.maximum(np.arange(len(sequences)) % 5 - 2, 0).astype(np.uint8)
    values = np.concatenate(sequences).astype(np.float32)
    trained = np.repeat(parts == 0, lengths)  # (T,)
    features = () if alphabet else tuple(f"x{at}" for at in range(values.shape[1]))
    means, deviations = _statistics(values[trained]) if features else ((), ())
    output_means, output_deviations = (), ()
    if goal is Goal.NEXT:
        targets = np.zeros(0, np.float32)
        outputs = alphabet or tuple(
            f"{name} +{step}" for step in range(1, horizon + 1) for name in features
        )
        output_means, output_deviations = means * horizon, deviations * horizon
    assert targets is not None
    if goal in (Goal.NUMBER, Goal.STEP_NUMBER):
        of_training = trained if goal.every_step else parts == 0
        output_means, output_deviations = _statistics(targets[of_training])
    counts = np.bincount(parts, minlength=3).tolist()
    description = Description(
        name=label,
        label=label,
        source=f"{label}.csv",
        goal=goal,
        horizon=horizon,
        features=features,
        alphabet=alphabet,
        outputs=outputs,
        means=means,
        deviations=deviations,
        output_means=output_means,
        output_deviations=output_deviations,
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
    return DataSet(description, values, starts, targets, parts).named(label)


def _statistics(values: npt.NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return means and deviations of columns, without what is unknown."""
    numbers = values.astype(np.float64)
    deviations = np.nanstd(numbers, 0)
    deviations[deviations == 0] = 1
    return tuple(np.nanmean(numbers, 0).tolist()), tuple(deviations.tolist())


def walks(count: int, seed: int = 0, columns: int = 2) -> list[npt.NDArray[np.float32]]:
    """Return random walks of 4 to 9 steps, far from standardised."""
    random = np.random.default_rng(seed)
    lengths = random.integers(4, 10, count)
    return [
        (100 + 5 * random.normal(size=(length, columns)).cumsum(0)).astype(np.float32)
        for length in lengths
    ]


def words(count: int, letters: int = 3, seed: int = 0) -> list[npt.NDArray[np.float32]]:
    """Return words of 4 to 9 letters by chance, as places in an alphabet."""
    random = np.random.default_rng(seed)
    return [
        random.integers(0, letters, (length, 1)).astype(np.float32)
        for length in random.integers(4, 10, count)
    ]


def every_goal(count: int = 30) -> dict[str, DataSet]:
    """Return a data set of each goal, of mixed lengths and with unknown answers, by its name."""
    random = np.random.default_rng(5)
    lines = walks(count)
    steps = sum(map(len, lines))
    step_classes = random.integers(-1, 3, steps)
    step_numbers = random.normal(20, 4, (steps, 2)).astype(np.float32)
    step_numbers[random.random((steps, 2)) < 0.3] = np.nan
    numbers = random.normal(20, 4, (count, 2)).astype(np.float32)
    numbers[1, 0] = np.nan
    classes = ("p", "q", "r")
    return {
        "class": data_set_of(
            "class", Goal.CLASS, lines, random.integers(0, 3, count), outputs=classes
        ),
        "number": data_set_of("number", Goal.NUMBER, lines, numbers, outputs=("y", "z")),
        "step-class": data_set_of(
            "step-class", Goal.STEP_CLASS, lines, step_classes, outputs=classes
        ),
        "step-number": data_set_of(
            "step-number", Goal.STEP_NUMBER, lines, step_numbers, outputs=("y", "z")
        ),
        "next-number": data_set_of("next-number", Goal.NEXT, lines, horizon=2),
        "next-symbol": data_set_of(
            "next-symbol", Goal.NEXT, words(count), alphabet=("a", "b", "c"), horizon=1
        ),
    }
