"""The tasks on sequences without a tab of their own, which the tab Sequences lists and opens."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from rnn_tui.engine.tables import Column
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.task import Task
from rnn_tui.ui.sequences.words import asked_of
from rnn_tui.ui.widgets.plain import PlainTable


@dataclass(frozen=True)
class ListedTask:
    """A task as the list shows it."""

    task: Task
    runs: int  #: how many were trained on it.


COLUMNS: tuple[Column[ListedTask], ...] = (
    Column("task", lambda listed: listed.task.label, style=lambda _: "bold"),
    Column("class", lambda listed: listed.task.level),
    Column("runs", lambda listed: f"{listed.runs:,}", right=True),
    Column("what is asked", lambda listed: asked_of(listed.task)),
)


def listed_tasks(run_counts: Mapping[str, int]) -> list[ListedTask]:
    """Return the tasks without a tab, with their runs by the names of tasks."""
    return [
        ListedTask(task, run_counts.get(name, 0)) for name, task in TASKS.items() if not task.tab
    ]


class TasksTable(PlainTable):
    """A row for each task; up from the first one goes to what is above."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Open", key_display="Enter", tooltip="Open the task")
    ]

    def action_cursor_up(self) -> None:
        if self.cursor_row == 0:
            self.screen.focus_previous()
        else:
            super().action_cursor_up()


class TaskList(Vertical):
    """The tasks, and below them what the one at the cursor asks."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, classes="panel")
        self.border_title = "Tasks that ship"
        self.display = False
        self._tasks: Sequence[ListedTask] = ()

    def compose(self) -> ComposeResult:
        yield TasksTable(cursor_type="row", zebra_stripes=True, id="tasks-table")
        yield Static("", id="task-asked", markup=False)

    @property
    def highlighted(self) -> Task | None:
        """The task at the cursor; None if there is none."""
        row = self.query_one(TasksTable).cursor_row
        return self._tasks[row].task if 0 <= row < len(self._tasks) else None

    def show(self, tasks: Sequence[ListedTask]) -> None:
        """Show these tasks; the cursor stays."""
        if tasks == self._tasks:
            return
        self._tasks = tasks
        self.display = bool(tasks)
        self.query_one(TasksTable).show_items(COLUMNS, tasks)
        self._say_asked()

    @on(DataTable.RowHighlighted)
    def _say_asked(self) -> None:
        task = self.highlighted
        self.query_one("#task-asked", Static).update("" if task is None else asked_of(task))
