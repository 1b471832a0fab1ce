"""A report in one self-contained file, as Markdown or as HTML made from it, so that both say the
same; how it was made.
"""

import base64
import html
import platform
import re
import string
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.files import why_unwritable, write_file
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.resources import usable_cores
from rnn_tui.report.conclusions import BASIS, COMPARED, RULE, Conclusion, Says, conclusions
from rnn_tui.report.curves import Figure, accuracy_by_length, figures
from rnn_tui.report.plan import Plan, kept
from rnn_tui.report.rows import (
    DOCUMENTS,
    EXPECTED,
    HEADS,
    Interval,
    Results,
    cells,
    markdown_table,
    markdown_text,
    results,
)
from rnn_tui.runs.export.documents import date
from rnn_tui.runs.export.formats import ExportFormat, imported, unwritable
from rnn_tui.runs.export.plots import MARK, STYLE, WIDE, Panel, picture, saved
from rnn_tui.runs.records import RunRecord, Session
from rnn_tui.runs.rows import versions
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import NOTHING, duration, settings_of
from rnn_tui.tasks import TASKS

TITLE = "A report on recurrent networks, rerun"
PAGE = Path(__file__).with_suffix(".html")
# settings that say nothing on how a network was trained
UNTOLD = ("task", "preset", "seed", "seeds", "device", "workers")
SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
TEXT_WIDTH = 800  # of the page, in pixels
ROW, AROUND = 0.24, 0.75  # of a chart of rows: heights in inches
OURS, PUBLISHED, GREY = curve_colour(0, dark=False), "#b3261e", "#555555"
TIMES = "Where networks train side by side, each counts with an equal share of their time."
CPU_FILE = Path("/proc/cpuinfo")
_REFERENCE = re.compile(r"url\(#|^#")  # in attributes: what a part of a drawing is referred to by


@dataclass(frozen=True)
class UsedRun:
    """A run that figures are from, how many of its networks are, and its sessions in order."""

    run: RunRecord
    networks: int
    sessions: tuple[Session, ...]

    @property
    def here(self) -> bool:
        """Whether all of it was trained on a machine of this name."""
        return all(session.host == platform.node() for session in self.sessions)

    @property
    def versions(self) -> dict[str, str]:
        """Those of what trained it last, by name."""
        return dict(self.sessions[-1].versions) if self.sessions else {}

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        run, workers = self.run, self.sessions[-1].workers if self.sessions else None
        return {
            "id": run.run_id,
            "name": run.name,
            "networks": self.networks,
            "finished": date(run.updated),
            "seconds": run.elapsed,
            "device": run.device or None,
            "workers": workers,
            "on_this_machine": self.here,
            "versions": self.versions,
        }


@dataclass(frozen=True)
class About:
    """All that must be known of figures."""

    plan: Plan
    written: float  #: when, in seconds since 1970.
    machine: Mapping[str, str | int | float]
    versions: Mapping[str, str]  #: of this program, Python and packages.
    settings: Mapping[str, RunConfig]  #: of each experiment by what it is called.
    runs: tuple[UsedRun, ...]  #: that figures are from.

    @property
    def devices(self) -> tuple[str, ...]:
        """What the runs were trained on, each once."""
        return tuple(dict.fromkeys(one.run.device for one in self.runs if one.run.device))

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        plan = self.plan
        return {
            "command": plan.command,
            "date": date(self.written),
            "preset": plan.preset,
            "notes": [*plan.notes, TIMES],
            "seeds": {task: list(plan.seeds_of(task)) for task in plan.tasks},
            "settings": {name: config.to_dict() for name, config in self.settings.items()},
            "versions": dict(self.versions),
            "machine": {**self.machine, "devices": list(self.devices)},
            "runs": [one.to_dict() for one in self.runs],
        }


def about(results: Results, store: RunStore | None) -> About:
    """Gather what must be known of a table; raises `StoreError` if the store can't be read."""
    plan, counts = results.plan, Counter(run_id for row in results.rows for run_id in row.run_ids)
    used = []
    for run_id in sorted(counts):
        if store is not None and (run := store.get(run_id)) is not None:
            used.append(UsedRun(run, counts[run_id], tuple(store.sessions(run_id))))
    settings = {}  # of every task, of MNIST by model, all seeds together where a run has several
    for one in plan.experiments:
        label = one.label if one.task == "mnist" else TASKS[one.task].label
        settings[label] = plan.config(
            one.task, one.cell, plan.first_seed, seeds=len(plan.seeds_of(one.task))
        )
    return About(plan, time.time(), machine(), versions(), settings, tuple(used))


