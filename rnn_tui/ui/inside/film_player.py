"""A network as it was at moments of its training, one after the other."""

from collections.abc import Coroutine
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.timer import Timer

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.film import Film
from rnn_tui.inside.film import film_of, moment
from rnn_tui.tasks.mnist.inference import FILMED
from rnn_tui.ui.common.threads import in_thread
from rnn_tui.ui.inside.step_grid import Scrubber
from rnn_tui.ui.inside.subject import Subject

if TYPE_CHECKING:
    from rnn_tui.inside.studies import NetworkReading
    from rnn_tui.ui.inside.studying import StudyingView

SECONDS_A_MOMENT = 0.4


class FilmPlayer:
    """Goes through the film of a network's training, by keys or by itself.

    Args:
        view: what shows the network, and has a `Scrubber` for the place in the film.
    """

    def __init__(self, view: "StudyingView") -> None:
        self._view = view
        self._film: Film | None = None
        self._moment: int | None = None  # None for the network as it is
        #: the subject as it is, while a moment of its training is looked at.
        self.whole: Subject | None = None
        self._playing: Timer | None = None

    @property
    def shows_moment(self) -> bool:
        """Whether a moment is looked at, and not the network as it is."""
        return self._moment is not None

    def step(self, moments: int) -> None:
        """Go so many moments further; after the last comes the network as it is."""
        self._stop()
        self._begin(self._show(None, moments))

    def go_to(self, place: int) -> None:
        """Go to the moment at a place in the film."""
        self._stop()
        self._begin(self._show(place))

    def go_on_with(self, subject: Subject | None) -> None:
        """Show the moment at hand for another input of the same network."""
        self.whole = subject
        self._begin(self._show(self._moment))

    def play(self) -> None:
        """Play the film, from its beginning where it is at its end; or stop it."""
        if self._playing is not None:
            self._stop()
            return
        if self._moment is None:
            self.whole = self._view.subject
            self._moment = 0
        elif self._film is not None and self._moment == len(self._film) - 1:
            self._moment = 0
        self._playing = self._view.set_interval(SECONDS_A_MOMENT, self._play_on)
        self._play_on()

    def leave(self) -> bool:
        """Look at the network as it is; returns whether a moment was looked at."""
        self._stop()
        if self._moment is None:
            return False
        whole = self.whole
        self._film = None
        self._moment = None
        self.whole = None
        self._view.leave_moment(whole)
        return True

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        self._view.run_worker(work, group="film", exclusive=True)

    def _play_on(self) -> None:
        if self._view.is_on_screen:
            self._begin(self._show(None, int(self._film is not None)))
        else:
            self._stop()

    def _stop(self) -> None:
        if self._playing is not None:
            self._playing.stop()
            self._playing = None

    async def _show(self, place: int | None, moments: int = 0) -> None:
        """Show the moment at a place, or so many after the one at hand."""
        subject = self._view.subject if self._moment is None else self.whole
        if subject is None:
            return
        try:
            film = self._film
            if film is None:
                film = await in_thread(self._view, film_of, subject.reading)
            last = len(film) - 1
            if place is None:
                place = last if self._moment is None else self._moment
            place = max(0, min(place + moments, last))
            reading = await in_thread(self._view, moment, subject.reading, film, place)
        except UserError as error:
            # or playing, which begins before the film is there, would be tried again for another
            # input
            self.leave()
            self._view.notify(str(error), severity="error")
            return
        self.whole = subject
        self._moment = place
        self._film = film
        if place == last:
            self._stop()
        self._view.show_moment(_at_moment(subject, reading, place))
        self._view.query_one("#inside-film", Scrubber).show(
            place,
            len(film),
            f"epoch {film.epochs[place]:.3g}",
            "of its training · < > O",
            playing=self._playing is not None,
        )


def _at_moment(subject: Subject, reading: "NetworkReading", place: int) -> Subject:
    """What is looked at, as its network was at a place in the film."""
    shown = replace(subject, reading=reading, edited=None, network=(subject.network, place))
    if reading.retraced:
        return shown
    # of images, states are kept for one
    words = [str(reading.right[0])] * reading.trace.steps
    return replace(shown, truth=words, details=f"test image {FILMED}")
