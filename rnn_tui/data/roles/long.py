"""Guess the roles of columns in a table with a row a step."""

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.names import (
    COUNTED_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    SEQUENCE_NAMES,
    STEP_NAMES,
    SUBJECT_NAMES,
)
from rnn_tui.data.files.table import count_distinct
from rnn_tui.data.options import Layout
from rnn_tui.data.roles.evidence import Evidence
from rnn_tui.data.roles.groups import find_groups_of_steps
from rnn_tui.data.roles.record import Roles
from rnn_tui.engine.errors import DataError


def long_roles(evidence: Evidence) -> Roles:
    """Return the roles of a table with a row a step."""
    return _Long(evidence).roles()


class _Long:
    """The guess for a table with a row a step."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._table = evidence.table
        self._looks = evidence.looks
        self._wishes = evidence.wishes

    def roles(self) -> Roles:
        """Return the roles of a table with a row a step."""
        table = self._table
        roles = Roles(
            Layout.LONG,
            sequence=self._wishes.sequence,
            step=self._wishes.step,
            label=self._wishes.label,
            group=self._wishes.group,
            split=self._evidence.split,
        )
        if table.short_rows:
            raise DataError(
                f"{table.at(table.first_short)} has fewer cells than the table has columns; "
                "complete it or delete it (or say --layout wide if every row is a sequence)."
            )
        if table.token is not None and roles.sequence is None and roles.step is None:
            return self._tagged_sentences(roles, table.token)
        if roles.sequence is None:
            dates = self._looks.names_of((ColumnKind.DATE,))
            names = [place for place in self._looks.called(SEQUENCE_NAMES) if place not in dates]
            repeated = [place for place in names if self._looks.repeats(place)]
            roles.sequence = self._finest(repeated)
        counted = None
        if roles.sequence is None and roles.step is None and not self._evidence.has_named_step():
            counted = self._looks.counted_steps()
        if counted is not None:
            roles.sequence, roles.step = counted
        if roles.step is None:
            roles.step = self._long_step(roles)
        if roles.sequence is None and roles.step is not None:
            roles.sequence = self._panel(roles)
        roles.by_blocks = (
            roles.sequence is None and roles.step is None and self._evidence.has_blocks()
        )
        if roles.by_blocks:
            roles.notes.append("Blank lines part the sequences.")
        find_groups_of_steps(self._evidence, roles)
        if roles.label is None:
            roles.label = self._long_label(roles)
        roles.inputs = self._wishes.inputs or self._long_inputs(roles)
        if not roles.inputs and roles.label is not None and self._wishes.label is None:
            roles.inputs = (roles.label,)  # the only one is what is predicted from its past
            roles.label = None
        return roles

    def _tagged_sentences(self, roles: Roles, token: int) -> Roles:
        """Return the roles of a table of tokens, whose blocks are sentences."""
        roles.by_blocks = True
        roles.notes.append("Blank lines part the sequences.")
        if roles.label is None and self._evidence.is_free(self._table.label):
            roles.label = self._table.label
        roles.inputs = self._wishes.inputs or ((token,) if self._evidence.is_free(token) else ())
        return roles

    def _finest(self, names: list[int]) -> int | None:
        """Return, of columns that name sequences, the one that does within groups; else the first.

        Such as `trial` beside `subject`.
        """
        if not names:
            return None
        if any(self._looks.is_called(place, SUBJECT_NAMES) for place in names):
            counted = [place for place in names if self._looks.is_called(place, COUNTED_NAMES)]
            others = [place for place in names if not self._looks.is_called(place, GROUP_NAMES)]
            nested = [place for place in others if self._is_within(place, names)]
            return next(iter([*nested, *counted]), names[0])
        return names[0]

    def _is_within(self, sequence: int, names: list[int]) -> bool:
        """Return whether each sequence has one value in each column that names subjects."""
        codes, _ = self._table.columns[sequence].codes()
        subjects = [place for place in names if self._looks.is_called(place, SUBJECT_NAMES)]
        return all(self._evidence.is_same_within(place, codes) for place in subjects)

    def _long_step(self, roles: Roles) -> int | None:
        dates = self._looks.names_of((ColumnKind.DATE,))
        named = [
            place
            for place in self._looks.called(STEP_NAMES)
            if not self._table.columns[place].is_text
        ]
        named_dates = [place for place in named if place in dates]
        # A number of the row, as tools write it unasked, is the last to order the steps.
        row_numbers = [place for place in named if self._looks.is_row_number(place)]
        others = [place for place in named if place not in row_numbers]
        candidates = [*named_dates, *dates, *others, *row_numbers]
        return next((place for place in candidates if place != roles.sequence), None)

    def _panel(self, roles: Roles) -> int | None:
        """Return a column that tells apart the rows of equal steps, such as the name of a sensor.

        None if steps do not repeat, or no column does.
        """
        assert roles.step is not None
        steps, distinct = self._table.columns[roles.step].codes()
        if len(distinct) == self._table.rows:
            return None
        for place in self._looks.free:
            column = self._table.columns[place]
            if place == roles.step or self._looks.is_called(place, LABEL_NAMES):
                continue
            may_name = column.kind is ColumnKind.WORD or self._looks.is_called(
                place, SEQUENCE_NAMES
            )
            if not may_name and not self._looks.counts_pieces(place, roles.step):
                continue
            codes, names = column.codes()
            pairs = codes * len(distinct) + steps
            if len(names) > 1 and count_distinct(pairs) == self._table.rows:
                roles.notes.append(
                    f"The column {column.name} tells rows of equal steps apart: each of its "
                    "values is a sequence."
                )
                return place
        return None

    def _long_label(self, roles: Roles) -> int | None:
        """Return the column of labels: by name, or words that stay the same in each sequence."""
        named = [
            place
            for place in self._looks.called(LABEL_NAMES)
            if place not in (roles.sequence, roles.step)
        ]
        others = [place for place in named if not self._is_axis(place, roles)]
        if others:
            return others[-1]
        constant = self._constant_words(roles)
        if constant:
            return constant[-1]
        return named[-1] if named and not self._looks.called(frozenset("z")) else None

    def _is_axis(self, place: int, roles: Roles) -> bool:
        """Return whether a column is the y of coordinates: an x is beside, and it moves."""
        looks = self._looks
        is_y = looks.is_called(place, frozenset("y")) and looks.is_measured(place)
        if not is_y or not looks.called(frozenset("x")):
            return False
        return roles.sequence is None or not self._is_constant_within(place, roles.sequence)

    def _is_constant_within(self, place: int, sequence: int) -> bool:
        """Return whether a column stays the same in each sequence."""
        codes, _ = self._table.columns[sequence].codes()
        values, names = self._table.columns[place].codes()
        return count_distinct(codes * len(names) + values) == count_distinct(codes)

    def _constant_words(self, roles: Roles) -> list[int]:
        """Return the columns of words that stay the same in each sequence, and differ in some."""
        sequence = roles.sequence
        if sequence is None:
            return []
        return [
            place
            for place in self._looks.names_of((ColumnKind.WORD,))
            if place not in (sequence, roles.step, roles.group, *roles.named)
            and self._table.columns[place].distinct() > 1
            and self._is_constant_within(place, sequence)
        ]

    def _long_inputs(self, roles: Roles) -> tuple[int, ...]:
        free = [
            place
            for place in self._looks.free
            if place not in (roles.sequence, roles.step, roles.label, roles.group, *roles.named)
        ]
        kinds = {place: self._table.columns[place].kind for place in free}
        # A column of numbers with a mistake is one of text, and is refused when it is read.
        inputs = [
            place
            for place in free
            if kinds[place] is ColumnKind.WORD or self._looks.is_measured(place)
        ]
        measured = [place for place in inputs if not self._looks.is_row_number(place)]
        inputs = measured or inputs
        constant = [place for place in inputs if self._looks.is_constant(place)]
        if not constant or len(constant) == len(inputs):
            return tuple(inputs)
        names = ", ".join(self._table.columns[place].name for place in constant[:5])
        more = ", …" if len(constant) > 5 else ""
        roles.constant = tuple(constant)
        roles.notes.append(f"Always the same, so nothing to learn from: {names}{more}.")
        return tuple(place for place in inputs if place not in constant)
