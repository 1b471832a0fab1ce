"""Metrics: what they are called and mean, and how they are gathered without leaving the device.

Charts, tables, lines and documents derive from a task's definitions (`Metric`): one that a task
adds is drawn and told without a word elsewhere.
Torch is not imported here: the classes only call methods of the tensors they are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

# By metric name: one number, or one a replica.
Figures = Mapping[str, float | tuple[float, ...]]


@dataclass(frozen=True)
class Metric:
    """A metric's name and how to show it.

    Attributes:
        name: the key in events and JSON, such as `val_accuracy`.
        label: the words for a chart or a table head.
        unit: `%` or nothing.
        higher_is_better: which way is up.
        lower: the least possible value, or None.
        upper: the greatest possible value, or None.
        chart: which chart of training draws it, `loss` or `accuracy`; empty for none.
    """

    name: str
    label: str
    unit: str = ""
    higher_is_better: bool = False
    lower: float | None = 0.0
    upper: float | None = None
    chart: str = ""

    def format(self, value: float) -> str:
        """`value` with the digits that its unit needs, and without the unit."""
        return f"{value:.2f}" if self.unit == "%" else f"{value:.4f}"


def loss_metric(name: str, label: str, chart: str = "") -> Metric:
    """A loss: from 0 up, the less the better."""
    return Metric(name, label, chart=chart)


def accuracy_metric(name: str, label: str, chart: str = "") -> Metric:
    """A share of right answers in percent."""
    return Metric(name, label, "%", True, 0.0, 100.0, chart)


class Mean:
    """The mean of a quantity over samples, kept on the device until `value` is asked for."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._sum: Tensor | float = 0.0
        self._count = 0

    def update(self, total: Tensor | float, count: int) -> None:
        """Add `count` samples whose values sum to `total` (a scalar)."""
        self._sum = self._sum + total
        self._count += count

    def value(self) -> float:
        """The mean so far (this synchronises with the device); NaN over no samples."""
        return float(self._sum) / self._count if self._count else float("nan")


class Accuracy:
    """The percentage of samples whose largest logit is the target's."""

    def __init__(self) -> None:
        self._mean = Mean()

    def reset(self) -> None:
        """Forget everything."""
        self._mean.reset()

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add samples: `logits` (N, classes), `targets` (N,) of class indices."""
        self._mean.update((logits.argmax(-1) == targets).sum(), len(targets))

    def value(self) -> float:
        """Percent so far (this synchronises with the device); NaN over no samples."""
        return 100.0 * self._mean.value()
