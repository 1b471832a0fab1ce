"""Read a new file, arrays or a frame as the file of a data set was read, without saying it again.

Columns are found by name. How numbers and dates are written is seen afresh; gaps are filled, words
and symbols read and steps thinned as in training. Nothing is cut into pieces or shared out.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data.applying.answers import RightAnswers
from rnn_tui.data.applying.cells import Symbols
from rnn_tui.data.applying.columns import reading_of
from rnn_tui.data.applying.json_lines import are_json_lines, json_lines_table
from rnn_tui.data.applying.long import BATCH_STEPS, NewLongTable
from rnn_tui.data.applying.preparing import NewSequences, Preparation, Ranges, RawSequences
from rnn_tui.data.applying.remarks import Remarks
from rnn_tui.data.applying.rows import NewTable, arff_table, delimited_table, frame_table
from rnn_tui.data.applying.wide import NewWideTable
from rnn_tui.data.bounds import check_numbers
from rnn_tui.data.description import LARGEST, Description
from rnn_tui.data.files import arff, text, ts
from rnn_tui.data.files.formats import format_of, read_delimited
from rnn_tui.data.files.frames import is_frame, with_dates
from rnn_tui.data.files.opening import named
from rnn_tui.data.options import Layout, ReadingOptions
from rnn_tui.data.sequences import Floats, Sequences, starts_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress

Source = Path | Any  #: a file, arrays, or a frame


@dataclass(eq=False)
class NewFile:
    """A new file, arrays or a frame that networks on a data set are applied to.

    Raises:
        DataError: if it can't be read as that data set was; a sentence on what is wrong, where,
            and what to do. `sequences` raises it as well, also if `progress` is stopped.
    """

    source: Source
    description: Description
    remarks: Remarks
    progress: Progress
    ranges: Ranges | None = None  #: of the numbers in training.

    def __post_init__(self) -> None:
        self._reading = reading_of(self.description)
        self._preparation = Preparation(self.description, self.remarks, self.ranges)
        self._parts = self._opened()

    @property
    def id_name(self) -> str:
        """What the file calls the column of its sequences' names."""
        return self._reading.sequence or "sequence"

    @property
    def step_name(self) -> str:
        """What the file calls the column of its steps."""
        return self._reading.step or "step"

    def sequences(self) -> Iterator[NewSequences]:
        """Yield all sequences that can be read, some at a time."""
        count = 0
        for raw in self._parts:
            prepared = self._preparation.prepared(raw)
            if prepared is not None:
                count += len(prepared.ids)
                yield prepared
        self._preparation.tell_outside()
        if not count:
            raise DataError(self.remarks.left_out() or "There is no sequence to read.")

    def _opened(self) -> Iterator[RawSequences]:
        """Return the sequences as they stand in the file, some at a time."""
        if not isinstance(self.source, Path):
            source = with_dates(self.source)
            if is_frame(source):
                return self._of_table(frame_table(source))
            return self._of_arrays(source)
        if self._reading.layout is Layout.TEXT:
            return self._of_text(self.source)
        table = self._table(self.source)
        if table is not None:
            return self._of_table(table)
        return self._of_sequences(self._whole(self.source), named(self.source))

    def _table(self, path: Path) -> NewTable | None:
        """Return the table that a file holds; None if it is of a format without rows."""
        if are_json_lines(path):
            return json_lines_table(path)
        reader = format_of(path).reader
        if reader is read_delimited:
            return delimited_table(path, ReadingOptions(header=self._reading.header))
        return arff_table(path, ReadingOptions()) if reader is arff.read else None

    def _whole(self, path: Path) -> Sequences:
        """Return the sequences of a format that is no table, all at once."""
        if format_of(path).reader is ts.read:
            content = ts.read(path, ReadingOptions(), self.progress, self.remarks.sequence)
        else:
            options = ReadingOptions(layout=self._reading.layout)
            if options.layout is None and len(self.description.features) > 1:
                options = ReadingOptions(layout=Layout.LONG)  # of arrays (T, F)
            content = format_of(path).reader(path, options, self.progress)
        assert isinstance(content.body, Sequences)
        return content.body

    def _of_table(self, table: NewTable) -> Iterator[RawSequences]:
        has_columns = self._reading.inputs or self._reading.label  # of one series, the label alone
        if self._reading.layout is None or not has_columns:
            raise DataError(
                f"{table.name} is a table, and networks were trained on "
                f"{printable(self.description.label)}, which is none; save it in that format."
            )
        kind = NewWideTable if self._reading.layout is Layout.WIDE else NewLongTable
        return kind(table, self.description, self.remarks, self.progress).sequences()

    def _of_text(self, path: Path) -> Iterator[RawSequences]:
        """Yield the one sequence of a text."""
        characters, _ = text.characters_of(path, ReadingOptions(), self.progress)
        symbols = Symbols(self.description.alphabet, of_characters=True)
        by_character = {each: symbols.of_character(each) for each in dict.fromkeys(characters)}
        strange = [each for each, place in by_character.items() if place is None]
        if strange:
            shown = ", ".join(f"“{printable(each)}”" for each in strange[:5])
            raise DataError(
                f"{named(path)} has symbols that training does not have: {shown}; take them out."
            )
        places = np.array([by_character[each] for each in characters], np.float64)
        if not len(places):
            raise DataError(f"There are no characters in {named(path)}.")
        yield RawSequences(
            ("1",), places[:, None], starts_of(np.array([len(places)])), tuple(characters)
        )

    def _of_texts(self, texts: Any) -> Iterator[RawSequences]:
        """Yield texts, a sequence each, all at once; or tokens with blanks between them."""
        listed = [*texts] if isinstance(texts, Iterable) else [texts]
        if not all(isinstance(each, str) for each in listed):
            raise DataError(
                "These networks read symbols; give a list of texts, one for each sequence, or a "
                "file."
            )
        is_of_tokens = self._reading.layout is Layout.LONG
        alphabet, words = self.description.alphabet, self.description.words
        symbols = Symbols(alphabet, of_characters=not is_of_tokens, vocabulary=words)
        ids: list[str] = []
        places: list[int] = []
        lengths: list[int] = []
        for number, content in enumerate(listed, start=1):
            if is_of_tokens:
                of_text = [*map(symbols.of_word, content.split())]
            else:
                of_text = symbols.of_text(content.strip())
            read = [place for place in of_text if place is not None]
            if not read or len(read) < len(of_text):
                reason = "has a symbol that training lacks" if of_text else "has nothing to read"
                self.remarks.sequence(f"Text {number:,} {reason}; it is left out.")
                continue
            ids.append(str(number))
            places += read
            lengths.append(len(read))
        if ids:
            values = np.array(places, np.float64)[:, None]
            yield RawSequences(tuple(ids), values, starts_of(np.array(lengths)))

    def _of_arrays(self, arrays: Any) -> Iterator[RawSequences]:
        """Return the sequences of an array (N, T, F), (T, F) or, of one number, (T,) or (N, T).

        A list has an array for each sequence.
        """
        features = len(self.description.columns_read)
        if not features:
            return self._of_texts(arrays)
        sequences = [_steps_of(array, features) for array in _parted(arrays, features)]
        if not sequences:
            raise DataError("There is no sequence to read.")
        check_numbers(sum(array.size for array in sequences), "The array")
        lengths = np.array([*map(len, sequences)])
        body = Sequences(
            self.description.columns_read, (), np.concatenate(sequences), starts_of(lengths)
        )
        return self._of_sequences(body, "the array")

    def _of_sequences(self, body: Sequences, name: str) -> Iterator[RawSequences]:
        """Yield the sequences of a format that holds such, some at a time."""
        features = len(self.description.columns_read)
        if self.description.alphabet or len(body.features) != features:
            reads = count_of(features, "number") if features else "symbols"
            raise DataError(
                f"{name} has {count_of(len(body.features), 'number')} at a step, and these "
                f"networks read {reads}."
            )
        if (np.abs(np.nan_to_num(body.values)) > LARGEST).any():
            raise DataError(f"{name} has numbers beyond 1e38.")
        answers = RightAnswers(self.description, self.remarks)
        label = body.label
        every_step = self.description.goal.every_step
        targets = None
        if label is not None and answers.are_in_label and label.every_step == every_step:
            targets = answers.of_label(label)
        # as many sequences at a time as have together no more than these steps
        begin = 0
        while begin < body.count:
            last = int(np.searchsorted(body.starts, body.starts[begin] + BATCH_STEPS, "right")) - 1
            end = max(begin + 1, last)
            steps = slice(int(body.starts[begin]), int(body.starts[end]))
            chosen = steps if every_step else slice(begin, end)
            yield RawSequences(
                body.ids[begin:end] or tuple(f"{number + 1}" for number in range(begin, end)),
                body.values[steps],
                body.starts[begin : end + 1] - body.starts[begin],
                targets=None if targets is None else targets[chosen],
            )
            begin = end


def _parted(arrays: Any, features: int) -> Sequence[Any]:
    """Return an array for each sequence."""
    if isinstance(arrays, list | tuple) and arrays and np.ndim(arrays[0]) > 0:
        return arrays
    try:
        array = np.asarray(arrays, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            "Networks are applied to numbers, in an array or a list of arrays."
        ) from error
    is_one_sequence = array.ndim == 1 or (array.ndim == 2 and features > 1)
    return [array] if is_one_sequence else list(array) if array.ndim else []


def _steps_of(array: Any, features: int) -> Floats:
    """Return a sequence as (T, F)."""
    try:
        steps: npt.NDArray[np.float64] = np.asarray(array, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            "Networks are applied to numbers, in an array or a list of arrays."
        ) from error
    if steps.ndim == 1 and features == 1:
        steps = steps[:, None]
    if steps.ndim != 2 or steps.shape[1] != features:
        raise DataError(
            f"A sequence is an array of shape (T, {features}), one row a step, not {steps.shape}."
        )
    return np.where(np.isfinite(steps), steps, np.nan)
