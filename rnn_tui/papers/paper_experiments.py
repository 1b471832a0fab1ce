"""Reads the experiments of a paper's file.

An entry has one network, or a list of cells, hidden sizes, losses or settings, and as many
published figures. It may have a list of tasks besides, for all of which the rest holds. How many
experiments that makes is counted before the first one is made.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from rnn_tui.engine.config import Variant
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.suggestions import did_you_mean
from rnn_tui.networks import CELLS
from rnn_tui.papers.file_entry import LONGEST_WORDS, FileEntry
from rnn_tui.papers.paper import Experiment
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MOST_EXPERIMENTS = 500  # of a paper
MOST_OTHERS = 20  # figures of others that are shown beside, by name
MOST_ITEMS = 100  # of a setting that is a list
#: what may be a list in an entry of the experiments, one item for each of its networks.
FANNED_OUT = ("cell", "hidden_size", "loss", "settings")
#: settings that no paper has: who runs it says them, or they are files of a machine.
NOT_ITS_OWN = {
    *("task", "preset", "cell", "seed", "seeds", "device", "workers", "recipe"),
    *("data_dir", "extra_data", "start_from"),
}


def task_of(entry: FileEntry, name: str) -> Task:
    """Return the task that an entry names; a `SettingError` if there is none."""
    try:
        return TASKS[name]
    except KeyError as error:
        raise entry.wrong(
            f"names the task “{printable(name)}”, which is not there{did_you_mean(name, TASKS)}"
        ) from error


def settings_from(entry: FileEntry, task: str) -> dict[str, Any]:
    """Return settings of a task that a user may change; whether their values fit, is seen later."""
    chosen = task_of(entry, task)
    names = {each.name for each in fields(chosen.config_class)} - NOT_ITS_OWN
    names |= {"augmentation", *chosen.settings} - NOT_ITS_OWN
    settings: dict[str, Any] = {}
    for name, value in entry.items():
        if name not in names:
            raise entry.wrong(f"may not have “{printable(name)}”{did_you_mean(name, names)}")
        parts = entry.as_sequence(value, name, MOST_ITEMS) if isinstance(value, list) else [value]
        if not all(isinstance(part, str | int | float) for part in parts):
            raise entry.wrong(f"must have a word, a number or a list of them as “{name}”")
        settings[name] = tuple(parts) if isinstance(value, list) else value
    return settings


def experiments_from(entry: FileEntry) -> tuple[Experiment, ...]:
    """Return the experiments of a paper, each with a key of its own.

    Raises:
        SettingError: something is wrong with one.
    """
    networks = list(entry.entries("experiments"))
    count = sum(_count(network) for network in networks)
    if count > MOST_EXPERIMENTS:
        raise entry.wrong(f"may have at most {MOST_EXPERIMENTS} experiments, not {count:,}")
    drafts = [
        (network.place, draft)
        for network in networks
        for task in _tasks(network)
        for draft in _networks(network, task)
    ]
    if not drafts:
        raise entry.wrong("must have at least one experiment")
    names = _Names([draft for _, draft in drafts])
    experiments: dict[str, Experiment] = {}
    for place, draft in drafts:
        experiment = names.named(draft)
        if experiment.key in experiments:
            raise SettingError(
                f"{place}: there are two experiments {experiment.key}; give one of them another "
                "“key” and “label”."
            )
        experiments[experiment.key] = experiment
    others = {name for experiment in experiments.values() for name in experiment.others}
    if len(others) > MOST_OTHERS:
        raise entry.wrong(f"may have at most {MOST_OTHERS} names of “others”, not {len(others):,}")
    return tuple(experiments.values())


def _count(entry: FileEntry) -> int:
    """Return how many experiments an entry asks for: networks, times tasks."""
    tasks = entry.raw("task")
    lists = _lists(entry)
    networks = len(entry.sequence(lists[0])) if lists else 1
    return networks * len(tasks) if isinstance(tasks, list) else networks


def _lists(entry: FileEntry) -> list[str]:
    """Return the keys of an entry's lists; its first one says how many networks it has."""
    return [key for key in FANNED_OUT if isinstance(entry.raw(key), list)]


