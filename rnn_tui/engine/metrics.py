"""Metrics: their definitions, how they are measured on the device, and figures over seeds.

Charts, tables, lines and documents derive from a task's definitions (`Metric`): a metric that a
task adds is drawn and printed without a word elsewhere. Torch is not imported here: measures only
call methods of the tensors that they are given.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.averages import deviation_of, mean_of
from rnn_tui.engine.errors import SettingError, printable

if TYPE_CHECKING:
    from torch import Tensor

    from rnn_tui.engine.config import RunConfig

LONGEST_WORDS = 100
LARGE, SMALL = 1_000, 1e-4  # of numbers that four decimals suit badly
STAGES = ("train", "val", "test")  # the first word of a metric's name, in order of display
Figures = Mapping[str, float | tuple[float, ...]]  # by metric name: one number, or one a replica


def split_figures(figures: Figures) -> tuple[dict[str, float], dict[str, tuple[float, ...]]]:
    """Return the figures with one value, and figures with a value for each replica."""
    single = {}
    of_replicas = {}
    for name, value in figures.items():
        if isinstance(value, tuple):
            of_replicas[name] = value
        else:
            single[name] = value
    return single, of_replicas


def as_heading(label: str) -> str:
    """Return a label with a capital at its start; the others stay, as those of RMSE."""
    return label[:1].upper() + label[1:]


@dataclass(frozen=True)
class Metric:
    """A metric's name and how to show it.

    Raises:
        SettingError: for words or bounds that can't be, as in a damaged database.
    """

    #: the key in events and JSON, such as `val_accuracy`; begins with its stage, `train`, `val` or
    #: `test`.
    name: str
    label: str  #: the words for a chart or a table head.
    unit: str = ""  #: `%` or nothing.
    higher_is_better: bool = False  #: whether a higher value is better.
    lower: float | None = 0.0  #: the least possible value, or None.
    upper: float | None = None  #: the greatest possible value, or None.
    chart: str = ""  #: which chart of training draws it, `loss` or `accuracy`; empty for none.

    def __post_init__(self) -> None:
        for word in (self.name, self.label, self.unit, self.chart):
            if not isinstance(word, str) or printable(word, LONGEST_WORDS) != word:
                raise SettingError("The words of a metric must be short printable text.")
        for bound in (self.lower, self.upper):
            if bound is not None and not isinstance(bound, int | float):
                raise SettingError("The bounds of a metric must be numbers.")

    @property
    def stage(self) -> str:
        """The stage in which it is measured, one of `STAGES`."""
        return self.name.partition("_")[0]

    @property
    def quantity(self) -> str:
        """Its name without the stage: `accuracy` for `val_accuracy` and `test_accuracy`."""
        return self.name.partition("_")[2]

    @property
    def title(self) -> str:
        """The label with its unit, such as `validation accuracy (%)`."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    def format(self, value: float) -> str:
        """Return `value` with the digits that its unit needs, and without the unit."""
        if self.unit == "%":
            return f"{value:.2f}"
        size = abs(value)
        if size >= LARGE:  # as of errors in the units of a file
            return f"{value:,.1f}"
        return f"{value:.3g}" if 0 < size < SMALL else f"{value:.4f}"

    def format_spread(self, spread: "Spread") -> str:
        """Return mean and standard deviation, such as `98.70 ± 0.12`; of one seed the value."""
        mean = self.format(spread.mean)
        return mean if spread.sd is None else f"{mean} ± {self.format(spread.sd)}"

    def in_words(self, value: float) -> str:
        """Return `value` with its name and unit, such as `test accuracy 98.70 %`."""
        return f"{self.label} {self.format(value)} {self.unit}".rstrip()


def main_metric(measured: Iterable[Metric], headline: str) -> Metric | None:
    """Return the metric that stands for a run or a network, of those that were measured.

    It is the task's headline. Before the test it is the same quantity at an earlier stage, such as
    `val_accuracy` for `test_accuracy`. A run that has neither, as of a task that is not installed
    any more, is known by the first metric in which more is better, or else by the last one.

    Args:
        measured: the metrics that there are values of, in order of display.
        headline: the name of the task's headline; empty for a task that is not known.

    Returns:
        one of `measured`; None if that is empty.
    """
    metrics = list(measured)
    quantity = headline.partition("_")[2]
    names = [headline, *(f"{stage}_{quantity}" for stage in reversed(STAGES))]
    for name in names:
        for metric in metrics:
            if metric.name == name:
                return metric
    for metric in metrics:
        if metric.higher_is_better:
            return metric
    return metrics[-1] if metrics else None