def machine() -> dict[str, str | int | float]:
    """This computer: the name of its processor, the cores that this process may run on, memory."""
    import psutil  # noqa: PLC0415 - on use only

    model = None  # what Python calls `processor` is on Linux the architecture, or nothing
    with suppress(OSError):
        told = CPU_FILE.read_text(encoding="utf-8", errors="replace")
        model = re.search(r"^model name[ \t]*:[ \t]*(.*\S)", told, re.MULTILINE)
    name = printable(
        model[1] if model else platform.processor() or platform.machine() or "unknown", 80
    )
    memory = round(psutil.virtual_memory().total / 2**30, 1)
    return {
        "processor": name,
        "cores": usable_cores(),
        "memory_gib": memory,
        "system": platform.platform(),
    }


@dataclass(frozen=True)
class ReportChart:
    """A chart as SVG, with a name such as `rows-adder`, and what stands below it among text."""

    key: str
    title: str
    caption: str
    svg: bytes


@dataclass(frozen=True)
class ChartRow:
    """What a row shows; the mark of the mean is filled, or a ring."""

    label: str
    numbers: str
    mean: float | None
    interval: Interval | None
    filled: bool = True
    published: float | None = None


def check_path(path: Path) -> ExportFormat:
    """The format of a document, before hours of training; a SettingError for its ending, an
    ExportError if none can be.
    """
    forms = {one.suffix: one for one in DOCUMENTS.values()}
    if (form := forms.get(path.suffix.lower())) is None:
        raise SettingError(
            f"A document's name ends in {' or '.join(sorted(forms, key=len))}, unlike "
            f"{printable(path, 200)}."
        )
    imported("matplotlib.figure", "plots", "Documents")
    if reason := why_unwritable(path):
        raise unwritable(path, reason, "for the document")
    return form


def write_document(path: Path, plan: Plan, store: RunStore | None) -> None:
    """Write what the store has of a plan into one file, in seconds, with torch; raises like
    `check_path`, and a StoreError.
    """
    form = check_path(path)
    has = kept(plan, store)
    table, by_length = results(has), accuracy_by_length(has)
    known = about(table, store)
    blocks: list[str | ReportChart] = [*_beginning(table, known), *result_charts(table)]
    if found := conclusions(table, by_length):
        blocks.append("## The report's conclusions on the adder")
        for at, one in enumerate(found, 1):
            blocks += [*concluded(one), *compared_chart(one, f"conclusion-{at}")]
        blocks += map(markdown_text, (RULE, *BASIS))
    if charts := [_plot(one, table) for one in figures(has, by_length)]:
        shades = (
            "Lines are means over seeds, shades one standard deviation to each side; behind "
            "names, the table's figures."
        )
        blocks += ["## Plots", shades, *charts]
    text = form.load()([*blocks, *_made(known)])
    try:
        write_file(path, text.encode())
    except OSError as error:
        raise unwritable(path, error.strerror or error, "for the document") from error


def _beginning(table: Results, known: About) -> list[str]:
    plan = table.plan
    many = ", ".join(f"{len(plan.seeds_of(task))} of {TASKS[task].label}" for task in plan.tasks)
    return [
        f"# {TITLE}",
        "A course report of 2022 trained one network of each kind and published one figure for "
        "it. One run of a small network "
        "is one draw: with another seed, that is with other random data, initial weights and "
        "order, the same recipe ends "
        f"differently. Here every experiment was trained again, with preset {plan.preset}, from "
        f"several seeds ({many}). The "
        "table has the mean over seeds ± the sample standard deviation, in percent.",
        *map(markdown_text, plan.notes),
        f"Written on {date(known.written)} by rnn-tui {known.versions['rnn-tui']}. Command: "
        f"`{plan.command}`",
        "## Published figures and ours",
        markdown_table(HEADS, map(cells, table.rows)),
        "MNIST and recall: accuracy on the test set. Adder: bit accuracy, the mean over lengths "
        f"1 to 20. {TIMES}",
        markdown_text(EXPECTED),
        *filter(None, [markdown_text(table.lacking())]),
    ]


