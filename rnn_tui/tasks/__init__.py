"""The registry of tasks, `TASKS`: a line for each that ships, then those of plug-ins.

A plug-in, found by the entry-point group `rnn_tui.tasks`, names a `tasks.task.Task`. What it says
of itself is checked before anything shows it. Data sets that a user has brought are tasks as well:
they are found by their names, and are no part of the list.
"""

import re
from collections import UserDict
from collections.abc import MutableMapping, Sequence
from dataclasses import fields

from rnn_tui.data import store
from rnn_tui.engine.config import RECIPE_FIELDS
from rnn_tui.engine.errors import (
    DataError,
    MissingTaskError,
    SettingError,
    UserError,
    printable,
)
from rnn_tui.engine.plugins import load_plugins
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adding import ADDING
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from rnn_tui.tasks.data_sets.task import SEQUENCES, stored_task
from rnn_tui.tasks.hierarchy import TASKS_BY_NAME
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

GROUP = "rnn_tui.tasks"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
#: words of the command line in the place of a task's name
RESERVED = ("list", "show", SEQUENCES)
LONGEST_WORDS = 4000


class TaskRegistry(UserDict[str, Task]):
    """Tasks by name: iteration gives those that ship and those of plug-ins."""

    def __missing__(self, name: str) -> Task:
        """Return the task of a data set that is kept.

        Raises:
            MissingTaskError: if there is no such task, or its data set was deleted.
            DataError: if the data set is damaged.
        """
        if store.is_kept(name):
            return stored_task(name)
        if store.is_called_like_data_set(name):
            raise MissingTaskError(store.DELETED.format(name))
        raise MissingTaskError(f"There is no task called {printable(name)}.")

    def __contains__(self, name: object) -> bool:
        """Return whether there is such a task, a data set that can be read included."""
        if name in self.data:
            return True
        try:
            return isinstance(name, str) and bool(self[name])
        except DataError:
            return False


def add_plugins(tasks: MutableMapping[str, Task]) -> list[str]:
    """Add the tasks of installed packages to `tasks`.

    Returns:
        A sentence for each plug-in that can't be used, or that prints.
    """

    def add(task: object, _name: str, reference: str) -> None:
        if not isinstance(task, Task):
            raise SettingError(f"{reference.rpartition(':')[2]} is no Task")
        check(task)
        if task.name in tasks:
            raise SettingError(f"there is a task called {task.name} already")
        tasks[task.name] = task

    return load_plugins(GROUP, "task", add)


def register(task: Task) -> None:
    """Add a task of a script or a notebook, in place of an earlier one of its name.

    Raises:
        SettingError: something in it does not fit, or a task that is installed has its name.
    """
    try:
        check(task)
    except SettingError as error:
        raise SettingError(f"This task can't be used: {error}.") from error
    if task.name in INSTALLED and TASKS[task.name] is not task:
        raise SettingError(f"There is a task called {task.name} already; choose another name.")
    TASKS[task.name] = task


def check(task: Task) -> None:
    """Check a task of a plug-in, and that it has settings for every preset and cell.

    Raises:
        SettingError: if something in it does not fit, in words without a full stop.
    """
    if not isinstance(task.name, str) or not NAME.fullmatch(task.name):
        raise SettingError("its name must be short, of small letters, digits and dashes")
    if task.name in RESERVED:
        raise SettingError(f"a task can't be called {task.name}, which is a command's word")
    _check_words(task)
    _check_settings(task)
    _check_symbols(task)
    metrics = [metric.name for metric in task.metric_definitions]
    _check_different("metric", metrics)
    if task.headline not in metrics:
        raise SettingError(f"its headline {task.headline} is not one of its metrics")
    if task.default_cell not in task.cells:
        raise SettingError(f"its default cell {task.default_cell} is none that it can have")
    if not task.presets:
        raise SettingError("it has no preset")
    _check_different("preset", [preset.name for preset in task.presets])
    for preset in task.presets:
        for cell in task.cells:
            try:
                task.config(cell, preset.name)
            except (TypeError, UserError) as error:
                raise SettingError(f"preset {preset.name}: {str(error).rstrip('.')}") from error


def _check_words(task: Task) -> None:
    """Check the text that is shown of a task."""
    words = [task.label, task.unit, task.help_text]
    words += [text for preset in task.presets for text in (preset.name, preset.summary)]
    if any(not isinstance(text, str) for text in words):
        raise SettingError("its label, unit, help and presets must be text")
    lines = [line for text in words for line in text.split("\n")]
    if any(line != printable(line, LONGEST_WORDS) for line in lines):
        raise SettingError("its label, unit, help and presets must be printable text")
    if not task.label.strip():
        raise SettingError("it has no label")
    if "[" in task.label:  # Textual would read markup in the palette and in what a pointer calls up
        raise SettingError("its label must have no square brackets")


def _check_settings(task: Task) -> None:
    """Check which settings a user may change."""
    if task.config_class not in (ImageConfig, SequenceConfig):
        raise SettingError("its config_class must be ImageConfig or SequenceConfig")
    config_fields = {field.name for field in fields(task.config_class)} | RECIPE_FIELDS
    for name in task.settings:
        if name not in SETTINGS:
            raise SettingError(f"there is no setting called {name}")
        if name not in config_fields:
            raise SettingError(f"{task.config_class.__name__} has no {name}")
    _check_different("setting", task.settings)


def _check_symbols(task: Task) -> None:
    """Check the alphabet of its sequences, and the values of its hidden variable."""
    names: list[str] = []
    if task.shape is not None:
        names = [symbol.name for symbol in task.shape.alphabet]
        _check_different("symbol", names)
        for symbol in task.shape.alphabet:
            if len(symbol.features) != task.shape.features:
                raise SettingError(
                    f"symbol {printable(symbol.name, 20)} has {len(symbol.features)} numbers, and "
                    f"its networks read {task.shape.features}"
                )
    if task.hidden is not None:
        names += [task.hidden.name, *task.hidden.values]
        if len(task.hidden.values) < 2:
            raise SettingError("its hidden variable must have two values at least")
    if any(not name or printable(name, 40) != name for name in names):
        raise SettingError("its symbols and what is hidden must have short printable names")


def _check_different(kind: str, names: Sequence[str]) -> None:
    """Check that no name is there twice."""
    for index, name in enumerate(names):
        if name in names[:index]:
            raise SettingError(f"its {kind} {name} is there twice")


TASKS = TaskRegistry(
    {task.name: task for task in (MNIST, RECALL, ADDER, *TASKS_BY_NAME.values(), ADDING)}
)
#: What is wrong with plug-ins that could not be used, a sentence each.
BROKEN_PLUGINS: list[str] = add_plugins(TASKS)
#: The tasks that ship or that packages bring: no script replaces them.
INSTALLED = frozenset(TASKS)
