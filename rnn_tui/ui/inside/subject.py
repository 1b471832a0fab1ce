"""What a look inside is a look at: an input on its way through a network."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Trace
from rnn_tui.photos.strokes import Ink

# Makes a study, or None where it is stopped; may take seconds.
StudyWork: TypeAlias = Callable[[Progress, Stopping], Any]
NetworkType = TypeVar("NetworkType")


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


class Networks(Generic[NetworkType]):
    """Networks by the files of their weights, read again where a file has changed.

    Args:
        read: makes a network of a file.
    """

    def __init__(self, read: Callable[[Path], NetworkType]) -> None:
        self._read = read
        self._known: dict[tuple[Path, int], NetworkType] = {}

    @staticmethod
    def key(path: Path) -> tuple[Path, int]:
        """Tells files, and states of one file, apart."""
        try:
            return path, path.stat().st_mtime_ns
        except OSError:
            return path, 0  # reading it says what is wrong

    def get(self, path: Path) -> NetworkType:
        """The network whose weights are in this file.

        Raises:
            CheckpointError: if it can't be read.
        """
        key = self.key(path)
        if key not in self._known:
            self._known[key] = self._read(path)
        return self._known[key]
