"""The tasks: a package for each that ships and a line in this registry, `TASKS`; then those of
plug-ins.

A plug-in, found by the entry-point group `rnn_tui.tasks`, names a `tasks.task.Task`. One that is
broken costs nothing but a sentence: whatever its import raises is caught, and what it says of
itself is checked before anything shows it.
"""

import logging
import os
import re
import sys
from contextlib import suppress
from pkgutil import resolve_name

from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

GROUP = "rnn_tui.tasks"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
LONGEST_WORDS = 4000
logger = logging.getLogger(__name__)


def add_plugins(tasks: dict[str, Task]) -> list[str]:
    """Add the tasks of installed packages; returns a sentence for each that can't be used."""
    broken: list[str] = []
    if not _there_are_any():
        return broken
    from importlib.metadata import entry_points  # noqa: PLC0415 - see `_there_are_any`

    for entry in entry_points(group=GROUP):
        try:
            task = resolve_name(entry.value)
            if not isinstance(task, Task):
                raise SettingError(f"{entry.value.rpartition(':')[2]} is no Task")
            check(task)
            if task.name in tasks:
                raise SettingError(f"there is a task called {task.name} already")
            tasks[task.name] = task
        except (Exception, SystemExit) as error:
            logger.exception("plug-in %s can't be used", printable(entry.value))
            why = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
            plugin = f"The task plug-in {printable(entry.name)} ({printable(entry.value)})"
            broken.append(f"{plugin} can't be used: {printable(why, 200)}.")
    return broken


def check(task: Task) -> None:
    """Raise `SettingError`, without a full stop, where `task` does not fit: it is asked for every
    preset for every cell.
    """
    if not isinstance(task.name, str) or not NAME.fullmatch(task.name):
        raise SettingError("its name must be short, of small letters, digits and dashes")
    lines = [
        line for words in (task.label, task.unit, task.help_text) for line in words.split("\n")
    ]
    if any(line != printable(line, LONGEST_WORDS) for line in lines):
        raise SettingError("its label, unit and help must be printable text")
    if "[" in task.label:  # Textual would read markup in the palette and in what a pointer calls up
        raise SettingError("its label must have no square brackets")
    if unknown := [name for name in task.settings if name not in SETTINGS]:
        raise SettingError(f"there is no setting called {unknown[0]}")
    if task.headline not in [metric.name for metric in task.metric_definitions]:
        raise SettingError(f"its headline {task.headline} is not one of its metrics")
    if not task.presets:
        raise SettingError("it has no preset")
    for preset in task.presets:
        for cell in task.cells:
            try:
                task.config(cell, preset.name)
            except (TypeError, UserError) as error:
                raise SettingError(f"preset {preset.name}: {str(error).rstrip('.')}") from error


def _there_are_any() -> bool:
    """Whether a package names the group: importing `importlib.metadata` takes 50 ms, a tenth of the
    first frame, else saved.
    """
    for folder in sys.path:
        with suppress(OSError):
            for name in os.listdir(folder or "."):
                if name.endswith((".dist-info", ".egg-info")):
                    with (
                        suppress(OSError),
                        open(os.path.join(folder, name, "entry_points.txt"), "rb") as file,
                    ):
                        if f"[{GROUP}]".encode() in file.read():
                            return True
    return False


TASKS: dict[str, Task] = {task.name: task for task in (MNIST, RECALL, ADDER)}
# what is wrong with plug-ins that could not be used, a sentence each
BROKEN_PLUGINS: list[str] = add_plugins(TASKS)
