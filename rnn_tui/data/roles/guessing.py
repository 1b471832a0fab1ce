"""Guess what the columns of a table are for, where the user does not say it."""

from rnn_tui.data.columns import Role
from rnn_tui.data.files.table import Table
from rnn_tui.data.looks import LEAST_SERIES
from rnn_tui.data.options import Goal, Layout, ReadingOptions
from rnn_tui.data.roles.evidence import Evidence, evidence_of
from rnn_tui.data.roles.groups import tell_groups
from rnn_tui.data.roles.layout import layout_of
from rnn_tui.data.roles.long import long_roles
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.roles.wide import wide_roles
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError


def guess_roles(table: Table, options: ReadingOptions) -> Roles:
    """Return what the columns are for.

    Raises:
        DataError: if the user names a column that is not there, or nothing is left to read.
    """
    evidence = evidence_of(table, options)
    roles = wide_roles(evidence) if layout_of(evidence) is Layout.WIDE else long_roles(evidence)
    _read_what_is_known(evidence, roles)
    if options.goal is Goal.NEXT:
        _read_what_is_predicted(evidence, roles)
    _tell_direction(evidence, roles)
    _tell_short_rows(evidence, roles)
    tell_groups(evidence, roles)
    _tell_ignored(evidence, roles)
    if not roles.inputs:
        raise DataError(
            "No column is left for the inputs; a table needs at least one of numbers, or of words "
            "that repeat. To read a file of text character by character, say --layout text."
        )
    return roles


def _read_what_is_known(evidence: Evidence, roles: Roles) -> None:
    """Read the columns that are known ahead as well.

    Raises:
        DataError: if a row is a sequence, whose columns are steps.
    """
    known = evidence.wishes.known
    if known and roles.layout is Layout.WIDE:
        raise DataError(
            "A row is a sequence here, so no column is known ahead; leave out --known, or say "
            "--layout long."
        )
    roles.known = known
    roles.inputs = tuple(dict.fromkeys((*roles.inputs, *known)))


def _read_what_is_predicted(evidence: Evidence, roles: Roles) -> None:
    """Read the label as well, if it is what is to come; without the user's word there is none.

    Raises:
        DataError: if the label of the user is not one of each step.
    """
    if evidence.wishes.label is None:
        roles.label = None
    elif roles.layout is Layout.WIDE:
        raise DataError(
            "A row is a sequence here, so no label comes next; leave out --label, or say "
            "--layout long."
        )
    else:
        roles.inputs = (*roles.inputs, evidence.wishes.label)


def _tell_direction(evidence: Evidence, roles: Roles) -> None:
    """Note which way round a table with a series a column, or one like it, is read."""
    if evidence.options.layout is not None or evidence.table.layout is not None:
        return
    if roles.layout is Layout.WIDE and evidence.has_rows_of_subjects():
        name = evidence.table.columns[evidence.repeated_names()[0]].name
        roles.notes.append(
            f"A row is a sequence, of which each {name} has several; say --layout long if a "
            "row is a step."
        )
        return
    step = evidence.ascending_step()
    if step is None:
        return
    if roles.layout is Layout.LONG:
        columns = [place for place in evidence.looks.series_by_column() if place in roles.inputs]
        if len(columns) >= LEAST_SERIES:
            first, last = (evidence.table.columns[columns[end]].name for end in (0, -1))
            roles.notes.append(
                f"A row is a step, and each column from {first} to {last} a series; say "
                "--layout wide if every row is a sequence."
            )
    elif roles.label is None:
        name = evidence.table.columns[step].name
        roles.notes.append(
            f"A row is a sequence; say --layout long if each column is a series over {name}."
        )


def _tell_short_rows(evidence: Evidence, roles: Roles) -> None:
    """Note rows that end before the label, which comes last."""
    table = evidence.table
    if not table.short_rows or roles.label is None:
        return
    if roles.label < max(roles.inputs, default=0):
        return
    rows = count_of(table.short_rows, "row")
    verb, first = ("has", "") if table.short_rows == 1 else ("have", "the first is ")
    line = table.at(table.first_short).replace("Line", "line")
    full = "the header" if table.has_header else "the longest row"
    roles.notes.append(
        f"{rows} {verb} fewer cells than {full} ({first}{line}): what is missing, the "
        "label too, counts as empty."
    )


def _tell_ignored(evidence: Evidence, roles: Roles) -> None:
    """Note the columns that nothing is done with, though the user did not say so."""
    ignored = [
        column.name
        for place, column in enumerate(evidence.table.columns)
        if roles.of(place) is Role.IGNORED
        and place not in evidence.wishes.ignored
        and place not in (*roles.constant, *roles.named)
    ]
    if not ignored or evidence.wishes.inputs is not None:
        return
    some = ", ".join(ignored[:5]) + (", …" if len(ignored) > 5 else "")
    roles.notes.append(f"Not used: {some}.")
