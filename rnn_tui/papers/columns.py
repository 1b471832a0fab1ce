"""The columns of a table of results, by what the paper published.

Markdown, HTML, terminal and app have the same columns, and JSON their values.
"""

from typing import Any

from rnn_tui.archive.words import NOTHING
from rnn_tui.engine.intervals import Interval
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.engine.seed_means import ASSUMED, FEWEST_A_SIDE
from rnn_tui.engine.tables import Column, changed, chosen, document_of
from rnn_tui.papers.best import BEST
from rnn_tui.papers.paper import Paper, PublishedKind
from rnn_tui.papers.plan import DECIMALS
from rnn_tui.papers.rows import Row
from rnn_tui.tasks import TASKS

FULL_WIDTH = 112  # characters from which on a terminal shows the spare columns, too
LABEL = "label"  # the key of the column of names
PLACE = "published_lies"  # the key of the column that says where the published figure lies
EXPECTED = (
    "Next seed, 95 %: the interval in which one more seed of ours would end in 95 of 100 cases "
    "(mean ± t · sd · √(1 + 1/n), cut off at 0 and 100 %). The published figure is of one "
    "network: if it is inside, it could be one more seed of ours. The fewer the seeds, the wider "
    "the interval, and the less “inside” says. It assumes that seeds are independent and their "
    "figures roughly normal. Where they pile up below 100 %, or lie around two peaks, it has one "
    "more seed in 86 to 100 of 100 cases of a simulation. Whatever their distribution, one more "
    "seed ends between the smallest and the largest in (n − 1) of (n + 1) cases: in 90 % with 20 "
    "seeds, in 50 % with 3."
)
MEAN = (
    "Mean, 95 %: the bootstrap interval of the mean over all seeds that could be drawn. It is from "
    f"our seeds, which are drawn with replacement. {ASSUMED}"
)
VALIDATION = (
    "Validation: the mean on held-out sequences like those in training. Where it is low, a figure "
    "of longer ones says nothing of what a cell can do. "
)
SIDES = (
    f"Where fewer than {FEWEST_A_SIDE} seeds are on one side of {{solved:g}} %, the mean has no "
    "interval, as it depends on how often such seeds come. What is known is their share, and the "
    "means of the seeds below {solved:g} % and of those from there on."
)
MEAN_OF = (
    "Mean of {count}, 95 %: the interval in which the mean of {count} more seeds would lie in 95 "
    "of 100 cases (mean ± t · sd · √(1/{count} + 1/n), cut off at 0 and 100 %). It assumes that "
    "seeds are independent; in simulations of 10 more beside 6 to 20 seeds it holds in 90 to 100 "
    "of 100 cases. There is none where our own mean has none."
)
SOLVED_FROM = (
    "A network has solved its task from {solved:g} % on. In brackets is Wilson's 95 % interval of "
    "the share of all seeds that could be drawn."
)


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


def _count(row: Row) -> str:
    return str(row.n) if row.n == row.wanted else f"{row.n} of {row.wanted}"


def _solved(row: Row) -> str:
    return row.solved.in_words if row.solved else NOTHING


def _solved_interval(row: Row) -> list[float] | None:
    return [100 * end for end in row.solved.interval.ends] if row.solved else None


def _sides(row: Row) -> str:
    means = row.side_means
    return NOTHING if means is None else f"{percent(means[0])} | {percent(means[1])}"


