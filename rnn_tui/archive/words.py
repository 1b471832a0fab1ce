"""Names runs, and formats runs and their settings for the app and the command line."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from rnn_tui.engine.config import CELL_KEY, RunConfig, recipe_labels
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.metrics import Spread, main_metric
from rnn_tui.engine.pace import duration
from rnn_tui.engine.settings import SETTINGS, RangeSetting
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord, Session
    from rnn_tui.engine.events import EpochEnded
    from rnn_tui.engine.state import RunState

NOTHING = "–"
# in characters
LONGEST_AUTOMATIC_NAME = 60
LONGEST_VALUE = 80
LONGEST_PATH = 1000
#: variants whose figures one line has room for.
NETWORKS_IN_A_LINE = 3
#: by name of a setting for a file, its word in the name of a run with such a file.
FILES_IN_NAMES = {"data_dir": "data", "extra_data": "extra", "start_from": "tuned"}


def figure(run: "RunRecord", metric: str, value: float | None, form: str = ".4g") -> str:
    """Format a value of a metric with its unit; a dash if there is no metric or no value.

    Args:
        run: the run.
        metric: the name of the metric.
        value: the value.
        form: the format of a number that is not a percentage.
    """
    if value is None or not metric:
        return NOTHING
    # Runs recovered from their weights may lack the definitions of their metrics.
    if run.spec(metric).unit == "%" or metric.endswith("accuracy"):
        return f"{value:.2f} %"
    return f"{value:{form}}"


def spread_figure(run: "RunRecord", metric: str, spread: Spread | None, form: str = ".4g") -> str:
    """Format a metric over seeds as `60.13 ± 23.27 %`, or as `60.13 %` for one seed.

    Arguments are as for `figure`; the spread is the sample standard deviation.
    """
    if spread is None or not math.isfinite(spread.mean):
        return NOTHING
    mean = figure(run, metric, spread.mean, form)
    if spread.sd is None or mean == NOTHING:
        return mean
    number, _, unit = mean.partition(" ")
    deviation, _, _ = figure(run, metric, spread.sd, form).partition(" ")
    return f"{number} ± {deviation} {unit}".rstrip()


def network_figures(run: "RunRecord") -> list[tuple[str, str, Spread]]:
    """Return what was measured last of each network of a run.

    Returns:
        Validation first, then the test: the words for the figure, such as `test accuracy, H 5 bce`,
        the metric's name, and the figure over seeds.
    """
    rows: list[tuple[str, str, Spread]] = []
    for metric, stage, spreads in (
        (run.metric, "last ", [network.last for network in run.networks]),
        (run.final_metric, "", [network.final for network in run.networks]),
    ):
        for network, spread in zip(run.networks, spreads, strict=True):
            if metric and spread is not None:
                label = f"{stage}{run.spec(metric).label}"
                words = f"{label}, {network.label}" if network.label else label
                rows.append((words, metric, spread))
    return rows


def compared_figures(runs: "Sequence[RunRecord]") -> list[tuple[str, tuple[str, ...]]]:
    """Return rows that compare what was measured last: the words for a figure, a cell for each run.

    A row is of one network, so that networks are compared with the same one of other runs.
    """
    columns = []
    for run in runs:
        cells = {}
        for words, metric, spread in network_figures(run):
            count = f" (n {spread.n})" if spread.n > 1 else ""
            cells[words] = f"{spread_figure(run, metric, spread)}{count}"
        columns.append(cells)
    return [
        (words, tuple(cells.get(words, NOTHING) for cells in columns))
        for words in dict.fromkeys(chain(*columns))
    ]


def figure_with_name(run: "RunRecord", metric: str, value: float | None) -> str:
    """Format a value of a metric with its unit and name; a dash if there is none."""
    text = figure(run, metric, value)
    if text == NOTHING:
        return text
    return f"{text} {run.spec(metric).label}"


def figures_in_words(state: "RunState", epoch: "EpochEnded") -> str:
    """Return an epoch's figures in words: those that a chart of the app would draw."""
    if state.config.variants:
        return _variants_in_words(state, epoch)
    return "  ".join(
        metric.in_words(epoch.metrics[metric.name])
        for metric in state.metric_definitions
        if metric.chart and metric.name in epoch.metrics
    )