def concluded(one: Conclusion) -> list[str]:
    """A conclusion in Markdown: the report's words, the verdict, and what it follows from."""
    told = f"**{markdown_text(one.sentence)}** {markdown_text(one.measured)}"
    return [
        f"### {markdown_text(one.claim)}",
        told,
        markdown_table(COMPARED, [row.cells for row in one.comparisons]),
    ]


def _made(known: About) -> list[str]:
    plan, machine = known.plan, known.machine
    flat = {name: dict(settings_of(config)) for name, config in known.settings.items()}
    names = dict.fromkeys(
        name for settings in flat.values() for name in settings if name not in UNTOLD
    )
    settings = ((name, *(one.get(name, NOTHING) for one in flat.values())) for name in names)
    told = [row for row in settings if set(row[1:]) != {NOTHING}]
    ranges = ((TASKS[task].label, plan.seeds_of(task)) for task in plan.tasks)
    seeds = [
        f"{label}: {' … '.join(dict.fromkeys((str(mine[0]), str(mine[-1]))))}"
        for label, mine in ranges
    ]
    computer = {
        **machine,
        "memory": f"{machine['memory_gib']:g} GiB",
        "trained on": ", ".join(known.devices) or NOTHING,
    }
    told_of_it = [
        (name, str(computer[name]))
        for name in ("processor", "cores", "memory", "system", "trained on")
    ]
    versions = [(name, version) for name, version in known.versions.items() if name != "system"]
    parts = [
        "## How it was made",
        "### Settings",
        markdown_table(("", *flat), told),
        f"Seeds. {'; '.join(seeds)}.",
    ]
    parts += ["### Machine and versions", markdown_table(("", ""), [*told_of_it, *versions])]
    if known.runs:
        rows = [
            (
                one.run.name,
                one.run.run_id,
                str(one.networks),
                date(one.run.updated),
                duration(one.run.elapsed),
                one.run.device or NOTHING,
                one.versions.get("torch") or NOTHING,
            )
            for one in known.runs
        ]
        parts += [
            "### Runs",
            markdown_table(
                ("run", "id", "networks", "ended", "trained", "device", "PyTorch"), rows
            ),
        ]
        if elsewhere := sum(not one.here for one in known.runs):
            parts.append(
                f"{elsewhere} of {len(known.runs)} runs were trained on another machine than the "
                "one above."
            )
    return parts


def as_markdown(blocks: Sequence[str | ReportChart]) -> str:
    """Markdown, each plot a picture inside of it."""
    drawn = "![{}](data:image/svg+xml;base64,{})\n\n*{}*"
    return (
        "\n\n".join(
            one
            if isinstance(one, str)
            else drawn.format(
                markdown_text(one.title),
                base64.b64encode(svg(one).encode()).decode(),
                markdown_text(one.caption),
            )
            for one in blocks
        )
        + "\n"
    )


def as_html(blocks: Sequence[str | ReportChart]) -> str:
    """One page of HTML, each plot a drawing inside of it."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - on use only

    markdown = MarkdownIt("js-default")  # raw HTML in the text stays text
    parts = [
        str(markdown.render(one))
        .replace("<table>", '<div class="wide"><table>')
        .replace("</table>", "</table></div>")
        if isinstance(one, str)
        else f"<figure>\n{svg(one)}\n<figcaption>{html.escape(one.caption)}</figcaption>\n</figure>"
        for one in blocks
    ]
    page = string.Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=html.escape(TITLE), style=PAGE.with_suffix(".css").read_text(), parts="\n".join(parts)
    )


def _plot(figure: Figure, table: Results) -> ReportChart:
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


def svg(drawing: ReportChart) -> str:
    """A drawing as `<svg>` as wide as text that points at nothing outside; ids begin with its key,
    as a page has several.
    """
    ElementTree.register_namespace("", SVG)
    # our own, from a moment ago: nothing in it is anybody else's
    root = ElementTree.fromstring(drawing.svg)
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
