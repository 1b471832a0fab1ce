"""Sequences of one's own for scripts and notebooks: a file as it was understood, to train on."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from rnn_tui.api import html
from rnn_tui.api.arguments import checked, plain, taking
from rnn_tui.api.progress import ActionProgress
from rnn_tui.api.run import Run
from rnn_tui.api.wording import in_arguments
from rnn_tui.data import memory, store
from rnn_tui.data.applying.columns import reading_of
from rnn_tui.data.files.frames import is_frame, with_dates
from rnn_tui.data.options import ReadingOptions, Split
from rnn_tui.data.summary import placed_sequences
from rnn_tui.data.understanding import Understanding, understand
from rnn_tui.engine.errors import ArgumentError, DataError, printable
from rnn_tui.engine.options import options_of, record_of
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.task import Task

#: options on how a file is written, which what is in memory is not.
OF_FILES = ("header", "delimiter", "decimal", "encoding")


@checked
class SequenceData:
    """Sequences of your own, as they were understood. `read_sequences` or `sequences` makes it.

    Printing it says what was understood; `train` takes it for a task.

    Examples:
        >>> data = rnn_tui.read_sequences("swings.csv", sequence="swing", label="pendulum")
        >>> len(data), data.classes
        (240, ('long', 'medium', 'short'))
        >>> run = rnn_tui.train(data, hidden_size=5, epochs=1)
        >>> rnn_tui.load_network(run).trace(data[0]).answers[-1] in data.classes
        True
    """

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding
        self._data_set = understanding.data_set

    def __repr__(self) -> str:
        """What it is called, and how many sequences it has."""
        return f"<SequenceData {self.name}: {len(self)} sequences>"

    def __str__(self) -> str:
        """What was understood of the file, line by line."""
        return "\n".join(map(in_arguments, self._understanding.lines()))

    def _repr_html_(self) -> str:
        """What was understood of the file, as a notebook shows it."""
        return html.preformatted(str(self))

    def __len__(self) -> int:
        return self._data_set.count

    def __getitem__(self, number: int) -> Any:
        """Return a sequence by its number, an array (T, F) in the units of the file."""
        count = len(self)
        if not -count <= number < count:
            raise IndexError(f"There are {count:,} sequences; there is no number {number}.")
        return self._data_set.sequence(number % count)

    @property
    def name(self) -> str:
        """The name of its task, made of the file's name and what is in it."""
        return self._data_set.description.name

    @property
    def ids(self) -> tuple[str, ...]:
        """What the file calls each sequence, or the one it is a piece of; numbers without names."""
        data_set = self._data_set
        return tuple(data_set.origin.name(each, data_set.starts) for each in range(len(self)))

    @property
    def classes(self) -> tuple[str, ...]:
        """What can be answered, by number: classes, or names of numbers."""
        return self._data_set.description.outputs

    @property
    def targets(self) -> Any:
        """The right answers, of each sequence, or of the steps of all sequences in turn."""
        return self._data_set.targets

    @property
    def parts(self) -> tuple[str, ...]:
        """Whether each sequence is in the `training`, `validation` or `test` part."""
        return tuple(placed.part for placed in placed_sequences(self._data_set))

    @property
    def groups(self) -> tuple[str, ...]:
        """What the file calls the group of each sequence; empty without groups."""
        if not len(self._data_set.origin.members):
            return ()
        return tuple(placed.group for placed in placed_sequences(self._data_set))

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know: what was filled, cut, left out or translated, a sentence each."""
        return tuple(map(in_arguments, self._understanding.notes))

    def keep(self) -> Task:
        """Store the sequences, so that runs on them can resume and answer without the file.

        Returns:
            their task.
        """
        store.keep(self._data_set)
        return stored_task(self.name)


def _options_like(like: str | Run, path: Path) -> dict[str, Any]:
    """Return the options with which a file is read as that of a run or a data set was.

    Raises:
        DataError: there is no such data set, or an earlier version kept it.
    """
    name = like if isinstance(like, str) else store.name_for_run(like.name, like.task)
    if not store.is_kept(name):
        raise DataError(
            f"There is no data set {printable(name, 80)}; `rnn-tui data` lists what is kept."
        )
    description = store.describe(name)
    reading = reading_of(description)
    options = {option: getattr(reading, option) for option in options_of(ReadingOptions)}
    if Path(description.source).suffix.lower() != path.suffix.lower():
        for option in OF_FILES:
            del options[option]
    del options["folds"], options["fold"]  # which another file may not have
    if reading.split is Split.FILES:  # by the file that lies beside it, if one does
        del options["split"]
    return options


@checked
@taking(ReadingOptions)
def read_sequences(
    path: str | PathLike[str],
    *,
    like: str | Run | None = None,
    progress: bool = True,
    **options: Any,
) -> SequenceData:
    """Read a file of sequences: CSV, TSV, NPZ, NPY, .ts, ARFF, CoNLL or a text.

    What you leave out is guessed; print the result to see the guesses. Columns are named as in the
    header, or by their number from 1.

    Args:
        path: the file.
        like: a run on sequences of your own, or the name of a data set that is kept: the file is
            read as that one's was, guesses included, but for the options that you give. How cells
            are written is guessed anew for a file with another ending.
        progress: whether to show a bar.
        options: {options}

    Raises:
        UserError: the file can't be read as sequences, in a sentence on what is wrong and where.

    Examples:
        >>> data = rnn_tui.read_sequences("swings.csv", sequence="swing", label="pendulum")
        >>> print(data)
        swings.csv: CSV, UTF-8, commas, with a header; a row a step
        ...
        >>> data.parts.count("training")
        144
        >>> run = rnn_tui.train(data, hidden_size=5, epochs=1)
        >>> rnn_tui.read_sequences("swings.csv", like=run).classes == data.classes
        True
    """
    file = Path(path)
    values = {name: plain(value) for name, value in options.items()}
    if like is not None:
        values = {**_options_like(like, file), **values}
    reading = record_of(ReadingOptions, values)
    with ActionProgress(file.name, shown=progress) as bar:
        return SequenceData(understand(file, reading, Progress(bar.show)))


@checked
@taking(ReadingOptions, but=OF_FILES)
def sequences(
    X: Any,
    y: Any = None,
    *,
    ids: Any = None,
    groups: Any = None,
    names: Sequence[str] | None = None,
    **options: Any,
) -> SequenceData:
    """Take sequences that are in memory: an array, a list of arrays, or a frame.

    A frame of pandas or polars is read as the table of a file is, with the same options. NaN is
    missing; at the end of a sequence in one array it is the sequence's end.

    Args:
        X: an array (N, T, F) or (N, T) of N sequences, or (T,) of one; a list of arrays (T, F) or
            (T,), which may differ in length; or a frame, whose columns are found as in a file.
        y: the right answers, words or numbers: N, one for each sequence, or one for each step, as
            an array (N, T) or a list of arrays; of a frame one for each row, unless `label` names
            the column that has them. Whole numbers are classes if they are few (`goal="number"`
            says otherwise). Without them, the next steps are predicted.
        ids: the names of the N sequences; of a frame `sequence` names the column that has them.
        groups: the group of each of the N sequences, such as its subject: no group is in two parts;
            of a frame `group` names the column that has them.
        names: of the F numbers at a step; of a frame its columns have them.
        options: {options}

    Raises:
        UserError: they can't be read as sequences, in a sentence on what is wrong and where.

    Examples:
        >>> import numpy as np
        >>> random = np.random.default_rng(0)
        >>> rises = np.arange(60) % 2
        >>> X = random.normal(size=(60, 9)) + rises[:, None] * np.arange(9)
        >>> data = rnn_tui.sequences(X, np.where(rises, "rises", "stays"))
        >>> len(data), data[0].shape, data.classes
        (60, (9, 1), ('rises', 'stays'))
        >>> rnn_tui.train(data, hidden_size=4, epochs=1).predict(X[:2]).outputs.shape
        (2, 2)
    """
    for name in OF_FILES:
        if name in options:
            raise ArgumentError(f"{name} says how a file is written; what is in memory has none.")
    reading = record_of(ReadingOptions, {name: plain(value) for name, value in options.items()})
    X = with_dates(X)
    if is_frame(X):
        for name, value in (("ids", ids), ("groups", groups), ("names", names)):
            if value is not None:
                raise ArgumentError(f"A frame has {name} in its columns; leave out {name}.")
        return SequenceData(memory.understand_frame(X, y, reading))
    return SequenceData(
        memory.understand_arrays(X, y, reading, ids=ids, groups=groups, names=names)
    )