def _variants_in_words(state: "RunState", epoch: "EpochEnded") -> str:
    """Return the main metric of each variant, or its range over many: for more there is no room."""
    measured = (metric for metric in state.metric_definitions if metric.name in epoch.replicas)
    metric = main_metric(measured, TASKS[state.config.task].headline)
    if metric is None:
        return ""
    unit = f" {metric.unit}" if metric.unit else ""
    variants = state.config.variants
    label = metric.label
    if state.config.seed_count > 1:
        label = f"{label}, mean of {state.config.seed_count}"
    means = [spread.mean for spread in state.spreads(metric.name)]
    if len(variants) > NETWORKS_IN_A_LINE:
        low = metric.format(min(means))
        high = metric.format(max(means))
        return f"{label}: {low} … {high}{unit} over {len(variants)} networks"
    figures = [
        f"{variant.label} {metric.format(mean)}{unit}"
        for variant, mean in zip(variants, means, strict=True)
    ]
    return f"{label}: {'  '.join(figures)}"


def run_summary(run: "RunRecord", date: Callable[[float], str]) -> Iterator[tuple[str, str]]:
    """Yield the rows of a run's summary: pairs of a name and a value.

    Args:
        run: the run.
        date: formats a time in seconds since 1970.
    """
    yield "id", run.run_id
    yield "name", run.name
    yield "status", f"{run.status}, {run.progress:.0%}"
    if run.message:
        yield "message", run.message
    yield "began", date(run.created)
    steps = f"step {run.step:,} of {run.total_steps:,}"
    yield "trained", f"{duration(run.elapsed)} on {run.device or NOTHING}, {steps}"
    yield "parameters", f"{run.parameters:,}"
    if not run.config.variants:
        yield "best", figure_with_name(run, run.metric, run.best)
        yield "last", figure_with_name(run, run.metric, run.last)
        yield "final", figure_with_name(run, run.final_metric, run.final)
    else:
        yield from _summary_of_networks(run)
    if run.config.task in TASKS and TASKS[run.config.task].headline_reason:
        yield "headline", TASKS[run.config.task].headline_reason.removeprefix("headline ")
    yield "weights", printable(run.weights_shown or NOTHING, LONGEST_PATH)
    yield "tags", ", ".join(run.tags) or NOTHING
    yield "note", run.note.replace("\n", " ") or NOTHING


def _summary_of_networks(run: "RunRecord") -> Iterator[tuple[str, str]]:
    """Yield the figures of each network of a set: mean ± sd, seeds, and the worst and best seed."""
    for words, metric, spread in network_figures(run):
        text = spread_figure(run, metric, spread)
        if spread.n > 1:
            low, _, _ = figure(run, metric, spread.low).partition(" ")
            text = f"{text} (n {spread.n}, {low} … {figure(run, metric, spread.high)})"
        yield words, text


def session_summary(session: "Session", date: Callable[[float], str]) -> Iterator[tuple[str, str]]:
    """Yield the rows on a training session: its first step, its machine and the machine's load."""
    versions = ", ".join(f"{name} {version}" for name, version in session.versions.items())
    where = f"{session.host}, {session.device}, {session.workers} workers, {versions}"
    yield f"from step {session.first_step:,}", f"{date(session.started)} on {where}"
    if session.load:
        yield "machine", machine(session.load)


@dataclass(frozen=True)
class _Load:
    """The format of one of the values of `events.MachineSeen`."""

    name: str  #: the name of the value in the event.
    short: str  #: the format in a narrow place; empty to leave it out there.
    long: str  #: the format in the record of a run.
    unit: float = 1.0  #: the value is divided by this.


