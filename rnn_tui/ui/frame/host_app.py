"""The app, as its places know it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.preferences import Preferences
from rnn_tui.ui.frame.pane import Pane
from rnn_tui.ui.terminal.textual_workarounds import SteadyApp
from rnn_tui.ui.work.threads import StoreAccess

if TYPE_CHECKING:
    from rnn_tui.archive.run_record import RunRecord
    from rnn_tui.ui.work.training_manager import TrainingManager


class HostApp(SteadyApp):
    """The app as other rooms see it, for questions that need an answer; else they post a request.

    A widget that does so has `app = getters.app(HostApp)`.
    """

    preferences: Preferences  #: the settings of the user that last.
    store: StoreAccess  #: answers questions to the database.

    @property
    def runs(self) -> "TrainingManager":
        """The runs of this session, and the thread that trains."""
        raise NotImplementedError

    def focus_front(self) -> None:
        """Put the focus in the pane in front; one that is still to be made takes it then."""
        raise NotImplementedError

    @property
    def keys_are_done(self) -> bool:
        """Whether no key is handled or waits, and the target of the next one is ready."""
        raise NotImplementedError

    async def rest(self) -> None:
        """Return once no key has come for a while: measuring takes time from what keys do."""
        raise NotImplementedError

    def shown_key(self, name: str) -> str:
        """Return the first key of a meaning in `KEYS`, as the footer writes it."""
        raise NotImplementedError

    async def bring(self, tab: str) -> Pane:
        """Bring a tab to the front; returns its pane, once all of it is there.

        Args:
            tab: the name of a task, or `home`, `runs`, `papers`, `sweeps`, `sequences`.

        Raises:
            UserError: if there is no such tab, or if it is a data set that was deleted.
        """
        raise NotImplementedError

    def begin_training(self, configs: Sequence[RunConfig]) -> list[str]:
        """Train runs of one task, one after another, and show them; returns their ids.

        Raises:
            UserError: if something trains already.
        """
        raise NotImplementedError

    def choose_language(self, language: str) -> None:
        """Have guided experiments in a language, of `preferences.LANGUAGES`, and keep that."""
        raise NotImplementedError

    async def interrupted(self) -> "list[RunRecord]":
        """Return the runs that were interrupted, the newest first; none if they can't be read."""
        raise NotImplementedError
