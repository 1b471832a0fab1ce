"""Guess what the columns of a table are for, where the user does not say it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rnn_tui.data.columns import ColumnKind, Role
from rnn_tui.data.files.names import (
    COUNTED_NAMES,
    GROUP_NAMES,
    LABEL_NAMES,
    SEQUENCE_NAMES,
    SPLIT_NAMES,
    STEP_NAMES,
    SUBJECT_NAMES,
    stem_and_number,
)
from rnn_tui.data.files.table import Table, count_distinct
from rnn_tui.data.given_parts import says_parts
from rnn_tui.data.looks import LEAST_SERIES, Looks
from rnn_tui.data.options import Goal, Layout, ReadingOptions, Split
from rnn_tui.data.wishes import read_wishes
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError

Codes = npt.NDArray[np.int64]

LEAST_SERIES_WITH_DATE = 12
LEAST_BLOCKS = 3  # between blank lines, that are sequences
LEAST_UNNAMED = 10  # columns without names that make a row a sequence


@dataclass
class Roles:
    """What the columns of a table are for."""

    layout: Layout
    sequence: int | None = None
    step: int | None = None
    label: int | None = None
    group: int | None = None
    split: int | None = None
    counted: tuple[int, ...] = ()  #: columns within each value of which sequences are counted anew.
    named: tuple[int, ...] = ()  #: more columns that look like names of groups, and are not read.
    inputs: tuple[int, ...] = ()
    clock: int | None = None  #: times of day that are added to the dates of `step`.
    constant: tuple[int, ...] = ()  #: that are always the same, and not read.
    by_blocks: bool = False  #: whether blank lines part the sequences.
    notes: list[str] = field(default_factory=list)

    def of(self, place: int) -> Role:
        """Return the role of a column."""
        if place == self.sequence:
            return Role.SEQUENCE
        if place in (self.step, self.clock):
            return Role.STEP
        if place == self.label:
            return Role.LABEL
        if place == self.group:
            return Role.GROUP
        if place == self.split:
            return Role.SPLIT
        return Role.INPUT if place in self.inputs else Role.IGNORED


def guess_roles(table: Table, options: ReadingOptions) -> Roles:
    """Return what the columns are for.

    Raises:
        DataError: if the user names a column that is not there, or nothing is left to read.
    """
    roles = _Guess(table, options).roles()
    if not roles.inputs:
        raise DataError(
            "No column is left for the inputs; a table needs at least one of numbers, or of words "
            "that repeat. To read a file of text character by character, say --layout text."
        )
    return roles


class _Guess:
    """The guess for one table."""

    def __init__(self, table: Table, options: ReadingOptions) -> None:
        self._table = table
        self._options = options
        self._wishes = read_wishes(table, options)
        taken = self._wishes.taken()
        free = [
            place
            for place, column in enumerate(table.columns)
            if place not in taken and column.kind is not ColumnKind.EMPTY
        ]
        splits = self._find_splits(Looks(table, free))
        self._split = self._wishes.split
        if self._split is None and splits and self._may_follow_a_column():
            self._split = splits[0]
        self._looks = Looks(table, [place for place in free if place not in splits])

    def _find_splits(self, looks: Looks) -> list[int]:
        """Return the columns that look as if they say the part of each row: none is an input."""
        columns = self._table.columns
        return [
            place
            for place in looks.called(SPLIT_NAMES)
            if says_parts(columns[place].codes()[1], columns[place].name)
        ]

    def _may_follow_a_column(self) -> bool:
        """Return whether the user leaves it open how sequences are shared out."""
        options = self._options
        is_open = options.split in (None, Split.COLUMN) and options.test_from is None
        return is_open and self._table.test_from is None

    def roles(self) -> Roles:
        """Return what the columns are for."""
        roles = self.wide() if self.layout() is Layout.WIDE else self.long()
        if self._options.goal is Goal.NEXT:
            self._read_what_is_predicted(roles)
        self._tell_direction(roles)
        self._tell_short_rows(roles)
        self._tell_groups(roles)
        self._tell_ignored(roles)
        return roles

    def _read_what_is_predicted(self, roles: Roles) -> None:
        """Read the label as well, if it is what is to come; without the user's word there is none.

        Raises:
            DataError: if the label of the user is not one of each step.
        """
        if self._wishes.label is None:
            roles.label = None
        elif roles.layout is Layout.WIDE:
            raise DataError(
                "A row is a sequence here, so no label comes next; leave out --label, or say "
                "--layout long."
            )
        else:
            roles.inputs = (*roles.inputs, self._wishes.label)

    # --- layout ---

    def layout(self) -> Layout:
        """Return the layout."""
        if self._options.layout is Layout.TEXT:
            raise DataError("A table is not read as text.")
        wish = self._options.layout or self._table.layout
        if wish is not None:
            return wish
        goal = self._options.goal
        if self._wishes.sequence is not None or self._wishes.step is not None:
            return Layout.LONG
        if goal is not None and goal in (Goal.STEP_CLASS, Goal.STEP_NUMBER):
            return Layout.LONG
        return Layout.WIDE if self._looks_wide() else Layout.LONG

    def _looks_wide(self) -> bool:
        """Return whether a row looks like a sequence."""
        numbers = self._looks.numbers
        dates = self._looks.names_of((ColumnKind.DATE,))
        names_repeat = bool(self._repeated_names()) and not self._has_rows_of_subjects()
        if names_repeat or self._looks.counted_steps() is not None or self._has_blocks():
            return False
        measured = [place for place in numbers if not self._looks.is_called(place, LABEL_NAMES)]
        if not measured:
            return self._looks.text_column() is not None and not dates
        if not self._table.has_header:
            has_words = any(
                map(self._looks.has_few_values, (self._looks.free[0], self._looks.free[-1]))
            )
            return not dates and (
                len(numbers) >= LEAST_UNNAMED or (has_words and len(numbers) > LEAST_SERIES)
            )
        counted = sum(map(len, self._looks.series().values()))
        if 2 * counted < len(numbers):
            return False
        has_step = bool(dates or self._looks.called(STEP_NAMES))
        if self._looks.series_by_column() and self._ascending_step() is not None:
            return False
        return counted >= (LEAST_SERIES_WITH_DATE if has_step else LEAST_SERIES)

    def _repeated_names(self) -> list[int]:
        return [place for place in self._looks.called(SEQUENCE_NAMES) if self._looks.repeats(place)]

    def _has_rows_of_subjects(self) -> bool:
        """Return whether a row looks like one of many sequences of a subject, as beats of a heart.

        Many columns count, nothing orders the rows, and neighbours in a row differ no more than
        neighbours in a column do.
        """
        names = self._repeated_names()
        if not names or self._has_named_step():
            return False
        if not all(self._looks.is_called(place, SUBJECT_NAMES) for place in names):
            return False
        series = self._looks.series()
        if len(series) != 1 or self._looks.series_by_column():
            return False
        [places] = series.values()
        if len(places) < LEAST_SERIES_WITH_DATE:
            return False
        return self._looks.is_smoother_in_rows(places)

    def _ascending_step(self) -> int | None:
        """Return a column of dates, or one called like steps, that grows from row to row."""
        steps = [*self._looks.names_of((ColumnKind.DATE,)), *self._looks.called(STEP_NAMES)]
        return next((place for place in steps if self._looks.ascends(place)), None)

    def _tell_direction(self, roles: Roles) -> None:
        """Note which way round a table with a series a column, or one like it, is read."""
        if self._options.layout is not None or self._table.layout is not None:
            return
        if roles.layout is Layout.WIDE and self._has_rows_of_subjects():
            name = self._table.columns[self._repeated_names()[0]].name
            roles.notes.append(
                f"A row is a sequence, of which each {name} has several; say --layout long if a "
                "row is a step."
            )
            return
        step = self._ascending_step()
        if step is None:
            return
        if roles.layout is Layout.LONG:
            columns = [place for place in self._looks.series_by_column() if place in roles.inputs]
            if len(columns) >= LEAST_SERIES:
                first, last = (self._table.columns[columns[end]].name for end in (0, -1))
                roles.notes.append(
                    f"A row is a step, and each column from {first} to {last} a series; say "
                    "--layout wide if every row is a sequence."
                )
        elif roles.label is None:
            name = self._table.columns[step].name
            roles.notes.append(
                f"A row is a sequence; say --layout long if each column is a series over {name}."
            )

    def _has_blocks(self) -> bool:
        """Return whether blank lines part the rows into sequences."""
        blocks = [*self._table.blocks, self._table.rows]
        return len(blocks) > LEAST_BLOCKS and int(np.diff(blocks).min()) >= 2

    # --- a row a sequence ---

    def wide(self) -> Roles:
        """Return the roles of a table with a row a sequence."""
        roles = Roles(
            Layout.WIDE,
            sequence=self._wishes.sequence,
            label=self._wishes.label,
            group=self._wishes.group,
            split=self._split,
        )
        if self._wishes.step is not None:
            raise DataError(
                "A table with a row a sequence has no column of steps; say --layout long, or name "
                "no such column (--step)."
            )
        if roles.label is None:
            roles.label = self._table.label if self._is_free(self._table.label) else None
            if roles.label is None:
                roles.label = self._wide_label()
        free = [place for place in self._looks.free if place != roles.label]
        if roles.sequence is None:
            names = [place for place in self._looks.called(SEQUENCE_NAMES) if place in free]
            text = self._looks.text_column()
            unique = [place for place in names if not self._looks.repeats(place) and place != text]
            roles.sequence = unique[0] if unique else None
        self._find_groups(roles, np.arange(self._table.rows))
        free = [place for place in free if place not in (roles.group, *roles.named)]
        roles.inputs = self._wishes.inputs or self._wide_inputs(free, roles)
        return roles

    def _tell_short_rows(self, roles: Roles) -> None:
        """Note rows that end before the label, which comes last."""
        table = self._table
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

    def _is_free(self, place: int | None) -> bool:
        return place is not None and place in self._looks.free

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

    # --- a row a step ---

    def long(self) -> Roles:
        """Return the roles of a table with a row a step."""
        table = self._table
        roles = Roles(
            Layout.LONG,
            sequence=self._wishes.sequence,
            step=self._wishes.step,
            label=self._wishes.label,
            group=self._wishes.group,
            split=self._split,
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
        if roles.sequence is None and roles.step is None and not self._has_named_step():
            counted = self._looks.counted_steps()
        if counted is not None:
            roles.sequence, roles.step = counted
        if roles.step is None:
            roles.step = self._long_step(roles)
        if roles.sequence is None and roles.step is not None:
            roles.sequence = self._panel(roles)
        roles.by_blocks = roles.sequence is None and roles.step is None and self._has_blocks()
        if roles.by_blocks:
            roles.notes.append("Blank lines part the sequences.")
        self._find_groups_of_steps(roles)
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
        if roles.label is None and self._is_free(self._table.label):
            roles.label = self._table.label
        roles.inputs = self._wishes.inputs or ((token,) if self._is_free(token) else ())
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
        return all(self._is_same_within(place, codes) for place in subjects)

    def _is_same_within(self, place: int, codes: Codes) -> bool:
        """Return whether a column has one value in each sequence, which `codes` (R,) tell apart."""
        values, names = self._table.columns[place].codes()
        return count_distinct(codes * len(names) + values) == count_distinct(codes)

    def _find_groups_of_steps(self, roles: Roles) -> None:
        """Find the groups of sequences whose rows are steps, and what sequences are counted in."""
        if roles.sequence is None:
            if roles.group is not None:
                raise DataError(
                    "Groups are of sequences, and this file is one sequence; name the column that "
                    "tells sequences apart (--sequence)."
                )
            return
        codes, _ = self._table.columns[roles.sequence].codes()
        if self._looks.is_called(roles.sequence, COUNTED_NAMES):
            subjects = [] if roles.group is None else [roles.group]
            subjects += self._looks.called(SUBJECT_NAMES)
            if self._wishes.sequence is None:
                subjects += self._looks.called(COUNTED_NAMES)
            for place in dict.fromkeys(subjects):
                if place in (roles.sequence, roles.step) or not self._looks.repeats(place):
                    continue
                if not self._is_same_within(place, codes):
                    values, names = self._table.columns[place].codes()
                    roles.counted = (*roles.counted, place)
                    codes = codes * len(names) + values
        self._find_groups(roles, codes)

    def _find_groups(self, roles: Roles, codes: Codes) -> None:
        """Find columns that look like names of groups; of subjects, they share out sequences.

        Args:
            roles: of the other columns.
            codes: (R,) the sequence of each row.
        """
        taken = (roles.sequence, roles.step, roles.label)
        named = [
            place
            for place in self._looks.called(GROUP_NAMES)
            if place not in taken
            and place not in self._wishes.taken()
            and self._looks.repeats(place)
            and self._table.columns[place].distinct() > 1
            and self._is_same_within(place, codes)
        ]
        subjects = [place for place in named if self._looks.is_called(place, SUBJECT_NAMES)]
        if roles.group is None and subjects:
            roles.group = subjects[0]
        roles.named = tuple(place for place in named if place != roles.group)

    def _tell_groups(self, roles: Roles) -> None:
        """Note which columns are taken as names of groups, and not read."""
        columns = self._table.columns
        if roles.counted:
            within = " and each ".join(columns[place].name for place in roles.counted)
            assert roles.sequence is not None
            roles.notes.append(
                f"Each {columns[roles.sequence].name} of each {within} is a sequence."
            )
        if roles.group is not None and roles.group != self._wishes.group:
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

    def _has_named_step(self) -> bool:
        dates = self._looks.names_of((ColumnKind.DATE,))
        return bool(dates or self._looks.called(STEP_NAMES))

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
        if named:
            return named[-1]
        if roles.sequence is None:
            return None
        codes, _ = self._table.columns[roles.sequence].codes()
        words = [
            place
            for place in self._looks.names_of((ColumnKind.WORD,))
            if place not in (roles.sequence, roles.step, roles.group, *roles.named)
        ]
        constant = []
        for place in words:
            values, names = self._table.columns[place].codes()
            pairs = count_distinct(codes * len(names) + values)
            if len(names) > 1 and pairs == count_distinct(codes):
                constant.append(place)
        return constant[-1] if constant else None

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

    def _tell_ignored(self, roles: Roles) -> None:
        """Note the columns that nothing is done with, though the user did not say so."""
        ignored = [
            column.name
            for place, column in enumerate(self._table.columns)
            if roles.of(place) is Role.IGNORED
            and place not in self._wishes.ignored
            and place not in (*roles.constant, *roles.named)
        ]
        if not ignored or self._wishes.inputs is not None:
            return
        some = ", ".join(ignored[:5]) + (", …" if len(ignored) > 5 else "")
        roles.notes.append(f"Not used: {some}.")
