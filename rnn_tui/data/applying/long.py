"""Take the sequences out of a new table with a row a step, while it is read.

The table is read twice: first to see how its sequences lie in it. Where the rows of each stand
together, as they mostly do, no more than a few sequences are held at a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.answers import RightAnswers
from rnn_tui.data.applying.cells import InputReader, RowFaults, StepReader
from rnn_tui.data.applying.columns import NewColumns, find_columns
from rnn_tui.data.applying.preparing import RawSequences
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import NewRow, NewTable
from rnn_tui.data.bounds import check_numbers, check_sequences
from rnn_tui.data.description import Description
from rnn_tui.data.files import dates
from rnn_tui.data.sequences import Floats, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import UNWATCHED, Progress

CHUNK_ROWS = 4096  # read at a time
BATCH_STEPS = 1 << 16  # of the sequences that are given at once, unless one alone has more
BATCH_SEQUENCES = 4096
SAMPLE = 2000  # cells of a column that are looked at to see what they are
DAY = 86_400  # seconds


@dataclass
class _Lie:
    """How the sequences lie in a table."""

    rows: int = 0
    width: int = 0
    together: bool = True  #: whether the rows of each sequence stand together.
    restarts: bool = False  #: whether a sequence begins wherever the steps begin again.
    steps: StepReader | None = None
    clock: int | None = None  #: the column of times of day that are added to the days of steps.


@dataclass(eq=False)
class _Rows:
    """Rows of one sequence that stand together."""

    values: Floats  #: (n, F)
    order: Floats  #: (n,) the numbers that order them; (0,) without any.
    steps: list[str]  #: (n,) the file's words for them.
    targets: npt.NDArray[Any] | None  #: (n,)


@dataclass
class NewLongTable:
    """A new table with a row a step."""

    table: NewTable
    description: Description
    remarks: Remarks
    progress: Progress
    columns: NewColumns = field(init=False)
    _lie: _Lie = field(init=False)

    def __post_init__(self) -> None:
        width = self._width()
        self.columns = find_columns(self.table, width, self.description, self.remarks)
        self._lie = _Survey(self.table, self.columns, self.description, width).lie(
            Progress(control=self.progress.control)
        )
        decimal = self.table.decimal
        self._inputs = InputReader(self.columns.inputs, self.description, decimal)
        self._answers = RightAnswers(self.description, self.remarks, decimal)
        if not self._lie.rows:
            for _ in self.table.rows(self.remarks, self.progress):
                pass  # says why
            raise DataError(
                self.remarks.left_out() or f"{self.table.name} has no rows below its header."
            )

    def _width(self) -> int:
        if self.table.header is not None:
            return len(self.table.header)
        return max((len(row.cells) for row in self.table.rows(None, UNWATCHED)), default=0)

    def sequences(self) -> Iterator[RawSequences]:
        """Yield all sequences, some at a time, in the order in which they begin."""
        names: list[str] = []
        parts: list[_Rows] = []
        steps = 0
        for name, rows in self._whole():
            names.append(name)
            parts.append(self._ordered(rows))
            steps += len(rows.values)
            if steps >= BATCH_STEPS or len(parts) >= BATCH_SEQUENCES:
                yield self._together(names, parts)
                names, parts, steps = [], [], 0
        if parts:
            yield self._together(names, parts)

    def _whole(self) -> Iterator[tuple[str, _Rows]]:
        """Yield each sequence, whose rows may be out of order, by its name."""
        pieces: dict[tuple[int, str], list[_Rows]] = {}
        if not self._lie.together:
            check_numbers(self._lie.rows * len(self.description.features or "1"), self.table.name)
            self.remarks.note(
                f"The rows of a sequence don't stand together: all {self._lie.rows:,} are held in "
                "memory."
            )
        given = 0
        for key, rows in self._runs():
            if self._lie.together and pieces and key not in pieces:
                given += 1
                yield self._name(next(iter(pieces)), given), _joined(pieces.popitem()[1])
            pieces.setdefault(key, []).append(rows)
        for key, rows_of_key in pieces.items():
            given += 1
            yield self._name(key, given), _joined(rows_of_key)

    def _name(self, key: tuple[int, str], number: int) -> str:
        return key[1] if self.columns.sequence is not None else f"{number}"

    def _runs(self) -> Iterator[tuple[tuple[int, str], _Rows]]:
        """Yield rows of the same sequence that follow each other, in parts."""
        number = 0  # of the sequence, where no column names it
        last_step = -np.inf
        for chunk, blocks in self._chunks():
            faults: RowFaults = {}
            rows = self._read(chunk, faults)
            names = [""] * len(chunk)
            place = self.columns.sequence
            if place is not None:
                names = [self.columns.sequence_name(row.cells) for row in chunk]
                for at, name in enumerate(names):
                    if not name:
                        faults.setdefault(at, "the sequence has no name")
            self._tell(chunk, faults)
            begin = 0
            current: tuple[int, str] | None = None
            kept = [at for at in range(len(chunk)) if at not in faults]
            keys: list[tuple[int, str]] = []
            for at in kept:
                if self._lie.restarts:
                    number += bool(rows.order[at] <= last_step)
                    last_step = rows.order[at]
                keys.append((blocks[at] if self.description.blocks else number, names[at]))
            for end in range(len(kept) + 1):
                key = keys[end] if end < len(kept) else None
                if end and key != current:
                    assert current is not None
                    yield current, _some(rows, kept[begin:end])
                    begin = end
                current = key

    def _chunks(self) -> Iterator[tuple[list[NewRow], list[int]]]:
        """Yield rows that have cells enough, with the number of the block of each."""
        chunk: list[NewRow] = []
        blocks: list[int] = []
        block = 0
        for row in self.table.rows(self.remarks, self.progress):
            if not row.cells:
                block += 1
                continue
            squared = self._squared(row)
            if squared is not None:
                chunk.append(squared)
                blocks.append(block)
            if len(chunk) >= CHUNK_ROWS:
                yield chunk, blocks
                chunk, blocks = [], []
        if chunk:
            yield chunk, blocks

    def _squared(self, row: NewRow) -> NewRow | None:
        """Return a row with a cell for each column; None if it can't be read."""
        width = self._lie.width
        cells = list(row.cells)
        while len(cells) > width and not cells[-1].strip():
            cells.pop()  # a delimiter at the end
        if len(cells) == width:
            return NewRow(row.line, cells)
        self.remarks.row(
            f"{self.table.at(row.line)} has {count_of(len(cells), 'cell')} for "
            f"{count_of(width, 'column')}; it is left out."
        )
        return None

    def _read(self, chunk: Sequence[NewRow], faults: RowFaults) -> _Rows:
        """Return what stands in rows; of some it may be wrong, which is told as a fault."""
        cells = [row.cells for row in chunk]
        values = self._inputs.values(cells, faults)
        order = np.zeros(0)
        steps: list[str] = []
        place = self.columns.step
        if place is not None:
            assert self._lie.steps is not None
            steps = [row[place].strip() for row in cells]
            order = self._lie.steps.steps(steps, faults)
            if self._lie.clock is not None:
                clocks = [row[self._lie.clock].strip() for row in cells]
                order = order + StepReader("the time of day", ".", dates.CLOCK).steps(
                    clocks, faults
                )
                steps = [f"{day} {clock}" for day, clock in zip(steps, clocks, strict=True)]
        targets = None
        label = self.columns.label
        if label is not None and self._answers.are_in_label:
            targets = self._answers.of_cells([row[label] for row in cells])
        return _Rows(values, order, steps, targets)

    def _tell(self, chunk: Sequence[NewRow], faults: RowFaults) -> None:
        for at in sorted(faults):
            line = self.table.at(chunk[at].line)
            self.remarks.row(f"{line}: {faults[at]}; the row is left out.")

    def _ordered(self, rows: _Rows) -> _Rows:
        """Return the rows of a sequence in the order of their steps."""
        if not len(rows.order) or bool((np.diff(rows.order) >= 0).all()):
            return rows
        self.remarks.note("Rows are put in the order of their steps.")
        return _some(rows, np.argsort(rows.order, kind="stable").tolist())

    def _together(self, names: list[str], parts: list[_Rows]) -> RawSequences:
        """Return sequences one after another."""
        rows = _joined(parts)
        starts = starts_of(np.array([len(part.values) for part in parts]))
        targets = rows.targets
        if targets is not None and not self.description.goal.every_step:
            targets = self._last_known(targets, starts.tolist())
        return RawSequences(
            tuple(printable(name, 200) for name in names),
            rows.values,
            starts,
            tuple(rows.steps),
            targets,
        )

    def _last_known(self, targets: npt.NDArray[Any], starts: list[int]) -> npt.NDArray[Any]:
        """Return the last target (N,) that is known of each sequence."""
        result = self._answers.missing(len(starts) - 1)
        for place, (start, stop) in enumerate(pairwise(starts)):
            known = np.flatnonzero(self._answers.are_known(targets[start:stop]))
            if len(known):
                result[place] = targets[start + known[-1]]
        return result