#: all columns of a row; what its document has depends on what was published.
ROW_COLUMNS: tuple[Column[Row], ...] = (
    Column("experiment", lambda row: row.experiment.key),  #: its name in `settings`.
    Column("task", lambda row: row.experiment.task),  #: its name, as on the command line.
    Column("label", lambda row: row.experiment.label, name="experiment"),  #: in words.
    Column("metric", lambda row: TASKS[row.experiment.task].headline),  #: the metric of the figure.
    Column(
        "published",  #: the published figure.
        lambda row: row.experiment.published,
        lambda row: percent(row.experiment.published),
        right=True,
    ),
    Column(
        "mean",  #: mean over our seeds; null if there is none yet.
        lambda row: row.spread and row.spread.mean,
        lambda row: mean_and_sd(row.spread),
        name="mean ± sd",
    ),
    #: sample standard deviation (with n − 1).
    Column("sd", lambda row: row.spread and row.spread.sd),
    Column("min", lambda row: row.spread and row.spread.low),  #: the smallest.
    Column("max", lambda row: row.spread and row.spread.high),  #: the largest.
    Column("n", lambda row: row.n, _count, right=True),  #: number of trained seeds.
    Column("wanted", lambda row: row.wanted),  #: number of seeds asked for.
    #: the range in which one more seed would lie in 95 of 100 cases; null for fewer than two seeds.
    Column(
        "next_seed_95",
        lambda row: row.expected and row.expected.ends,
        lambda row: _from_to(row.expected),
        name="next seed, 95 %",
    ),
    #: what the published figure is; not there for that of one network.
    Column("published_kind", lambda row: row.kind.words),
    #: further published figures, by name, which are only shown.
    Column("others", lambda row: dict(row.experiment.others)),
    Column(
        #: the 95 % interval of the mean over all seeds; null with `no_interval`.
        "mean_95",
        lambda row: row.mean_interval and row.mean_interval.ends,
        lambda row: _from_to(row.mean_interval),
        name="mean, 95 %",
    ),
    #: why the mean has no interval, in a sentence; null if it has one.
    Column("no_interval", lambda row: row.no_interval or None),
    Column(
        #: in validation, on sequences like those in training, in the order of `seeds`; empty if the
        #: paper's table does not have it.
        "validations",
        lambda row: list(row.validations),
        lambda row: percent(row.validation),
        name="validation",
        right=True,
    ),
    #: the best of our seeds; null if there is none yet.
    Column("best", lambda row: row.best, lambda row: percent(row.best), right=True),
    #: how many seeds have solved their task; not there if the paper says no threshold.
    Column("solved", lambda row: row.solved and row.solved.count, _solved, right=True),
    #: Wilson's 95 % interval of the share that has, in percent; null if there is no seed yet.
    Column("solved_95", _solved_interval),
    #: the mean of the seeds that have not solved their task, and of those that have; null for none.
    Column("side_means", lambda row: row.side_means and list(row.side_means), _sides),
    #: where as many networks of ours would lie in 95 of 100 cases: their best, or mean.
    Column(
        "expected_95",
        lambda row: row.expected and row.expected.ends,
        lambda row: _from_to(row.expected),
    ),
    Column(
        "published_lies",  #: where the published figure lies, in words.
        lambda row: row.published_is or None,
        lambda row: row.published_is or NOTHING,
        name="published is",
    ),
    #: whether it is within `next_seed_95` or `expected_95`; null for fewer than two seeds, and
    #: where nothing is compared.
    Column("published_inside", lambda row: row.inside),
    Column("seeds", lambda row: list(row.seeds)),  #: those that are trained, ascending.
    Column("values", lambda row: list(row.values)),  #: in the order of `seeds`.
    Column("runs", lambda row: list(row.run_ids)),  #: the run of each value.
    Column("range", lambda row: _from_to(row.spread), name="smallest … largest"),
    Column(
        "seconds",  #: training time.
        lambda row: row.seconds,
        lambda row: duration(row.seconds) if row.n else NOTHING,
        name="time",
        right=True,
    ),
)
#: fields of a document before and after those that depend on what was published.
FIRST_FIELDS = (
    "experiment",
    "task",
    LABEL,
    "metric",
    "published",
    "mean",
    "sd",
    "min",
    "max",
    "n",
    "wanted",
)
SHOWN = ("solved", "side_means")  # columns of networks that solve a task or do not
SOLVED = ("solved", "solved_95", "side_means")  # fields of these
LAST_FIELDS = (PLACE, "published_inside", "seeds", "values", "validations", "runs", "seconds")


def row_document(row: Row) -> dict[str, Any]:
    """Return a row as JSON has it; `sd` (n − 1 below the sum) is None for fewer than two seeds."""
    keys = ["published_kind", "others", "mean_95", "no_interval", "best", *SOLVED, "expected_95"]
    if row.kind.kind is PublishedKind.ONE:
        keys = ["next_seed_95"] if row.threshold is None else ["next_seed_95", *SOLVED]
    return document_of(row, chosen(ROW_COLUMNS, (*FIRST_FIELDS, *keys, *LAST_FIELDS)))


def columns_of(paper: Paper) -> tuple[Column[Row], ...]:
    """Return the columns of a paper's table, in order."""
    published = paper.published
    if published.kind is PublishedKind.ONE:
        keys = [LABEL, "published", "mean", "n", "next_seed_95", PLACE, *SHOWN, "range"]
    else:
        keys = [LABEL, "published", "mean", "n", "mean_95", "best", *SHOWN, "expected_95", PLACE]
    spare = ["range", "mean_95", "side_means", "expected_95", "seconds"]
    unknown: list[str] = []
    if not paper.has_published:
        unknown += ["published", "next_seed_95", "expected_95", PLACE]
        spare.remove("range")
    if paper.solved is None:
        unknown += SHOWN
    if paper.validated:
        keys.insert(keys.index("n"), "validations")
    known = [key for key in keys if key not in unknown]
    *columns, seconds = changed(
        chosen(ROW_COLUMNS, [*known, "seconds"], spare),
        solved={"name": f"≥ {paper.solved:g} %" if paper.solved is not None else ""},
        side_means={"name": f"below | ≥ {paper.solved:g} %" if paper.solved is not None else ""},
        expected_95={"name": f"{published.words}, 95 %"},
    )
    others = [_other(name, len(spare) + place) for place, name in enumerate(paper.others, 1)]
    return (*columns, *others, seconds)


def _other(name: str, spare: int) -> Column[Row]:
    """Return the column of a published figure that is only shown."""
    return Column(
        f"other-{name}",
        lambda row: row.experiment.others.get(name),
        lambda row: percent(row.experiment.others.get(name)),
        name=name,
        right=True,
        spare=spare,
    )


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
    texts = [f"{source}{VALIDATION if paper.validated else ''}{MEAN}"]
    if paper.solved is not None:
        texts.append(
            f"{SOLVED_FROM.format(solved=paper.solved)} {SIDES.format(solved=paper.solved)}"
        )
    if is_published:
        is_best = published.kind is PublishedKind.BEST
        texts.append(BEST if is_best else MEAN_OF.format(count=published.count))
    return tuple(texts)
