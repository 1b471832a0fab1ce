"""What a look inside is a look at: an input on its way through a network."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Trace
from rnn_tui.photos.drawing import Ink

# Makes a study, or None where it is stopped; may take seconds.
StudyWork: TypeAlias = Callable[[Progress, Stopping], Any]


@dataclass(frozen=True, eq=False)
class Subject:
    """An input and what a network held while it read it.

    Attributes:
        about: the input and the network, in a few words.
        trace: step by step.
        network: tells networks apart, so that a study made of one is found again.
        study: studies the network.
        details: what a task's own view needs besides.
    """

    about: str
    trace: Trace
    network: Hashable
    study: StudyWork
    details: Any = None


@dataclass(frozen=True, eq=False)
class Request:
    """What is to be looked at.

    Attributes:
        key: tells it from others.
        look: looks, in a thread; raises a `UserError` where it can't.
    """

    key: Hashable
    look: Callable[[], Subject]


@dataclass(frozen=True, eq=False)
class Given:
    """A digit from another view.

    Attributes:
        name: what to call it, such as `drawing`.
        digit: (28, 28), 0 … 1, as a network reads it.
        label: which digit it is; None where nobody knows.
        weights: of the network that answered there; None where that is not known.
    """

    name: str
    digit: Ink
    label: int | None = None
    weights: Path | None = None

    @property
    def key(self) -> Hashable:
        """Tells it, read by these weights, from others."""
        return self.name, self.digit.tobytes(), self.weights
