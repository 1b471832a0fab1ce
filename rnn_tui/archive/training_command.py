"""The command that trains as a run was trained."""

import shlex
from typing import Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

# settings that are no rows of the table of settings, with the options that set them
OTHER_OPTIONS = {
    "augmentation": "--augment",
    "data_dir": "--data-dir",
    "extra_data": "--extra-data",
    "start_from": "--start-from",
    "device": "--device",
    "workers": "--workers",
}


def training_command(config: RunConfig) -> str:
    """Return the command that trains with these settings.

    It is empty if no command does: for a recipe of another version of a preset, and for a task that
    is not installed any more.
    """
    try:
        task = TASKS[config.task]
        values = _changed(task, config)
        if task.config(config.cell, config.preset, **values) != config:
            return ""
    except (KeyError, UserError):
        return ""
    words = [task.training_command]
    if config.cell != task.default_cell:
        words.append(f"--cell {config.cell}")
    if config.preset != task.default_preset:
        words.append(f"--preset {config.preset}")
    for name, value in values.items():
        if name in OTHER_OPTIONS:
            words.append(f"{OTHER_OPTIONS[name]} {shlex.quote(str(value))}")
        else:
            setting = SETTINGS[name]
            words.append(f"{setting.option_names[0]} {shlex.quote(setting.format(value))}")
    return " ".join(words)


def _changed(task: Task, config: RunConfig) -> dict[str, Any]:
    """Return by name the settings that are not as in the preset."""
    usual = task.config(config.cell, config.preset)
    values: dict[str, Any] = {}
    data_set = getattr(config, "dataset", None)
    if data_set != getattr(usual, "dataset", None):
        # first, since the preset's recipe depends on it
        values["dataset"] = data_set
        usual = task.config(config.cell, config.preset, dataset=data_set)
    for setting in task.adjustable:
        value = config.setting(setting.name)
        if value != usual.setting(setting.name):
            values[setting.name] = value
    for name in OTHER_OPTIONS:
        settings = config.recipe if name == "augmentation" else config
        of_preset = usual.recipe if name == "augmentation" else usual
        value = getattr(settings, name, None)
        if value != getattr(of_preset, name, None):
            values[name] = value
    return values