_LOADS = (
    _Load("cpu", "CPU {:.0f} %", "CPU {:.0f} % busy"),
    _Load("process", "", "{:.0f} % by this run"),
    _Load("memory", "{:.1f} GB", "at most {:.1f} GB of memory", unit=1e9),
    _Load("gpu", "GPU {:.0f} %", "GPU {:.0f} % busy"),
    _Load("gpu_memory", "{:.1f} GB", "at most {:.1f} GB of its memory", unit=1e9),
)


def machine(load: Mapping[str, float], short: bool = False) -> str:
    """Format how busy the machine is, or was during a run; empty if that is unknown.

    Args:
        load: the known values, by their names in `events.MachineSeen`.
        short: whether to use the short format.
    """
    parts = []
    for figure in _LOADS:
        words = figure.short if short else figure.long
        if words and figure.name in load:
            parts.append(words.format(load[figure.name] / figure.unit))
    return (" " if short else ", ").join(parts)


def age(seconds: float) -> str:
    """Format a time span in its largest unit, such as `3 h`."""
    for unit, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    return f"{max(0, int(seconds))} s"


def automatic_name(config: RunConfig) -> str:
    """Return the name of a run that the user has not named, such as `recall-fast-h2,5-100seeds`.

    It has the task, the cell, the preset, and the settings that differ from the preset. For a set
    of replicas the default cell is left out.
    """
    task = TASKS[config.task]
    parts = [config.task]
    if not config.variants or config.cell != task.default_cell:
        parts.append(config.cell)
    parts.append(config.preset)
    with suppress(SettingError):  # this version may not have the preset
        parts += _differences(config, task.config(config.cell, config.preset))
    for name, word in FILES_IN_NAMES.items():
        if getattr(config, name, None) is not None:
            parts.append(word)
    return "-".join(parts)[:LONGEST_AUTOMATIC_NAME].rstrip("-,")


def _differences(config: RunConfig, usual: RunConfig) -> Iterator[str]:
    """Yield a word for each setting that differs from the preset."""
    for name, setting in SETTINGS.items():
        value = config.setting(name)
        if value != usual.setting(name):
            yield setting.in_names.format(_setting_in_words(name, value))
    if config.recipe.augmentation != usual.recipe.augmentation:
        yield config.recipe.augmentation


def differing(runs: "Sequence[RunRecord]") -> list[tuple[str, tuple[str, ...]]]:
    """Return the settings in which runs differ: the label, and the value in each run."""
    settings = [dict(settings_of(run.config)) for run in runs]
    differences = []
    for label in dict.fromkeys(chain(*settings)):
        values = tuple(of_run.get(label, NOTHING) for of_run in settings)
        if len(set(values)) > 1:
            differences.append((label, values))
    return differences


def settings_of(config: RunConfig) -> list[tuple[str, str]]:
    """Return label and value of all settings of a run, including those of its recipe.

    What means nothing for networks that read this is left out.
    """
    settings = config.to_dict()
    recipe = settings.pop("recipe")
    rows = [
        (label_of(name), _setting_in_words(name, value))
        for name, value in settings.items()
        if value is not None or name not in SETTINGS  # such as the position, of another task
    ]
    labels = recipe_labels(config.reads)
    rows += [(label, value_in_words(recipe[name])) for name, label in labels.items()]
    return rows


def _setting_in_words(name: str, value: object) -> str:
    """Format the value of a setting: a range such as `3-11` as it is typed."""
    setting = SETTINGS.get(name)
    if isinstance(setting, RangeSetting):
        return setting.format(value)
    return value_in_words(value)


def label_of(name: str) -> str:
    """Return the label of a setting by its name."""
    if name == CELL_KEY:
        return "cell"
    if name in SETTINGS:
        return SETTINGS[name].label.lower()
    return name.replace("_", " ")


def value_in_words(value: object, form: str = "g", between: str = ",") -> str:
    """Format the value of a setting.

    Args:
        value: the value; each item of a list is formatted.
        form: the format of a number with a fraction.
        between: the separator of the items of a list.
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:{form}}"
    if isinstance(value, list | tuple):
        return between.join(value_in_words(part, form, between) for part in value)
    return printable(value, LONGEST_VALUE)
