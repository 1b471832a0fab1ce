"""A report in one self-contained file, as Markdown or as HTML made from it, so that both say the
same.
"""

import base64
import html
import string
from collections.abc import Sequence
from pathlib import Path

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.files import why_unwritable, write_file
from rnn_tui.report.charts import ReportChart, compared_chart, plot, result_charts, svg
from rnn_tui.report.conclusions import BASIS, COMPARED, RULE, Conclusion, conclusions
from rnn_tui.report.curves import accuracy_by_length, figures
from rnn_tui.report.plan import Plan, kept
from rnn_tui.report.provenance import TIMES, About, about
from rnn_tui.report.rows import (
    DOCUMENTS,
    EXPECTED,
    HEADS,
    Results,
    cells,
    markdown_table,
    markdown_text,
    results,
)
from rnn_tui.runs.export.documents import date
from rnn_tui.runs.export.formats import ExportFormat, imported, unwritable
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import NOTHING, duration, settings_of
from rnn_tui.tasks import TASKS

TITLE = "A report on recurrent networks, rerun"
PAGE = Path(__file__).with_suffix(".html")
# settings that say nothing on how a network was trained
UNTOLD = ("task", "preset", "seed", "seeds", "device", "workers")


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
    if charts := [plot(one, table) for one in figures(has, by_length)]:
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
