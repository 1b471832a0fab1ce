"""The Runs tab: every run that is kept, wherever it was trained, and several of them compared."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from textual import getters, on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Select, Static

from rnn_tui.archive.columns import LONGEST_NAME, LONGEST_NOTE
from rnn_tui.archive.curves import lines, shared_metrics
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import Status
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import StorePane, view_tabs
from rnn_tui.ui.frame.requests import ResumeRequested, SettingsWanted, WeightsWanted
from rnn_tui.ui.runs.preview import previewed
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.runs.views import (
    DeleteRunsScreen,
    ExportRunsScreen,
    RunDetailsScreen,
    RunsCompare,
    curves_of,
    name_or_count,
)
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.prompts import AskTextScreen
from rnn_tui.ui.work.threads import StoreAccess, telling
from rnn_tui.ui.work.training_manager import TrainingManager

SECONDS_BETWEEN_AGES = 20.0  # after so long, a look for news shows the ages anew
A_SCREENFUL = 200  # runs


@dataclass(frozen=True)
class RunText:
    """A line of text that users may write about a run."""

    title: str  #: what it is.
    hint: str  #: what it is for.
    longest: int  #: characters at most.
    read: Callable[[RunRecord], str]  #: returns what a run has.
    write: Callable[[RunStore, RunRecord, str], object]  #: keeps what was typed.


def _tags_of(run: RunRecord) -> str:
    return " ".join(run.tags)


def _set_tags(store: RunStore, run: RunRecord, text: str) -> None:
    store.set_tags(run, text.split())


def _set_note(store: RunStore, run: RunRecord, text: str) -> None:
    store.set_note(run, text.strip())


NAME = RunText(
    title="Name",
    hint="No other run may have the same name.",
    longest=LONGEST_NAME,
    read=lambda run: run.name,
    write=RunStore.rename,
)
TAGS = RunText(
    title="Tags",
    hint="Words separated by spaces; the filter finds runs by them.",
    longest=200,
    read=_tags_of,
    write=_set_tags,
)
NOTE = RunText(
    title="Note",
    hint="Anything worth knowing later.",
    longest=LONGEST_NOTE,
    read=lambda run: run.note,
    write=_set_note,
)


# Actions that need a run at the cursor.
OF_RUNS = ("delete", "use", "export")


class RunsPane(StorePane):
    """The tab of all runs, updated live, and a comparison of the marked ones."""

    app = getters.app(HostApp)
    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key(
            "form",
            "to_form",
            "To form",
            show=False,
            tooltip="Copy the settings of the run to the form of its task",
        ),
        key("rename", "rename", "Rename", show=False, tooltip="Give the run another name"),
        key("label", "change_tags", "Tags", show=False, tooltip="Change the tags of the run"),
        key("note", "change_note", "Note", tooltip="Edit the note of the run"),
        key("delete", "delete", "Delete", tooltip="Delete the marked runs, or this one"),
        key("undo", "undo", "Undo", show=False, tooltip="Restore what was deleted last"),
        key("go-on", "resume", "Resume", tooltip="Resume the run where it was interrupted"),
        key("open", "use", "Ask", tooltip="Let its weights answer in the tab of its task"),
        key("export", "export", "Export", tooltip="Write values, charts or weights to files"),
        key(
            "stop",
            "request('stop')",
            "Stop",
            tooltip="Stop the run, which another process trains",
        ),
        key(
            "pause",
            "request('pause')",
            "Pause",
            tooltip="Pause the run, which another process trains",
        ),
        key(
            "pause",
            "request('unpause')",
            "Unpause",
            tooltip="Unpause the run, which another process trains",
        ),
    ]

    _table = getters.query_one(RunsTable)
    _compare = getters.query_one(RunsCompare)

    def __init__(self, trained_here: TrainingManager, store: StoreAccess) -> None:
        super().__init__(store)
        self._trained_here = trained_here
        self._deleted: list[list[RunRecord]] = []  #: what each deletion deleted, the last one last.
        self._aged = 0.0  #: when the ages were shown anew, on the monotonic clock.
        #: the status, for the footer's keys, of the run at the cursor, and whether another process
        #: trains it.
        self._offered: tuple[Status | None, bool] = (None, False)

    def compose(self) -> ComposeResult:
        yield Static("", id="problem", markup=False)
        yield view_tabs(
            {"all-runs": ("All runs", RunsTable()), "compare": ("Compare", RunsCompare())}
        )

    def focus_view(self) -> None:
        if self.view == "compare":
            self._compare.focus_view()
        elif self._table.listing.items:
            self._table.focus_view()
        else:
            self.query_one("#views Tabs").focus()

    def show_runs_of(self, run_ids: Sequence[str]) -> None:
        """Mark these runs and no others, and compare them."""
        self._table.mark_only(run_ids)
        self.go_to_view("compare")
        self.show_runs()

    def look_for_news(self) -> None:
        """Show what has changed, and every now and then the ages, which grow by themselves."""
        now = time.monotonic()
        if now >= self._aged + SECONDS_BETWEEN_AGES:
            self._aged = now
            self._version = None
        super().look_for_news()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        if not self.app.is_running:  # the table may be gone
            return
        listing = self._table.listing
        asked_for = self._version is None
        in_training = any(run.status.active for run in listing.items)
        if not self._ready:  # a screenful first, as it takes a second to read 20,000
            screenful = await self.ask(lambda store: listing.of(store.runs(most=A_SCREENFUL)))
            if screenful is not None:
                self._table.show(screenful)
        news = await self.news(
            lambda store: listing.of(store.runs()), always=asked_for or in_training
        )
        first_time = not self._ready
        self._ready = True
        had_runs = bool(self._table.listing.items)
        if news is not None and (asked_for or news.items != self._table.listing.items):
            self._table.show(news)
            self._preview()
            if self.view == "compare":
                self._show_comparison()
        self._offer_keys()
        if first_time or had_runs != bool(self._table.listing.items):
            self.keep_focus()  # the table comes with the first run and goes with the last

    def on_view_tabs_shown(self) -> None:
        if self.view == "compare":
            self._show_comparison()

    def action_to_form(self) -> None:
        """Fill in the form of a task with the settings of the run at the cursor."""
        run = self._table.highlighted
        if run is not None and self._are_undamaged([run]):
            self.post_message(SettingsWanted(run.config))

    @property
    def _status(self) -> Status | None:
        """The status of the run at the cursor; None if there is none."""
        if not self._ready:
            return None
        run = self._table.highlighted
        return None if run is None else run.status

    @property
    def _elsewhere(self) -> RunRecord | None:
        """The run at the cursor, if another process trains it."""
        if not self._ready:
            return None
        run = self._table.highlighted
        here = self._trained_here.active
        if run is None or not run.status.active:
            return None
        return None if here is not None and here.run_id == run.run_id else run

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to resume a run that stopped, and keys of training for one of another process."""
        if action == "train":  # the form of a task says what is trained
            return False
        if action == "resume":
            return self._status is not None and self._status.resumable
        if action != "request":
            return super().check_action(action, parameters)
        run = self._elsewhere
        if run is None:
            return False
        paused = run.status is Status.PAUSED
        return {"stop": True, "pause": not paused, "unpause": paused}[str(parameters[0])]

    def offers(self, action: str) -> bool:
        """Offer nothing that needs a run where there is none."""
        return self._status is not None or action not in OF_RUNS

    @on(DataTable.RowHighlighted, "#runs-table")
    def _follow_cursor(self) -> None:
        self._offer_keys()
        self._preview()

    @work(group="preview", exclusive=True)
    async def _preview(self) -> None:
        """Show the run at the cursor below the table."""
        run = self._table.highlighted
        if run is None or not self._table.preview.display:
            return
        answer = await self.ask(lambda store: previewed(store, run))
        if answer is not None and run is self._table.highlighted:
            self._table.preview.show(answer, self.app.shown_key("go-on"))

    def _offer_keys(self) -> None:
        """Show the keys in the footer that the run at the cursor takes."""
        offered = (self._status, self._elsewhere is not None)
        if offered != self._offered:
            self._offered = offered
            self.app.refresh_bindings()

    @work(group="change")
    async def action_request(self, request: str) -> None:
        """Ask the process that trains the run at the cursor to stop, pause or unpause it."""
        run = self._elsewhere
        if run is None:
            return
        with telling(self):  # the run may have ended by now
            await self._store.ask(self, lambda store: store.request(run, request))
            self.notify(f"The process that trains {run.name} was asked to {request} it.")

    @on(Select.Changed)  # another metric or axis
    @work(group="comparison", exclusive=True)
    async def _show_comparison(self) -> None:
        """Draw the marked runs, or else the one at the cursor."""
        runs = self._table.chosen
        compare = self._compare
        logged = await self.ask(lambda store: [store.metrics(run.run_id) for run in runs])
        if logged is None:
            return
        definitions: dict[str, Metric] = {}
        for name in shared_metrics(logged):
            with_metric = [run for run, names in zip(runs, logged, strict=True) if name in names]
            definitions[name] = with_metric[0].spec(name)
        usual = [run.metric for run in runs if run.metric in definitions]
        compare.offer(definitions, usual[0] if usual else "")
        metric = compare.metric
        answer = await self.ask(lambda store: curves_of(store, runs, metric))
        if answer is None:
            return
        curves, refusals = answer
        definition = definitions.get(metric, Metric(metric, metric or "curve"))
        lacking = [run.name for run, curve in curves if metric and not curve.steps]
        if lacking:
            refusals.append(f"Without {definition.label}: {', '.join(lacking)}.")
        drawn = [run for run, _ in curves]
        compare.show(drawn, definition, lines(curves, compare.against), refusals)

    @on(DataTable.RowSelected, "#runs-table")
    @work(group="details", exclusive=True)
    async def _show_details(self) -> None:
        """Show all that is kept of the run at the cursor."""
        run = self._table.highlighted
        if run is None:
            return
        details = await self.ask(
            lambda store: (
                store.get(run.run_id) or run,
                store.sessions(run.run_id),
                store.log(run.run_id),
            )
        )
        if details is not None:
            self.app.push_screen(RunDetailsScreen(*details))

    def action_rename(self) -> None:
        self._ask_for(NAME)

    def action_change_tags(self) -> None:
        self._ask_for(TAGS)

    def action_change_note(self) -> None:
        self._ask_for(NOTE)

    def _ask_for(self, kind: RunText) -> None:
        """Ask for a text about the run at the cursor, and keep it."""
        run = self._table.highlighted
        if run is None:
            return

        async def keep(text: str) -> None:
            await self._store.ask(self, lambda store: kind.write(store, run, text))
            self.show_runs()

        title = f"{kind.title} of {run.name}"
        self.app.push_screen(AskTextScreen(title, kind.read(run), kind.hint, keep, kind.longest))

    @work(group="change")
    async def action_delete(self) -> None:
        """Delete the marked runs, once that is confirmed, or the one at the cursor.

        `u` undoes that.
        """
        runs = self._table.chosen
        if not runs:
            return
        if self._table.marked and not await self.app.push_screen_wait(DeleteRunsScreen(runs)):
            return
        deleted: list[RunRecord] = []

        def delete(store: RunStore) -> str:
            """Delete the runs up to one that can't be; returns why that one can't be."""
            try:
                for run in runs:
                    store.delete(run)
                    deleted.append(run)
            except UserError as error:
                return str(error)
            return ""

        problem = await self.ask(delete)
        if deleted:
            self._deleted.append(deleted)
            self.notify(f"{name_or_count(deleted)} deleted; u undoes this.")
        if problem:
            self.notify(problem, severity="error")
        self.show_runs()

    @work(group="change")
    async def action_undo(self) -> None:
        """Restore what was deleted last."""
        if not self._deleted:
            self.notify("Nothing was deleted here.", timeout=2)
            return
        runs = self._deleted.pop()
        if await self.ask(lambda store: list(map(store.restore, runs))):
            self.notify(f"{name_or_count(runs)} restored.")
        self.show_runs()

    def action_resume(self) -> None:
        """Ask for the run at the cursor to be resumed."""
        run = self._table.highlighted
        if run is not None and run.status.resumable:
            self.post_message(ResumeRequested(run))

    def action_use(self) -> None:
        """Let the weights of the run at the cursor answer in the tab of its task."""
        run = self._table.highlighted
        if run is None or not self._are_undamaged([run]):
            return
        if run.weights.is_file():
            self.post_message(WeightsWanted(run))
        else:
            self.notify(f"{run.name} has no weights yet.", severity="error")

    def action_export(self) -> None:
        """Ask for a file to export the marked runs to, or the one at the cursor."""
        runs = self._table.chosen
        if runs and self._are_undamaged(runs):
            metric = self._compare.metric if self.view == "compare" else ""
            self.app.push_screen(ExportRunsScreen(runs, metric, self._compare.against))

    def _are_undamaged(self, runs: Sequence[RunRecord]) -> bool:
        """Return whether no run is damaged; if one is, notify the user."""
        with telling(self):
            return all(run.undamaged for run in runs)
        return False
