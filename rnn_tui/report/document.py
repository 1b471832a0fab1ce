"""A report in one self-contained file, as Markdown or as HTML.

Its words are written once, as Markdown, and HTML is rendered from that. Charts alone have a form
for each: see `ReportChart`.
"""

import html
import string
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.files import why_unwritable, write_file
from rnn_tui.engine.pace import duration
from rnn_tui.report.charts import comparison_chart, figure_chart, result_charts
from rnn_tui.report.conclusions import BASIS, COMPARED, RULE, Conclusion, conclusions
from rnn_tui.report.curves import accuracy_by_length, figures
from rnn_tui.report.inventory import take_inventory
from rnn_tui.report.plan import Plan
from rnn_tui.report.provenance import TIMES, Provenance, UsedRun, gather_provenance
from rnn_tui.report.rows import (
    DOCUMENTS,
    EXPECTED,
    HEADS,
    Results,
    markdown_table,
    markdown_text,
    results,
    table_cells,
)
from rnn_tui.runs.export.documents import date
from rnn_tui.runs.export.formats import ExportFormat, imported, unwritable
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import NOTHING, settings_of
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

TITLE = "A report on recurrent networks, rerun"
PAGE = Path(__file__).with_suffix(".html")
STYLESHEET = Path(__file__).with_suffix(".css")
# Settings that don't say how a network was trained.
LEFT_OUT = ("task", "preset", "seed", "seeds", "device", "workers")
RUN_HEADS = ("run", "id", "networks", "ended", "trained", "device", "PyTorch")
# All the Markdown that the report writes. HTML, links and pictures are not among it: in the name
# of a run they stay text, even if nobody escaped them.
MARKDOWN_RULES = ("heading", "table", "emphasis", "backticks", "escape")


class Block(Protocol):
    """A part of a document that is written in both of its formats."""

    @property
    def markdown(self) -> str:
        """The block in a Markdown document."""

    @property
    def html(self) -> str:
        """The block in a page."""


class MarkdownBlock:
    """A heading, a paragraph or a table, of which the HTML is rendered."""

    def __init__(self, markdown: str) -> None:
        self.markdown = markdown

    @property
    def html(self) -> str:
        """The block in a page; all HTML in it stays text."""
        return str(_renderer().render(self.markdown))


def check_path(path: Path) -> ExportFormat:
    """Return the format of a document that can be written to a path, before hours of training.

    Raises:
        SettingError: The path's ending is that of no format.
        ExportError: matplotlib is not installed, or nothing can be written there.
    """
    by_suffix = {document.suffix: document for document in DOCUMENTS.values()}
    document_format = by_suffix.get(path.suffix.lower())
    if document_format is None:
        raise SettingError(
            f"A document's name ends in {' or '.join(sorted(by_suffix, key=len))}, unlike "
            f"{printable(path, 200)}."
        )
    imported("matplotlib.figure", "plots", "Documents")
    reason = why_unwritable(path)
    if reason:
        raise unwritable(path, reason, "for the document")
    return document_format


def write_document(path: Path, plan: Plan, store: RunStore | None) -> None:
    """Write what the store has of a plan into one file. Takes seconds, and loads torch.

    Raises like `check_path`, and a `StoreError` if the store can't be read.
    """
    as_format = check_path(path).load()
    text = as_format(_blocks(plan, store))
    try:
        write_file(path, text.encode())
    except OSError as error:
        raise unwritable(path, error.strerror or error, "for the document") from error


def as_markdown(blocks: Iterable[Block]) -> str:
    """Return the document as Markdown."""
    return "\n\n".join(block.markdown for block in blocks) + "\n"


def as_html(blocks: Iterable[Block]) -> str:
    """Return the document as one page of HTML."""
    page = string.Template(PAGE.read_text(encoding="utf-8"))
    return page.substitute(
        title=html.escape(TITLE),
        style=STYLESHEET.read_text(encoding="utf-8"),
        parts="\n".join(block.html for block in blocks),
    )


@cache
def _renderer() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # noqa: PLC0415 - on use only

    renderer = MarkdownIt("zero").enable(list(MARKDOWN_RULES))
    renderer.add_render_rule("table_open", _open_table)
    renderer.add_render_rule("table_close", _close_table)
    return renderer


