"""What a look inside is a look at, what the look of each task says of it, studies of networks."""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from rnn_tui.inside.probes import Progress, Stopping
from rnn_tui.inside.trace import Trace
from rnn_tui.photos.drawing import Ink
from rnn_tui.runs.words import duration
from rnn_tui.ui.inside.bands import Look, StepBand
from rnn_tui.ui.shell.threads import LatestQuestion
from rnn_tui.ui.shell.views import TaskView

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


class TaskInside(Vertical, TaskView):
    """What `InsideView` asks of a task, beside its actions `other` and `next_network`."""

    ruler: str = "step"
    grid_title: ClassVar[str] = "what it reads and says"
    first_number: ClassVar[int] = 1
    studies_at_once: ClassVar[bool] = False  #: whether a study takes no longer than a look.
    look: Look

    def choices(self) -> ComposeResult:
        """What can be chosen, in a line above."""
        return iter(())

    def pictures(self) -> ComposeResult:
        """What stands at the left of the grid."""
        return iter(())

    def study_pictures(self) -> ComposeResult:
        """What shows a study apart from the steps of the input at hand."""
        return iter(())

    def request(self) -> tuple[Hashable, Callable[[], Subject]] | str:
        """What tells the subject at hand from others, and in a thread looks at it, or raises a `UserError`; or why not."""
        raise NotImplementedError

    def look_at(self, what: Given | int | None) -> None:
        """Look at this, which another view has sent; None for what it has at hand."""
        raise NotImplementedError

    def taken(self, subject: Subject) -> None:
        """Something new is looked at, and about to be shown."""

    def input_bands(self, subject: Subject, study: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """What was read, and what should have come out, unless a picture shows it; `study` is None where there is none."""
        return []

    def study_bands(self, subject: Subject, study: Any) -> Sequence[StepBand]:  # noqa: ARG002
        """What a study adds to the steps of the input at hand."""
        return []

    def study_text(self, study: Any) -> str:
        """What a study found, in a sentence or two."""
        return str(study.summary)

    def step_name(self, step: int, steps: int) -> str:
        """Which step, from 0, of how many."""
        return f"{self.ruler} {step + 1:,} of {steps:,}"

    def sentence(self, subject: Subject, step: int) -> str:
        """What the network says after a step, and whether it is right."""
        trace, right = subject.trace, subject.truth[step]
        answer = trace.answer_word(step)
        text = f"says {answer}, {100 * trace.sureness(step):.1f} %"
        if right:
            text += " ✓" if answer == right else f" ✗ it is {right}"
        return text if trace.settled is None else f"{text} · settled at {self.ruler} {trace.settled}"

    def note(self, subject: Subject, step: int) -> str:
        """What to know of what is shown; where that is nothing, who answers."""
        trace = subject.trace
        return trace.layers[self.look.layer].note or (trace.prefix_note if step < trace.steps - 1 else subject.about)

    def show_pictures(self, subject: Subject, step: int) -> None:
        """Bring the pictures up to date."""


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
