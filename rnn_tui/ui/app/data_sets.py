"""The tab of sequences: the list of data sets and tasks without a tab, and the one that is open.

That has the pane of a task as any other. List or pane is shown; what is opened takes the place of
what was open before.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.widgets import Static

from rnn_tui.data.store import describe
from rnn_tui.engine import awaits
from rnn_tui.engine.errors import TaskError, UserError, printable
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.data_sets.task import SEQUENCES
from rnn_tui.tasks.task import Task
from rnn_tui.ui.app.tabs import AppTabs, is_data_set
from rnn_tui.ui.frame.pane import Pane, sentence_for
from rnn_tui.ui.frame.requests import DataSetsWanted
from rnn_tui.ui.frame.task_view import View
from rnn_tui.ui.sequences.naive import ComparisonLine
from rnn_tui.ui.sequences.words import heading_of, task_heading
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import mount_whole
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.work.training_manager import TrainingManager

SECONDS_BETWEEN_LOOKS = 0.02

logger = logging.getLogger(__name__)


class OpenedTaskPane(TaskPane):
    """The pane of what is opened in the tab: a task's, below a line that says which it is."""

    BINDINGS = [
        key("open", "open", "Sequences", tooltip="Open another data set or task, or read a file")
    ]

    def __init__(
        self, task: Task, views: Sequence[View], runs: TrainingManager, heading: str
    ) -> None:
        """Make the pane of a task; `heading` says what it is."""
        super().__init__(task, views, runs, None)
        self._heading = heading

    def head(self) -> ComposeResult:
        yield Static(self._heading, id="opened-task", markup=False)

    def action_open(self) -> None:
        self.post_message(DataSetsWanted())

    def on_paste(self, event: events.Paste) -> None:
        """Read a file that is dropped on the window: it arrives as a paste of its path."""
        event.stop()
        self.post_message(DataSetsWanted(event.text))


class DataSetPane(OpenedTaskPane):
    """The pane of a data set, which says how its networks compare with naive answers."""

    def head(self) -> ComposeResult:
        yield from super().head()
        yield ComparisonLine(self.spec)

    def show_runs(self) -> None:
        """Show the runs, and how the one that is looked at compares with naive answers."""
        super().show_runs()
        if self.is_mounted:
            earlier = self.recorded or self.example
            run = self.chosen if earlier is None else earlier.run
            self.query_one(ComparisonLine).compare(run)


class DataSetTab:
    """Shows the list of data sets and tasks, or the one that is open, in their tab."""

    def __init__(
        self,
        tabs: AppTabs,
        runs: Callable[[], TrainingManager],
        views: Callable[[Task], Sequence[View]],
    ) -> None:
        """Begin with nothing open.

        Args:
            tabs: of the app.
            runs: returns the runs of all tasks.
            views: returns the views of a task.
        """
        self._tabs = tabs
        self._runs = runs
        self._views = views
        #: held while another pane comes to the front.
        self._turn = awaits.OneAtATime("the tab of data sets")

    @property
    def pane(self) -> OpenedTaskPane | None:
        """The pane of what is open; None if nothing is."""
        panes = self._tabs.get_pane(SEQUENCES).query_children(OpenedTaskPane)
        return next((pane for pane in panes if pane.is_attached), None)

    def pane_of(self, name: str) -> OpenedTaskPane | None:
        """Return the pane of this task; None if it is not open."""
        pane = self.pane
        return pane if pane is not None and pane.spec.name == name else None

    async def bring(self, name: str) -> OpenedTaskPane:
        """Show a data set or a task without a tab, once all of its pane is there.

        Raises:
            DataError: if it was deleted, or is damaged.
            TaskError: if its pane can't be made, or is removed before all of it is there.
        """
        task = TASKS[name]
        async with self._turn:
            pane = self.pane_of(name)
            if pane is None:
                pane = await self._put_in_place(task)
            await self._show(pane)
        with awaits.awaiting(f"the pane of {name}"):
            while not pane.complete:
                if not pane.is_attached:
                    raise TaskError(
                        f"{task.label} was closed while it was being opened; open it again."
                    )
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return pane

    def _make_pane(self, task: Task) -> OpenedTaskPane:
        """Make the pane of a data set or a task."""
        if is_data_set(task.name):
            heading = heading_of(describe(task.name))
            return DataSetPane(task, self._views(task), self._runs(), heading)
        return OpenedTaskPane(task, self._views(task), self._runs(), task_heading(task))

    async def _put_in_place(self, task: Task) -> OpenedTaskPane:
        """Make the pane of what is opened, in place of that of another.

        Raises:
            DataError: if it is a data set that was deleted, or is damaged.
            TaskError: if it can't be made; the list is shown then.
        """
        await self._tabs.bring(SEQUENCES)
        try:
            pane = self._make_pane(task)
            other = self.pane
            if other is not None:
                other.display = False
                await other.remove()
            pane.display = False
            await mount_whole(self._tabs.get_pane(SEQUENCES), pane)
        except UserError:
            raise
        except Exception as error:
            logger.exception("the task %s can't be shown", printable(task.name))
            await self._show(self._listing())
            raise TaskError(sentence_for(task.label, error)) from error
        return pane

    def _listing(self) -> Pane:
        """Return the list of data sets and tasks, which is there once its tab has been brought."""
        pane = self._tabs.pane_of(SEQUENCES)
        assert pane is not None
        return pane

    async def _show(self, pane: Pane) -> None:
        """Show one of the panes of the tab alone, and bring it to the front."""
        place = self._tabs.get_pane(SEQUENCES)
        self._tabs.screen.set_focus(None)
        for other in place.query_children(Pane):
            other.display = other is pane
        await self._tabs.bring(SEQUENCES)
        pane.show_runs()
        pane.focus_view()  # at once: whoever has asked for the pane may put the focus elsewhere
        self._tabs.app.refresh_bindings()

    async def list(self) -> Pane:
        """Show the list of data sets and tasks; returns its pane.

        Raises:
            TaskError: if it can't be made.
        """
        await self._tabs.bring(SEQUENCES)
        listing = self._listing()
        async with self._turn:
            await self._show(listing)
        return listing

    async def close(self, name: str) -> None:
        """Take the pane of a data set apart that was deleted."""
        async with self._turn:
            pane = self.pane_of(name)
            if pane is not None and not pane.display:
                await pane.remove()
