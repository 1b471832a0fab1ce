"""The table of a report: each published figure beside ours, and where one more seed would end."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.report.intervals import Interval, next_interval
from rnn_tui.report.inventory import Inventory
from rnn_tui.report.paper import Experiment
from rnn_tui.report.plan import DECIMALS, Plan
from rnn_tui.runs.export.formats import ExportFormat
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.words import NOTHING
from rnn_tui.tasks import TASKS


@dataclass(frozen=True)
class Row:
    """A published figure and ours."""

    experiment: Experiment  #: what was published.
    seeds: tuple[int, ...]  #: those that are trained, ascending.
    values: tuple[float, ...]  #: a figure for each of them, in percent.
    run_ids: tuple[str, ...]  #: the run of each.
    #: the time of training; networks of one run have equal shares of its time, so that the sum over
    #: all rows is the time that passed.
    seconds: float
    wanted: int  #: how many seeds the plan asks for.
    #: whether ours were trained by the report's recipe; with another one nothing is compared.
    comparable: bool = True
    #: the 95 % interval for the figure of one more seed; None for n < 2.
    expected: Interval | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "expected", next_interval(self.values))

    @property
    def spread(self) -> Spread | None:
        """The values over seeds; None if there is none yet."""
        return Spread(self.values) if self.values else None

    @property
    def n(self) -> int:
        """The number of trained seeds."""
        return len(self.values)

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that the values are from, each once."""
        return tuple(dict.fromkeys(self.run_ids))

    @property
    def distance(self) -> float | None:
        """The points by which the published figure is below (negative) or above `expected`.

        0 within; None for n < 2, without a published figure, and for another recipe.
        """
        published = self.experiment.published
        if self.expected is None or published is None or not self.comparable:
            return None
        return self.expected.distance(published, DECIMALS)

    @property
    def inside(self) -> bool | None:
        """Whether the published figure is in the interval of one more seed; None if unknown."""
        return None if self.distance is None else self.distance == 0

    @property
    def published_is(self) -> str:
        """The published figure's place relative to that interval; empty without one of them."""
        published = self.experiment.published
        if not self.values or published is None:
            return ""
        if not self.comparable:
            return "other recipe"
        if self.expected is None:
            return "one seed only"
        return self.expected.place(published, DECIMALS)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form; `sd` (n − 1 below the sum) is None for fewer than two seeds."""
        experiment = self.experiment
        figures = dict.fromkeys(("mean", "sd", "min", "max"))
        if self.spread is not None:
            spread = self.spread.to_dict()
            figures = {name: spread[name] for name in figures}
        return {
            "experiment": experiment.key,
            "task": experiment.task,
            "label": experiment.label,
            "metric": TASKS[experiment.task].headline,
            "published": experiment.published,
            **figures,
            "n": self.n,
            "wanted": self.wanted,
            "next_seed_95": self.expected and [self.expected.low, self.expected.high],
            "published_lies": self.published_is or None,
            "published_inside": self.inside,
            "seeds": list(self.seeds),
            "values": list(self.values),
            "runs": list(self.run_ids),
            "seconds": self.seconds,
        }


@dataclass(frozen=True)
class Results:
    """The results of a plan so far: a row for each experiment, in the report's order."""

    plan: Plan
    rows: tuple[Row, ...]

    @property
    def complete(self) -> bool:
        """Whether every network is trained."""
        return all(row.n == row.wanted for row in self.rows)

    def missing_seeds(self, *tasks: str) -> str:
        """Return a sentence on the networks that lack seeds; empty if none does.

        Args:
            tasks: whose networks; by default all.
        """
        lacking = [
            f"{row.experiment.label} ({row.n} of {row.wanted})"
            for row in self.rows
            if row.n < row.wanted and (not tasks or row.experiment.task in tasks)
        ]
        return f"Not complete: seeds are missing for {'; '.join(lacking)}." if lacking else ""

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The ids of all runs that values are from, each once."""
        return tuple(dict.fromkeys(run_id for row in self.rows for run_id in row.run_ids))


def results(inventory: Inventory) -> Results:
    """Return the table so far, quick enough to ask for whenever a run has ended.

    Raises:
        StoreError: if the store can't be read.
    """
    plan = inventory.plan
    return Results(plan, tuple(_row(inventory, experiment) for experiment in plan.experiments))


def _row(inventory: Inventory, experiment: Experiment) -> Row:
    """Return the row of an experiment: a value for each trained seed whose test is in the store."""
    metric = TASKS[experiment.task].headline
    values: dict[int, float] = {}
    runs: list[RunRecord] = []
    for seed, network in inventory.trained(experiment).items():
        figures = inventory.figures(network, "test", metric)
        if figures:
            values[seed] = list(figures.values())[-1]
            runs.append(network.run)
    return Row(
        experiment,
        seeds=tuple(values),
        values=tuple(values.values()),
        run_ids=tuple(run.run_id for run in runs),
        seconds=sum(run.elapsed / max(1, len(run.config.replicas)) for run in runs),
        wanted=len(inventory.plan.seeds_of(experiment.task)),
        comparable=inventory.plan.has_report_recipe,
    )


DOCUMENTS = {
    document.name: document
    for document in (  # each is a function of `report.document` and an entry here
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
FULL_WIDTH = 112  # characters that these columns take beside each other
NARROW_COLUMNS = 6  # the number of first columns in a narrower place
EXPECTED = (
    "Next seed, 95 %: the interval in which one more seed of ours would end in 95 of 100 cases "
    "(mean ± t · sd · √(1 + 1/n), cut off at 0 and 100 %). The published figure is of one "
    "network: if it is inside, it could be one more seed of ours. The fewer the seeds, the wider "
    "the interval, and the less “inside” says. It assumes that seeds are independent and their "
    "figures roughly normal, which they are not near 100 %. Whatever their distribution, one more "
    "seed ends between the smallest and the largest in (n − 1) of (n + 1) cases: in 90 % with 20 "
    "seeds, in 50 % with 3."
)
RIGHT_ALIGNED = ("published", "n", "time")  # columns of figures
LONGEST_TEXT = 4000  # characters of a paragraph
LONGEST_CELL = 300
# Markdown's special characters. Brackets alone are text; in links and images more follows.
_MARKDOWN = re.compile(r"([\\`*_<>|~&$]|\](?=[(\[:]))")


def table_cells(row: Row) -> tuple[str, ...]:
    """Return a row of the table under `HEADS`; accuracies in percent."""
    return (
        row.experiment.label,
        _percent(row.experiment.published),
        _mean_and_sd(row.spread),
        str(row.n) if row.n == row.wanted else f"{row.n} of {row.wanted}",
        _from_to(row.expected),
        row.published_is or NOTHING,
        _from_to(row.spread),
        duration(row.seconds) if row.n else NOTHING,
    )


def _percent(accuracy: float | None) -> str:
    return NOTHING if accuracy is None else f"{accuracy:.{DECIMALS}f}"


def _mean_and_sd(spread: Spread | None) -> str:
    if spread is None:
        return NOTHING
    if spread.sd is None:
        return _percent(spread.mean)
    return f"{_percent(spread.mean)} ± {_percent(spread.sd)}"


def _from_to(ends: Interval | Spread | None) -> str:
    return NOTHING if ends is None else f"{_percent(ends.low)} … {_percent(ends.high)}"


def markdown_text(text: str) -> str:
    """Escape a text so that it means itself in Markdown, on one line."""
    return _MARKDOWN.sub(r"\\\1", printable(text, LONGEST_TEXT))


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown, its cells on one line each."""
    lines = [_markdown_row(heads), _markdown_rule(len(heads))]
    lines += [_markdown_row(row) for row in rows]
    return "\n".join(lines)


def _markdown_row(cells: Sequence[str]) -> str:
    texts = [markdown_text(printable(cell, LONGEST_CELL)) for cell in cells]
    return f"| {' | '.join(texts)} |"


def _markdown_rule(columns: int) -> str:
    """Return the line between the heads of a table and its rows."""
    return f"| {' | '.join(['---'] * columns)} |"
