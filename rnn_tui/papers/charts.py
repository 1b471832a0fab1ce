"""The charts of a rerun."""

from collections.abc import Sequence

from rnn_tui.archive.export.page.charts import ChartRow, ReportChart, draw_rows
from rnn_tui.archive.export.plots import WIDE, Panel, picture
from rnn_tui.archive.verdicts import COMPARED, Comparison, ComparisonOutcome
from rnn_tui.engine.intervals import Interval
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.columns import mean_and_sd, percent
from rnn_tui.papers.conclusions import Conclusion
from rnn_tui.papers.curves import Figure
from rnn_tui.papers.paper import Paper, PublishedKind
from rnn_tui.papers.rows import Results, Row
from rnn_tui.tasks import TASKS

MOST_CHARTS = 5  # charts of results, one a task; of more tasks there is one for all


def figure_chart(figure: Figure, table: Results) -> ReportChart:
    """Draw one of a paper's plots, with the table's figures of its networks in the legend.

    Raises `ExportError` without matplotlib, as the other charts do.
    """
    in_legend = {}
    for row in table.rows:
        if row.n and row.experiment.task == figure.task:
            published = row.experiment.published
            is_compared = row.comparable and published is not None
            compared = f", published {percent(published)}" if is_compared else ""
            in_legend[row.experiment.short_label] = f"{mean_and_sd(row.spread)}{compared}"
    panel = Panel(figure.spec, figure.lines, marks=figure.published, figures=in_legend)
    caption = f"{figure.title}, over seeds as in the table"
    if figure.note:
        caption += f"; {figure.note}"
    drawing = picture([panel], "svg", figure.x_label, WIDE)
    return ReportChart(figure.key, figure.title, f"{caption}.", drawing)


def comparison_chart(conclusion: Conclusion, key: str, kind: str = "paper") -> ReportChart | None:
    """Return the comparisons of a conclusion around zero; None if none has an interval.

    Args:
        conclusion: with the comparisons.
        key: the chart's id.
        kind: what the paper is called in sentences.
    """
    if all(comparison.interval is None for comparison in conclusion.comparisons):
        return None
    drawing = draw_rows(
        [_comparison_row(comparison) for comparison in conclusion.comparisons],
        x_label="difference (points)",
        head="difference [95 %] · seeds for : against",
        zero=True,
    )
    title = f"Comparisons: {conclusion.claim.rstrip('.')}"
    caption = (
        f"Mean differences with their 95 % intervals. Right of zero is as the {kind} says; filled "
        "marks count."
    )
    return ReportChart(key, title, caption, drawing)


def _comparison_row(comparison: Comparison) -> ChartRow:
    subject, difference, interval, seeds_for, seeds_against, _, outcome = cells_of(
        comparison, COMPARED
    )
    seeds = "" if comparison.seeds is None else f" · {seeds_for} : {seeds_against}"
    return ChartRow(
        subject,
        f"{difference} [{interval}]{seeds} · {outcome}",
        comparison.difference,
        _ends(comparison.interval),
        filled=comparison.outcome in (ComparisonOutcome.FOR, ComparisonOutcome.AGAINST),
    )


def result_charts(table: Results) -> list[ReportChart]:
    """Return the published figures among ours, of what has figures.

    There is a chart for each task; a single one where each task has few rows of many.
    """
    charts = []
    tasks = table.plan.tasks
    rows = [row for row in table.rows if row.n]
    if len(tasks) > MOST_CHARTS:
        return [_result_chart(table.plan.paper, rows)] if rows else []
    for task in tasks:
        of_task = [row for row in rows if row.experiment.task == task]
        if of_task:
            charts.append(_result_chart(table.plan.paper, of_task, task))
    return charts


def _result_chart(paper: Paper, rows: Sequence[Row], task: str = "") -> ReportChart:
    """Draw rows of one task, or of all where none is named."""
    has_published = any(row.experiment.published is not None for row in rows)
    drawing = draw_rows(
        [_result_row(row, has_task=not task) for row in rows],
        x_label="accuracy (%)",
        head="mean ± sd · published" if has_published else "mean ± sd",
    )
    title = "published figures and ours" if has_published else "our figures"
    title = f"{TASKS[task].label}: {title}" if task else title.capitalize()
    is_one = paper.published.kind is PublishedKind.ONE
    interval = "for the next seed" if is_one else "for the mean"
    crosses = " Crosses: published." if has_published else ""
    caption = f"{title}.{crosses} Points: our means, with the interval {interval}, 95 %."
    return ReportChart(f"rows-{task}" if task else "rows", title, caption, drawing)


def _result_row(row: Row, *, has_task: bool) -> ChartRow:
    experiment = row.experiment
    numbers = mean_and_sd(row.spread)
    if experiment.published is not None:
        numbers += f" · {percent(experiment.published)} {row.published_is}"
    return ChartRow(
        experiment.label if has_task else experiment.short_label,
        numbers,
        row.spread.mean if row.spread else None,
        _ends(row.expected if row.kind.kind is PublishedKind.ONE else row.mean_interval),
        published=experiment.published,
    )


def _ends(interval: Interval | None) -> tuple[float, float] | None:
    return None if interval is None else (interval.low, interval.high)
