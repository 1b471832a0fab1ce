"""Guess the roles of columns in a table with a row a sequence."""

import numpy as np

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.names import GROUP_NAMES, LABEL_NAMES, SEQUENCE_NAMES, stem_and_number
from rnn_tui.data.options import Layout
from rnn_tui.data.roles.evidence import Evidence
from rnn_tui.data.roles.groups import find_groups
from rnn_tui.data.roles.record import Roles
from rnn_tui.engine.errors import DataError


def wide_roles(evidence: Evidence) -> Roles:
    """Return the roles of a table with a row a sequence."""
    return _Wide(evidence).roles()


class _Wide:
    """The guess for a table with a row a sequence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._table = evidence.table
        self._looks = evidence.looks
        self._wishes = evidence.wishes

    def roles(self) -> Roles:
        """Return the roles of a table with a row a sequence."""
        roles = Roles(
            Layout.WIDE,
            sequence=self._wishes.sequence,
            label=self._wishes.label,
            group=self._wishes.group,
            split=self._evidence.split,
        )
        if self._wishes.step is not None:
            raise DataError(
                "A table with a row a sequence has no column of steps; say --layout long, or name "
                "no such column (--step)."
            )
        if roles.label is None:
            roles.label = self._table.label if self._evidence.is_free(self._table.label) else None
            if roles.label is None:
                roles.label = self._wide_label()
        free = [place for place in self._looks.free if place != roles.label]
        if roles.sequence is None:
            names = [place for place in self._looks.called(SEQUENCE_NAMES) if place in free]
            text = self._looks.text_column()
            unique = [place for place in names if not self._looks.repeats(place) and place != text]
            roles.sequence = unique[0] if unique else None
        find_groups(self._evidence, roles, np.arange(self._table.rows))
        free = [place for place in free if place not in (roles.group, *roles.named)]
        roles.inputs = self._wishes.inputs or self._wide_inputs(free, roles)
        return roles

    def _wide_label(self) -> int | None:
        """Return the column of labels: by name, the one beside a series, else first or last."""
        named = self._looks.called(LABEL_NAMES)
        if named:
            return named[-1]
        counted = {place for places in self._looks.series().values() for place in places}
        text = self._looks.text_column()
        beside = [place for place in self._looks.free if place not in counted and place != text]
        no_labels = SEQUENCE_NAMES | GROUP_NAMES
        beside = [place for place in beside if not self._looks.is_called(place, no_labels)]
        if self._table.has_header and (counted or text is not None):
            classes = [place for place in beside if self._looks.has_few_values(place)]
            return classes[-1] if classes else None
        ends = [
            place for place in (self._looks.free[:1] + self._looks.free[-1:]) if place in beside
        ]
        words = [place for place in ends if self._table.columns[place].kind is ColumnKind.WORD]
        if words:
            return words[0]
        inside = [place for place in self._looks.numbers if place not in ends]
        if inside and all(self._table.columns[place].is_whole() for place in inside):
            return None  # whole numbers everywhere: an end of them is no sign
        whole = [place for place in ends if self._looks.may_label_rows(place)]
        return whole[0] if whole else None

    def _wide_inputs(self, free: list[int], roles: Roles) -> tuple[int, ...]:
        """Return the columns that hold the steps."""
        table = self._table
        # A step that no sequence has is one all the same: it is filled like others.
        empty = set(range(len(table.columns))) - self._wishes.taken() - set(self._looks.free)
        series = self._looks.series()
        if series:
            counted = {place for places in series.values() for place in places}
            parts = {place: stem_and_number(table.columns[place].name) for place in empty}
            counted |= {place for place, part in parts.items() if part and part[0] in series}
            return tuple(sorted(counted & {*free, *empty}))
        numbers = {
            place for place in free if self._looks.is_measured(place) and place != roles.sequence
        }
        if numbers and (table.layout is Layout.WIDE or not table.has_header):
            numbers |= empty
        if numbers:
            return tuple(sorted(numbers))
        text = self._looks.text_column()
        if text is None:
            texts = [place for place in free if self._table.columns[place].is_text]
            text = texts[0] if len(texts) == 1 else None
        return () if text is None else (text,)
