"""The tasks: a package for each that ships and a line in this registry, `TASKS`; then those of
plug-ins.

A plug-in, found by the entry-point group `rnn_tui.tasks`, names a `tasks.task.Task`. One that is
broken costs nothing but a sentence: whatever its import raises is caught, what it prints is kept
from stdout, and what it says of itself is checked before anything shows it.
"""

import io
import logging
import os
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import fields
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.files import read_small
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task, View

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "rnn_tui.tasks"
NAME = re.compile(r"[a-z][a-z0-9_-]{0,29}")
#: words of the command line that stand where a task's name does
RESERVED = ("list", "show")
FACTORY = re.compile(r"[\w.]+:[\w.]+")
LONGEST_WORDS = 4000
MOST_BYTES = 1_000_000  # of a package's list of entry points
logger = logging.getLogger(__name__)


def add_plugins(tasks: dict[str, Task]) -> list[str]:
    """Add the tasks of installed packages; returns a sentence for each that can't be used, or that
    prints.
    """
    sentences: list[str] = []
    for entry in _entries(sentences):
        plugin = f"The task plug-in {printable(entry.name)} ({printable(entry.value)})"
        try:
            with _kept_output() as output:
                task = resolve_name(entry.value)
                if not isinstance(task, Task):
                    raise SettingError(f"{entry.value.rpartition(':')[2]} is no Task")
                check(task)
            if task.name in tasks:
                raise SettingError(f"there is a task called {task.name} already")
            tasks[task.name] = task
        except KeyboardInterrupt:  # Ctrl-C, most likely
            raise
        except BaseException as error:  # an import may raise anything
            logger.exception("plug-in %s can't be used", printable(entry.value))
            sentences.append(f"{plugin} can't be used: {printable(_words(error), 200)}.")
        else:
            if text := " ".join("".join(output).split()):
                sentences.append(f"{plugin} prints when it is imported: “{printable(text)}”.")
    return sentences


def _words(error: BaseException) -> str:
    """What an error says; of one that is not made for users, with the name of its class."""
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - this is another package's code, too
        text = "it has no text"
    return text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"


@contextmanager
def _kept_output() -> Iterator[list[str]]:
    """Keep what is printed meanwhile from both streams, also by other than Python's means; at the
    end the list has its text.
    """
    import tempfile  # noqa: PLC0415 - the first frame does without where there is no plug-in

    texts: list[str] = []
    printed = io.StringIO()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with tempfile.TemporaryFile() as file:  # noqa: TID251 - without a name, and gone afterwards
        originals = [(number, os.dup(number)) for number in (1, 2)]
        for number, _ in originals:
            os.dup2(file.fileno(), number)
        try:
            with redirect_stdout(printed), redirect_stderr(printed):
                yield texts
        finally:
            for number, original in originals:
                os.dup2(original, number)
                os.close(original)
            file.seek(0)
            texts.append(printed.getvalue()[:LONGEST_WORDS])
            texts.append(file.read(LONGEST_WORDS).decode(errors="replace"))


def check(task: Task) -> None:
    """Raise `SettingError`, without a full stop, where `task` does not fit: it is asked for every
    preset for every cell.
    """
    if not isinstance(task.name, str) or not NAME.fullmatch(task.name):
        raise SettingError("its name must be short, of small letters, digits and dashes")
    if task.name in RESERVED:
        raise SettingError(f"a task can't be called {task.name}, which is a command's word")
    _check_words(task)
    _check_settings(task)
    metrics = [metric.name for metric in task.metric_definitions]
    _check_different("metric", metrics)
    if task.headline not in metrics:
        raise SettingError(f"its headline {task.headline} is not one of its metrics")
    if task.default_cell not in task.cells:
        raise SettingError(f"its default cell {task.default_cell} is none that it can have")
    _check_views(task.views)
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
    if unknown := [name for name in task.settings if name not in SETTINGS]:
        raise SettingError(f"there is no setting called {unknown[0]}")
    known = {field.name for field in fields(task.config_class)}
    if unfit := [name for name in task.settings if name not in known]:
        raise SettingError(f"{task.config_class.__name__} has no {unfit[0]}")
    _check_different("setting", task.settings)


def _check_views(views: Collection[View]) -> None:
    """Check the views of a tab, whose factories are imported on use only."""
    for view in views:
        if not isinstance(view, View):
            raise SettingError(f"its view {printable(view, 30)} is no View")
        if not isinstance(view.id, str) or not NAME.fullmatch(view.id):
            raise SettingError("the id of a view must be of small letters, digits and dashes")
        if not isinstance(view.title, str) or not view.title or "[" in view.title:
            raise SettingError(f"the title of its view {view.id} must be text without brackets")
        if printable(view.title) != view.title:
            raise SettingError(f"the title of its view {view.id} must be short printable text")
        if not isinstance(view.factory, str) or not FACTORY.fullmatch(view.factory):
            raise SettingError(f"its view {view.id} must name its factory as module:function")
    ids = [view.id for view in views]
    _check_different("view", ids)
    for view in views:
        if view.needs is not None and view.needs not in ids:
            raise SettingError(f"its view {view.id} needs {view.needs}, which it does not have")


def _check_different(kind: str, names: Sequence[str]) -> None:
    """Check that no name is there twice."""
    for at, name in enumerate(names):
        if name in names[:at]:
            raise SettingError(f"its {kind} {name} is there twice")


def _entries(sentences: list[str]) -> "Iterator[EntryPoint]":
    """What installed packages name in the group; `sentences` grows by one for each of them whose
    list can't be read.

    Importing `importlib.metadata` takes 50 ms, a tenth of the first frame: only where a package
    names the group. Its own `entry_points` would wait for a pipe in place of a file.
    """
    names: set[str] = set()
    for folder in _packages():
        path = folder / "entry_points.txt"
        try:
            if not _names_the_group(path):
                continue
            from importlib.metadata import Distribution  # noqa: PLC0415 - see above

            package = Distribution.at(folder)
            entries = [entry for entry in package.entry_points if entry.group == GROUP]
            name = str(package.metadata["Name"]).lower()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except Exception as error:  # noqa: BLE001 - whatever is wrong with another package
            reason = printable(_words(error), 120)
            sentences.append(f"{printable(path, 200)} can't be read for task plug-ins: {reason}.")
            continue
        if name not in names:  # as Python does: the first one in the path counts
            names.add(name)
            yield from entries


def _packages() -> Iterator[Path]:
    """The folders with what is known of installed packages."""
    for folder in dict.fromkeys(sys.path):
        with suppress(OSError):
            for name in sorted(os.listdir(folder or ".")):
                if name.endswith((".dist-info", ".egg-info")):
                    yield Path(folder, name)


def _names_the_group(path: Path) -> bool:
    """Whether a list of entry points has the group; `OSError` or `ValueError` where it is none."""
    return f"[{GROUP}]".encode() in read_small(path, MOST_BYTES)


TASKS: dict[str, Task] = {task.name: task for task in (MNIST, RECALL, ADDER)}
# what is wrong with plug-ins that could not be used, a sentence each
BROKEN_PLUGINS: list[str] = add_plugins(TASKS)
