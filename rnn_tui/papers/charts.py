"""The charts of a rerun as SVG that points at nothing outside."""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from rnn_tui.archive.export.formats import imported
from rnn_tui.archive.export.plots import MARK, STYLE, WIDE, Panel, figure_bytes, picture
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.tables import cells_of
from rnn_tui.papers.columns import mean_and_sd, percent
from rnn_tui.papers.conclusions import COMPARED, Comparison, ComparisonOutcome, Conclusion
from rnn_tui.papers.curves import Figure
from rnn_tui.papers.intervals import Interval
from rnn_tui.papers.paper import Paper, PublishedKind
from rnn_tui.papers.rows import Results, Row, markdown_text
from rnn_tui.tasks import TASKS

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
MOST_CHARTS = 5  # charts of results, one a task; of more tasks there is one for all
TEXT_WIDTH = 800  # the page's width of text, in pixels
ROW_HEIGHT = 0.24  # inches of a row of a chart
HEIGHT_AROUND = 0.75  # inches above and below the rows
OUR_COLOUR = curve_colour(0, dark=False)
PUBLISHED_COLOUR = "#b3261e"
GREY = "#555555"
# The text before the id of a part of the drawing, in attributes that refer to it.
_REFERENCE = re.compile(r"url\(#|^#")


@dataclass(frozen=True)
class ReportChart:
    """A chart with a caption: a picture in Markdown, a drawing among the words in HTML."""

    key: str  #: its id, unique in the document, such as `rows-adder`.
    title: str
    caption: str
    drawing: bytes  #: SVG, as matplotlib writes it.

    @property
    def markdown(self) -> str:
        """The chart in a Markdown document."""
        data = base64.b64encode(svg(self).encode()).decode()
        image = f"![{markdown_text(self.title)}](data:image/svg+xml;base64,{data})"
        return f"{image}\n\n*{markdown_text(self.caption)}*"

    @property
    def html(self) -> str:
        """The chart in a page."""
        caption = f"<figcaption>{html.escape(self.caption)}</figcaption>"
        return f"<figure>\n{svg(self)}\n{caption}\n</figure>"


@dataclass(frozen=True)
class ChartRow:
    """A row of a chart: a name, a mean with its interval, and the numbers."""

    label: str
    numbers: str
    mean: float | None
    interval: Interval | None
    filled: bool = True  #: whether the mark of the mean is, or else a ring.
    published: float | None = None


def svg(chart: ReportChart) -> str:
    """Return a chart's drawing as an `<svg>` as wide as text, without outside references.

    A page has several: the ids of each begin with its key.
    """
    ElementTree.register_namespace("", SVG)
    # Drawn by this program a moment ago: no XML from elsewhere is read.
    root = ElementTree.fromstring(chart.drawing)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        attributes = dict(element.attrib)
        element.attrib.clear()
        for name, value in attributes.items():
            plain_name = "href" if name == f"{{{XLINK}}}href" else name
            element.attrib[plain_name] = _with_key(plain_name, value, chart.key)
    _, _, width, height = map(float, root.get("viewBox", "").split())
    root.attrib |= {
        "role": "img",
        "aria-label": chart.title,
        "width": f"{TEXT_WIDTH}",
        "height": f"{TEXT_WIDTH * height / width:.0f}",
    }
    return ElementTree.tostring(root, encoding="unicode")


def _with_key(attribute: str, value: str, key: str) -> str:
    """Return the value of an attribute with a chart's key before the id in it."""
    if attribute == "id":
        return f"{key}-{value}"
    return _REFERENCE.sub(rf"\g<0>{key}-", value)


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
    drawing = _draw(
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
        comparison.interval,
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
    drawing = _draw(
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
        row.expected if row.kind.kind is PublishedKind.ONE else row.mean_interval,
        published=experiment.published,
    )


def _draw(rows: Sequence[ChartRow], *, x_label: str, head: str, zero: bool = False) -> bytes:
    """Draw rows below each other, as SVG.

    Args:
        rows: from the top down.
        x_label: what means and intervals are of.
        head: what stands above the numbers.
        zero: whether there is a line at 0.
    """
    figures = imported("matplotlib.figure", "plots", "Charts")
    styles = imported("matplotlib.style", "plots", "Charts")
    with styles.context(STYLE):
        figure = figures.Figure(
            figsize=(WIDE, HEIGHT_AROUND + ROW_HEIGHT * len(rows)), layout="constrained"
        )
        axes = figure.subplots()
        for place, row in enumerate(rows):
            _draw_row(axes, place, row)
        if zero:
            axes.axvline(0.0, color=GREY, linewidth=0.8)
        axes.set_xlabel(x_label)
        axes.text(1.01, 1.02, head, transform=axes.transAxes, fontsize=7, color=GREY)
        _write_beside(axes, [row.label for row in rows])
        _write_beside(axes.twinx(), [row.numbers for row in rows])
        return figure_bytes(figure, "svg")


def _draw_row(axes: Any, place: int, row: ChartRow) -> None:
    """Draw interval, mean and published figure of a row, so many rows from the top."""
    if row.interval is not None:
        axes.plot([row.interval.low, row.interval.high], [place, place], color=OUR_COLOUR)
    if row.mean is not None:
        inner_colour = OUR_COLOUR if row.filled else "white"
        axes.plot(
            row.mean, place, "o", color=OUR_COLOUR, markersize=5, markerfacecolor=inner_colour
        )
    if row.published is not None:
        axes.plot(row.published, place, color=PUBLISHED_COLOUR, **MARK, markeredgewidth=1.4)


def _write_beside(axes: Any, texts: Sequence[str]) -> None:
    """Write a text beside each row, the first row at the top, on the side of these axes."""
    axes.set_ylim(len(texts) - 0.5, -0.5)
    axes.set_yticks(range(len(texts)), texts)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
