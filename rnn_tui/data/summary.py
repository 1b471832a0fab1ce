"""Say in lines and in JSON what was understood of a file."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from rnn_tui.data.columns import FileColumn, Role
from rnn_tui.data.data_set import PART_NAMES, DataSet
from rnn_tui.data.options import Goal
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import SafeText, printable

LINE = 300
MOST_ROWS = 12  # of the table of columns, before alike neighbours share a row
MOST_CLASSES = 12  # that are listed
LONGEST_ALPHABET = 60  # characters of an alphabet that are listed
IN_WORDS = {
    Goal.CLASS: "the class of each sequence",
    Goal.NUMBER: "a number for each sequence",
    Goal.STEP_CLASS: "the class of each step",
    Goal.STEP_NUMBER: "a number for each step",
    Goal.NEXT: "the inputs of the next step",
}


def column_rows(columns: Sequence[FileColumn]) -> list[tuple[str, str, str, str, str]]:
    """Return name, kind, role, missing cells and first values of columns.

    Of many columns, neighbours of the same kind and role share a row.
    """
    groups: list[list[FileColumn]] = []
    for column in columns:
        previous = groups[-1][-1] if groups else None
        if len(columns) > MOST_ROWS and previous is not None and _are_alike(previous, column):
            groups[-1].append(column)
        else:
            groups.append([column])
    return [_group_row(group) for group in groups]


def _are_alike(first: FileColumn, second: FileColumn) -> bool:
    return first.kind == second.kind and first.role == second.role


def _group_row(group: list[FileColumn]) -> tuple[str, str, str, str, str]:
    first, last = group[0], group[-1]
    name: str = first.name
    if len(group) > 1:
        name = f"{first.name} … {last.name} ({len(group)})"
    missing = sum(column.missing for column in group)
    examples = first.examples
    if first.role is Role.INPUT and len(group) > 1:
        examples = tuple(column.examples[0] for column in group[:3] if column.examples)
    return name, first.kind, first.role, f"{missing:,}" if missing else "", ", ".join(examples)


def table_lines(columns: Sequence[FileColumn]) -> list[SafeText]:
    """Return a table of columns."""
    if not columns:
        return []
    rows = [("column", "kind", "role", "missing", "first values"), *column_rows(columns)]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    return [
        printable(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip(),
            LINE,
        )
        for row in rows
    ]


def figure_lines(data_set: DataSet) -> list[SafeText]:
    """Return what there is to learn from and to answer, a line each."""
    description = data_set.description
    lengths = count_of(description.longest, "step")
    if description.longest > description.shortest:
        lengths = f"{description.shortest} to {description.longest} steps"
    inputs = description.features or description.alphabet
    parts = ", ".join(f"{count:,} {name}" for name, count in _part_counts(data_set).items())
    kind = count_of(len(inputs), "symbol" if description.alphabet else "number")
    lines = [
        f"{count_of(description.count, 'sequence')} of {lengths}",
        f"reads at each step: {kind} ({_some(inputs)})",
        f"answers: {_answers(data_set)}",
    ]
    groups = groups_in_words(data_set)
    if groups:
        lines.append(f"groups: {groups}")
    lines.append(f"parts: {parts}")  # the last, which documents show in a table
    return [printable(line, LINE) for line in lines]


class PlacedSequence(NamedTuple):
    """A sequence and the part that it is in."""

    sequence: SafeText  #: what the file calls it, or its number; of a piece, with its beginning.
    group: SafeText  #: what the file calls its group; empty without groups.
    part: str  #: `training`, `validation` or `test`.


def placed_sequences(data_set: DataSet) -> Iterator[PlacedSequence]:
    """Yield all sequences with their groups and parts, in the order of the data set."""
    for index, part in enumerate(data_set.parts.tolist()):
        group = printable(data_set.origin.group(index))
        yield PlacedSequence(data_set.sequence_name(index), group, PART_NAMES[part])


def _part_counts(data_set: DataSet) -> dict[str, int]:
    """Return how many sequences each part has."""
    counts = np.bincount(data_set.parts, minlength=len(PART_NAMES)).tolist()
    return dict(zip(PART_NAMES, counts, strict=True))


def groups_in_words(data_set: DataSet) -> str:
    """Return how many groups there are, in which parts, and their names; empty without groups."""
    members = data_set.origin.members
    if not len(members):
        return ""
    counts = [
        f"{len(np.unique(members[data_set.of_part(part)])):,} in {name}"
        for part, name in enumerate(PART_NAMES)
    ]
    occurring = np.unique(members).tolist()
    names = [data_set.origin.groups[member] for member in occurring]
    return f"{len(names):,}, of which {', '.join(counts)} ({_some(names)})"


def _answers(data_set: DataSet) -> str:
    description = data_set.description
    answers = IN_WORDS[description.goal]
    if description.goal is Goal.NEXT:
        if description.horizon == 1:
            return answers
        return f"the inputs of the next {description.horizon} steps"
    if not description.classifies:
        return f"{answers} ({_some(description.outputs)})"
    counts = classes_with_counts(data_set)
    listed = [f"{name} ({count:,})" for name, count in counts.items()]
    return f"{answers}: {_some(listed)}"


def _some(words: Sequence[str]) -> str:
    if len(words) > 2 and all(len(word) == 1 for word in words):
        return printable("".join(words), LONGEST_ALPHABET)
    more = f", … {len(words)} in all" if len(words) > MOST_CLASSES else ""
    return ", ".join(words[:MOST_CLASSES]) + more


def classes_with_counts(data_set: DataSet) -> dict[str, int]:
    """Return how many sequences, or steps, have each class; none of numbers or inputs to come."""
    description = data_set.description
    if description.goal not in (Goal.CLASS, Goal.STEP_CLASS):
        return {}
    labelled = data_set.targets[data_set.targets >= 0].astype(np.int64)
    counts = np.bincount(labelled, minlength=len(description.outputs)).tolist()
    return dict(zip(description.outputs, counts, strict=True))


def figures(data_set: DataSet) -> dict[str, Any]:
    """Return what there is to learn from and to answer, JSON-ready."""
    description = data_set.description
    return {
        "name": description.name,  #: its name.
        #: `class`, `number`, `step-class`, `step-number` or `next`.
        "goal": description.goal.value,
        "horizon": description.horizon,  #: how many steps ahead are predicted; 0 for other goals.
        "features": list(description.features),  #: the numbers that are read at each step.
        "alphabet": list(description.alphabet),  #: the symbols that a step may be.
        "outputs": list(description.outputs),  #: the classes, or the numbers that are answered.
        "classes": classes_with_counts(data_set),  #: sequences of each class.
        "sequences": description.count,  #: sequences in all.
        "shortest": description.shortest,  #: steps of the shortest sequence.
        "longest": description.longest,  #: steps of the longest sequence.
        #: sequences of each part.
        "parts": _part_counts(data_set),
        "split": description.split.value,  #: `chance`, `time`, `files`, `column` or `from`.
        "fill": description.fill.value,  #: `line`, `previous`, `zero`, `mean` or `drop`.
        "filled": description.filled,  #: numbers that were missing.
    }
