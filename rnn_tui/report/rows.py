"""The table of a report: each published figure beside ours, what some seeds tell of all others, and
its words.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.report.plan import DECIMALS, Experiment, Kept, Plan
from rnn_tui.runs.export.formats import ExportFormat
from rnn_tui.runs.words import NOTHING
from rnn_tui.tasks import TASKS

SHARE, RESAMPLES = 0.95, 9_999
MOST_REMEMBERED = 1000  # intervals: a tab asks for the same ones whenever it is drawn


@dataclass(frozen=True)
class Interval:
    """From `low` to `high`, both within."""

    low: float
    high: float

    def outside(self, value: float, decimals: int) -> float:
        """How far a value is below (negative) or above; 0 within. All are rounded first."""
        below = round(value - round(self.low, decimals), decimals)
        above = round(value - round(self.high, decimals), decimals)
        return min(0.0, below) or max(0.0, above)


@lru_cache(MOST_REMEMBERED)
def mean_interval(values: tuple[float, ...]) -> Interval:
    """The 95 % bootstrap interval of the mean of independent values, at least one, in any order.

    So much of the middle of the resampled means is taken that the interval of normal values is as
    wide as Student's t has it (expanded percentiles; Hesterberg, 2015): the middle 95 % is too
    narrow for few values. With the other sign it is the mirror image, of equal values it has no
    width. The first call loads SciPy: not for the thread of a face.
    """
    values = tuple(sorted(values))
    if values[0] == values[-1]:
        return Interval(values[0], values[0])
    import numpy as np  # noqa: PLC0415 - on use only, SciPy as well
    from scipy.special import ndtr  # noqa: PLC0415
    from scipy.stats import bootstrap  # noqa: PLC0415

    n = len(values)
    middle = 1 - 2 * float(ndtr(-_student(n) * (n / (n - 1)) ** 0.5))
    # which is taken from which must change the sign alone
    ways = (values, tuple(-value for value in reversed(values)))
    how: dict[str, Any] = {
        "n_resamples": RESAMPLES,
        "confidence_level": middle,
        "method": "percentile",
    }
    ahead, back = (
        bootstrap((some,), np.mean, **how, rng=np.random.default_rng(0)).confidence_interval
        for some in ways
    )
    return Interval(float(ahead.low - back.high) / 2, float(ahead.high - back.low) / 2)


def next_interval(values: tuple[float, ...]) -> Interval | None:
    """The 95 % prediction interval for one more seed, within 0 and 100 %: see `EXPECTED`. None
    below two seeds. Loads SciPy.
    """
    spread = Spread(values)
    if not values or spread.sd is None:
        return None
    reach = _student(spread.n) * spread.sd * (1 + 1 / spread.n) ** 0.5
    return Interval(max(spread.mean - reach, 0.0), min(spread.mean + reach, 100.0))


@lru_cache(MOST_REMEMBERED)
def _student(n: int) -> float:
    """How many standard deviations the middle 95 % of Student's t reach, with n − 1 degrees of
    freedom.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 - on use only

    return float(stdtrit(n - 1, (1 + SHARE) / 2))


