"""Goes through the snapshots of a network's training, one after the other."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.timer import Timer
from textual.widget import Widget

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.training.history import TrainingHistory
from rnn_tui.inside.history import history_of, snapshot
from rnn_tui.tasks.images.inference import HISTORY_IMAGE
from rnn_tui.ui.inside.subject import Subject
from rnn_tui.ui.work.threads import in_thread

if TYPE_CHECKING:
    from rnn_tui.inside.reading import NetworkReading

SECONDS_A_SNAPSHOT = 0.4


@dataclass(frozen=True)
class ShownSnapshot:
    """A snapshot to look at."""

    subject: Subject  #: the input, read by the network as it was at the snapshot.
    place: int  #: which snapshot of the training history, from 0.
    count: int  #: how many snapshots the training history has.
    epoch: float  #: when in the training the snapshot was kept.
    playing: bool  #: whether the next snapshot follows without a key.


class HistoryPlayer:
    """Steps through a training history, by keys or by a timer, and has its snapshots shown."""

    def __init__(
        self,
        widget: Widget,
        subject: Callable[[], Subject | None],
        show: Callable[[ShownSnapshot], None],
        leave: Callable[[Subject | None], None],
    ) -> None:
        """Create a player at no snapshot: the network is looked at as it is.

        Args:
            widget: What shows the network; threads and timers belong to it.
            subject: Returns what is looked at.
            show: Shows a snapshot.
            leave: Shows the network as it is again.
        """
        self._widget = widget
        self._subject = subject
        self._show_snapshot = show
        self._leave_snapshot = leave
        self._history: TrainingHistory | None = None  #: None until it is read from the file.
        self._place: int | None = None  #: Of the snapshot; None for the network as it is.
        #: the subject as it is, while a snapshot of its training is looked at.
        self.whole: Subject | None = None
        self._playing: Timer | None = None

    @property
    def shows_snapshot(self) -> bool:
        """Whether a snapshot is shown, and not the network as it is."""
        return self._place is not None

    def step(self, snapshots: int) -> None:
        """Go so many snapshots further, from the network as it is to the last snapshot."""
        self._stop()
        self._begin(self._show(None, snapshots))

    def go_to(self, place: int) -> None:
        """Go to the snapshot at a place in the training history."""
        self._stop()
        self._begin(self._show(place))

    def go_on_with(self, subject: Subject | None) -> None:
        """Show the present snapshot for another input of the same network."""
        self.whole = subject
        self._begin(self._show(self._place))

    def play(self) -> None:
        """Play the training history, from its beginning if it is at its end; or stop it."""
        if self._playing is not None:
            self._stop()
            return
        if self._place is None:
            self.whole = self._subject()
            self._place = 0
        elif self._history is not None and self._place == len(self._history) - 1:
            self._place = 0
        self._playing = self._widget.set_interval(SECONDS_A_SNAPSHOT, self._play_on)
        self._play_on()

    def leave(self) -> bool:
        """Look at the network as it is; return whether a snapshot was looked at."""
        self._stop()
        if self._place is None:
            return False
        whole = self.whole
        self._history = None
        self._place = None
        self.whole = None
        self._leave_snapshot(whole)
        return True

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._widget.run_worker(work, group="history", exclusive=True)

    def _play_on(self) -> None:
        """Show the next snapshot; the first one as soon as the history is read."""
        if not self._widget.is_on_screen:
            self._stop()
            return
        snapshots = 0 if self._history is None else 1
        self._begin(self._show(None, snapshots))

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    async def _show(self, place: int | None, snapshots: int = 0) -> None:
        """Show the snapshot so many after a place; None for the present one, or the last."""
        subject = self._subject() if self._place is None else self.whole
        if subject is None:
            return
        try:
            history = self._history
            if history is None:
                history = await in_thread(self._widget, history_of, subject.reading)
            last = len(history) - 1
            if place is None:
                place = last if self._place is None else self._place
            place = max(0, min(place + snapshots, last))
            reading = await in_thread(self._widget, snapshot, subject.reading, history, place)
        except UserError as error:
            # Otherwise playing, which begins before the history is read, would try again at each
            # tick.
            self.leave()
            self._widget.notify(str(error), severity="error")
            return
        self.whole = subject
        self._place = place
        self._history = history
        if place == last:
            self._stop()
        self._show_snapshot(
            ShownSnapshot(
                _at_snapshot(subject, reading, place),
                place,
                len(history),
                history.epochs[place],
                self._playing is not None,
            )
        )


def _at_snapshot(subject: Subject, reading: "NetworkReading", place: int) -> Subject:
    """Return the subject, with its network as it was at a place in the training history."""
    shown = replace(subject, reading=reading, edited=None, network=(subject.network, place))
    if reading.retraced:
        return shown
    # A history of a network that reads images has its states for a single image.
    truth = [reading.trace.outputs[reading.right[0]]] * reading.trace.steps
    return replace(shown, truth=truth, details=f"test image {HISTORY_IMAGE}")
