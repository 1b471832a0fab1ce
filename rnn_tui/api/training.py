"""Trains networks from a script or a notebook, as `rnn-tui train` does."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from rnn_tui import networks, tasks
from rnn_tui.api.arguments import checked, plain
from rnn_tui.api.run import Run
from rnn_tui.api.sequences import SequenceData
from rnn_tui.api.watched_training import WatchedTraining
from rnn_tui.archive.store import check_name
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.files.paths import unstored
from rnn_tui.engine.process.preparing import prepare_process
from rnn_tui.engine.settings import SETTINGS, ChoicesSetting, ListSetting, check_choice
from rnn_tui.engine.state import RunState
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.networks.cell import Cell
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Task

#: settings of every task, which `Task.settings` does not list.
OF_EVERY_TASK = ("device", "workers")
#: settings of a task that trains on files, besides.
OF_FILES = ("data_dir", "extra_data", "start_from")


@checked
def register(thing: Task | Cell | type[Cell]) -> None:
    """Make a task or a cell of your own known, so that networks can be trained with it.

    `train` does this with a task and a cell that it is given. In another session, register them
    before you load runs that were trained with them. A later one replaces an earlier one of the
    same name.

    Args:
        thing: the task, or the cell.

    Raises:
        UserError: something in it does not fit, or its name is taken by one that is installed.

    Examples:
        >>> class MinimalGatedUnit(rnn_tui.Cell):
        ...     name, label = "mgu", "MGU"
        ...     gates = ("forget", "candidate")
        ...     keep_gate = "forget"
        ...
        ...     def step(self, operations, read, recurrent, last):
        ...         forget = operations.edited("forget", operations.sigmoid(read[0] + recurrent[0]))
        ...         candidate = operations.tanh(read[1] + forget * recurrent[1])
        ...         candidate = operations.edited("candidate", candidate)
        ...         state = forget * last.state + (1 - forget) * candidate
        ...         return last._replace(state=state, gates=(forget, candidate))
        >>> rnn_tui.register(MinimalGatedUnit())
        >>> "mgu" in rnn_tui.CELLS
        True
    """
    if isinstance(thing, type) and issubclass(thing, Cell):
        thing = thing()
    if isinstance(thing, Task):
        tasks.register(thing)
    elif isinstance(thing, Cell):
        networks.register(thing)
    else:
        raise SettingError(f"“{printable(thing)}” is neither a Task nor a Cell.")


@checked
def train(
    task: str | Task | SequenceData,
    *,
    cell: str | Cell | type[Cell] | None = None,
    preset: str | None = None,
    name: str | None = None,
    store: bool = True,
    progress: bool = True,
    **settings: Any,
) -> Run:
    """Train networks on a task, and store the run as `rnn-tui train` does.

    Ctrl-C, or the interruption of a notebook's kernel, stops the training after the step in hand
    and keeps its checkpoint; then `KeyboardInterrupt` is raised. `Run("last").resume()` goes on.

    Args:
        task: the name of a task, a key of `TASKS`; a task of your own; or sequences of your own, as
            `read_sequences` returns them.
        cell: the name of a recurrent cell, a key of `CELLS`; or a cell of your own. By default the
            task's usual one.
        preset: the name of one of the task's presets; by default the first.
        name: what to call the run; by default it says how the settings differ from the preset.
        store: False to store nothing: the run and its data lie in a temporary folder until this
            process ends, and can do all that a stored run can. Nobody else sees it, and nobody can
            resume it later.
        progress: whether to show a bar: tqdm's where it is installed, else a line on stderr.
        settings: values in place of the preset's, by the names of the settings, such as `seeds=20`,
            `hidden_size=[5, 10]`, `epochs=3`, `learning_rate=0.01`, `device="cpu"`.

    Returns:
        the run, finished; or stopped, if another process asked for that.

    Raises:
        UserError: a name or a setting is wrong, or the training failed.

    Examples:
        >>> run = rnn_tui.train("adder", preset="fast", hidden_size=5, seeds=2, epochs=1)
        >>> run.status
        'finished'
        >>> run.results["test_bit_accuracy"].shape  # networks, seeds
        (1, 2)
    """
    prepare_process()
    if name is not None:
        name = check_name(name)
    with unstored(not store):
        if isinstance(task, SequenceData):
            task = task.keep()
        config = config_of(task, cell, preset, settings)
        state = RunState(new_run_id(), config)
        WatchedTraining(state, name=name, progress=progress).run()
        return Run(state.run_id)


def config_of(
    task: str | Task,
    cell: str | Cell | type[Cell] | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> RunConfig:
    """Return the settings of a run, as `train` takes them.

    Raises:
        SettingError: a name or a value is wrong.
    """
    if isinstance(task, str):
        if task == SEQUENCES:
            raise SettingError("Read your sequences first: train(read_sequences(FILE)).")
        if task not in TASKS:  # which also knows data sets that are kept, and does not list them
            check_choice("Task", task, tuple(TASKS))
        task = TASKS[task]
    elif TASKS.get(task.name) is not task:
        register(task)
    if cell is None:
        cell = task.default_cell
    elif not isinstance(cell, str):
        register(cell)
        cell = cell.name
    values = {}
    for name, value in (settings or {}).items():
        field, plain_value = setting_of(task, name, value)
        values[field] = plain_value
    return task.config(cell, preset, **values)


def setting_of(task: Task, name: str, value: Any) -> tuple[str, Any]:
    """Return the field and the value of a setting of a task.

    One size or loss stands for a list of one, as `hidden_size=5` for `hidden_sizes=[5]`.
    """
    fields = {setting.singular: setting.name for setting in task.adjustable if setting.singular}
    fields |= {setting: setting for setting in (*task.settings, *OF_EVERY_TASK)}
    if task.reads_images:
        fields |= {setting: setting for setting in OF_FILES}
    if task.augmentations:
        fields["augmentation"] = "augmentation"
    if name not in fields:
        hint = did_you_mean(name, fields)
        listed = [typed for typed, field in fields.items() if typed == field]
        raise SettingError(
            f"{task.label} has no setting “{printable(name)}”{hint}; it has {', '.join(listed)}."
        )
    field = fields[name]
    if isinstance(value, Run):
        value = value.weights
    if isinstance(value, PathLike):
        value = str(value)
    value = plain(value)
    is_list = isinstance(SETTINGS.get(field), ListSetting | ChoicesSetting)
    if is_list and (isinstance(value, str) or not isinstance(value, Sequence)):
        value = (value,)
    return field, value
