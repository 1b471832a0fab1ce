"""The tabs of the app: one for each task that is registered, all runs, the report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding

from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task
from rnn_tui.ui.shell.pane import Pane
from rnn_tui.ui.training.pane import TaskPane

if TYPE_CHECKING:
    from rnn_tui.ui.shell.app import RnnTuiApp

# All tasks have theirs, but F5 and F6 stay what they are however many there are.
TASKS_BEFORE = 3
KEYS = tuple(f"f{number}" for number in range(2, 13))
RUNS, REPORT = "runs", "report"


@dataclass(frozen=True)
class Tab:
    """A tab of the app.

    Attributes:
        id: a task's name, as `tab_of` says, `runs` or `report`.
        label: as shown.
        key: that goes there; empty where there are more tabs than keys.
        make: makes its pane.
    """

    id: str
    label: str
    key: str
    make: Callable[[RnnTuiApp], Pane]

    def binding(self, first: bool, keys: str) -> Binding:
        """Its key; the first stands for all of them in the footer.

        Args:
            first: whether it is the first.
            keys: what the footer calls all of them.
        """
        return Binding(
            self.key, f"tab('{self.id}')", "Tab" if first else self.label, show=first,
            key_display=keys if first else None, tooltip=f"Go to {self.label}",
        )  # fmt: skip


def tab_of(task: str) -> str:
    """The id of a task's tab; a plug-in may be called as another tab is."""
    return f"task-{task}" if task in (RUNS, REPORT) else task


def all_tabs() -> tuple[Tab, ...]:
    """The tabs in order, which is that of their keys."""
    tasks = [(tab_of(task.name), task.label, _pane_of(task)) for task in TASKS.values()]
    places = [
        *tasks[:TASKS_BEFORE],
        (RUNS, "Runs", _runs),
        (REPORT, "Report", _report),
        *tasks[TASKS_BEFORE:],
    ]
    keys = [*KEYS, *([""] * len(places))]
    return tuple(
        Tab(name, label, key, make) for (name, label, make), key in zip(places, keys, strict=False)
    )


def bindings(tabs: tuple[Tab, ...]) -> list[Binding]:
    """The keys of those that have one."""
    with_key = [tab for tab in tabs if tab.key]
    keys = f"F2-{with_key[-1].key.removeprefix('f')}"
    return [tab.binding(at == 0, keys) for at, tab in enumerate(with_key)]


def _pane_of(task: Task) -> Callable[[RnnTuiApp], Pane]:
    return lambda app: TaskPane(task, app.runs, app.data_dir)


def _runs(app: RnnTuiApp) -> Pane:
    from rnn_tui.ui.runs.pane import RunsPane  # noqa: PLC0415 - behind the first frame

    return RunsPane(app.store)


def _report(app: RnnTuiApp) -> Pane:
    from rnn_tui.ui.report.pane import ReportPane  # noqa: PLC0415 - behind the first frame

    return ReportPane(app.runs, app.store, app.report_overrides)