# A wide table scrolls sideways within the page. markdown-it calls these as methods of its renderer.
def _open_table(
    renderer: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    return f'<div class="wide">{renderer.renderToken(tokens, index, options, env)}'


def _close_table(
    renderer: "RendererHTML",
    tokens: "Sequence[Token]",
    index: int,
    options: "OptionsDict",
    env: "EnvType",
) -> str:
    return f"{renderer.renderToken(tokens, index, options, env).rstrip()}</div>\n"


def _blocks(plan: Plan, store: RunStore | None) -> list[Block]:
    inventory = take_inventory(plan, store)
    table = results(inventory)
    by_length = accuracy_by_length(inventory)
    provenance = gather_provenance(table, store)
    words_before_charts = [*_beginning(provenance), *_published(table)]
    return [
        *map(MarkdownBlock, words_before_charts),
        *result_charts(table),
        *_conclusions(conclusions(table, by_length)),
        *_plots([figure_chart(figure, table) for figure in figures(inventory, by_length)]),
        *map(MarkdownBlock, _making(provenance)),
    ]


def _beginning(provenance: Provenance) -> list[str]:
    plan = provenance.plan
    seeds = ", ".join(f"{len(plan.seeds_of(task))} of {TASKS[task].label}" for task in plan.tasks)
    return [
        f"# {TITLE}",
        "A course report of 2022 trained one network of each kind and published one figure for "
        "it. One run of a small network is one draw: with another seed, that is with other random "
        "data, initial weights and order, the same recipe ends differently. Here every experiment "
        f"was trained again, with preset {plan.preset}, from several seeds ({seeds}). The table "
        "has the mean over seeds ± the sample standard deviation, in percent.",
        *map(markdown_text, plan.notes),
        f"Written on {date(provenance.written)} by rnn-tui {provenance.versions['rnn-tui']}. "
        f"Command: `{plan.command}`",
    ]


def _published(table: Results) -> list[str]:
    parts = [
        "## Published figures and ours",
        markdown_table(HEADS, map(table_cells, table.rows)),
        "MNIST and recall: accuracy on the test set. Adder: bit accuracy, the mean over lengths "
        f"1 to 20. {TIMES}",
        markdown_text(EXPECTED),
    ]
    missing_seeds = table.missing_seeds()
    if missing_seeds:
        parts.append(markdown_text(missing_seeds))
    return parts


def _conclusions(of_report: Sequence[Conclusion]) -> list[Block]:
    if not of_report:
        return []
    blocks: list[Block] = [MarkdownBlock("## The report's conclusions on the adder")]
    for number, conclusion in enumerate(of_report, 1):
        blocks += map(MarkdownBlock, concluded(conclusion))
        chart = comparison_chart(conclusion, f"conclusion-{number}")
        if chart is not None:
            blocks.append(chart)
    blocks += [MarkdownBlock(markdown_text(text)) for text in (RULE, *BASIS)]
    return blocks


def concluded(conclusion: Conclusion) -> list[str]:
    """Return a conclusion in Markdown: the report's words, the verdict, and the comparisons."""
    return [
        f"### {markdown_text(conclusion.claim)}",
        f"**{markdown_text(conclusion.sentence)}** {markdown_text(conclusion.measured)}",
        markdown_table(COMPARED, [comparison.cells for comparison in conclusion.comparisons]),
    ]


def _plots(plots: Sequence[Block]) -> list[Block]:
    if not plots:
        return []
    explanation = (
        "Lines are means over seeds, shades one standard deviation to each side; behind names, "
        "the table's figures."
    )
    return [MarkdownBlock("## Plots"), MarkdownBlock(explanation), *plots]


def _making(provenance: Provenance) -> list[str]:
    return [
        "## How it was made",
        "### Settings",
        _settings_table(provenance),
        _seeds_sentence(provenance.plan),
        "### Machine and versions",
        _machine_table(provenance),
        *_runs(provenance.runs),
    ]


def _settings_table(provenance: Provenance) -> str:
    """Return a row for each setting, a column for each experiment."""
    by_experiment = {
        label: dict(settings_of(config)) for label, config in provenance.settings.items()
    }
    names = dict.fromkeys(name for settings in by_experiment.values() for name in settings)
    rows = []
    for name in names:
        values = [settings.get(name, NOTHING) for settings in by_experiment.values()]
        if name not in LEFT_OUT and set(values) != {NOTHING}:
            rows.append((name, *values))
    return markdown_table(("", *by_experiment), rows)


def _seeds_sentence(plan: Plan) -> str:
    ranges = []
    for task in plan.tasks:
        seeds = plan.seeds_of(task)
        ends = dict.fromkeys((str(seeds[0]), str(seeds[-1])))
        ranges.append(f"{TASKS[task].label}: {' … '.join(ends)}")
    return f"Seeds. {'; '.join(ranges)}."


def _machine_table(provenance: Provenance) -> str:
    machine = provenance.machine
    versions = [item for item in provenance.versions.items() if item[0] != "system"]
    rows = [
        ("processor", str(machine["processor"])),
        ("cores", str(machine["cores"])),
        ("memory", f"{machine['memory_gib']:g} GiB"),
        ("system", str(machine["system"])),
        ("trained on", ", ".join(provenance.devices) or NOTHING),
        *versions,
    ]
    return markdown_table(("", ""), rows)


def _runs(used_runs: Sequence[UsedRun]) -> list[str]:
    if not used_runs:
        return []
    parts = ["### Runs", markdown_table(RUN_HEADS, map(_run_cells, used_runs))]
    elsewhere = sum(not used.here for used in used_runs)
    if elsewhere:
        parts.append(
            f"{elsewhere} of {len(used_runs)} runs were trained on another machine than the one "
            "above."
        )
    return parts


def _run_cells(used: UsedRun) -> tuple[str, ...]:
    """Return a row of the table under `RUN_HEADS`."""
    run = used.run
    return (
        run.name,
        run.run_id,
        str(used.networks),
        date(run.updated),
        duration(run.elapsed),
        run.device or NOTHING,
        used.versions.get("torch") or NOTHING,
    )
