"""The tabs of the app: Home, each task that has one, runs, papers, sweeps, sequences."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import TabPane

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.store import is_called_like_data_set
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import Pane, with_key
from rnn_tui.ui.common.view_tabs import ViewTabs

TASKS_BEFORE = 3  # F6 to F9 stay what they are however many tasks there are
KEYS = tuple(f"f{number}" for number in range(2, 13))  # F1 is help
BLANKS = 2  # before and after the words of a tab
HOME, RUNS, PAPERS, SWEEPS = "home", "runs", "papers", "sweeps"
PLACES = (HOME, RUNS, PAPERS, SWEEPS, SEQUENCES)  # the tabs that are no task's


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
    """The tabs in order; the first one has its pane at once, the others when looked at."""

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
        self._arrived = first  #: the last tab in front with which all has come that comes with it.

    def on_resize(self) -> None:
        """Leave fewer blanks between the tabs where they would not fit."""
        super().on_resize()
        words = [f"{tab.key} {tab.label}".strip() for tab in self._tabs.values()]
        width = sum(len(text) + BLANKS for text in words)
        self.set_class(self.size.width < width, "-dense")

    def compose(self) -> ComposeResult:
        for tab in self._tabs.values():
            content = [self._make_pane(tab)] if tab.id == self._initial else []
            self.compose_add_child(
                TabPane(with_key(tab.key.upper(), tab.label), *content, id=tab.id)
            )
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
            pane.show_runs()
            pane.focus_view()

    async def fill(self, name: str) -> bool:
        """Make the pane of a tab; returns False if it is there."""
        place = self.get_pane(name)
        if place.query(Pane):
            return False
        await place.mount(self._make_pane(self._tabs[name]))
        return True

    async def bring(self, name: str) -> Pane:
        """Bring a tab to the front; returns its pane, once all of it is there."""
        self.go_to(name)
        await self.fill(name)
        pane = _pane_in(self.get_pane(name))
        assert pane is not None
        # Until it is in front and what comes with that has happened, or one has gone elsewhere. No
        # wait for the focus: a window that becomes narrow meanwhile may have nothing that takes it.
        while not pane.complete or (self.active == name and self._arrived != name):
            await asyncio.sleep(0.02)
        return pane

    async def show(self, name: str) -> None:
        """Make the pane of a tab that has come to the front, or bring it up to date."""
        is_new = await self.fill(name)
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
