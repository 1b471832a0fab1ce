"""Find the columns of a table that name groups of its sequences."""

from rnn_tui.data.files.names import COUNTED_NAMES, GROUP_NAMES, SUBJECT_NAMES
from rnn_tui.data.roles.evidence import Codes, Evidence
from rnn_tui.data.roles.record import Roles
from rnn_tui.engine.errors import DataError


def find_groups_of_steps(evidence: Evidence, roles: Roles) -> None:
    """Find the groups of sequences whose rows are steps, and what sequences are counted in."""
    if roles.sequence is None:
        if roles.group is not None:
            raise DataError(
                "Groups are of sequences, and this file is one sequence; name the column that "
                "tells sequences apart (--sequence)."
            )
        return
    codes, _ = evidence.table.columns[roles.sequence].codes()
    if evidence.looks.is_called(roles.sequence, COUNTED_NAMES):
        subjects = [] if roles.group is None else [roles.group]
        subjects += evidence.looks.called(SUBJECT_NAMES)
        if evidence.wishes.sequence is None:
            subjects += evidence.looks.called(COUNTED_NAMES)
        for place in dict.fromkeys(subjects):
            if place in (roles.sequence, roles.step) or not evidence.looks.repeats(place):
                continue
            if not evidence.is_same_within(place, codes):
                values, names = evidence.table.columns[place].codes()
                roles.counted = (*roles.counted, place)
                codes = codes * len(names) + values
    find_groups(evidence, roles, codes)


def find_groups(evidence: Evidence, roles: Roles, codes: Codes) -> None:
    """Find columns that look like names of groups; of subjects, they share out sequences.

    Args:
        evidence: what the guess goes by.
        roles: of the other columns.
        codes: (R,) the sequence of each row.
    """
    taken = (roles.sequence, roles.step, roles.label)
    named = [
        place
        for place in evidence.looks.called(GROUP_NAMES)
        if place not in taken
        and place not in evidence.wishes.taken()
        and evidence.looks.repeats(place)
        and evidence.table.columns[place].distinct() > 1
        and evidence.is_same_within(place, codes)
    ]
    subjects = [place for place in named if evidence.looks.is_called(place, SUBJECT_NAMES)]
    if roles.group is None and subjects:
        roles.group = subjects[0]
    roles.named = tuple(place for place in named if place != roles.group)


def tell_groups(evidence: Evidence, roles: Roles) -> None:
    """Note which columns are taken as names of groups, and not read."""
    columns = evidence.table.columns
    if roles.counted:
        within = " and each ".join(columns[place].name for place in roles.counted)
        assert roles.sequence is not None
        roles.notes.append(f"Each {columns[roles.sequence].name} of each {within} is a sequence.")
    if roles.group is not None and roles.group != evidence.wishes.group:
        roles.notes.append(
            f"{columns[roles.group].name} looks like names of groups, and is not read "
            f"(--inputs names what is)."
        )
    for place in roles.named:
        name = columns[place].name
        roles.notes.append(
            f"{name} looks like names of groups, and is not read; say --group {name} if no "
            "group may lie in two parts."
        )
