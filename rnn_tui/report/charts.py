"""The charts of a report as SVG that points at nothing outside."""

import base64
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from rnn_tui.engine.palette import curve_colour
from rnn_tui.report.conclusions import Conclusion, Says
from rnn_tui.report.curves import Figure
from rnn_tui.report.rows import Interval, Results, cells, markdown_text
from rnn_tui.runs.export.formats import imported
from rnn_tui.runs.export.plots import MARK, STYLE, WIDE, Panel, picture, saved
from rnn_tui.tasks import TASKS

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
TEXT_WIDTH = 800  # of the page, in pixels
ROW, AROUND = 0.24, 0.75  # of a chart of rows: heights in inches
OURS, PUBLISHED, GREY = curve_colour(0, dark=False), "#b3261e", "#555555"
_REFERENCE = re.compile(r"url\(#|^#")  # in attributes: what a part of a drawing is referred to by


@dataclass(frozen=True)
class ReportChart:
    """A chart with a caption: a picture in Markdown, a drawing among the words in HTML."""

    key: str  #: such as `rows-adder`; no other chart of the document has it.
    title: str
    caption: str
    drawing: bytes  #: SVG, as matplotlib has it.

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
    """What a row shows; the mark of the mean is filled, or a ring."""

    label: str
    numbers: str
    mean: float | None
    interval: Interval | None
    filled: bool = True
    published: float | None = None


def svg(drawing: ReportChart) -> str:
    """A drawing as `<svg>` as wide as text that points at nothing outside; ids begin with its key,
    as a page has several.
    """
    ElementTree.register_namespace("", SVG)
    # our own, from a moment ago: nothing in it is anybody else's
    root = ElementTree.fromstring(drawing.drawing)
    for metadata in root.findall(f"{{{SVG}}}metadata"):
        root.remove(metadata)
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            del element.attrib[name]
            prefixed = (
                f"{drawing.key}-{value}"
                if name == "id"
                else _REFERENCE.sub(rf"\g<0>{drawing.key}-", value)
            )
            element.attrib["href" if name == f"{{{XLINK}}}href" else name] = prefixed
    width, height = map(float, root.get("viewBox", "").split()[2:])
    size = {"width": f"{TEXT_WIDTH}", "height": f"{TEXT_WIDTH * height / width:.0f}"}
    root.attrib |= {"role": "img", "aria-label": drawing.title, **size}
    return ElementTree.tostring(root, encoding="unicode")


def plot(figure: Figure, table: Results) -> ReportChart:
    """A figure, with the figures of its networks from the table in the legend."""
    mine = [row for row in table.rows if row.n and figure.key.startswith(row.experiment.task)]
    told = {
        row.experiment.short_label: f"{cells(row)[2]}, published {cells(row)[1]}" for row in mine
    }
    drawn = picture(
        [Panel(figure.spec, figure.lines, marks=figure.published, figures=told)],
        "svg",
        figure.x_label,
        WIDE,
    )
    caption = "; ".join(filter(None, (f"{figure.title}, over seeds as in the table", figure.note)))
    return ReportChart(figure.key, figure.title, f"{caption}.", drawn)


def compared_chart(one: Conclusion, key: str) -> list[ReportChart]:
    """The comparisons of a conclusion around zero, none without any interval; raises `ExportError`
    without matplotlib.
    """
    numbers = "{1} [{2}] · {3} : {4} · {6}"  # of the cells
    rows = [
        ChartRow(
            row.subject,
            numbers.format(*row.cells),
            row.difference,
            row.interval,
            row.says in (Says.FOR, Says.AGAINST),
        )
        for row in one.comparisons
    ]
    if all(row.interval is None for row in rows):
        return []
    drawn = _drawn(
        rows, "difference (points)", "difference [95 %] · seeds for : against", zero=True
    )
    caption = (
        "Mean differences with their 95 % intervals. Right of zero is as the report says; filled "
        "marks count."
    )
    return [ReportChart(key, f"Comparisons: {one.claim.rstrip('.')}", caption, drawn)]


def result_charts(table: Results) -> list[ReportChart]:
    """The published figures among ours, a chart a task that has figures; raises as above."""
    charts = []
    for task in table.plan.tasks:
        rows = [
            ChartRow(
                row.experiment.short_label,
                "{2} · {1} {5}".format(*cells(row)),
                row.spread.mean,
                row.expected,
                published=row.experiment.published,
            )
            for row in table.rows
            if row.experiment.task == task and row.spread is not None
        ]
        if rows:
            title = f"{TASKS[task].label}: published figures and ours"
            caption = (
                f"{title}. Crosses: published. Points: our means, with the interval for the next "
                "seed, 95 %."
            )
            charts.append(
                ReportChart(
                    f"rows-{task}",
                    title,
                    caption,
                    _drawn(rows, "accuracy (%)", "mean ± sd · published"),
                )
            )
    return charts


def _drawn(rows: Sequence[ChartRow], x_label: str, head: str, *, zero: bool = False) -> bytes:
    figures, styles = (
        imported(name, "plots", "Charts") for name in ("matplotlib.figure", "matplotlib.style")
    )
    with styles.context(STYLE):
        figure = figures.Figure(figsize=(WIDE, AROUND + ROW * len(rows)), layout="constrained")
        axes = figure.subplots()
        for at, row in enumerate(rows):
            if row.interval is not None:
                axes.plot([row.interval.low, row.interval.high], [at, at], color=OURS)
            if row.mean is not None:
                axes.plot(
                    row.mean,
                    at,
                    "o",
                    color=OURS,
                    markersize=5,
                    markerfacecolor=OURS if row.filled else "white",
                )
            if row.published is not None:
                axes.plot(row.published, at, color=PUBLISHED, **MARK, markeredgewidth=1.4)
        if zero:
            axes.axvline(0.0, color=GREY, linewidth=0.8)
        axes.set_xlabel(x_label)
        axes.text(1.01, 1.02, head, transform=axes.transAxes, fontsize=7, color=GREY)
        # Names at the left of the rows, numbers at the right.
        for side, texts in (
            (axes, [row.label for row in rows]),
            (axes.twinx(), [row.numbers for row in rows]),
        ):
            side.set_ylim(len(rows) - 0.5, -0.5)
            side.set_yticks(range(len(rows)), texts)
            side.tick_params(axis="y", length=0)
            side.grid(visible=False, axis="y")
        return saved(figure, "svg")
