"""How runs and their settings are called and put into words, in the app and on the command line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.pace import duration
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.runs.run_record import RunRecord, Session

NOTHING = "–"
LONGEST, LONGEST_SHOWN = 60, 80  # of a name, and of a setting


def figure(run: "RunRecord", metric: str, value: float | None, form: str = ".4g") -> str:
    """A figure of a run with its unit, if there is a metric and a value; `form` is for what is no
    percentage.
    """
    if value is None or not metric:
        return NOTHING
    # Runs from before there was a database have no specs of their metrics.
    return (
        f"{value:.2f} %"
        if run.spec(metric).unit == "%" or metric.endswith("accuracy")
        else f"{value:{form}}"
    )


def figure_with_name(run: "RunRecord", metric: str, value: float | None) -> str:
    """A figure with its unit and its name."""
    text = figure(run, metric, value)
    return text if text == NOTHING else f"{text} {run.spec(metric).label}"


def run_summary(run: "RunRecord", date: Callable[[float], str]) -> Iterator[tuple[str, str]]:
    """What a run came to: names and values, with a moment as `date` has it."""
    yield "id", run.run_id
    yield "name", run.name
    yield "status", f"{run.status}, {run.progress:.0%}"
    if run.message:
        yield "message", run.message
    yield "began", date(run.created)
    yield (
        "trained",
        f"{duration(run.elapsed)} on {run.device or NOTHING}, step {run.step:,} of "
        f"{run.total_steps:,}",
    )
    yield "parameters", f"{run.parameters:,}"
    yield "best", figure_with_name(run, run.metric, run.best)
    yield "last", figure_with_name(run, run.metric, run.last)
    yield "final", figure_with_name(run, run.final_metric, run.final)
    yield "weights", printable(run.weights_shown or NOTHING, 1000)
    yield "tags", ", ".join(run.tags) or NOTHING
    yield "note", run.note.replace("\n", " ") or NOTHING


def session_summary(session: "Session", date: Callable[[float], str]) -> Iterator[tuple[str, str]]:
    """Where a stretch of training began, on what it went, and how busy that was."""
    versions = ", ".join(f"{name} {version}" for name, version in session.versions.items())
    where = f"{session.host}, {session.device}, {session.workers} workers, {versions}"
    yield f"from step {session.first_step:,}", f"{date(session.started)} on {where}"
    if session.load:
        yield "machine", machine(session.load)


def count_of(count: int, noun: str) -> str:
    """A number of things."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


# by figure of `events.MachineSeen`: its unit, what a line has room for, and what a record says
_BUSY = {
    "cpu": (1, "CPU {:.0f} %", "CPU {:.0f} % busy"),
    "process": (1, "", "{:.0f} % by this run"),
    "memory": (1e9, "{:.1f} GB", "at most {:.1f} GB of memory"),
    "gpu": (1, "GPU {:.0f} %", "GPU {:.0f} % busy"),
    "gpu_memory": (1e9, "{:.1f} GB", "at most {:.1f} GB of its memory"),
}


def machine(load: Mapping[str, float], short: bool = False) -> str:
    """How busy the machine is, or in the course of a run was; empty if that is unknown."""
    known = [(load[name] / unit, words) for name, (unit, *words) in _BUSY.items() if name in load]
    shown = (words[0 if short else 1].format(value) for value, words in known)
    return (" " if short else ", ").join(filter(None, shown))


def age(seconds: float) -> str:
    """A time ago, in its largest unit."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    return f"{max(0, int(seconds))} s"


def automatic_name(config: RunConfig) -> str:
    """Task, model, preset and what differs from the preset's, such as `mnist-lstm-fast` or
    `recall-fast-h2,5-100seeds`.
    """
    task = TASKS[config.task]
    # Of a set of replicas the usual cell goes without saying.
    usual_cell = bool(config.variants) and config.cell == task.default_cell
    parts = [task.name, *([] if usual_cell else [config.cell]), config.preset]
    with suppress(SettingError):  # a preset of another version
        usual = task.config(config.cell, config.preset)
        for name, setting in SETTINGS.items():
            value = getattr(config, name, None)
            if value != getattr(usual, name, None):
                parts.append(setting.in_names.format(value_in_words(value)))
        if config.recipe.augmentation != usual.recipe.augmentation:
            parts.append(config.recipe.augmentation)
    files = {"data_dir": "data", "extra_data": "extra", "start_from": "tuned"}
    parts += [word for name, word in files.items() if getattr(config, name, None) is not None]
    return "-".join(parts)[:LONGEST].rstrip("-,")


def differing(runs: "Sequence[RunRecord]") -> list[tuple[str, tuple[str, ...]]]:
    """The settings in which runs differ: what it is called, and each run's value."""
    settings = [dict(settings_of(run.config)) for run in runs]
    table = (
        (name, tuple(one.get(name, NOTHING) for one in settings))
        for name in dict.fromkeys(chain(*settings))
    )
    return [(name, values) for name, values in table if len(set(values)) > 1]


def settings_of(config: RunConfig) -> list[tuple[str, str]]:
    """All settings of a run: what they are called, and their values."""
    return list(_flat(config.to_dict()))


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):  # the recipe
            yield from _flat(value)
        else:
            yield (
                SETTINGS[name].label.lower() if name in SETTINGS else name.replace("_", " "),
                value_in_words(value),
            )


def value_in_words(value: object, form: str = "g", between: str = ",") -> str:
    """A setting's value."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:{form}}"
    if isinstance(value, list | tuple):
        return between.join(value_in_words(one, form, between) for one in value)
    return printable(value, LONGEST_SHOWN)
