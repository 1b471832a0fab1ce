"""Take sequences out of a table with a row a sequence."""

from collections.abc import Sequence

import numpy as np

from rnn_tui.data.bounds import check_sequences
from rnn_tui.data.files.names import stem_and_number
from rnn_tui.data.files.table import Table
from rnn_tui.data.options import Layout, ReadingOptions, Tokens
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.sequences import Flags, Label, Places, Sequences, starts_of
from rnn_tui.data.symbols import characters_to_places
from rnn_tui.data.tables.columns import (
    check_number,
    given_by,
    given_of,
    groups_of,
    label_of,
    tests_of,
)
from rnn_tui.data.words import TEXT_RULE, texts_to_places
from rnn_tui.engine.errors import DataError

#: what columns that count are called if that is no name for what they hold.
NO_NAMES = ("", "att", "attr", "column", "col", "feature", "step", "t", "time", "v", "value", "x")
#: what to do about a cell that is no number.
IN_A_ROW = "correct it or empty the cell (gaps are filled)"


def wide_sequences(table: Table, roles: Roles, options: ReadingOptions) -> Sequences:
    """Return the sequences of a table with a row each."""
    check_sequences(table.rows, "The table")
    tests = tests_of(table)
    label = None if roles.label is None else label_of(table, roles.label, every_step=False)
    columns = [table.columns[place] for place in roles.inputs]
    if all(column.is_text for column in columns):
        return _wide_text(table, roles, label, tests, options.tokens)
    for place in roles.inputs:
        check_number(table, place, IN_A_ROW)
    names, places = _features_of(table, roles.inputs)
    # (N, steps, F)
    cube = np.stack(
        [np.stack([table.columns[place].numbers for place in row], 1) for row in places], 2
    )
    lengths = _lengths_of_rows(table, places)
    inside = np.arange(cube.shape[1]) < lengths[:, None]
    given = given_of(table, roles)
    notes = []
    if len(set(lengths.tolist())) > 1:
        notes.append("Empty cells at the end of a row count as the end of its sequence.")
    return Sequences(
        features=names,
        alphabet=(),
        values=cube[inside],
        starts=starts_of(lengths),
        label=label,
        tests=tests,
        ids=_ids_of_rows(table, roles),
        given=np.repeat(given, lengths) if len(given) else given,
        given_by=given_by(table, roles),
        notes=tuple(notes),
        **groups_of(table, roles, np.arange(table.rows)),
    )


def _ids_of_rows(table: Table, roles: Roles) -> tuple[str, ...]:
    """Return the names of the rows, each a sequence; none without a column of names."""
    if roles.sequence is None:
        return ()
    codes, names = table.columns[roles.sequence].codes()
    return tuple(names[code] for code in codes.tolist())


def _lengths_of_rows(table: Table, places: list[list[int]]) -> Places:
    """Return the steps (R,) of each row, up to the last that has a number.

    Args:
        table: with a row a sequence.
        places: the columns of each feature, in the order of the steps.
    """
    lengths = np.zeros(table.rows, np.int64)
    for columns in places:
        for step, place in enumerate(columns):
            present = ~table.columns[place].missing
            lengths[present] = np.maximum(lengths[present], step + 1)
    return lengths


def missing_cells(table: Table, roles: Roles) -> list[int]:
    """Return how many cells of each column have no value.

    Cells behind the end of a sequence, in a table with a row a sequence, are not counted.
    """
    counts = [int(column.missing.sum()) for column in table.columns]
    if roles.layout is not Layout.WIDE:
        return counts
    if any(table.columns[place].is_text for place in roles.inputs):
        return counts
    _, places = _features_of(table, roles.inputs)
    lengths = _lengths_of_rows(table, places)
    for columns in places:
        for step, place in enumerate(columns):
            counts[place] = int((table.columns[place].missing & (lengths > step)).sum())
    return counts


def _features_of(table: Table, inputs: tuple[int, ...]) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return the names of the features, and the columns of each in the order of the steps.

    Columns such as `x0`, `x1`, `y0`, `y1` are two steps of two features.
    """
    names = [table.columns[place].name for place in inputs]
    features, steps = features_of_names(names, has_header=table.has_header)
    return features, [[inputs[number] for number in numbers] for numbers in steps]


def features_of_names(
    inputs: Sequence[str], *, has_header: bool
) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return the names of the features, and which inputs are the steps of each, in their order.

    Args:
        inputs: the names of columns that each hold a step, all different.
        has_header: whether these names are of the file.
    """
    stems: dict[str, list[tuple[int, int]]] = {}
    for place, part in enumerate(map(stem_and_number, inputs)):
        if part is not None and has_header:
            stems.setdefault(part[0], []).append((part[1], place))
    sizes = {len(members) for members in stems.values()}
    counted = sum(map(len, stems.values()))
    if counted == len(inputs) and len(sizes) == 1 and max(sizes) > 1:
        names = tuple(stem.strip(" _.-") for stem in stems)
        if len(names) == 1 and names[0] in NO_NAMES:
            names = ("value",)
        if len(set(names)) == len(names):
            ordered = [[place for _, place in sorted(members)] for members in stems.values()]
            return names, ordered
    return ("value",), [[*range(len(inputs))]]


def _wide_text(
    table: Table, roles: Roles, label: Label | None, tests: Flags, tokens: Tokens | None
) -> Sequences:
    """Return the characters or words of a column, each cell a sequence."""
    if len(roles.inputs) > 1:
        for place in roles.inputs:
            table.check_numbers(place, IN_A_ROW)
        raise DataError(
            "A row can hold its sequence in one column of text or in columns of numbers; name the "
            "one column of text (--inputs)."
        )
    column = table.columns[roles.inputs[0]]
    by_words = tokens is Tokens.WORDS
    notes: list[str] = []
    if by_words:
        values, starts, alphabet = texts_to_places(column.words.tolist())
        notes.append(TEXT_RULE)
    else:
        values, starts, alphabet, notes = characters_to_places(column.words.tolist())
    given = given_of(table, roles)
    return Sequences(
        features=(),
        alphabet=alphabet,
        values=values,
        starts=starts,
        label=label,
        tests=tests,
        ids=_ids_of_rows(table, roles),
        given=np.repeat(given, np.diff(starts)) if len(given) else given,
        given_by=given_by(table, roles),
        **groups_of(table, roles, np.arange(table.rows)),
        notes=(f"Each {'word' if by_words else 'character'} of {column.name} is a step.", *notes),
        words=by_words,
    )
