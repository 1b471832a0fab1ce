"""The columns of a table of results, by what the paper published.

Markdown, HTML, terminal and app have the same columns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.papers.best import BEST
from rnn_tui.papers.intervals import Interval
from rnn_tui.papers.paper import Paper, PublishedKind
from rnn_tui.papers.plan import DECIMALS
from rnn_tui.papers.rows import Row

FULL_WIDTH = 112  # characters from which on a terminal shows the spare columns, too
PLACE = "place"  # the key of the column that says where the published figure lies
EXPECTED = (
    "Next seed, 95 %: the interval in which one more seed of ours would end in 95 of 100 cases "
    "(mean ± t · sd · √(1 + 1/n), cut off at 0 and 100 %). The published figure is of one "
    "network: if it is inside, it could be one more seed of ours. The fewer the seeds, the wider "
    "the interval, and the less “inside” says. It assumes that seeds are independent and their "
    "figures roughly normal, which they are not near 100 %. Whatever their distribution, one more "
    "seed ends between the smallest and the largest in (n − 1) of (n + 1) cases: in 90 % with 20 "
    "seeds, in 50 % with 3."
)
MEAN = (
    "Mean, 95 %: the bootstrap interval of the mean over all seeds that could be drawn. It is from "
    "our seeds, which are drawn with replacement."
)
MEAN_OF = (
    "Mean of {count}, 95 %: the interval in which the mean of {count} more seeds would lie in 95 "
    "of 100 cases (mean ± t · sd · √(1/{count} + 1/n), cut off at 0 and 100 %). It assumes that "
    "seeds are independent."
)
SOLVED_FROM = "A network has solved its task from {solved:g} % on."


@dataclass(frozen=True)
class ResultColumn:
    """A column of the table of results."""

    key: str  #: a name of its own.
    head: str
    cell: Callable[[Row], str]
    right_aligned: bool = False  #: whether its cells end below each other.
    spare: bool = False  #: whether it is left out in a narrow place.


def columns_of(paper: Paper) -> tuple[ResultColumn, ...]:
    """Return the columns of a paper's table, in order."""
    published = paper.published
    is_published = paper.has_published
    columns = [ResultColumn("experiment", "experiment", _label)]
    if is_published:
        columns.append(ResultColumn("published", "published", _published, right_aligned=True))
    columns.append(ResultColumn("mean", "mean ± sd", lambda row: mean_and_sd(row.spread)))
    columns.append(ResultColumn("n", "n", _count, right_aligned=True))
    if published.kind is PublishedKind.ONE:
        if is_published:
            columns += [
                ResultColumn("expected", "next seed, 95 %", lambda row: _from_to(row.expected)),
                ResultColumn(PLACE, "published is", _place),
            ]
        columns += _solved_column(paper)
        columns.append(
            ResultColumn(
                "range", "smallest … largest", lambda row: _from_to(row.spread), spare=is_published
            )
        )
    else:
        words = published.words
        columns += [
            ResultColumn(
                "mean_interval", "mean, 95 %", lambda row: _from_to(row.mean_interval), spare=True
            ),
            ResultColumn("best", "best", lambda row: percent(row.best), right_aligned=True),
            *_solved_column(paper),
        ]
        if is_published:
            columns += [
                ResultColumn(
                    "expected", f"{words}, 95 %", lambda row: _from_to(row.expected), spare=True
                ),
                ResultColumn(PLACE, "published is", _place),
            ]
    columns += [_other(name) for name in paper.others]
    columns.append(ResultColumn("time", "time", _time, right_aligned=True, spare=True))
    return tuple(columns)


def _solved_column(paper: Paper) -> list[ResultColumn]:
    """Return the column of how many seeds have solved their task, if the paper counts them."""
    if paper.solved is None:
        return []
    return [ResultColumn("solved", f"≥ {paper.solved:g} %", _solved, right_aligned=True)]


def explanations(paper: Paper) -> tuple[str, ...]:
    """Return what the columns mean, and what they assume, in paragraphs."""
    published = paper.published
    is_published = paper.has_published
    if published.kind is PublishedKind.ONE:
        threshold = () if paper.solved is None else (SOLVED_FROM.format(solved=paper.solved),)
        return (*threshold, EXPECTED) if is_published else threshold
    place = f" ({published.place})" if published.place else ""
    source = (
        f"Published figures are the {published.words} networks{place}. " if is_published else ""
    )
    solved = "" if paper.solved is None else f"{SOLVED_FROM.format(solved=paper.solved)} "
    texts = [f"{source}{solved}{MEAN}"]
    if is_published:
        is_best = published.kind is PublishedKind.BEST
        texts.append(BEST if is_best else MEAN_OF.format(count=published.count))
    return tuple(texts)


def cells_of(row: Row, columns: Sequence[ResultColumn]) -> tuple[str, ...]:
    """Return a row of the table under these columns; accuracies in percent."""
    return tuple(column.cell(row) for column in columns)


def _other(name: str) -> ResultColumn:
    """Return the column of a published figure that is only shown."""
    return ResultColumn(
        f"other-{name}",
        name,
        lambda row: percent(row.experiment.others.get(name)),
        right_aligned=True,
        spare=True,
    )


def _label(row: Row) -> str:
    return row.experiment.label


def _published(row: Row) -> str:
    return percent(row.experiment.published)


def _count(row: Row) -> str:
    return str(row.n) if row.n == row.wanted else f"{row.n} of {row.wanted}"


def _place(row: Row) -> str:
    return row.published_is or NOTHING


def _solved(row: Row) -> str:
    return f"{row.solved.count} of {row.solved.n}" if row.solved else NOTHING


def _time(row: Row) -> str:
    return duration(row.seconds) if row.n else NOTHING


def percent(accuracy: float | None) -> str:
    """Return a figure as the table has it."""
    return NOTHING if accuracy is None else f"{accuracy:.{DECIMALS}f}"


def mean_and_sd(spread: Spread | None) -> str:
    """Return mean and sample standard deviation as the table has them."""
    if spread is None:
        return NOTHING
    if spread.sd is None:
        return percent(spread.mean)
    return f"{percent(spread.mean)} ± {percent(spread.sd)}"


def _from_to(ends: Interval | Spread | None) -> str:
    return NOTHING if ends is None else f"{percent(ends.low)} … {percent(ends.high)}"
