"""Which record prints each object of the JSON documents: `#:` at its fields says what they mean."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.documents.pages import CHECKOUT

PACKAGE = CHECKOUT / "rnn_tui"
# Where a field begins: of a class, of a dictionary, of a list of columns, set afterwards.
FIELD = re.compile(
    r"""^\s*(?:
        (?P<attribute>[a-z]\w*):\s |
        \w+\["(?P<item>\w+)"\]\s= |
        .*?"(?P<key>\w+)":\s |
        .*?[cC]olumn\w*\("(?P<column>\w+)" |
        "(?P<wrapped>\w+)",(?:\s|$)
    )""",
    re.VERBOSE,
)
# By document and path of an object, what prints its fields: files of the package, and names in them.
RECORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # Objects that stand in several documents.
    (
        r"Run: $",
        (
            "archive/run_columns.py RUN_FIELDS",
            "archive/export/documents.py full_document",
            "archive/export/documents.py _with_parts",
        ),
    ),
    (r"Run: sequences\[\]$", ("data/summary.py PlacedSequence",)),
    (
        r"Run: variants\[\]$",
        ("engine/config.py Variant", "archive/run_columns.py _variant_documents"),
    ),
    (r"Run: metrics\[\]$", ("engine/metrics.py Metric",)),
    (r"Run: networks\[\]$", ("engine/config.py Variant", "engine/config.py Replica")),
    (
        r"Run: sessions\[\]$",
        ("archive/export/documents.py _session_document", "archive/run_record.py Session"),
    ),
    (r"Run: log\[\]$", ("archive/export/documents.py full_document",)),
    (r"Run: values\[\]$", ("archive/export/documents.py _values_document",)),
    (r"Spread over seeds: $", ("engine/metrics.py Spread.to_dict",)),
    (r"Sweep plan: $", ("sweeps/plan.py SweepPlan",)),
    (r"Sweep plan: ranges\.<setting>$", ("sweeps/plan.py Range",)),
    (
        r"Weights: $",
        ("archive/weights.py weights_document", "cli/applying.py _weights_document"),
    ),
    # Training.
    (
        r"train [^:-]+: $",
        (
            "cli/results.py document",
            "cli/results.py _variant_figures",
            "cli/results.py TrainingOutput.print_document",
            "cli/baselines.py comparison_document",
        ),
    ),
    (r"train .*: (baselines\[\]|verdict)$", ("cli/baselines.py comparison_document",)),
    (r"train .*: history\[\]$", ("cli/results.py _epoch_document",)),
    (r"train .*: (history\[\]\.)?variants\[\]$", ("engine/config.py Variant",)),
    (
        r"train .*--find-learning-rate: $",
        ("engine/training/learning_rates.py LearningRateTest", "cli/train.py _rate_document"),
    ),
    # Photos.
    (r"predict: results\[\]$", ("photos/export.py READING_COLUMNS",)),
    (r"predict: results\[\]\.digits\[\]$", ("photos/export.py _digit_documents",)),
    (r"predict: summary$", ("photos/collection.py ReadingSummary",)),
    # New files of sequences.
    (r"predict sequences: weights$", ("cli/applying.py _weights_document",)),
    (r"predict sequences: results\[\]$", ("tasks/data_sets/application.py Application.documents",)),
    (
        r"predict sequences: summary\.figures$",
        (
            "tasks/data_sets/application.py NewFigures._of_classes",
            "tasks/data_sets/application.py NewFigures.figures",
        ),
    ),
    (r"predict sequences: summary$", ("tasks/data_sets/application.py Application.summary",)),
    # Runs.
    (r"runs: $", ("cli/runs/listing.py _show",)),
    (r"runs export .*: $", ("archive/export/documents.py write_json",)),
    (
        r"runs compare: (differences\[\])?$",
        ("cli/runs/comparison.py _document", "archive/run_verdicts.py RunVerdicts.to_dict"),
    ),
    (
        r"runs compare: comparisons\[\]$",
        (
            "archive/run_comparison.py RUN_COMPARISON_COLUMNS",
            "archive/verdicts.py COMPARISON_COLUMNS",
        ),
    ),
    # Data sets of sequences.
    (r"data show: $", ("data/understanding.py Understanding.document",)),
    (r"data show: columns\[\]$", ("data/columns.py FileColumn",)),
    (r"data show: data_set$", ("data/summary.py figures",)),
    (r"data parts: $", ("cli/data.py show_parts",)),
    (r"data parts: sequences\[\]$", ("data/summary.py PlacedSequence",)),
    (r"data list: $", ("cli/data.py list_data",)),
    (r"data list: data_sets\[\]$", ("data/description.py Description",)),
    # Sweeps.
    (r"sweep task --dry-run: $", ("cli/sweep/results.py show_size",)),
    (r"sweep list: \[\]$", ("sweeps/columns.py SWEEP_COLUMNS",)),
    (
        r"sweep (task|show): $",
        ("cli/sweep/results.py _document", "sweeps/columns.py SWEEP_COLUMNS"),
    ),
    (r"sweep (task|show): trials\[\]$", ("sweeps/columns.py TRIAL_FIELDS",)),
    # Papers, and their rerun.
    (r"papers: $", ("cli/papers.py list_papers",)),
    (r"papers: papers\[\]$", ("papers/listing.py PAPER_COLUMNS",)),
    (r"papers: papers\[\]\.presets\[\]$", ("papers/listing.py _PRESET_FIELDS",)),
    (r"papers: papers\[\]\.experiments\[\]$", ("papers/listing.py EXPERIMENT_FIELDS",)),
    (r"rerun: $", ("cli/rerunning.py _document", "papers/provenance.py Provenance.to_dict")),
    (
        r"rerun: machine$",
        ("archive/export/page/machine.py machine", "papers/provenance.py Provenance.to_dict"),
    ),
    (r"rerun: runs\[\]$", ("papers/provenance.py USED_RUN_COLUMNS",)),
    (r"rerun: rows\[\]$", ("papers/columns.py ROW_COLUMNS",)),
    (r"rerun: conclusions\[\]$", ("papers/conclusions.py Conclusion.to_dict",)),
    (r"rerun: conclusions\[\]\.comparisons\[\]$", ("archive/verdicts.py COMPARISON_COLUMNS",)),
    (r"rerun --estimate: $", ("papers/estimate.py Estimate.to_dict", "cli/rerunning.py say_time")),
    (r"rerun --estimate: runs\[\]$", ("papers/estimate.py ESTIMATE_COLUMNS",)),
    # Settings of the app.
    (r"config: (settings\.<entry>)?$", ("cli/config.py _document",)),
)


def meaning_in_record(title: str, path: str) -> str:
    """What a field is, by the record that prints it; empty where none says so."""
    parent, _, name = path.rpartition(".")
    for pattern, records in RECORDS:
        if re.match(pattern, f"{title}: {parent}"):
            for record in records:
                if text := meanings_of(record).get(name):
                    return text
    return ""


@cache
def meanings_of(record: str) -> dict[str, str]:
    """What the fields of a record mean, by their names."""
    meanings: dict[str, str] = {}
    lines_before: list[str] = []
    for line in lines_of(record):
        statement, mark, text = line.partition("#: ")
        if mark and not statement.strip():
            lines_before.append(text)
        elif field := FIELD.match(statement):
            name = next(filter(None, field.groups()))
            words = text or " ".join(lines_before)
            if words and name not in meanings:
                meanings[name] = re.sub(r"\bNone\b", "null", words.removesuffix("."))
            lines_before = []
    return meanings


def lines_of(record: str) -> list[str]:
    """The lines of a record."""
    place, name = record.split()
    source = (PACKAGE / place).read_text(encoding="utf-8")
    nodes: Iterator[ast.AST] = iter([ast.parse(source)])
    for part in name.split("."):
        nodes = (child for node in nodes for child in ast.iter_child_nodes(node))
        nodes = iter([node for node in nodes if part in names_of(node)])
    [node] = nodes
    assert isinstance(node, ast.stmt)
    return source.splitlines()[node.lineno - 1 : node.end_lineno]


def names_of(node: ast.AST) -> list[str]:
    """The names that a statement defines."""
    match node:
        case ast.ClassDef() | ast.FunctionDef():
            return [node.name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []
