"""Take sequences out of a table with a row a step."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.data.bounds import check_numbers
from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.description import MOST_FEATURES
from rnn_tui.data.files.dates import DAY_FIRST, MONTH_FIRST
from rnn_tui.data.files.names import full_name
from rnn_tui.data.files.table import Cells, Table
from rnn_tui.data.options import ReadingOptions, Tokens
from rnn_tui.data.roles.record import Roles
from rnn_tui.data.sequences import Flags, Floats, Label, Places, Sequences, starts_of
from rnn_tui.data.symbols import words_to_places
from rnn_tui.data.tables.columns import (
    check_number,
    given_by,
    given_of,
    groups_of,
    label_of,
    tests_of,
)
from rnn_tui.data.words import TOKEN_RULE, word_of_cell
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

#: what to do about a cell that is no number.
IN_A_COLUMN = "correct it, empty the cell (gaps are filled), or leave the column out (--ignore)"
#: how dates are read that could be read otherwise, by their form.
AMBIGUOUS_DATES = {
    DAY_FIRST.name: " (the day comes before the month)",
    MONTH_FIRST.name: " (the month comes before the day)",
}
GAP = 1.5  # of the usual distance between steps


def long_sequences(table: Table, roles: Roles, options: ReadingOptions) -> Sequences:
    """Return the sequences of a table with a row a step."""
    return _Long(table, roles, options).sequences()


@dataclass
class _Long:
    """The way from rows, each a step, to sequences."""

    table: Table
    roles: Roles
    options: ReadingOptions

    def sequences(self) -> Sequences:
        """Return the sequences in the order in which they begin in the file."""
        notes: list[str] = []
        codes, ids = self._codes(notes)
        count = int(codes.max()) + 1
        order = self._order(codes, notes)
        codes = codes[order]
        starts = starts_of(np.bincount(codes, minlength=count))
        self._tell_steps(order, codes, notes)
        names, alphabet, values = self._values(notes)
        label = self._label_of(order, codes, starts)
        given = given_of(self.table, self.roles)
        return Sequences(
            features=names,
            alphabet=alphabet,
            values=values[order],
            starts=starts,
            label=label,
            tests=tests_of(self.table)[order][starts[:-1]],
            ids=ids,
            times=self._times(order),
            dated=self._is_dated,
            given=given[order] if len(given) else given,
            given_by=given_by(self.table, self.roles),
            notes=tuple(notes),
            **self._groups(order, starts, ids),
            words=bool(alphabet) and self.options.tokens is Tokens.WORDS,
        )

    def _groups(self, order: Places, starts: Places, ids: tuple[str, ...]) -> dict[str, Any]:
        """Return the groups of sequences; raises `DataError` if one has rows of two groups."""
        place = self.roles.group
        if place is None:
            return {}
        column = self.table.columns[place]
        codes, names = column.codes()
        codes = codes[order]
        changes = np.flatnonzero(codes != np.repeat(codes[starts[:-1]], np.diff(starts)))
        if len(changes):
            number = int(np.searchsorted(starts, changes[0], side="right")) - 1
            first, other = (names[codes[step]] for step in (starts[number], changes[0]))
            sequence = printable(ids[number] if ids else f"{number + 1:,}", 40)
            raise DataError(
                f"Sequence {sequence} has rows of two groups in {column.name}, "
                f"{printable(first, 40)} and {printable(other, 40)}; a group is of whole sequences "
                "(--sequence says which column names these)."
            )
        return groups_of(self.table, self.roles, order[starts[:-1]])

    @property
    def _is_dated(self) -> bool:
        step = self.roles.step
        return step is not None and bool(self.table.columns[step].date_form)

    def _times(self, order: Places) -> Floats:
        """Return the times of rows in their order; (0,) without a column of steps."""
        step = self.roles.step
        return np.zeros(0) if step is None else self.table.columns[step].numbers[order]

    def _codes(self, notes: list[str]) -> tuple[Places, tuple[str, ...]]:
        """Return which sequence each row (R,) belongs to, -1 for none, and what they are called."""
        tests = tests_of(self.table)
        names: list[str] = []
        place = self.roles.sequence
        if place is not None:
            column = self.table.columns[place]
            codes, names, without = self._names()
            codes = codes + len(names) * tests
            if without.any():
                rows = count_of(int(without.sum()), "row")
                notes.append(f"Left out: {rows} without a value in {column.name}.")
        else:
            parted = self._blocks() if self.roles.by_blocks else self._restarts(notes)
            codes = parted + self.table.rows * tests
            without = np.zeros(self.table.rows, np.bool_)
        kept, inverse = np.unique(codes[~without], return_inverse=True)
        if not len(kept):
            raise DataError("No row belongs to a sequence.")
        result = np.full(self.table.rows, -1, np.int64)
        result[~without] = inverse
        ids = tuple(names[code % len(names)] for code in kept.tolist()) if names else ()
        return result, ids

    def _names(self) -> tuple[Places, list[str], Flags]:
        """Return the place (R,) of each row's name, all names, and which rows have none.

        Where sequences are counted anew for each subject, its name stands before theirs.
        """
        assert self.roles.sequence is not None
        column = self.table.columns[self.roles.sequence]
        codes, names = column.codes()
        without = column.missing
        for place in self.roles.counted:
            if place == self.roles.counted[0]:
                names = [full_name(column.name, name) for name in names]
            outer = self.table.columns[place]
            outer_codes, outer_names = outer.codes()
            outer_names = [full_name(outer.name, name) for name in outer_names]
            without = without | outer.missing
            pairs, codes = np.unique(outer_codes * len(names) + codes, return_inverse=True)
            places = (divmod(pair, len(names)) for pair in pairs.tolist())
            names = [f"{outer_names[first]} {names[second]}" for first, second in places]
        return codes, names, without

    def _blocks(self) -> Places:
        """Return a sequence for each block between blank lines."""
        begins = np.zeros(self.table.rows, np.int64)
        begins[list(self.table.blocks[1:])] = 1
        return begins.cumsum()

    def _restarts(self, notes: list[str]) -> Places:
        """Return a sequence for each time that the steps begin again, at the same number."""
        begins = np.zeros(self.table.rows, np.int64)
        if self.roles.step is None:
            return begins
        column = self.table.columns[self.roles.step]
        if column.kind is not ColumnKind.NUMBER:
            return begins
        self._check_steps()
        falls = np.flatnonzero(np.diff(column.numbers) <= 0) + 1
        firsts = column.numbers[np.concatenate([[0], falls]).astype(np.int64)]
        begin_alike = len(np.unique(firsts)) == 1
        if not len(falls) or not begin_alike or 2 * len(falls) > self.table.rows:
            return begins
        notes.append(f"A new sequence begins wherever {column.name} begins again.")
        begins[falls] = 1
        return begins.cumsum()

    def _check_steps(self) -> None:
        """Refuse steps that can't be put in order."""
        place = self.roles.step
        if place is None:
            return
        column = self.table.columns[place]
        if column.is_text and column.stray is None:
            raise DataError(
                f"The column {column.name} can't order the steps: it holds words, not numbers or "
                "dates."
            )
        self.table.check_numbers(place, "correct it or delete the line")
        if column.missing.any():
            row = int(column.missing.argmax())
            raise DataError(
                f"{self.table.at(row)} has no step in the column {column.name}; complete it or "
                "delete the line."
            )

    def _order(self, codes: Places, notes: list[str]) -> Places:
        """Return the rows that belong to sequences, ordered by sequence and step."""
        place = self.roles.step
        rows = np.flatnonzero(codes >= 0)
        if place is None:
            return rows[np.argsort(codes[rows], kind="stable")]
        self._check_steps()
        steps = self.table.columns[place].numbers
        in_order = rows[np.argsort(codes[rows], kind="stable")]
        order = rows[np.lexsort((steps[rows], codes[rows]))]
        if not np.array_equal(in_order, order):
            notes.append(f"Rows are put in the order of {self.table.columns[place].name}.")
        return order

    def _tell_steps(self, order: Places, codes: Places, notes: list[str]) -> None:
        """Note steps that are there twice, and gaps between them."""
        place = self.roles.step
        if place is None:
            return
        column = self.table.columns[place]
        if column.date_form:
            how = AMBIGUOUS_DATES.get(column.date_form, "")
            notes.append(f"The dates in {column.name} order the steps{how}.")
        distances = np.diff(column.numbers[order])[np.diff(codes) == 0]
        if not len(distances):
            return
        twice = int((distances == 0).sum())
        if twice:
            notes.append(
                f"Steps that are there twice in a sequence: {count_of(twice, 'row')} with the "
                f"{column.name} of the row before; all are kept, in the order of the file."
            )
        usual = float(np.median(distances))
        gaps = int((distances > GAP * usual).sum()) if usual > 0 else 0
        if gaps:
            notes.append(
                f"The {column.name} jumps at {count_of(gaps, 'place')} (usually by "
                f"{_amount(usual, column)}, at most by {_amount(float(distances.max()), column)}); "
                "steps are read as if they were equally far apart."
            )

    def _values(self, notes: list[str]) -> tuple[tuple[str, ...], tuple[str, ...], Floats]:
        """Return the names of the features or the alphabet, and the values of all rows."""
        columns = [self.table.columns[place] for place in self.roles.inputs]
        if len(columns) == 1 and columns[0].is_text and columns[0].stray is None:
            codes, words = columns[0].codes()
            if self.options.tokens is Tokens.WORDS:
                notes.append(TOKEN_RULE)
                folded, place_of = np.unique([*map(word_of_cell, words)], return_inverse=True)
                read: Floats = place_of[codes].astype(np.float64)
                return (), tuple(folded.tolist()), read[:, None]
            places, alphabet, more = words_to_places(codes, words, columns[0].name)
            notes.extend(more)
            return (), alphabet, places.astype(np.float64)[:, None]
        names: list[str] = []
        arrays: list[Floats] = []
        for place, column in zip(self.roles.inputs, columns, strict=True):
            if column.is_text and column.stray is None:
                one_hot, words = self._one_hot(column, notes)
                arrays.extend(one_hot)
                names.extend(words)
            else:
                check_number(self.table, place, IN_A_COLUMN)
                arrays.append(column.numbers)
                names.append(column.name)
            check_numbers(len(names) * self.table.rows, "The table")
            if len(names) > MOST_FEATURES:
                raise DataError(
                    f"There are more than {MOST_FEATURES} inputs at a step; name fewer (--inputs), "
                    "or say --layout wide if every row is a sequence."
                )
        return tuple(names), (), np.stack(arrays, 1)

    def _one_hot(self, column: Cells, notes: list[str]) -> tuple[list[Floats], list[str]]:
        """Return a column of zeros and ones for each word of one of words."""
        codes, words = column.codes()
        places, alphabet, more = words_to_places(codes, words, column.name)
        check_numbers(len(alphabet) * self.table.rows, "The table")
        notes.extend(more)
        notes.append(
            f"The words of {column.name} are read as {len(alphabet)} numbers, 1 or 0, such as "
            f"{column.name}={alphabet[0]}."
        )
        arrays = [(places == place).astype(np.float64) for place in range(len(alphabet))]
        return arrays, [f"{column.name}={word}" for word in alphabet]

    def _label_of(self, order: Places, codes: Places, starts: Places) -> Label | None:
        """Return the label: of sequences if it stays the same in each, else of steps."""
        if self.roles.label is None:
            return None
        label = label_of(self.table, self.roles.label, every_step=True).of(order)
        goal = self.options.goal
        if goal is not None and goal.every_step:
            return label
        last = _last_present(label, codes, len(starts) - 1)
        same = label.missing | (label.values == label.values[last][codes])
        if goal is None and (len(starts) == 2 or not same.all()):
            return label
        return Label(label.name, False, label.values[last], label.classes)


def _last_present(label: Label, codes: Places, count: int) -> Places:
    """Return the last step (N,) of each sequence that has a label, or its first if none has."""
    last = np.searchsorted(codes, np.arange(count))
    present = np.flatnonzero(~label.missing)
    last[codes[present]] = present  # the last one assigned stays
    return last


def _amount(distance: float, column: Cells) -> str:
    """Return a distance between steps in words."""
    if not column.date_form:
        return format(distance, ".6g")
    for seconds, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if distance > seconds:
            return f"{distance / seconds:.4g} {unit}"
        if distance == seconds:
            return f"1 {unit[:-1]}"
    return f"{distance:.4g} seconds"
