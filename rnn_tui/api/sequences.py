"""Sequences of one's own for scripts and notebooks: a file as it was understood, to train on."""

from os import PathLike
from pathlib import Path
from typing import Any

from rnn_tui.api import html
from rnn_tui.api.arguments import checked, plain, taking
from rnn_tui.api.progress import ActionProgress
from rnn_tui.data import store
from rnn_tui.data.data_set import TEST, TRAINING, VALIDATION
from rnn_tui.data.options import ReadingOptions
from rnn_tui.data.understanding import Understanding, understand
from rnn_tui.engine.options import record_of
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.task import stored_task
from rnn_tui.tasks.task import Task

PARTS = {"training": TRAINING, "validation": VALIDATION, "test": TEST}


@checked
class SequenceData:
    """Sequences of your own, as they were understood. `read_sequences` makes it.

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
        return "\n".join(self._understanding.lines())

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
        names = {number: name for name, number in PARTS.items()}
        return tuple(names[int(part)] for part in self._data_set.parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know: what was filled, cut, left out or translated, a sentence each."""
        return self._understanding.notes

    def keep(self) -> Task:
        """Store the sequences, so that runs on them can resume and answer without the file.

        Returns:
            their task.
        """
        store.keep(self._data_set)
        return stored_task(self.name)


@checked
@taking(ReadingOptions)
def read_sequences(
    path: str | PathLike[str],
    *,
    progress: bool = True,
    **options: Any,
) -> SequenceData:
    """Read a file of sequences: CSV, TSV, NPZ, NPY, .ts, ARFF, CoNLL or a text.

    What you leave out is guessed; print the result to see the guesses. Columns are named as in the
    header, or by their number from 1.

    Args:
        path: the file.
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
    """
    reading = record_of(ReadingOptions, {name: plain(value) for name, value in options.items()})
    file = Path(path)
    with ActionProgress(file.name, shown=progress) as bar:
        return SequenceData(understand(file, reading, Progress(bar.show)))
