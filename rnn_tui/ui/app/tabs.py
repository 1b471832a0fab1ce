"""The tabs of the app: Home, each task that has one, runs, papers, sweeps, sequences."""

import asyncio
import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import TabPane

from rnn_tui.data.store import is_called_like_data_set
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import TaskError
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Task
from rnn_tui.ui.frame.late_part import LatePart
from rnn_tui.ui.frame.pane import BrokenPane, Pane, sentence_for, with_key
from rnn_tui.ui.frame.view_tabs import ViewTabs
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import mount_whole

TASKS_BEFORE = 3  # F6 to F9 stay what they are however many tasks there are
KEYS = tuple(f"f{number}" for number in range(2, 13))  # F1 is help
BLANKS = 2  # before and after the words of a tab
HOME, RUNS, PAPERS, SWEEPS = "home", "runs", "papers", "sweeps"
PLACES = (HOME, RUNS, PAPERS, SWEEPS, SEQUENCES)  # the tabs that are no task's
SECONDS_BETWEEN_LOOKS = 0.02

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tab:
    """A tab of the app."""

    id: str  #: of `PLACES`, or what `tab_of` says of a task's name.
    label: str  #: as shown.
    task: Task | None  #: whose it is; None for those of `PLACES`.
    key: str  #: the key that goes there; empty if there are more tabs than keys.


def is_data_set(task: str) -> bool:
    """Return whether a task is a data set of the user, which may have been deleted."""
    return task not in tuple(TASKS) and is_called_like_data_set(task)


def is_opened(task: str) -> bool:
    """Return whether a task is opened from the tab Sequences, as data sets are."""
    return is_data_set(task) or (task in tuple(TASKS) and not TASKS[task].tab)


def tab_of(task: str) -> str:
    """Return the id of a task's tab; a plug-in may be called as another tab is."""
    if is_opened(task):
        return SEQUENCES
    return f"task-{task}" if task in PLACES else task


def all_tabs() -> tuple[Tab, ...]:
    """Return the tabs in order, which is that of their keys."""
    tasks = [(tab_of(task.name), task.label, task) for task in TASKS.values() if task.tab]
    places = [
        (HOME, "Home", None),
        *tasks[:TASKS_BEFORE],
        (RUNS, "Runs", None),
        (PAPERS, "Papers", None),
        (SWEEPS, "Sweeps", None),
        (SEQUENCES, "Sequences", None),
        *tasks[TASKS_BEFORE:],
    ]
    keys = [*KEYS, *[""] * len(places)]
    return tuple(Tab(*place, key) for place, key in zip(places, keys, strict=False))


def bindings(tabs: Sequence[Tab]) -> list[Binding]:
    """Return the keys of those that have one; the tabs show them."""
    others = [tab for tab in tabs if tab.key and tab.id != HOME]
    return [
        key("home", f"tab('{HOME}')", "Home", show=False),
        *(
            Binding(
                tab.key,
                f"tab('{tab.id}')",
                tab.label,
                show=False,
                tooltip=f"Go to {tab.label}",
            )
            for tab in others
        ),
    ]


