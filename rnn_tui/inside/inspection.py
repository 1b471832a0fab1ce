"""What is looked into, as the command's outputs take it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Trace

Row = Sequence[str]


class UnreadableError(UserError):
    """A photo that can't be read."""


class Inspection(ABC):
    """One input and the network that reads it.

    Attributes:
        label: which network, in a few words.
        weights: the same for JSON.
        notices: sentences on what to keep in mind.
        trace: what the network held.
    """

    label: str
    weights: Mapping[str, Any]
    notices: Sequence[str]
    trace: Trace

    @abstractmethod
    def study(self, progress: Progress, stopping: Stopping) -> bool:
        """Do the task's study, which takes seconds; returns whether it was not stopped."""

    @property
    @abstractmethod
    def title(self) -> str:
        """Question and answer on a line."""

    @abstractmethod
    def table(self) -> tuple[Row, list[Row]]:
        """Heads of the columns, and a row for each step."""

    @abstractmethod
    def findings(self) -> list[str]:
        """Lines below the table: what the study found; none before it."""

    @abstractmethod
    def document(self) -> dict[str, Any]:
        """A JSON-ready form of all but the weights."""

    @abstractmethod
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers under names for an NPZ file."""


def unit_name(trace: Trace) -> str:
    """What to call the unit that matters most, such as `unit 7`, with its layer among several."""
    layer, unit = trace.leading
    return f"unit {unit}" if len(trace.layers) == 1 else f"{layer.name} unit {unit}"


def share(value: float, digits: int = 1) -> str:
    """A share 0 … 1 in percent."""
    return f"{100 * value:.{digits}f} %"
