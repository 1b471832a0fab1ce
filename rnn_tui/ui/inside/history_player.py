"""A network as it was at snapshots of its training, one after the other."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.timer import Timer

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.history import TrainingHistory
from rnn_tui.inside.history import history_of, snapshot
from rnn_tui.tasks.mnist.inference import HISTORY_IMAGE
from rnn_tui.ui.common.inside_door import InsideLook
from rnn_tui.ui.common.threads import in_thread
from rnn_tui.ui.inside.step_grid import Scrubber
from rnn_tui.ui.inside.subject import Subject

if TYPE_CHECKING:
    from rnn_tui.inside.reading import NetworkReading

SECONDS_A_SNAPSHOT = 0.4


class HistoryView(InsideLook):
    """A view that shows a network, also as it was at a snapshot of its training.

    It has a `Scrubber` with the id `inside-history` for the place in the training history.
    """

    subject: Subject | None = None  #: what is looked at.

    def show_snapshot(self, subject: Subject) -> None:
        """Look at the network as it was at a snapshot."""
        raise NotImplementedError

    def leave_snapshot(self, whole: Subject | None) -> None:
        """Look at the network as it is."""
        raise NotImplementedError


class HistoryPlayer:
    """Goes through the training history of a network's training, by keys or by itself.

    Args:
        view: what shows the network.
    """

    def __init__(self, view: HistoryView) -> None:
        self._view = view
        self._history: TrainingHistory | None = None
        self._snapshot: int | None = None  # None for the network as it is
        #: the subject as it is, while a snapshot of its training is looked at.
        self.whole: Subject | None = None
        self._playing: Timer | None = None

    @property
    def shows_snapshot(self) -> bool:
        """Whether a snapshot is looked at, and not the network as it is."""
        return self._snapshot is not None

    def step(self, snapshots: int) -> None:
        """Go so many snapshots further; after the last comes the network as it is."""
        self._stop()
        self._begin(self._show(None, snapshots))

    def go_to(self, place: int) -> None:
        """Go to the snapshot at a place in the training history."""
        self._stop()
        self._begin(self._show(place))

    def go_on_with(self, subject: Subject | None) -> None:
        """Show the snapshot at hand for another input of the same network."""
        self.whole = subject
        self._begin(self._show(self._snapshot))

    def play(self) -> None:
        """Play the training history, from its beginning where it is at its end; or stop it."""
        if self._playing is not None:
            self._stop()
            return
        if self._snapshot is None:
            self.whole = self._view.subject
            self._snapshot = 0
        elif self._history is not None and self._snapshot == len(self._history) - 1:
            self._snapshot = 0
        self._playing = self._view.set_interval(SECONDS_A_SNAPSHOT, self._play_on)
        self._play_on()

    def leave(self) -> bool:
        """Look at the network as it is; returns whether a snapshot was looked at."""
        self._stop()
        if self._snapshot is None:
            return False
        whole = self.whole
        self._history = None
        self._snapshot = None
        self.whole = None
        self._view.leave_snapshot(whole)
        return True

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._view.run_worker(work, group="history", exclusive=True)

    def _play_on(self) -> None:
        if self._view.is_on_screen:
            self._begin(self._show(None, int(self._history is not None)))
        else:
            self._stop()

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    async def _show(self, place: int | None, snapshots: int = 0) -> None:
        """Show the snapshot at a place, or so many after the one at hand."""
        subject = self._view.subject if self._snapshot is None else self.whole
        if subject is None:
            return
        try:
            history = self._history
            if history is None:
                history = await in_thread(self._view, history_of, subject.reading)
            last = len(history) - 1
            if place is None:
                place = last if self._snapshot is None else self._snapshot
            place = max(0, min(place + snapshots, last))
            reading = await in_thread(self._view, snapshot, subject.reading, history, place)
        except UserError as error:
            # or playing, which begins before the training history is there, would be tried again
            # for another input
            self.leave()
            self._view.notify(str(error), severity="error")
            return
        self.whole = subject
        self._snapshot = place
        self._history = history
        if place == last:
            self._stop()
        self._view.show_snapshot(_at_snapshot(subject, reading, place))
        self._view.query_one("#inside-history", Scrubber).show(
            place,
            len(history),
            f"epoch {history.epochs[place]:.3g}",
            "of its training · < > O",
            playing=self._playing is not None,
        )


def _at_snapshot(subject: Subject, reading: "NetworkReading", place: int) -> Subject:
    """What is looked at, as its network was at a place in the training history."""
    shown = replace(subject, reading=reading, edited=None, network=(subject.network, place))
    if reading.retraced:
        return shown
    # of images, states are kept for one
    words = [str(reading.right[0])] * reading.trace.steps
    return replace(shown, truth=words, details=f"test image {HISTORY_IMAGE}")
