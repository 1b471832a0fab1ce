"""A rerun of a paper in one self-contained file, as Markdown or as HTML."""

from collections.abc import Sequence
from pathlib import Path

from rnn_tui.archive.export.formats import ExportFormat, imported, unwritable
from rnn_tui.archive.export.page.blocks import (
    DOCUMENTS,
    Block,
    MarkdownBlock,
    as_code,
    markdown_table,
    markdown_text,
)
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.verdicts import COMPARED
from rnn_tui.archive.words import NOTHING, settings_of
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.files.atomic import why_unwritable, write_file
from rnn_tui.engine.json_values import date
from rnn_tui.engine.tables import chosen, columns_of_cells
from rnn_tui.papers.charts import comparison_chart, figure_chart, result_charts
from rnn_tui.papers.columns import columns_of, explanations
from rnn_tui.papers.conclusions import BASIS, RULE, Conclusion, conclusions
from rnn_tui.papers.curves import accuracy_by_length, figures
from rnn_tui.papers.inventory import take_inventory
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.plan import Plan
from rnn_tui.papers.provenance import (
    TIMES,
    USED_RUN_COLUMNS,
    Provenance,
    UsedRun,
    gather_provenance,
)
from rnn_tui.papers.rows import Results, results
from rnn_tui.tasks import TASKS

MOST_LISTED = 5  # tasks whose seeds are listed one by one, if they are the same
# Settings that don't say how a network was trained.
LEFT_OUT = ("task", "preset", "seed", "seeds", "device", "workers")
#: keys of the columns in the table of runs.
RUNS_SHOWN = ("name", "id", "networks", "finished", "seconds", "device", "versions")


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
    text = as_format(_blocks(plan, store), document_title(plan.paper))
    try:
        write_file(path, text.encode())
    except OSError as error:
        raise unwritable(path, error.strerror or error, "for the document") from error


def document_title(paper: Paper) -> str:
    """Return the title of the document on a rerun of a paper."""
    return f"{paper.title}, rerun"


def _blocks(plan: Plan, store: RunStore | None) -> list[Block]:
    inventory = take_inventory(plan, store)
    table = results(inventory)
    by_length = accuracy_by_length(inventory)
    provenance = gather_provenance(table, store)
    words_before_charts = [*_beginning(provenance), *_published(table)]
    return [
        *map(MarkdownBlock, words_before_charts),
        *result_charts(table),
        *_conclusions(plan.paper, conclusions(table, by_length)),
        *_plots([figure_chart(figure, table) for figure in figures(inventory, by_length)]),
        *map(MarkdownBlock, _making(provenance)),
    ]


def _beginning(provenance: Provenance) -> list[str]:
    plan = provenance.plan
    paper = plan.paper
    return [
        f"# {markdown_text(document_title(paper))}",
        f"{markdown_text(paper.summary)} One run of a small network is one draw: with another "
        "seed, that is with other random "
        "data, initial weights and order, the same recipe ends differently. Here every experiment "
        f"was trained again, with preset {markdown_text(plan.preset)}, from several seeds "
        f"({_seed_counts(plan)}). The table "
        "has the mean over seeds ± the sample standard deviation, in percent.",
        *([markdown_text(_source(paper))] if _source(paper) else []),
        *map(markdown_text, plan.notes),
        f"Written on {date(provenance.written)} by rnn-tui {provenance.versions['rnn-tui']}. "
        f"Command: {as_code(plan.command)}",
    ]


def _seed_counts(plan: Plan) -> str:
    """Return the numbers of seeds in words, such as `20 of Recall, 3 of MNIST`."""
    counts = {task: len(plan.seeds_of(task)) for task in plan.tasks}
    if len(counts) > MOST_LISTED and len(set(counts.values())) == 1:
        return f"{next(iter(counts.values()))} of each"
    return ", ".join(f"{count} of {TASKS[task].label}" for task, count in counts.items())


