"""Files of sequences on the command line: how they are read, as options, and what comes of them.

`train`, `sweep` and `data` have these options in common.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.cli import output
from rnn_tui.cli.commands import read_path
from rnn_tui.cli.options import add_options, read_options
from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.data.options import Fill, Goal, ReadingOptions, Split
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.task import SEQUENCES, task_of
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.data.understanding import Understanding

WHICH_DATA = (
    "a CSV, TSV, NPZ, NPY, .ts, ARFF or CoNLL file, or a text; or the name of a data set as "
    "rnn-tui data list prints it"
)


def any_data_set() -> Task:
    """Return a task with all settings that a data set may have."""
    return task_of(
        Description(
            name=SEQUENCES,
            label="sequences of your own",
            source="",
            goal=Goal.CLASS,
            horizon=0,
            features=(),
            alphabet=("a", "b"),
            outputs=("a", "b"),
            means=(),
            deviations=(),
            output_means=(),
            output_deviations=(),
            training=1000,
            validation=100,
            test=100,
            shortest=1,
            longest=100,
            split=Split.CHANCE,
            fill=Fill.LINE,
            filled=0,
        )
    )


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    """Add the file of sequences, and the options that say how to read it."""
    parser.add_argument("data", metavar="DATA", help=WHICH_DATA)
    group = parser.add_argument_group(
        "reading DATA", "What is left out is guessed; rnn-tui data show DATA prints the guesses."
    )
    add_options(group, ReadingOptions)


def understand_file(data: str, options: ReadingOptions, *, quiet: bool) -> "Understanding":
    """Read the file of sequences at a path as typed, with a bar of its progress.

    Raises:
        UserError: if it can't be read.
        KeyboardInterrupt: at Ctrl-C.
    """
    from rnn_tui.data.understanding import understand  # numpy

    path = read_path(data)
    bar = output.ProgressBar(path.name, quiet=quiet)
    with bar:
        return understand(path, options, Progress(bar.show))


def _understand_as_asked(options: argparse.Namespace) -> "Understanding":
    reading = read_options(options, ReadingOptions)
    return understand_file(options.data, reading, quiet=options.quiet)


def asks_for_all_folds(options: argparse.Namespace) -> bool:
    """Return whether the options ask for folds, and not for one of them."""
    return options.folds is not None and options.fold is None


def tasks_of_folds(options: argparse.Namespace) -> list[Task]:
    """Return the tasks of a file's data sets, one for each fold, which are kept.

    What is understood of the file is said once.

    Raises:
        UserError: if it can't be read, shared out to folds or kept.
    """
    kept = kept_data_set(options.data)
    if kept is not None:
        raise DataError(
            f"Folds are made when a file is read, and {kept.name} is a data set with its parts; "
            f"name the file that it was read from ({kept.source})."
        )
    understanding = _understand_as_asked(options)
    is_new = not store.is_kept(understanding.data_set.description.name)
    if is_new and not options.quiet:
        output.say_lines(understanding.lines())
    tasks = []
    for number in range(1, int(understanding.chosen.folds or 1) + 1):
        if number > 1:
            reading = replace(understanding.options, fold=number)
            understanding = understand_file(options.data, reading, quiet=options.quiet)
        store.keep(understanding.data_set)
        tasks.append(task_of(understanding.data_set.description))
    return tasks


def data_set_task(options: argparse.Namespace) -> Task:
    """Return the task of the data set that is named, or read and kept.

    What is understood of a file is said when its data set is new.

    Raises:
        UserError: if it can't be read or kept.
    """
    kept = kept_data_set(options.data)
    if kept is not None:
        return task_of(kept)
    understanding = _understand_as_asked(options)
    description = understanding.data_set.description
    if not options.quiet:
        if store.is_kept(description.name):
            output.say(f"{printable(understanding.path.name)} is the data set {description.name}.")
        else:
            output.say_lines(understanding.lines())
    store.keep(understanding.data_set)
    return task_of(description)


def trained_data_set(options: argparse.Namespace) -> Task:
    """Return the task of a data set that is kept, which is named or read from a file.

    Raises:
        UserError: if the file can't be read, or makes a data set that is not kept.
    """
    kept = kept_data_set(options.data)
    if kept is not None:
        return task_of(kept)
    understanding = _understand_as_asked(options)
    description = understanding.data_set.description
    if store.is_kept(description.name):
        return task_of(description)
    file_name = printable(understanding.path.name)
    alike = _names_of_label(description.label)
    if alike:
        raise DataError(
            f"No networks were trained on {file_name} as it is read with these options, but on "
            f"{', '.join(alike)}, made of a file of that name: name the data set in place of the "
            "file, or give the options that it was trained with."
        )
    raise DataError(
        f"No networks were trained on {file_name}; rnn-tui train sequences {file_name} trains some."
    )


def kept_data_set(text: str) -> Description | None:
    """Return the kept data set that a user names, in full or without the digits at its end.

    Returns:
        None if it is none, as the path of a file.

    Raises:
        DataError: if several are called so.
    """
    if os.path.exists(text):
        return None
    if store.is_kept(text):
        return store.describe(text)
    names = _names_of_label(text)
    if len(names) > 1:
        raise DataError(
            f"Several data sets are called {printable(text)}; name one of {', '.join(names)}."
        )
    return store.describe(names[0]) if names else None


def _names_of_label(label: str) -> list[str]:
    """Return the names of the kept data sets that are shown by this label."""
    return [name for name, description in kept_descriptions() if description.label == label]


def kept_descriptions() -> Iterator[tuple[str, Description]]:
    """Yield the data sets that are kept, by name; a damaged one is told on stderr."""
    for name in store.names():
        try:
            yield name, store.describe(name)
        except DataError as error:
            output.say(str(error))
