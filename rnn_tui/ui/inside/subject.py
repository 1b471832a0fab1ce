"""What a look inside is a look at, analyses of networks."""

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
from rnn_tui.ui.common.threads import LatestQuestion


@dataclass(frozen=True, eq=False)
class Subject:
    """An input and what a network held while it read it."""

    about: str  #: the input and the network, in a few words.
    reading: NetworkReading  #: the network, and what it held as it is.
    #: (T,) the right answer after each step, as it is shown; empty where nobody knows it.
    truth: Sequence[str]
    network: Hashable  #: tells networks apart, so that an analysis made of one is found again.
    details: Any = None  #: what a task's own view needs besides.
    edited: Edited | None = None  #: what became of it by edits.

    @property
    def trace(self) -> Trace:
        """What the network held, step by step, with the edits if there are any."""
        return self.reading.trace if self.edited is None else self.edited.trace

    def with_edits(self, edits: tuple[Edit, ...]) -> "Subject":
        """The same input read with these edits; a `QueryError` where they leave no numbers."""
        return replace(
            self,
            edited=Edited(edits, self.reading.trace, self.reading.traced(edits)) if edits else None,
        )


SECONDS_BETWEEN_TELLINGS = 0.2
FAILURE = "The analysis failed; the log file has the details."


class Analyses:
    """Makes analyses for a widget; meanwhile calls `progressed` a few times a second, `ended` when
    one is made, or stopped.
    """

    def __init__(
        self, widget: Widget, progressed: Callable[[], object], ended: Callable[[], object]
    ) -> None:
        self._widget, self._progressed, self._ended = widget, progressed, ended
        self._made: dict[Hashable, Any] = {}  # None where it failed
        self._progress: Progress | None = None  # of what is made now
        self._asking = LatestQuestion[Any](widget, self._take, FAILURE)

    @property
    def running(self) -> bool:
        return self._progress is not None

    @staticmethod
    def _key(subject: Subject, kind: AnalysisKind) -> Hashable:
        """Tells analyses apart: kind, network, and the input where it is of that."""
        return (
            kind.name,
            subject.network,
            subject.reading.trace.inputs.tobytes() if kind.of_input else None,
        )

    def of(self, subject: Subject | None, kind: AnalysisKind | None) -> Any:
        """The analysis of that kind of a subject; None where there is none."""
        return None if subject is None or kind is None else self._made.get(self._key(subject, kind))

    def wanted(self, subject: Subject, kind: AnalysisKind) -> bool:
        """Whether there is none, and nothing speaks against making it."""
        return not self.running and self._key(subject, kind) not in self._made

    def forget_failure(self, subject: Subject, kind: AnalysisKind) -> None:
        """Let an analysis that failed be made once more."""
        if self._made.get(key := self._key(subject, kind), True) is None:
            del self._made[key]

    def start(self, subject: Subject, kind: AnalysisKind) -> None:
        progress = Progress()
        self._analysed, self._progress = self._key(subject, kind), progress
        self._ticking = self._widget.set_interval(SECONDS_BETWEEN_TELLINGS, self._progressed)
        self._asking.ask(lambda: kind.make(subject.reading, progress))

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()

    @property
    def progress(self) -> str:
        now = self._progress
        if now is None or not now.done:
            return "Analysing the network …"
        numbers = [f"{now.done:,} of {now.total:,}", time_left(now.seconds_left)]
        return f"Analysing the network: {', '.join(filter(None, numbers))}; k stops."

    async def _take(self, found: Any) -> None:
        """Keep an analysis; it is a sentence where it failed, and None where it was stopped."""
        self._progress = None
        self._ticking.stop()
        if isinstance(found, str):
            self._widget.notify(found, severity="error")
        if found is not None:
            self._made[self._analysed] = None if isinstance(found, str) else found
        self._ended()