class AppTabs(ViewTabs):
    """The tabs in order; the first one has its pane at once, the others when looked at.

    A tab is no `Screen` (a mode of Textual's). Tried with three of them, a switch took 58 ms of
    processor time in place of 80, but the first visits of Recall and Runs 374 and 342 in place of
    226 and 232, since Textual reads all style sheets again for the first screen of a mode. Each
    screen would need a row of tabs, and news, questions and the guide would have to follow.
    """

    def __init__(self, tabs: Sequence[Tab], first: str, make_pane: Callable[[Tab], Pane]) -> None:
        """Create the tabs.

        Args:
            tabs: all of them, in order.
            first: the id of the one in front.
            make_pane: makes the pane of a tab.
        """
        super().__init__(initial=first, id="tasks")
        self._tabs = {tab.id: tab for tab in tabs}
        self._make_pane = make_pane
        #: the pane of each tab, by its id.
        self._panes = {
            tab.id: LatePart[Pane](partial(self._mount_pane, tab), Pane.remove) for tab in tabs
        }
        self._arrived = first  #: the last tab in front with which all has come that comes with it.

    def on_resize(self) -> None:
        """Leave fewer blanks between the tabs where they would not fit."""
        words = [f"{tab.key} {tab.label}".strip() for tab in self._tabs.values()]
        width = sum(len(text) + BLANKS for text in words)
        self.set_class(self.size.width < width, "-dense")

    def compose(self) -> ComposeResult:
        for tab in self._tabs.values():
            place = TabPane(with_key(tab.key.upper(), tab.label), id=tab.id)
            if tab.id == self._initial:
                first_pane = self._make_pane(tab)
                self._panes[tab.id].put(first_pane)
                place.compose_add_child(first_pane)
            self.compose_add_child(place)
        yield from super().compose()

    @property
    def names(self) -> Collection[str]:
        """The ids of all tabs."""
        return self._tabs

    @property
    def front(self) -> Pane | None:
        """The pane in front; None before it is made, and when all is taken apart."""
        place = self.active_pane if self.children else None
        return None if place is None else _pane_in(place)

    def go_to(self, name: str) -> None:
        """Bring a tab to the front, and the focus to its view."""
        if name != self.active or self.front is None:
            self.screen.set_focus(None)  # or the tab with the focus would come back
            self.active = name
            self.arrive()
        elif not self.front.has_focus_within:
            self.front.focus_view()

    def arrive(self) -> None:
        """Bring the tab in front up to date, and the focus there.

        One that is still to be made does both then.
        """
        # or the tab that is left would be drawn once more before
        self.screen.refresh(repaint=False, layout=True)
        pane = self.front
        if pane is not None:
            pane.arrive()

    def pane_of(self, name: str) -> Pane | None:
        """Return the own pane of a tab; None until it is there."""
        return self._panes[name].part

    async def _mount_pane(self, tab: Tab) -> Pane:
        """Make the pane of a tab; if that fails, a sentence appears in its place.

        Raises:
            TaskError: with that sentence.
        """
        place = self.get_pane(tab.id)
        await place.query_children(BrokenPane).remove()  # of the attempt before
        try:
            pane = self._make_pane(tab)
            await mount_whole(place, pane)
        except Exception as error:
            logger.exception("the tab %s can't be shown", tab.label)
            sentence = sentence_for(tab.label, error)
            await place.mount(BrokenPane(sentence))
            raise TaskError(sentence) from error
        return pane

    async def bring(self, name: str) -> Pane:
        """Bring a tab to the front; returns its pane, once all of it is there.

        Raises:
            TaskError: if the pane can't be made.
            asyncio.CancelledError: if it is removed meanwhile.
        """
        self.go_to(name)
        with awaiting(f"the tab {name}"):
            own_pane = await self._panes[name].bring()
            pane = _pane_in(self.get_pane(name)) or own_pane
            # Until it is in front and what comes with that has happened, or one has gone elsewhere.
            # No wait for the focus: a window that becomes narrow meanwhile may have nothing that
            # takes it.
            while not pane.complete or (self.active == name and self._arrived != name):
                if not pane.is_attached:
                    raise asyncio.CancelledError
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return pane

    async def show(self, name: str) -> None:
        """Make the pane of a tab that has come to the front, or bring it up to date."""
        is_new = self.pane_of(name) is None
        with suppress(TaskError):  # a sentence is in its place
            await self._panes[name].bring()
        if not is_new and not self.get_pane(name).has_focus_within:  # as by a click
            self.arrive()
        # after the focus is set: a widget asks for that by a message to the app
        self.app.call_later(self._arrive_at, name)

    def _arrive_at(self, name: str) -> None:
        self._arrived = name


def _pane_in(place: TabPane) -> Pane | None:
    """Return the pane that a tab shows; None before it is made."""
    panes = (child for child in place.children if isinstance(child, Pane) and child.is_mounted)
    return next((pane for pane in panes if pane.display), None)
