"""The page of settings, presets and metrics, from the tasks."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from inspect import getsource
from typing import Any

from rnn_tui.engine.config import Recipe, RunConfig
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Preset, Task
from tests.reference_pages.markdown import MADE, code, table

HEAD = f"""\
# Settings and presets

{MADE}
The settings of a training: fields of the form in a task's tab, and options of `rnn-tui train TASK`. A
setting that you leave out has the value of the preset. [Presets](../explanation/presets.md) explains the
presets, [Results](../results.md) has their accuracies.

## Settings

"""
RECIPE = """\

## Recipe

What a preset determines besides. It is shown with the settings of a run (`rnn-tui runs show RUN`). Of these,
only what is a setting above can be changed.

"""


def page() -> str:
    """The page."""
    rows = [
        (
            setting.label,
            code(option(setting.name)),
            setting.help,
            setting.range_text,
            tasks_with(name),
        )
        for name, setting in SETTINGS.items()
    ]
    usual = asdict(Recipe())
    recipe = [
        (code(name), code(str(usual[name])), text) for name, text in attributes(Recipe).items()
    ]
    return (
        HEAD
        + table(("in the form", "option", "meaning", "values", "tasks"), rows)
        + RECIPE
        + table(("name", "default", "meaning"), recipe)
        + "".join(map(section, alike(TASKS.values())))
    )


def tasks_with(setting: str) -> str:
    """The tasks that have a setting, or those that have not where these are fewer."""
    having = [task.label for task in TASKS.values() if setting in task.settings]
    lacking = [task.label for task in TASKS.values() if setting not in task.settings]
    if not lacking:
        return "all"
    return ", ".join(having) if len(having) <= len(lacking) else f"all but {', '.join(lacking)}"


def alike(tasks: Iterable[Task]) -> Iterator[list[Task]]:
    """Tasks with the same presets and metrics together, where the first of them stands."""
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(of_task(task), []).append(task)
    yield from groups.values()


def section(tasks: list[Task]) -> str:
    """The heading, and what the tasks have in common."""
    labels = [task.label for task in tasks]
    if len(labels) == 1:
        return f"\n## {labels[0]}\n\n{of_task(tasks[0])}"
    names = f"The same for {', '.join(labels)}."
    return f"\n## {labels[0]} to {labels[-1]}\n\n{names} {of_task(tasks[0])}"


def option(name: str) -> str:
    """How a setting is typed."""
    return SETTINGS[name].option_names[0]


def attributes(kind: type) -> dict[str, str]:
    """The meaning of each field of a class: behind `#:` in its line, or in lines before it."""
    meanings: dict[str, str] = {}
    lines_before: list[str] = []
    for line in getsource(kind).splitlines():
        statement, mark, text = line.partition("#: ")
        if mark and not statement.strip():
            lines_before.append(text)
        elif field := re.match(r"    (\w+): ", statement):
            meanings[field[1]] = text or " ".join(lines_before)
        if statement.strip():
            lines_before = []
    return {
        field.name: meanings[field.name].removesuffix(".")
        for field in fields(kind)
        if meanings.get(field.name)
    }


def of_task(task: Task) -> str:
    """Presets and metrics of a task."""
    cells = ", ".join(map(code, task.cells))
    parts = [f"Cells (`--cell`): {cells}. Without the option: {code(task.default_cell)}.\n"]
    parts += [f"- **{preset.name}**: {preset.summary}" for preset in task.presets]
    columns = [column for preset in task.presets for column in columns_of(task, preset)]
    names = list(dict.fromkeys(name for _, values in columns for name in values))
    rows = [
        (code(name), *(shown(name, values.get(name)) for _, values in columns)) for name in names
    ]
    parts.append("\n" + table(("", *(title for title, _ in columns)), rows))
    metrics = [
        (
            code(metric.name),
            metric.label,
            metric.unit,
            "more" if metric.higher_is_better else "less",
        )
        for metric in task.metric_definitions
    ]
    parts.append("Metrics, as charts, lines and documents name them:\n")
    parts.append(table(("name", "meaning", "unit", "better is"), metrics))
    return "\n".join(parts)


def columns_of(task: Task, preset: Preset) -> list[tuple[str, dict[str, Any]]]:
    """A preset's values, and those for cells of which it has others."""
    others = ", ".join(cell for cell in task.cells if cell not in preset.of_cells)
    title = f"{preset.name} ({others})" if preset.of_cells else preset.name
    return [(title, flat(preset.values))] + [
        (f"{preset.name} ({cell})", flat({**preset.values, **values}))
        for cell, values in preset.of_cells.items()
    ]


def flat(values: Any) -> dict[str, Any]:
    """Settings, then what the recipe has that is unlike the usual one."""
    usual = asdict(Recipe())
    recipe = {
        name: value for name, value in asdict(values["recipe"]).items() if value != usual[name]
    }
    return {name: value for name, value in values.items() if name != "recipe"} | recipe


def shown(name: str, value: Any) -> str:
    """A value as it is typed; nothing where the usual one holds."""
    if value is None:
        return ""
    return SETTINGS[name].format(value) if name in SETTINGS else str(value)


assert RunConfig  # the kinds of settings are known once the tasks are imported
