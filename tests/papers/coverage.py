"""How often intervals from a few seeds have what they are to have, by simulation.

`python -m tests.papers.coverage` prints the table of docs/explanation/intervals.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.intervals import mean_intervals, next_interval, share_interval
from rnn_tui.engine.seed_means import FEWEST_A_SIDE

Floats: TypeAlias = npt.NDArray[np.float64]
Draw: TypeAlias = Callable[[np.random.Generator, tuple[int, ...]], Floats]

CASES = 400  # of each row of the table
DRAWN = 5000  # reruns, of which `CASES` are taken that have an interval
FEWEST_CASES = 100  # of which a share is told
SOLVED = 90.0  # percent


@dataclass(frozen=True)
class Figures:
    """Figures of seeds, in percent."""

    name: str
    draw: Draw
    mean: float  #: that of all seeds that could be drawn.
    solving: float | None = None  #: the share that solves the task; None where that is no question.


def one_peak(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return random.normal(60, 5, shape)


def below_the_top(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    return 100 - random.exponential(2, shape)


def two_peaks(share: float) -> Draw:
    """Of networks that solve their task with some probability, and then miss little."""

    def draw(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
        solved = 100 - random.exponential(1, shape).clip(max=9)
        failed = random.normal(36, 2, shape)
        return np.where(random.random(shape) < share, solved, failed)

    return draw


PEAK = Figures("around one peak", one_peak, 60.0)
TOP = Figures("piled up below 100 %", below_the_top, 98.0)
TWO_PEAKS = tuple(
    Figures(f"{round(20 * p)} in 20 solve", two_peaks(p), p * 99 + (1 - p) * 36, p)
    for p in (0.05, 0.15, 0.5, 0.95)
)
ALL = (PEAK, TOP, *TWO_PEAKS)
SEEDS = (3, 6, 10, 20)


@dataclass(frozen=True)
class Coverage:
    """In how many of 100 cases intervals have what they are to have."""

    figures: Figures
    seeds: int
    given: float  #: in how many the mean has an interval at all.
    right: float | None  #: in how many of these it has the true mean; None for too few.
    always: float  #: in how many it would have, if it were always given.
    next_seed: float  #: in how many the interval of one more seed has that seed.
    share: float | None  #: in how many Wilson's interval has the true share.

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        figures = (self.given, self.right, self.always, self.next_seed, self.share)
        texts = ("–" if figure is None else f"{figure:.0f}" for figure in figures)
        return (self.figures.name, str(self.seeds), *texts)


def has(ends: Floats, values: Any) -> npt.NDArray[np.bool_]:
    """Return which intervals (n, 2) have their value."""
    return (ends[:, 0] <= values) & (values <= ends[:, 1])


def percent(cases: npt.NDArray[np.bool_]) -> float:
    return 100 * float(cases.mean())


@cache
def coverage(figures: Figures, seeds: int) -> Coverage:
    """Simulate reruns with so many seeds; the same ones each time."""
    random = np.random.default_rng([seeds, ALL.index(figures)])
    reruns = figures.draw(random, (DRAWN, seeds))
    given = np.ones(DRAWN, dtype=bool)
    share = None
    always = has(mean_intervals(reruns[:CASES]), figures.mean)
    right: float | None = percent(always)
    if figures.solving is not None:
        solved = (reruns >= SOLVED).sum(axis=1)
        given = np.minimum(solved, seeds - solved) >= FEWEST_A_SIDE
        shares = [share_interval(count / seeds, seeds).ends for count in range(seeds + 1)]
        share = percent(has(np.array(shares)[solved], figures.solving))
        with_interval = reruns[given][:CASES]
        right = None
        if len(with_interval) >= FEWEST_CASES:
            right = percent(has(mean_intervals(with_interval), figures.mean))
    following = figures.draw(random, (DRAWN,))
    next_seed = percent(has(next_ends(reruns, 1), following))
    return Coverage(figures, seeds, percent(given), right, percent(always), next_seed, share)


def next_ends(reruns: Floats, count: int) -> Floats:
    """Return the ends (n, 2) of the interval of the mean of so many more seeds."""
    intervals = [next_interval(tuple(rerun), count) for rerun in reruns]
    return np.array([interval.ends for interval in intervals if interval is not None])


def table() -> Iterator[str]:
    """Yield the lines of the table."""
    heads = (
        "figures",
        "seeds",
        "mean has an interval",
        "of these, right",
        "right, if always given",
        "next seed",
        "share solved",
    )
    yield f"| {' | '.join(heads)} |"
    yield f"| --- |{' ---: |' * (len(heads) - 1)}"
    for figures in ALL:
        for seeds in SEEDS:
            yield f"| {' | '.join(coverage(figures, seeds).cells)} |"


if __name__ == "__main__":
    print("\n".join(table()))