def _source(paper: Paper) -> str:
    """Return who wrote a paper, and where it can be read; empty if its file does not say."""
    if not paper.authors and not paper.address:
        return ""
    authors = f"{', '.join(paper.authors)} ({paper.year})" if paper.authors else str(paper.year)
    return f"The {paper.kind}: {authors}: {paper.title}. {paper.address}".rstrip()


def _published(table: Results) -> list[str]:
    paper = table.plan.paper
    parts = [
        "## Published figures and ours" if paper.has_published else "## Figures",
        markdown_table(columns_of(paper), table.rows),
        f"{markdown_text(paper.measured)} {TIMES}",
        *map(markdown_text, explanations(paper)),
    ]
    missing_seeds = table.missing_seeds()
    if missing_seeds:
        parts.append(markdown_text(missing_seeds))
    return parts


def _conclusions(paper: Paper, judged: Sequence[Conclusion]) -> list[Block]:
    if not judged:
        return []
    blocks: list[Block] = [MarkdownBlock(f"## {markdown_text(claims_title(paper))}")]
    for number, conclusion in enumerate(judged, 1):
        blocks += map(MarkdownBlock, concluded(conclusion))
        chart = comparison_chart(conclusion, f"conclusion-{number}", paper.kind)
        if chart is not None:
            blocks.append(chart)
    blocks += [MarkdownBlock(markdown_text(text)) for text in (RULE, *BASIS)]
    return blocks


def claims_title(paper: Paper) -> str:
    """Return the head over a paper's claims."""
    return paper.claims_title or f"The {paper.kind}'s claims"


def concluded(conclusion: Conclusion) -> list[str]:
    """Return a conclusion in Markdown: the paper's words, the verdict, and the comparisons."""
    return [
        f"### {markdown_text(conclusion.claim)}",
        f"**{markdown_text(conclusion.sentence)}** {markdown_text(conclusion.measured)}",
        markdown_table(COMPARED, conclusion.comparisons),
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
    """Return a row for each setting, a column for the experiments that have the same ones."""
    by_experiment = {
        label: dict(settings_of(config)) for label, config in provenance.settings.items()
    }
    names = dict.fromkeys(name for settings in by_experiment.values() for name in settings)
    rows = []
    for name in names:
        values = [settings.get(name, NOTHING) for settings in by_experiment.values()]
        if name not in LEFT_OUT and set(values) != {NOTHING}:
            rows.append((name, *values))
    columns: dict[tuple[str, ...], list[str]] = {}
    for place, label in enumerate(by_experiment, 1):
        columns.setdefault(tuple(row[place] for row in rows), []).append(label)
    heads = ["", *map(_common_label, columns.values())]
    lines = zip((row[0] for row in rows), *columns, strict=True)
    return markdown_table(columns_of_cells(heads), lines)


def _common_label(labels: Sequence[str]) -> str:
    """Return what the labels of experiments have in common: the network, or all of them."""
    networks = {label.rpartition(", ")[2] for label in labels}
    return ", ".join(labels) if len(labels) == 1 or len(networks) > 1 else networks.pop()


def _seeds_sentence(plan: Plan) -> str:
    ranges: dict[str, str] = {}
    for task in plan.tasks:
        seeds = plan.seeds_of(task)
        ends = dict.fromkeys((str(seeds[0]), str(seeds[-1])))
        ranges[task] = " … ".join(ends)
    if len(ranges) > MOST_LISTED and len(set(ranges.values())) == 1:
        return f"Seeds. {next(iter(ranges.values()))}."
    of_tasks = (f"{TASKS[task].label}: {ends}" for task, ends in ranges.items())
    return f"Seeds. {'; '.join(of_tasks)}."


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
    return markdown_table(columns_of_cells(("", "")), rows)


def _runs(used_runs: Sequence[UsedRun]) -> list[str]:
    if not used_runs:
        return []
    parts = ["### Runs", markdown_table(chosen(USED_RUN_COLUMNS, RUNS_SHOWN), used_runs)]
    elsewhere = sum(not used.here for used in used_runs)
    if elsewhere:
        parts.append(
            f"{elsewhere} of {len(used_runs)} runs were trained on another machine than the one "
            "above."
        )
    return parts