@dataclass(frozen=True)
class Row:
    """One published figure and ours."""

    experiment: Experiment  #: what was published.
    seeds: tuple[int, ...]  #: those that are trained, ascending.
    values: tuple[float, ...]  #: a figure for each of them, in percent.
    run_ids: tuple[str, ...]  #: the run of each.
    #: that training took, of several networks of one run in equal shares: all rows together have
    #: what passed.
    seconds: float
    wanted: int  #: how many seeds the plan asks for.
    #: where the figure of one more seed is expected (95 %); None for n < 2.
    expected: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "expected", next_interval(self.values))

    @property
    def spread(self) -> Spread | None:
        """The values over seeds; None where there is none yet."""
        return Spread(self.values) if self.values else None

    @property
    def n(self) -> int:
        """How many seeds are trained."""
        return len(self.values)

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that the values are from, each once."""
        return tuple(dict.fromkeys(self.run_ids))

    @property
    def outside(self) -> float | None:
        """How many points the published figure is below (negative) or above `expected`; 0
        within.
        """
        return (
            self.expected.outside(self.experiment.published, DECIMALS)
            if self.expected is not None
            else None
        )

    @property
    def place(self) -> str:
        """Where the published figure is, as one more seed would be; empty without values."""
        if self.outside is None:
            return "one seed only" if self.values else ""
        return (
            f"{abs(self.outside):.{DECIMALS}f} {'below' if self.outside < 0 else 'above'}"
            if self.outside
            else "inside"
        )

    @property
    def inside(self) -> bool | None:
        """Whether the published figure is where one more seed is expected; None for n < 2."""
        return None if self.outside is None else self.outside == 0

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form; `sd` (n − 1 below the sum) is None for fewer than two seeds."""
        spread, of = self.spread, self.experiment
        return {
            "experiment": of.key,
            "task": of.task,
            "label": of.label,
            "metric": TASKS[of.task].headline,
            "published": of.published,
            **{name: spread and spread.to_dict()[name] for name in ("mean", "sd", "min", "max")},
            "n": self.n,
            "wanted": self.wanted,
            "next_seed_95": self.expected and [self.expected.low, self.expected.high],
            "published_lies": self.place or None,
            "published_inside": self.inside,
            "seeds": list(self.seeds),
            "values": list(self.values),
            "runs": list(self.run_ids),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Results:
    """What came of a plan so far: a row for each experiment, in the report's order."""

    plan: Plan
    rows: tuple[Row, ...]

    @property
    def complete(self) -> bool:
        """Whether every network is trained."""
        return all(row.n == row.wanted for row in self.rows)

    def lacking(self, *tasks: str) -> str:
        """A sentence that names the networks of some tasks, or all, that lack seeds; empty if none
        does.
        """
        mine = [row for row in self.rows if not tasks or row.experiment.task in tasks]
        few = [
            f"{row.experiment.label} ({row.n} of {row.wanted})"
            for row in mine
            if row.n < row.wanted
        ]
        return f"Not complete: seeds are missing for {'; '.join(few)}." if few else ""

    @property
    def run_ids(self) -> tuple[str, ...]:
        """All runs that values are from, each once."""
        return tuple(dict.fromkeys(run for row in self.rows for run in row.run_ids))


def results(has: Kept) -> Results:
    """The table so far, quick enough to ask for whenever a run has ended; raises `StoreError` if
    the store can't be read.
    """
    rows = []
    for experiment in has.plan.experiments:
        found = has.found(experiment)
        figures = (
            (seed, has.figures(one, "test", TASKS[experiment.task].headline))
            for seed, one in found.items()
        )
        known = {seed: figure for seed, by_epoch in figures for figure in by_epoch.values()}
        runs = [found[seed].run for seed in known]
        seconds = sum(run.elapsed / max(1, len(run.config.replicas)) for run in runs)
        wanted = len(has.plan.seeds_of(experiment.task))
        rows.append(
            Row(
                experiment,
                (*known,),
                (*known.values(),),
                tuple(run.run_id for run in runs),
                seconds,
                wanted,
            )
        )
    return Results(has.plan, tuple(rows))


DOCUMENTS = {
    one.name: one
    for one in (  # each is a function of `report.document` and a line here
        ExportFormat(
            "html",
            "one page with its charts inside, HTML",
            "rnn_tui.report.document:as_html",
            ".html",
            "plots",
        ),
        ExportFormat(
            "md",
            "text with its charts inside, Markdown",
            "rnn_tui.report.document:as_markdown",
            ".md",
            "plots",
        ),
    )
}
HEADS = (
    "experiment",
    "published",
    "mean ± sd",
    "n",
    "next seed, 95 %",
    "published is",
    "smallest … largest",
    "time",
)
# what these columns need beside each other; a narrower place has the first ones
FULL_WIDTH, FIRST = 112, 6
EXPECTED = (
    "Next seed, 95 %: where one more seed of ours would end in 95 of 100 cases (mean ± t · sd · "
    "√(1 + 1/n), cut off at 0 and "
    "100 %). The published figure is of one network: inside, it could be one more seed of ours. "
    "The fewer the seeds, the wider "
    "this is, and the less “inside” says. It takes seeds as independent, and their figures as "
    "roughly normal, which they are "
    "not near 100 %. Whatever their distribution, one more seed ends between the smallest and "
    "the largest in (n − 1) of "
    "(n + 1) cases: in 90 % with 20 seeds, in 50 % with 3."
)
RIGHT = ("published", "n", "time")  # columns of figures, which end below each other
LONGEST_TEXT, LONGEST_CELL = 4000, 300
# brackets alone are text; links and images have more behind
_MARKDOWN = re.compile(r"([\\`*_<>|~&$]|\](?=[(\[:]))")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table under `HEADS`; accuracies in percent."""
    # no deviation of a single one
    figures = () if row.spread is None else (row.spread.mean, row.spread.sd)
    return (
        row.experiment.label,
        f"{row.experiment.published:.{DECIMALS}f}",
        " ± ".join(f"{one:.{DECIMALS}f}" for one in figures if one is not None) or NOTHING,
        str(row.n) if row.n == row.wanted else f"{row.n} of {row.wanted}",
        _from_to(row.expected),
        row.place or NOTHING,
        _from_to(row.spread),
        duration(row.seconds) if row.n else NOTHING,
    )


def _from_to(ends: Interval | Spread | None) -> str:
    return NOTHING if ends is None else f"{ends.low:.{DECIMALS}f} … {ends.high:.{DECIMALS}f}"


def markdown_text(text: str) -> str:
    """Text that means itself in Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", printable(text, LONGEST_TEXT))


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, its cells on one line each."""
    rule = ["---"] * len(heads)
    lines = [_markdown_cells(heads), rule, *map(_markdown_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown_cells(row: Sequence[str]) -> list[str]:
    return [markdown_text(printable(cell, LONGEST_CELL)) for cell in row]
