"""What is looked into, as the command's outputs take it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt

from rnn_tui.engine.errors import UserError
from rnn_tui.inside.probes import Progress, Stopping, Study
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

    _study: Study | None = None

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

    def findings(self) -> list[str]:
        """Lines below the table: what the study found; none before it."""
        return [] if self._study is None else [self._study.summary]

    @property
    @abstractmethod
    def asked(self) -> dict[str, Any]:
        """Input and answer for JSON."""

    @property
    def beside_trace(self) -> dict[str, npt.NDArray[Any]]:
        """What else the network held, by names for an NPZ file and JSON."""
        return {}

    def document(self) -> dict[str, Any]:
        """A JSON-ready form of all but the weights."""
        beside = {name: values.tolist() for name, values in self.beside_trace.items()}
        found = {"input": self.asked, "trace": self.trace.to_dict(), **beside}
        if self._study is not None:
            found[self._study.name] = self._study.to_dict()
        return found

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All numbers under names for an NPZ file."""
        study = {} if self._study is None else self._study.arrays()
        return {**self.trace.arrays(), **self.beside_trace, **study}

    def _reading(self, step: int) -> list[str]:
        """Cells of a step: its answer, the probability of that, the unit that matters most."""
        (layer, unit), answer = self.trace.leading, self.trace.answers[step]
        probability = self.trace.probabilities[step, answer]
        return [str(answer), share(probability), f"{layer.states[step, unit]:+.3f}"]


def verdict(answer: int, truth: object, right: object = None) -> str:
    """Whether an answer is right, and if not what would be, as `right` or `truth` has it."""
    return "right" if answer == truth else f"wrong, it is {truth if right is None else right}"


def unit_name(trace: Trace) -> str:
    """What to call the unit that matters most, such as `unit 7`, with its layer among several."""
    layer, unit = trace.leading
    return f"unit {unit}" if len(trace.layers) == 1 else f"{layer.name} unit {unit}"


def share(value: float, digits: int = 1) -> str:
    """A share 0 … 1 in percent."""
    return f"{100 * value:.{digits}f} %"
