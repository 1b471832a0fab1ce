"""The network and input that Inside shows, and their analyses."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textual.widget import Widget

from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.analysis_kind import AnalysisKind
from rnn_tui.inside.edits import Edit, Edited
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.trace import Trace
from rnn_tui.ui.work.threads import LatestQuestion


@dataclass(frozen=True, eq=False)
class Subject:
    """An input, and what a network held while it read it in T steps."""

    about: str  #: the input and the network, in a few words.
    reading: NetworkReading  #: the network, and what it held without edits.
    #: (T,) the right answer after each step, as it is shown; empty if unknown.
    truth: Sequence[str]
    network: Hashable  #: identifies the network, so that an analysis made of it is found again.
    details: Any = None  #: what a task's own view needs besides.
    edited: Edited | None = None  #: the same input read with edits.

    @property
    def trace(self) -> Trace:
        """The states of the network step by step, with the edits if there are any."""
        return self.reading.trace if self.edited is None else self.edited.trace

    def with_edits(self, edits: tuple[Edit, ...]) -> "Subject":
        """Read the same input with these edits; a `QueryError` if they leave no numbers."""
        if not edits:
            return replace(self, edited=None)
        edited = Edited(edits, self.reading.trace, self.reading.traced(edits))
        return replace(self, edited=edited)


SECONDS_BETWEEN_REPORTS = 0.2
FAILURE = "The analysis failed; the log file has the details."


class Analyses:
    """Makes analyses in a thread, one at a time, and keeps them."""

    def __init__(
        self, widget: Widget, progressed: Callable[[], object], ended: Callable[[], object]
    ) -> None:
        """Make analyses for a widget.

        Args:
            widget: Notifies the user of failures; threads and timers belong to it.
            progressed: Called a few times a second while one is made.
            ended: Called when one is made, has failed or was stopped.
        """
        self._widget = widget
        self._progressed = progressed
        self._ended = ended
        self._results: dict[Hashable, Any] = {}  #: By key; None if an analysis failed.
        self._progress: Progress | None = None  #: Of the one that is made now.
        self._asking = LatestQuestion[Any](widget, self._receive, FAILURE)

    @property
    def running(self) -> bool:
        """Whether an analysis is being made."""
        return self._progress is not None

    @staticmethod
    def _key(subject: Subject, kind: AnalysisKind) -> Hashable:
        """Identifies an analysis: its kind, the network, and the input if it is of an input."""
        read = subject.reading.trace.inputs.tobytes() if kind.of_input else None
        return kind.name, subject.network, read

    def of(self, subject: Subject, kind: AnalysisKind) -> Any:
        """Return the analysis of that kind of a subject; None if there is none."""
        return self._results.get(self._key(subject, kind))

    def can_start(self, subject: Subject, kind: AnalysisKind) -> bool:
        """Return whether the analysis was not tried yet, and no other one is under way."""
        return not self.running and self._key(subject, kind) not in self._results

    def forget_failure(self, subject: Subject, kind: AnalysisKind) -> None:
        """Let an analysis that failed be made once more."""
        key = self._key(subject, kind)
        if key in self._results and self._results[key] is None:
            del self._results[key]

    def start(self, subject: Subject, kind: AnalysisKind) -> None:
        progress = Progress()
        self._progress = progress
        self._running_key = self._key(subject, kind)
        self._ticking = self._widget.set_interval(SECONDS_BETWEEN_REPORTS, self._progressed)
        self._asking.ask(lambda: kind.make(subject.reading, progress))

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    @property
    def progress(self) -> str:
        """The progress of the analysis that is being made, in words."""
        progress = self._progress
        if progress is None or not progress.done:
            return "Analysing the network …"
        parts = [f"{progress.done:,} of {progress.total:,}", time_left(progress.seconds_left)]
        return f"Analysing the network: {', '.join(filter(None, parts))}; a stops."

    async def _receive(self, outcome: Any) -> None:
        """Keep an analysis; it is a sentence if it failed, and None if it was stopped."""
        self._progress = None
        self._ticking.stop()
        if isinstance(outcome, str):
            self._results[self._running_key] = None
            self._widget.notify(outcome, severity="error")
        elif outcome is not None:
            self._results[self._running_key] = outcome
        self._ended()
