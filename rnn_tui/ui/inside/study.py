"""Studies of whole networks, one at a time in a thread, and those that were made."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

from textual.timer import Timer
from textual.widget import Widget

from rnn_tui.engine.errors import UserError
from rnn_tui.runs.words import duration
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.shell.threads import in_thread

SECONDS_BETWEEN_TELLINGS = 0.2
logger = logging.getLogger(__name__)


class Studies:
    """Makes studies for a widget.

    Args:
        widget: whose worker waits for the thread.
        progressed: called a few times a second while a study is made.
        ended: called when it is made, or stopped.
    """

    def __init__(
        self, widget: Widget, progressed: Callable[[], object], ended: Callable[[], object]
    ) -> None:
        self._widget, self._progressed, self._ended = widget, progressed, ended
        self._made: dict[Hashable, Any] = {}
        self._failed: set[Hashable] = set()
        self._stop: threading.Event | None = None
        self._done, self._total, self._began = 0, 0, 0.0

    @property
    def running(self) -> bool:
        """Whether one is being made."""
        return self._stop is not None

    def of(self, subject: Subject | None) -> Any:
        """The study of a subject's network; None where there is none."""
        return self._made.get(subject.network) if subject is not None else None

    def wanted(self, subject: Subject) -> bool:
        """Whether there is none, and nothing speaks against making it."""
        return not self.running and subject.network not in {*self._made, *self._failed}

    def start(self, subject: Subject) -> None:
        """Study a subject's network."""
        self._stop = threading.Event()
        self._done, self._total, self._began = 0, 0, time.monotonic()
        ticking = self._widget.set_interval(SECONDS_BETWEEN_TELLINGS, self._progressed)
        self._widget.run_worker(self._make(subject, self._stop, ticking), group="study")

    def stop(self) -> None:
        """Let the one that is being made go."""
        if self._stop is not None:
            self._stop.set()

    @property
    def progress(self) -> str:
        """How far it is, in a sentence."""
        if not self._done:
            return "Studying the network …"
        left = (time.monotonic() - self._began) * (self._total - self._done) / self._done
        done = f"{self._done:,} of {self._total:,}"
        return f"Studying the network: {done}, {duration(left)} left; k stops."

    async def _make(self, subject: Subject, stop: threading.Event, ticking: Timer) -> None:
        def advance(done: int, total: int) -> None:
            self._done, self._total = done, total

        study, study_work = None, subject.study
        assert study_work is not None  # the key does nothing else
        try:
            study = await in_thread(self._widget, study_work, advance, stop.is_set)
        except UserError as error:
            self._fail(subject, str(error))
        except Exception:
            logger.exception("a study failed")
            self._fail(subject, "The study failed; the log file has the details.")
        finally:
            self._stop = None
            ticking.stop()
        if study is not None:
            self._made[subject.network] = study
        self._ended()

    def _fail(self, subject: Subject, sentence: str) -> None:
        self._failed.add(subject.network)
        self._widget.notify(sentence, severity="error", markup=False)
