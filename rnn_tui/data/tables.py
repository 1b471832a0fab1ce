"""Take the sequences out of a table, once it is known what its columns are for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_tui.data.bounds import check_numbers, check_sequences
from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.description import LONGEST_NAME, MOST_FEATURES
from rnn_tui.data.files.dates import DAY_FIRST, MONTH_FIRST
from rnn_tui.data.files.names import full_name, stem_and_number
from rnn_tui.data.files.table import Cells, Table
from rnn_tui.data.given_parts import parts_by_words
from rnn_tui.data.options import Layout, ReadingOptions, Tokens
from rnn_tui.data.roles import Roles
from rnn_tui.data.sequences import Flags, Floats, Label, Places, Sequences, Words, starts_of
from rnn_tui.data.symbols import characters_to_places, words_to_places
from rnn_tui.data.words import texts_to_places, word_of_cell
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable

#: what columns that count are called if that is no name for what they hold.
NO_NAMES = ("", "att", "attr", "column", "col", "feature", "step", "t", "time", "v", "value", "x")
#: what to do about a cell that is no number.
IN_A_ROW = "correct it or empty the cell (gaps are filled)"
IN_A_COLUMN = "correct it, empty the cell (gaps are filled), or leave the column out (--ignore)"
#: how dates are read that could be read otherwise, by their form.
AMBIGUOUS_DATES = {
    DAY_FIRST.name: " (the day comes before the month)",
    MONTH_FIRST.name: " (the month comes before the day)",
}
GAP = 1.5  # of the usual distance between steps


def sequences_of(table: Table, roles: Roles, options: ReadingOptions) -> Sequences:
    """Return the sequences of a table.

    Raises:
        DataError: if cells do not fit to the roles of their columns.
    """
    if roles.layout is Layout.WIDE:
        return _wide(table, roles, options)
    return _Long(table, roles, options).sequences()


# --- a row a sequence ---


def _wide(table: Table, roles: Roles, options: ReadingOptions) -> Sequences:
    check_sequences(table.rows, "The table")
    tests = _tests(table)
    label = None if roles.label is None else _label(table, roles.label, every_step=False)
    columns = [table.columns[place] for place in roles.inputs]
    if all(column.is_text for column in columns):
        return _wide_text(table, roles, label, tests, options.tokens)
    for place in roles.inputs:
        _check_number(table, place, IN_A_ROW)
    names, places = _features_of(table, roles.inputs)
    # (N, steps, F)
    cube = np.stack(
        [np.stack([table.columns[place].numbers for place in row], 1) for row in places], 2
    )
    lengths = _lengths_of_rows(table, places)
    inside = np.arange(cube.shape[1]) < lengths[:, None]
    given = _given(table, roles)
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
        given_by=_given_by(table, roles),
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
    else:
        values, starts, alphabet, notes = characters_to_places(column.words.tolist())
    given = _given(table, roles)
    return Sequences(
        features=(),
        alphabet=alphabet,
        values=values,
        starts=starts,
        label=label,
        tests=tests,
        ids=_ids_of_rows(table, roles),
        given=np.repeat(given, np.diff(starts)) if len(given) else given,
        given_by=_given_by(table, roles),
        **groups_of(table, roles, np.arange(table.rows)),
        notes=(f"Each {'word' if by_words else 'character'} of {column.name} is a step.", *notes),
        words=by_words,
    )


# --- a row a step ---


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
        given = _given(self.table, self.roles)
        return Sequences(
            features=names,
            alphabet=alphabet,
            values=values[order],
            starts=starts,
            label=label,
            tests=_tests(self.table)[order][starts[:-1]],
            ids=ids,
            times=self._times(order),
            dated=self._is_dated,
            given=given[order] if len(given) else given,
            given_by=_given_by(self.table, self.roles),
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
        tests = _tests(self.table)
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
                _check_number(self.table, place, IN_A_COLUMN)
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
        label = _label(self.table, self.roles.label, every_step=True).of(order)
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


# --- both ---


def groups_of(table: Table, roles: Roles, rows: Places) -> dict[str, Any]:
    """Return `groups`, `members` and `grouped_by` of sequences, by a row of each, if there are any.

    Raises:
        DataError: if a row has none.
    """
    if roles.group is None:
        return {}
    column = table.columns[roles.group]
    without = np.flatnonzero(column.missing[rows])
    if len(without):
        raise DataError(
            f"{table.at(int(rows[without[0]]))} has no group in the column {column.name}; complete "
            f"it or delete it (--ignore {column.name} does without groups)."
        )
    codes, names = column.codes()
    kept, members = np.unique(codes[rows], return_inverse=True)
    groups = tuple(printable(names[code], LONGEST_NAME) for code in kept.tolist())
    return {
        "groups": groups,
        "members": members.astype(np.int64),
        "grouped_by": column.name,
    }


def _given(table: Table, roles: Roles) -> Places:
    """Return the parts (R,) that a column says of rows; (0,) without one."""
    if roles.split is None:
        return np.zeros(0, np.int64)
    column = table.columns[roles.split]
    codes, words = column.codes()
    return parts_by_words(words, codes, column.name)


def _given_by(table: Table, roles: Roles) -> str:
    return "" if roles.split is None else table.columns[roles.split].name


def _tests(table: Table) -> Flags:
    """Return which rows (R,) are of a second file."""
    rows = np.arange(table.rows)
    return rows >= (table.rows if table.test_from is None else table.test_from)


def _label(table: Table, place: int, *, every_step: bool) -> Label:
    column = table.columns[place]
    values: Floats | Words = column.words if column.is_text else column.numbers
    if column.kind is ColumnKind.DATE:
        raise DataError(f"The label {column.name} holds dates; classes or numbers are learned.")
    is_class = place == table.label and bool(table.classes)
    return Label(column.name, every_step, values, table.classes if is_class else (), is_class)


def _check_number(table: Table, place: int, advice: str) -> None:
    """Refuse an input that is no column of numbers, with advice on a cell that is none."""
    table.check_numbers(place, advice)
    column = table.columns[place]
    if column.kind not in (ColumnKind.NUMBER, ColumnKind.EMPTY):
        raise DataError(
            f"The column {column.name} holds {column.kind}s and can't be read as numbers; leave it "
            "out (--ignore)."
        )
