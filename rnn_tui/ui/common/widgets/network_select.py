"""The list of networks to choose from, shipped, of runs or named, and views that have one."""

from dataclasses import dataclass
from pathlib import Path

from textual import getters, work
from textual.message import Message
from textual.widgets import Select

from rnn_tui.engine.state import RunState
from rnn_tui.runs.weights import Source, candidates
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.task_view import TaskView
from rnn_tui.ui.common.threads import in_thread
from rnn_tui.ui.common.widgets.plain import PlainSelect

NONE = "none"


class NetworkSelect(PlainSelect[str]):
    """Chooses which network of a task answers, by its title or a `short` one; `Changed` tells that
    a user chose another.
    """

    @dataclass
    class Offered(Message):
        """The networks that there are have been looked for; another one may be chosen now."""

        other: bool

    def __init__(self, task: str, *, short: bool = False, id: str) -> None:
        super().__init__([(NONE, NONE)], id=id)
        self._listed_task, self._short = task, short
        self._sources: dict[str, Source] | None = None
        self._named: Source | None = None
        self._to_choose: Path | None = None  # among those in the list

    @property
    def sources(self) -> tuple[Source, ...] | None:
        """All that are listed; None before the first look."""
        return None if self._sources is None else tuple(self._sources.values())

    @property
    def source(self) -> Source | None:
        """The chosen one; None where there are none."""
        return (self._sources or {}).get(str(self.value))

    @property
    def asked(self) -> tuple[Source, ...]:
        """The chosen one, and for comparison those that ship."""
        chosen = self.source
        return (
            ()
            if chosen is None
            else (chosen, *(one for one in self.sources or () if one.ships and one is not chosen))
        )

    def use(self, source: Source) -> None:
        """List these weights too, and choose them."""
        self._named, self._to_choose = source, source.path
        if self.is_mounted:
            self.look()

    @work(group="weights", exclusive=True)
    async def look(self) -> None:
        """Look for networks anew, since a run may have ended; what is chosen stays chosen."""
        sources = await in_thread(self, candidates, self._listed_task, self._named)
        before = self.source or next(iter(sources), None)
        self._sources = {
            source.short_title if self._short else source.title: source for source in sources
        }
        self.offer_texts(((title, title) for title in self._sources or [NONE]), str(self.value))
        self.choose(self._to_choose)
        self._to_choose, now = None, self.source
        self.post_message(
            self.Offered(now is not None and (before is None or before.path != now.path))
        )

    def choose(self, path: Path | None) -> None:
        """Choose the weights in a file without telling, if they are in the list."""
        if title := next(
            (title for title, source in (self._sources or {}).items() if source.path == path), None
        ):
            with self.prevent(Select.Changed):
                self.value = title


class NetworkView(TaskView):
    """A view in which one chooses whose weights answer; to be the last of a class's bases."""

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
