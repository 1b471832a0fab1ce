"""The figures of a network on the test sequences as rows: classes, groups, confidence."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread

if TYPE_CHECKING:
    from rnn_tui.tasks.data_sets.calibration import ReliabilityBin
    from rnn_tui.tasks.data_sets.evaluation import DataSetEvaluation, GroupFigures

MOST_GROUPS = 20  # the worst of them
LONGEST_GROUP = 30  # characters of the name of one


class FigureRow(NamedTuple):
    """A row of the table, as text."""

    name: str
    number: str
    first: str
    second: str
    is_heading: bool = False


def figure_rows(evaluation: "DataSetEvaluation", variant: int) -> Iterator[FigureRow]:
    """Yield the rows of a variant: each class or number and group, then confidence."""
    classes = evaluation.class_figures(variant)
    if classes:
        yield FigureRow("class", "n", "recall %", "precision %", is_heading=True)
    for figures in classes:
        yield FigureRow(
            figures.name,
            f"{figures.count:,}",
            _spread(figures.recall, ".1f"),
            _spread(figures.precision, ".1f"),
        )
    if evaluation.groups:
        yield from _group_rows(evaluation.groups[variant], evaluation.figure_of_groups)
    if evaluation.reliability:
        yield FigureRow("confidence", "n", "mean %", "right %", is_heading=True)
        yield from map(_bin_row, filter(_has_answers, evaluation.reliability[variant]))
    if evaluation.errors_of_outputs:
        yield FigureRow("in its units", "n", "RMSE", "MAE", is_heading=True)
        for errors in evaluation.errors_of_outputs[variant]:
            rmse, mae = _spread(errors.rmse, ".4g"), _spread(errors.mae, ".4g")
            yield FigureRow(errors.name, f"{errors.count:,}", rmse, mae)


def _group_rows(groups: "Sequence[GroupFigures]", quantity: str) -> Iterator[FigureRow]:
    """Yield the rows of groups, such as subjects, the worst first."""
    is_share = quantity == "accuracy"
    more = f"{MOST_GROUPS} of {len(groups):,} groups" if len(groups) > MOST_GROUPS else "group"
    heading = "accuracy %" if is_share else "RMSE"
    yield FigureRow(f"{more}, worst first", "n", heading, "", is_heading=True)
    for group in groups[:MOST_GROUPS]:
        figure = _spread(group.figure, ".1f" if is_share else ".4g")
        yield FigureRow(printable(group.name, LONGEST_GROUP), f"{group.count:,}", figure, "")


def _has_answers(each: "ReliabilityBin") -> bool:
    return each.count > 0


def _bin_row(each: "ReliabilityBin") -> FigureRow:
    return FigureRow(
        f"{100 * each.low:.0f} … {100 * each.high:.0f} %",
        f"{each.count:,}",
        f"{100 * each.confidence:.1f}",
        f"{100 * each.right:.1f}",
    )


def _spread(spread: Spread, form: str) -> str:
    """Return mean and standard deviation over the seeds."""
    mean = f"{spread.mean:{form}}"
    return mean if spread.sd is None else f"{mean} ± {spread.sd:{form}}"
