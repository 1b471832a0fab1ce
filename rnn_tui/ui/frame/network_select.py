"""A list of networks to choose from: shipped ones, those of runs and named ones."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from textual import getters, work
from textual.message import Message
from textual.widgets import Select

from rnn_tui.archive.weights import Source, candidates
from rnn_tui.engine.state import RunState
from rnn_tui.ui.frame.task_view import TaskView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.work.threads import in_thread

NONE = "none"


class NetworkSelect(PlainSelect[str]):
    """Selects which network of a task answers; posts `Changed` when a user selects another one."""

    @dataclass
    class Offered(Message):
        """The list was filled with the networks there are now."""

        other: bool  #: whether another network is selected now.

    def __init__(
        self, task: str, *, short: bool = False, only_digits: bool = False, id: str
    ) -> None:
        """Create an empty list.

        Args:
            task: Whose networks are listed.
            short: Whether they have short titles.
            only_digits: Whether those that tell other classes apart are left out.
            id: Of the widget.
        """
        super().__init__([(NONE, NONE)], id=id)
        self._listed_task = task
        self._short = short
        self._only_digits = only_digits
        self._sources: dict[str, Source] | None = None  #: By title; None before the first look.
        self._named: Source | None = None  #: Weights that a user named.
        self._to_choose: Path | None = None  #: The weights to select once the list is filled.

    @property
    def sources(self) -> tuple[Source, ...] | None:
        """All listed weights; None before the first look."""
        return None if self._sources is None else tuple(self._sources.values())

    @property
    def source(self) -> Source | None:
        """The selected one; None if there are none."""
        return (self._sources or {}).get(str(self.value))

    @property
    def to_compare(self) -> tuple[Source, ...]:
        """The selected one, and those that ship."""
        selected = self.source
        if selected is None:
            return ()
        shipped = [source for source in self.sources or () if source.ships]
        return (selected, *(source for source in shipped if source is not selected))

    def use(self, source: Source) -> None:
        """List these weights too, and select them."""
        self._named = source
        self._to_choose = source.path
        if self.is_mounted:
            self.look()

    @work(group="weights", exclusive=True)
    async def look(self) -> None:
        """Look for networks anew, since a run may have ended; the selected one stays selected."""
        listed = partial(candidates, only_digits=self._only_digits)
        sources = await in_thread(self, listed, self._listed_task, self._named)
        # Before the first look, the first network is meant.
        previous = self.source or next(iter(sources), None)
        self._sources = {
            source.short_title if self._short else source.title: source for source in sources
        }
        self.offer_texts([(title, title) for title in self._sources or [NONE]], str(self.value))
        self.choose(self._to_choose)
        self._to_choose = None
        selected = self.source
        other = selected is not None and (previous is None or previous.path != selected.path)
        self.post_message(self.Offered(other))

    def choose(self, path: Path | None) -> None:
        """Select the weights in a file, if they are in the list; nothing is posted."""
        for title, source in (self._sources or {}).items():
            if source.path == path:
                with self.prevent(Select.Changed):
                    self.value = title
                return


class NetworkView(TaskView):
    """A view with a list of networks that answer; to be the last of a class's bases."""

    BINDINGS = [key("network", "next_network", "Network", "Let the next network answer")]

    networks = getters.query_one(NetworkSelect)

    def action_next_network(self) -> None:
        self.networks.choose_next()

    def use(self, source: Source) -> None:
        self.networks.use(source)

    def refresh_weights(self) -> None:
        """Look for weights anew, since a run may have ended, and answer with them."""
        if self.is_mounted:  # else coming into view does it
            self.networks.look()

    def run_ended(self, state: RunState) -> None:  # noqa: ARG002 - whichever it was
        self.refresh_weights()
