"""Naive answers to a data set, which networks should beat: computed once, and kept beside it."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from rnn_tui.data import store
from rnn_tui.data.options import Goal
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.intervals import mean_interval
from rnn_tui.engine.metrics import Metric, Spread, by_variant
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.statsmodels_extra import are_models_installed, models_missing
from rnn_tui.tasks.data_sets.task import stored_task

FORMAT = 4  #: of the file; it changes with the way baselines are computed.
#: test sequences, of each class if classes count alike, below which no lead is called one: five
#: that all differ in one direction do so by chance in 1 of 16 cases.
FEWEST = 6


@dataclass(frozen=True)
class BaselineVerdict:
    """Whether the networks of a run beat the best baseline."""

    #: whether the whole interval of the seeds' mean is better, on a test of enough sequences.
    beats: bool
    sentence: str


def baselines_of(name: str, progress: Progress = UNWATCHED) -> tuple[Baseline, ...]:
    """Return the baselines of a data set, from the file beside it or computed now.

    Computing them takes seconds, and scikit-learn.

    Raises:
        DataError: if the data set is not there, or damaged, or if this was stopped.
    """
    baselines = kept_baselines(name)
    if baselines is None:
        from rnn_tui.tasks.data_sets.naive import naive_answers  # numpy, on use

        baselines = tuple(naive_answers(store.load(name), progress))
        if progress.stopping:
            raise DataError("The naive answers to this data set were stopped.")
        _keep(name, baselines)
    if store.describe(name).forecast is not None and not are_models_installed():
        return (*baselines, models_missing())
    return baselines


def kept_baselines(name: str) -> tuple[Baseline, ...] | None:
    """Return the baselines that were computed before; None if there are none, or others."""
    try:
        document = json.loads(store.baselines_path(name).read_text(encoding="utf-8"))
        if document["format"] != FORMAT or document["digest"] != _digest(name, document):
            return None
        if document.get("without_models") and are_models_installed():
            return None
        return tuple(_from_dict(values) for values in document["baselines"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # they are computed again


def _from_dict(values: Any) -> Baseline:
    figures: dict[str, float] = {
        printable(name): float(figure) for name, figure in values["figures"].items()
    }
    return Baseline(printable(values["name"]), figures, printable(values["note"], 200))


def _digest(name: str, document: Mapping[str, Any]) -> str:
    """Return a digest of the baselines in a document, and of the data set that they are of."""
    content = json.dumps([name, document["baselines"]], sort_keys=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def _keep(name: str, baselines: Sequence[Baseline]) -> None:
    """Write baselines beside their data set; where that fails they are computed again."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "baselines": [asdict(baseline) for baseline in baselines],
        "without_models": not are_models_installed(),
    }
    document["digest"] = _digest(name, document)
    with suppress(OSError):
        write_file(store.baselines_path(name), json.dumps(document).encode())


def best_of(baselines: Sequence[Baseline], metric: Metric) -> Baseline | None:
    """Return the baseline with the best figure; None if none has one."""
    measured = [baseline for baseline in baselines if metric.name in baseline.figures]
    if not measured:
        return None
    choose = max if metric.higher_is_better else min
    return choose(measured, key=lambda baseline: baseline.figures[metric.name])


def verdict(
    config: RunConfig, values: Sequence[float], baselines: Sequence[Baseline]
) -> BaselineVerdict | None:
    """Compare the networks of a run with the best baseline.

    Args:
        config: the settings of the run.
        values: (R,) the headline of its task, of each replica.
        baselines: those of its data set.

    Returns:
        None if there is nothing to compare.

    Raises:
        DataError: if the data set is not there, or damaged.
    """
    task = stored_task(config.task)
    return compared(config, task.metric(task.headline), values, baselines)


def compared(
    config: RunConfig, metric: Metric, values: Sequence[float], baselines: Sequence[Baseline]
) -> BaselineVerdict | None:
    """Compare networks with the best baseline by a metric.

    Args:
        config: the settings of their run.
        metric: what is compared.
        values: (R,) of each replica, or (1,) of a single network.
        baselines: naive answers.

    Returns:
        None if there is nothing to compare.
    """
    baseline = best_of(baselines, metric)
    if baseline is None or not values:
        return None
    spreads = list(by_variant(values, max(1, len(config.variants))))
    # of networks that answer NaN, any will do
    measured = [at for at, spread in enumerate(spreads) if not math.isnan(spread.mean)] or [0]
    choose = max if metric.higher_is_better else min
    best = choose(measured, key=lambda at: spreads[at].mean)
    name = config.variants[best].label if config.variants else config.name
    if len(spreads) > 1:
        name += f", the best of {len(spreads)} networks,"
    return _compared(name, metric, spreads[best], baseline, _too_few(config.task, metric))


def _too_few(name: str, metric: Metric) -> str:
    """Return in words that a data set has too few test sequences; empty if there are enough."""
    if not store.is_called_like_data_set(name):
        return ""  # its test is drawn anew, as large as is wanted
    description = store.describe(name)
    if description.test < FEWEST:
        return f"the test has only {count_of(description.test, description.noun)}"
    if metric.quantity != "balanced_accuracy" or description.goal is not Goal.CLASS:
        return ""

    from rnn_tui.data.data_set import TEST, class_counts  # numpy, on use

    data_set = store.load(name)
    in_test = class_counts(data_set, data_set.of_part(TEST))
    counts = zip(in_test, description.outputs, strict=True)
    count, rarest = min(pair for pair in counts if pair[0])
    if count >= FEWEST:
        return ""
    return f"the test has only {count_of(count, 'sequence')} of the class {rarest}"


def _compared(
    name: str, metric: Metric, spread: Spread, baseline: Baseline, too_few: str
) -> BaselineVerdict:
    """Return the verdict on a network of some seeds, called `name` in the sentence."""
    figure = baseline.figures[metric.name]
    lead = spread.mean - figure if metric.higher_is_better else figure - spread.mean
    leads = spread.n > 1 and _is_above(spread, figure, higher=metric.higher_is_better)
    beats = leads and not too_few
    if beats:
        text = "beats the best baseline"
    elif leads:
        text = f"is better than the best baseline, but {too_few}, which is too few to tell"
    elif not lead > 0:  # nor does a network that answers NaN
        text = "does not beat the best baseline"
    elif spread.n == 1:
        text = "is better than the best baseline with its one seed, which may be chance"
    else:
        text = "may be no better than the best baseline, so much do its seeds differ"
    unit = f" {metric.unit}" if metric.unit else ""
    seeds = "1 seed" if spread.n == 1 else f"{spread.n} seeds"
    measured = f"{metric.label} {metric.format_spread(spread)}{unit} over {seeds}"
    naive = f"{baseline.name} {metric.format(figure)}{unit}"
    return BaselineVerdict(beats, f"{name} {text}: {measured}, {naive}.")


def _is_above(spread: Spread, figure: float, *, higher: bool) -> bool:
    """Return whether the whole interval of the mean is better than a figure.

    Not if a seed has no number.
    """
    sign = 1 if higher else -1
    leads = tuple(sign * (value - figure) for value in spread.values)
    return all(map(math.isfinite, leads)) and mean_interval(leads).low > 0