def _some(rows: _Rows, places: list[int]) -> _Rows:
    """Return some of the rows."""
    return _Rows(
        rows.values[places],
        rows.order[places] if len(rows.order) else rows.order,
        [rows.steps[place] for place in places] if rows.steps else [],
        None if rows.targets is None else rows.targets[places],
    )


def _joined(parts: Sequence[_Rows]) -> _Rows:
    """Return rows one after another."""
    if len(parts) == 1:
        return parts[0]
    targets = [part.targets for part in parts if part.targets is not None]
    return _Rows(
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.order for part in parts]),
        [step for part in parts for step in part.steps],
        np.concatenate(targets) if targets else None,
    )


@dataclass
class _Survey:
    """The first reading of a table, of the columns only that tell sequences apart."""

    table: NewTable
    columns: NewColumns
    description: Description
    width: int

    def lie(self, progress: Progress) -> _Lie:
        """Return how the sequences lie in the table."""
        lie = _Lie(width=self.width)
        self._look_at_sample(lie)
        seen: set[str] = set()
        last: str | None = None
        for row in self.table.rows(None, progress):
            if not row.cells:
                continue
            lie.rows += 1
            place = self.columns.sequence
            name = self.columns.sequence_name(row.cells)
            if place is None or not name or name == last:
                continue
            lie.together = lie.together and name not in seen
            seen.add(name)
            check_sequences(len(seen), self.table.name)
            last = name
        no_names = self.columns.sequence is None and not self.description.blocks
        if no_names and lie.steps is not None and lie.steps.form is None:
            lie.restarts = self._restarts(lie)
        return lie

    def _look_at_sample(self, lie: _Lie) -> None:
        """See what the column of steps holds, from its first cells."""
        place = self.columns.step
        if place is None:
            return
        rows = (row.cells for row in self.table.rows(None, UNWATCHED))
        sample = list(islice((row for row in rows if len(row) >= self.width), SAMPLE))
        if not sample:
            return
        assert self.description.reading is not None
        name = printable(self.description.reading.step)
        cells = [row[place].strip() for row in sample]
        lie.steps = StepReader.of(name, cells, self.table.decimal)
        if lie.steps.form in (None, dates.CLOCK):
            return
        seconds = lie.steps.steps(cells, {})
        if (seconds[~np.isnan(seconds)] % DAY != 0).any():
            return
        used = {column.place for column in self.columns.inputs} | {self.columns.label, place}
        clocks = [
            other
            for other in range(self.width)
            if other not in used and dates.form_of([row[other] for row in sample]) is dates.CLOCK
        ]
        lie.clock = clocks[0] if len(clocks) == 1 else None

    def _restarts(self, lie: _Lie) -> bool:
        """Return whether the steps begin again and again at the same number, as in training."""
        place = self.columns.step
        assert place is not None
        assert lie.steps is not None
        firsts: set[float] = set()
        last = np.inf
        falls = 0
        rows = self.table.rows(None, UNWATCHED)
        while cells := [
            row.cells[place] for row in islice(rows, CHUNK_ROWS) if place < len(row.cells)
        ]:
            steps = lie.steps.steps(cells, {})
            steps = steps[~np.isnan(steps)]
            before = np.concatenate([[last], steps[:-1]])
            begins = steps <= before
            falls += int(begins.sum())
            firsts |= set(steps[begins].tolist())
            last = steps[-1] if len(steps) else last
            if len(firsts) > 1:
                return False
        return 1 < falls <= lie.rows // 2