def _tasks(entry: FileEntry) -> list[Task]:
    """Return the tasks of an entry: one, or several with the same networks and figures."""
    named = entry.raw("task")
    names = entry.sequence("task") if isinstance(named, list) else [entry.text("task")]
    return [task_of(entry, entry.as_text(name, "task", LONGEST_WORDS)) for name in names]


def _networks(entry: FileEntry, task: Task) -> list[Experiment]:
    """Return the experiments of an entry on a task: one, or one for each item of its list."""
    lists = _lists(entry)
    if len(lists) > 1:
        raise entry.wrong(f"may have one list only, not “{lists[0]}” and “{lists[1]}”")
    count = len(entry.sequence(lists[0])) if lists else 1

    def items(key: str) -> list[Any]:
        """Return the values of a key, one for each network; None where it is not there."""
        value = entry.raw(key)
        if not lists or (key in FANNED_OUT and not isinstance(value, list)) or value is None:
            return [value] * count
        if not isinstance(value, list) or len(value) != count:
            raise entry.wrong(f"must have a list of {count} items as “{key}”, as “{lists[0]}” has")
        return value

    others = entry.entry("others", MOST_OTHERS)
    figures = {
        entry.as_text(name, "others", LONGEST_WORDS): others.as_percent(value, name)
        for name, value in others.items()
    }
    shown = {name: figure for name, figure in figures.items() if figure is not None}
    columns = [items(key) for key in (*FANNED_OUT, "published", "key", "label")]
    experiments = []
    for cell, size, loss, settings, published, key, label in zip(*columns, strict=True):
        variant = _variant(entry, size, loss)
        if variant is not None and task.reads_images:
            raise entry.wrong(
                f"may have no “hidden_size” and “loss”, since {task.name} reads images"
            )
        experiments.append(
            Experiment(
                key="" if key is None else _key(entry, key),
                short_label="" if label is None else entry.as_text(label, "label", LONGEST_WORDS),
                task=task.name,
                cell=_cell(entry, task.default_cell if cell is None else cell),
                variant=variant,
                published=entry.as_percent(published, "published"),
                others=shown,
                settings={}
                if settings is None
                else settings_from(FileEntry(settings, f"{entry.place}: settings"), task.name),
            )
        )
    entry.finish()
    return experiments


def _key(entry: FileEntry, value: object) -> str:
    key = entry.as_text(value, "key", LONGEST_WORDS)
    if not NAME.fullmatch(key):
        raise entry.wrong("must have small letters, digits and dashes as “key”")
    return key


def _cell(entry: FileEntry, value: object) -> str:
    cell = entry.as_text(value, "cell", LONGEST_WORDS)
    if cell not in CELLS:
        raise entry.wrong(
            f"names the cell “{printable(cell)}”, which is not there{did_you_mean(cell, CELLS)}"
        )
    return cell


def _variant(entry: FileEntry, size: object, loss: object) -> Variant | None:
    if size is None and loss is None:
        return None
    if size is None or loss is None:
        raise entry.wrong("must have “hidden_size” and “loss”, or neither")
    return Variant(
        entry.as_whole(size, "hidden_size", 1, 100_000), entry.as_text(loss, "loss", LONGEST_WORDS)
    )


class _Names:
    """Gives experiments keys and labels: what distinguishes each from the others of its task."""

    def __init__(self, drafts: Sequence[Experiment]) -> None:
        self._cells: dict[str, set[str]] = defaultdict(set)  # by task
        self._losses: dict[str, set[str]] = defaultdict(set)  # by task; empty for no loss
        for draft in drafts:
            self._cells[draft.task].add(draft.cell)
            self._losses[draft.task].add(draft.variant.loss if draft.variant else "")

    def named(self, draft: Experiment) -> Experiment:
        """Return an experiment with a key and a label, unless it has them."""
        parts: list[tuple[str, str]] = []  # of the key, of the label
        if draft.variant is None or len(self._cells[draft.task]) > 1:
            parts.append((draft.cell, CELLS[draft.cell].label))
        if draft.variant is not None:
            parts.append((f"h{draft.variant.hidden_size}", f"H {draft.variant.hidden_size}"))
            if len(self._losses[draft.task]) > 1:
                parts.append((draft.variant.loss, draft.variant.loss))
        key = draft.key or "-".join([draft.task, *(part for part, _ in parts)])
        label = draft.short_label or " ".join(part for _, part in parts)
        return replace(draft, key=key, short_label=label)
