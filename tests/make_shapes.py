"""Makes the sequences of `docs/how-to/own-sequences.md`: `python -m tests.make_shapes FOLDER`.

`cbf_TRAIN.csv` and `cbf_TEST.csv` are cylinders, bells and funnels (Saito 1994, “Local feature
extraction and its applications using a library of bases”), which differ by their shape, as many as
in the UCR archive. In `linear.csv` the class is the sign of a weighted sum of the steps.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labelled = tuple[str, Floats]

SHAPES = ("cylinder", "bell", "funnel")
STEPS = 128
COUNTS = {"cbf_TRAIN.csv": 30, "cbf_TEST.csv": 900}
LINEAR_STEPS = 12
LINEAR_COUNT = 1000


def cylinders_bells_funnels(count: int, seed: int) -> list[Labelled]:
    """Return standardised sequences (128,) of the three shapes in turn, by Saito's formulas.

        cylinder  (6 + η) · χ + ε
        bell      (6 + η) · χ · (t − a) / (b − a) + ε
        funnel    (6 + η) · χ · (b − t) / (b − a) + ε

    χ is 1 from a to b, which are drawn from 16 … 32 and a + 32 … a + 96, and else 0; η and, at each
    step, ε are drawn from N(0, 1).
    """
    random = np.random.default_rng(seed)
    time = np.arange(1, STEPS + 1)
    sequences = []
    for number in range(count):
        begin = int(random.integers(16, 33))
        end = begin + int(random.integers(32, 97))
        height = 6 + random.normal()
        rise = (time - begin) / (end - begin)
        shape = (np.ones(STEPS), rise, 1 - rise)[number % len(SHAPES)]
        inside = (time >= begin) & (time <= end)
        numbers = height * inside * shape + random.normal(size=STEPS)
        standardised = (numbers - numbers.mean()) / numbers.std()
        sequences.append((SHAPES[number % len(SHAPES)], standardised))
    return sequences


def sums(count: int, seed: int) -> list[Labelled]:
    """Return sequences (12,) of noise, called by the sign of one weighted sum of their steps."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=LINEAR_STEPS)
    steps = random.normal(size=(count, LINEAR_STEPS))
    return [("up" if row @ weights > 0 else "down", row) for row in steps]


def table(sequences: Iterable[Labelled]) -> str:
    """Return a file with a row a sequence."""
    rows = [[label, *(f"{number:.5f}" for number in numbers)] for label, numbers in sequences]
    head = ["label", *(f"t{step}" for step in range(len(rows[0]) - 1))]
    return "\n".join(",".join(row) for row in [head, *rows]) + "\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for seed, (name, count) in enumerate(COUNTS.items()):
        shapes = cylinders_bells_funnels(count, seed)
        (folder / name).write_text(table(shapes), encoding="utf-8")
    (folder / "linear.csv").write_text(table(sums(LINEAR_COUNT, 5)), encoding="utf-8")
