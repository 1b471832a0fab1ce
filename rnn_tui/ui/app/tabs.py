"""The tabs of the app: Home, one for each task that is registered, all runs, the report, sweeps."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import TabPane

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task
from rnn_tui.ui.app.task_views import TRAINING, views_of
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import Pane, with_key
from rnn_tui.ui.common.sheets import read_late_sheets
from rnn_tui.ui.common.view_tabs import ViewTabs
from rnn_tui.ui.home.pane import HomePane

if TYPE_CHECKING:
    from rnn_tui.ui.app.app import RnnTuiApp

TASKS_BEFORE = 3  # all tasks have a tab, but F5 to F7 stay what they are however many there are
KEYS = tuple(f"f{number}" for number in range(1, 13))
HOME, RUNS, REPORT, SWEEPS = "home", "runs", "report", "sweeps"


@dataclass(frozen=True)
class Tab:
    """A tab of the app."""

    id: str  #: a task's name, as `tab_of` says, `home`, `runs`, `report` or `sweeps`.
    label: str  #: as shown.
    task: Task | None  #: whose it is; None for the other four.
    key: str  #: that goes there; empty where there are more tabs than keys.


def tab_of(task: str) -> str:
    """The id of a task's tab; a plug-in may be called as another tab is."""
    return f"task-{task}" if task in (HOME, RUNS, REPORT, SWEEPS) else task


def all_tabs() -> tuple[Tab, ...]:
    """The tabs in order, which is that of their keys."""
    tasks = [(tab_of(task.name), task.label, task) for task in TASKS.values()]
    others = [(RUNS, "Runs", None), (REPORT, "Report", None), (SWEEPS, "Sweeps", None)]
    places = [(HOME, "Home", None), *tasks[:TASKS_BEFORE], *others, *tasks[TASKS_BEFORE:]]
    return tuple(
        Tab(*place, key) for place, key in zip(places, chain(KEYS, repeat("")), strict=False)
    )


def bindings(tabs: Sequence[Tab]) -> list[Binding]:
    """The keys of those that have one; the tabs show them."""
    others = (tab for tab in tabs if tab.key and tab.id != HOME)
    ways = [
        Binding(one.key, f"tab('{one.id}')", one.label, show=False, tooltip=f"Go to {one.label}")
        for one in others
    ]
    return [key("home", f"tab('{HOME}')", "Home", show=False), *ways]


class AppTabs(ViewTabs):
    """The tabs in order; the `first` one has its pane at once, the others when looked at."""

    def __init__(self, tabs: Sequence[Tab], first: str) -> None:
        super().__init__(initial=first, id="tasks")
        self._tabs = {tab.id: tab for tab in tabs}
        self._arrived = first  # the last tab in front with which all has come that comes with it

    def compose(self) -> ComposeResult:
        for tab in self._tabs.values():
            content = [self._made(tab)] if tab.id == self._initial else []
            self.compose_add_child(
                TabPane(with_key(tab.key.upper(), tab.label), *content, id=tab.id)
            )
        yield from super().compose()

    def _made(self, tab: Tab) -> Pane:
        app = cast("RnnTuiApp", self.app)
        if tab.id == HOME:
            return HomePane(app.data_dir, TRAINING.module)
        read_late_sheets(self.app)
        if tab.task is not None:
            from rnn_tui.ui.training.pane import TaskPane  # noqa: PLC0415 - not in the first frame

            return TaskPane(tab.task, views_of(tab.task), app.runs, app.data_dir)
        if tab.id == RUNS:
            from rnn_tui.ui.runs.pane import RunsPane  # noqa: PLC0415 - behind the first frame

            return RunsPane(app.runs, app.store)
        if tab.id == SWEEPS:
            from rnn_tui.ui.sweeps.pane import SweepsPane  # noqa: PLC0415 - behind the first frame

            return SweepsPane(app.runs, app.store, app.data_dir)
        from rnn_tui.ui.report.pane import ReportPane  # noqa: PLC0415 - behind the first frame

        return ReportPane(app.runs, app.store, app.report_overrides)

    @property
    def front(self) -> Pane | None:
        """The pane in front; None before it is made, and when all is taken apart."""
        panes = place.children if self.children and (place := self.active_pane) is not None else ()
        return next((one for one in panes if isinstance(one, Pane) and one.is_mounted), None)

    def go_to(self, name: str) -> None:
        if name != self.active or self.front is None:
            self.screen.set_focus(None)  # or the tab with the focus would come back
            self.active = name
            self.arrive()
        elif not self.front.has_focus_within:
            self.front.focus_view()

    def arrive(self) -> None:
        """Bring the tab in front up to date, and the focus there, unless it is still to be made,
        and does both.
        """
        # or the tab that is left would be drawn once more before
        self.screen.refresh(repaint=False, layout=True)
        if (pane := self.front) is not None:
            pane.show_runs()
            pane.focus_view()

    async def fill(self, name: str) -> bool:
        """Make the pane of a tab; False if it is there."""
        if missing := not (place := self.get_pane(name)).query(Pane):
            await place.mount(self._made(self._tabs[name]))
        return missing

    async def bring(self, name: str) -> Pane:
        """Bring a tab to the front; its pane, once all of it is there."""
        self.go_to(name)
        await self.fill(name)
        pane = self.get_pane(name).query_one(Pane)
        # Until it is in front and what comes with that has happened, or one has gone elsewhere. No
        # wait for the focus: a window that becomes narrow meanwhile may have nothing that takes it.
        while not pane.complete or (self.active == name and self._arrived != name):
            await asyncio.sleep(0.02)
        return pane

    async def show(self, name: str) -> None:
        """Make the pane of a tab that has come to the front, or bring it up to date."""
        if not await self.fill(name) and not self.get_pane(name).has_focus_within:  # as by a click
            self.arrive()
        # behind the focus, for which a widget asks by a message to the app
        self.app.call_later(self._arrive_at, name)

    def _arrive_at(self, name: str) -> None:
        self._arrived = name
