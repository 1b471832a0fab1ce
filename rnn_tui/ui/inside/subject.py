"""What a look inside is a look at, studies of networks."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from textual.widget import Widget

from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Trace
from rnn_tui.photos.drawing import Ink
from rnn_tui.runs.words import duration
from rnn_tui.ui.shell.threads import LatestQuestion

# Makes a study, or None where it is stopped; may take seconds.
StudyWork: TypeAlias = Callable[[Progress, Stopping], Any]


@dataclass(frozen=True, eq=False)
class Subject:
    """An input and what a network held while it read it."""

    about: str  #: the input and the network, in a few words.
    trace: Trace  #: step by step.
    truth: Sequence[str]  #: (T,) the right answer after each step, as it is shown; empty where nobody knows it.
    network: Hashable  #: tells networks apart, so that a study made of one is found again.
    study: StudyWork | None  #: studies the network; None where there is no way.
    details: Any = None  #: what a task's own view needs besides.


@dataclass(frozen=True, eq=False)
class Given:
    """A digit from another view."""

    name: str  #: what to call it, such as `drawing`.
    digit: Ink  #: (28, 28), 0 … 1, as a network reads it.
    label: int | None = None  #: which digit it is; None where nobody knows.
    weights: Path | None = None  #: of the network that answered there; None where that is not known.

    @property
    def key(self) -> Hashable:
        """Tells it, read by these weights, from others."""
        return self.name, self.digit.tobytes(), self.weights


SECONDS_BETWEEN_TELLINGS = 0.2
FAILURE = "The study failed; the log file has the details."


class Studies:
    """Makes studies for a widget; meanwhile calls `progressed` a few times a second, `ended` when one is made, or stopped."""

    def __init__(self, widget: Widget, progressed: Callable[[], object], ended: Callable[[], object]) -> None:
        self._widget, self._progressed, self._ended = widget, progressed, ended
        self._made: dict[Hashable, Any] = {}  # None where it failed
        self._stop: threading.Event | None = None
        self._asking = LatestQuestion[Any](widget, self._take, FAILURE)

    @property
    def running(self) -> bool:
        return self._stop is not None

    def of(self, subject: Subject | None) -> Any:
        """The study of a subject's network; None where there is none."""
        return self._made.get(subject.network) if subject is not None else None

    def wanted(self, subject: Subject) -> bool:
        """Whether there is none, and nothing speaks against making it."""
        return not self.running and subject.network not in self._made

    def start(self, subject: Subject) -> None:
        study, stop = subject.study, threading.Event()
        assert study is not None  # the key does nothing else
        self._studied, self._stop = subject.network, stop
        self._done, self._total, self._began = 0, 0, time.monotonic()
        self._ticking = self._widget.set_interval(SECONDS_BETWEEN_TELLINGS, self._progressed)
        self._asking.ask(lambda: study(self._advance, stop.is_set))

    def stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    @property
    def progress(self) -> str:
        if not self._done:
            return "Studying the network …"
        left = duration((time.monotonic() - self._began) * (self._total - self._done) / self._done)
        return f"Studying the network: {self._done:,} of {self._total:,}, {left} left; k stops."

    def _advance(self, done: int, total: int) -> None:
        self._done, self._total = done, total

    async def _take(self, found: Any) -> None:
        """Keep a study; it is a sentence where it failed, and None where it was stopped."""
        self._stop = None
        self._ticking.stop()
        if isinstance(found, str):
            self._widget.notify(found, severity="error")
        if found is not None:
            self._made[self._studied] = None if isinstance(found, str) else found
        self._ended()