def accuracy_metric(name: str, label: str, chart: str = "") -> Metric:
    """Return a share of right answers in percent."""
    return Metric(name, label, "%", higher_is_better=True, lower=0.0, upper=100.0, chart=chart)


# The loop logs these two of every run. They are of the last step: at the others they cost nothing.
LEARNING_RATE = Metric("train_learning_rate", "learning rate", lower=None)
GRADIENT_NORM = Metric("train_gradient_norm", "gradient norm")
#: of runs that keep their best weights: the epoch of each network that is kept so far.
KEPT_EPOCH = Metric("val_kept_epoch", "epoch kept", lower=1.0)


@dataclass(frozen=True)
class Measure:
    """A metric of classification that is measured in validation and in the test alike."""

    name: str  #: such as `accuracy`; the metrics are `val_accuracy` and `test_accuracy`.
    label: str  #: in words.
    #: each sample's value, of logits (…, C) and target classes (…); the metric is their mean, in
    #: percent if the unit is `%`.
    values: "Callable[[Tensor, Tensor], Tensor]"
    unit: str = "%"  #: `%` or nothing.
    higher_is_better: bool = True  #: which way is up.
    upper: float | None = 100.0  #: the greatest possible value, or None.
    chart: str = ""  #: which chart of training draws its validation values; empty for none.

    @property
    def metrics(self) -> tuple[Metric, Metric]:
        """The metric of the validation data, and that of the test data."""
        validation = Metric(
            f"val_{self.name}",
            f"validation {self.label}",
            self.unit,
            higher_is_better=self.higher_is_better,
            lower=0.0,
            upper=self.upper,
            chart=self.chart,
        )
        test = replace(validation, name=f"test_{self.name}", label=f"test {self.label}", chart="")
        return validation, test

    def mean(self, total: "Tensor", count: int) -> "Tensor":
        """Return the metric of a number of samples, from the sum of their values.

        Args:
            total: the sum (…): a scalar, or (R,) of R replicas.
            count: how many samples.

        Returns:
            (…) in double; NaN if there are no samples.
        """
        mean = total.double() / count
        return 100.0 * mean if self.unit == "%" else mean


def _is_right(logits: "Tensor", targets: "Tensor") -> "Tensor":
    """Return whether the largest of the logits (…, C) is that of the target class (…)."""
    return logits.argmax(-1) == targets


ACCURACY = Measure("accuracy", "accuracy", _is_right, chart="accuracy")


@dataclass(frozen=True)
class Spread:
    """A figure over seeds."""

    values: tuple[float, ...]  #: one for each seed, in the order of the seeds.

    @property
    def n(self) -> int:
        """The number of seeds."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return mean_of(self.values)

    @property
    def sd(self) -> float | None:
        """The sample standard deviation (n − 1 below the sum); None for one seed."""
        if self.n < 2:
            return None
        return deviation_of(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form: `mean, sd, min, max, n, values`."""
        return {
            "mean": self.mean,  #: mean over the seeds.
            "sd": self.sd,  #: sample standard deviation (with n − 1); null for one seed.
            "min": self.low,  #: the smallest.
            "max": self.high,  #: the largest.
            "n": self.n,  #: number of seeds.
            "values": list(self.values),  #: the values, in the order of the seeds.
        }


def by_variant(values: Sequence[float], variants: int) -> Iterator[Spread]:
    """Cut values of replicas, one of each, into one spread a variant."""
    seeds = len(values) // variants
    for variant in range(variants):
        first = variant * seeds
        yield Spread(tuple(values[first : first + seeds]))


def best_mean(config: "RunConfig", value: float | Sequence[float], higher_is_better: bool) -> float:
    """Return one number for a figure: itself, or the mean of `best_seeds`; NaN if that has none."""
    values = best_seeds(config, value, higher_is_better)
    return Spread(values).mean if values else math.nan


def best_seeds(
    config: "RunConfig", value: float | Sequence[float], higher_is_better: bool
) -> tuple[float, ...]:
    """Return a figure of each seed of a run's best variant, by its mean over seeds.

    Args:
        config: the run's settings.
        value: the figure: one number, or one a replica.
        higher_is_better: which variant is the best.

    Returns:
        the number alone, or one a seed; none of a damaged file with too few values.
    """
    if not isinstance(value, Sequence):
        return (value,)
    spreads = by_variant(value, max(1, len(config.variants)))
    measured = [spread for spread in spreads if spread.values]
    if not measured:
        return ()
    choose = max if higher_is_better else min
    return choose(measured, key=lambda spread: spread.mean).values
