"""The Runs tab: every run that is kept, whoever trained it, and several of them side by side."""

from collections.abc import Callable, Sequence
from pathlib import Path

from textual import getters, on, work
from textual.app import ComposeResult
from textual.widgets import DataTable, Select, Static

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import Status
from rnn_tui.runs.columns import LONGEST_NAME, LONGEST_NOTE
from rnn_tui.runs.curves import lines, shared_metrics
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import StorePane, view_tabs
from rnn_tui.ui.common.requests import ResumeRequested, SettingsWanted, WeightsWanted
from rnn_tui.ui.common.threads import StoreAccess, telling
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.common.widgets.prompts import AskTextScreen
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.runs.views import ExportRunsScreen, RunDetailsScreen, RunsCompare, curves_of, named

LOOKS_BETWEEN_AGES, A_SCREENFUL = 20, 200
# What of a run is a line of text, by its title: a hint, the most characters, what there is, what
# keeps what was typed.
Asked = tuple[str, int, Callable[[RunRecord], str], Callable[[RunStore, RunRecord, str], object]]
TEXTS: dict[str, Asked] = {
    "Name": (
        "No other run may have the same name.",
        LONGEST_NAME,
        lambda run: run.name,
        RunStore.rename,
    ),
    "Tags": (
        "Words separated by spaces; the filter finds runs by them.",
        200,
        lambda run: " ".join(run.tags),
        lambda store, run, text: store.set_tags(run, text.split()),
    ),
    "Note": (
        "Whatever is worth knowing later.",
        LONGEST_NOTE,
        lambda run: run.note,
        lambda store, run, text: store.set_note(run, text.strip()),
    ),
}


class RunsPane(StorePane):
    """All runs, live, and a comparison of those that are marked."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key(
            "train",
            "train",
            "To form",
            tooltip="Take the settings of the run to the form of its task",
        ),
        key("rename", "ask('Name')", "Rename", tooltip="Give the run another name"),
        key("label", "ask('Tags')", "Tags", show=False, tooltip="Change the tags of the run"),
        key("note", "ask('Note')", "Note", show=False, tooltip="Keep a note with the run"),
        key("delete", "delete", "Delete", tooltip="Delete the marked runs, or this one"),
        key("undo", "undo", "Undo", show=False, tooltip="Bring back what was deleted last"),
        key("go-on", "go_on", "Go on", tooltip="Go on with the run where it was interrupted"),
        key("ask", "use", "Ask", tooltip="Let its weights answer in the tab of its task"),
        key("export", "export", "Export", tooltip="Write values, charts or weights to files"),
        key(
            "stop", "request('stop')", "Stop", tooltip="Stop the run, which another process trains"
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
            "Resume",
            tooltip="Let the run go on, which another process trains",
        ),
    ]

    _table = getters.query_one(RunsTable)
    _compare = getters.query_one(RunsCompare)

    def __init__(self, trained_here: TrainingManager, store: StoreAccess) -> None:
        super().__init__(store)
        self._trained_here = trained_here
        self._deleted: list[list[RunRecord]] = []
        self._looks = 0
        self._offered: Status | None = None  # of a run that trains elsewhere

    def compose(self) -> ComposeResult:
        yield Static("", id="problem", markup=False)
        yield view_tabs(
            {"all-runs": ("All runs", RunsTable()), "compare": ("Compare", RunsCompare())}
        )

    def focus_view(self) -> None:
        if self.view == "compare" or self._table.listing.items:
            (self._compare if self.view == "compare" else self._table).focus_view()
        else:
            self.query_one("#views Tabs").focus()

    def show_runs_of(self, run_ids: Sequence[str]) -> None:
        """Mark these runs and no others, and show them beside each other."""
        self._table.mark_only(run_ids)
        self.go_to_view("compare")
        self.show_runs()

    def look_for_news(self) -> None:
        """Show what has changed; ages, which grow by themselves, every now and then."""
        self._looks += 1
        if self._looks % LOOKS_BETWEEN_AGES == 0:
            self._version = -1
        super().look_for_news()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        if not self.app.is_running:  # the table may be gone
            return
        listing, always = self._table.listing, self._version < 0
        in_training = any(run.status.active for run in listing.items)
        # A screenful first: to read 20,000 takes a second.
        if (
            not self._ready
            and (some := await self.ask(lambda store: listing.of(store.runs(most=A_SCREENFUL))))
            is not None
        ):
            self._table.show(some)
        now = await self.news(lambda store: listing.of(store.runs()), always=always or in_training)
        first, self._ready = not self._ready, True
        before = bool(self._table.listing.items)
        if now is not None and (always or now.items != self._table.listing.items):
            self._table.show(now)
            if self.view == "compare":
                self._show_comparison()
        self._offer_keys()
        if first or before != bool(self._table.listing.items):
            self.keep_focus()  # the table comes with the first run and goes with the last

    def on_view_tabs_shown(self) -> None:
        if self.view == "compare":
            self._show_comparison()

    def action_train(self) -> None:
        if (run := self._table.highlighted) is not None and self._sound([run]):
            self.post_message(SettingsWanted(run.config))

    @property
    def _elsewhere(self) -> RunRecord | None:
        """The run under the cursor, if another process trains it."""
        run = self._table.highlighted if self._ready else None
        here = self._trained_here.active
        return (
            run
            if run is not None and run.status.active and (here is None or here.run_id != run.run_id)
            else None
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys of training to what trains here, unless the run under the cursor does
        elsewhere.
        """
        if action == "request":
            what, run = parameters[0], self._elsewhere
            return run is not None and (
                what == "stop" or (what == "unpause") is (run.status is Status.PAUSED)
            )
        return super().check_action(action, parameters)

    @on(DataTable.RowHighlighted, "#runs-table")
    def _offer_keys(self) -> None:
        """Have the keys in the footer that the run under the cursor takes."""
        run = self._elsewhere
        if (offered := run.status if run is not None else None) is not self._offered:
            self._offered = offered
            self.app.refresh_bindings()

    @work(group="change")
    async def action_request(self, what: str) -> None:
        if (run := self._elsewhere) is None:
            return
        with telling(self):  # where the run has ended by now
            await self._store.ask(self, lambda store: store.request(run, what))
            self.notify(f"The process that trains {run.name} was asked to {what} it.")

    @on(Select.Changed)  # another metric or axis
    @work(group="comparison", exclusive=True)
    async def _show_comparison(self) -> None:
        """Draw the marked runs, or else the one under the cursor."""
        runs, compare = self._table.chosen, self._compare
        if (
            names := await self.ask(lambda store: [store.metrics(run.run_id) for run in runs])
        ) is None:
            return
        pairs = list(zip(runs, names, strict=True))
        specs = {
            name: next(run.spec(name) for run, own in pairs if name in own)
            for name in shared_metrics(names)
        }
        compare.offer(specs, next((run.metric for run in runs if run.metric in specs), ""))
        metric = compare.metric
        if (found := await self.ask(lambda store: curves_of(store, runs, metric))) is not None:
            curves, refused = found
            spec = specs.get(metric, Metric(metric, metric or "curve"))
            compare.show([run for run, _ in curves], spec, lines(curves, compare.against), refused)

    @on(DataTable.RowSelected, "#runs-table")
    @work(group="details", exclusive=True)
    async def _show_details(self) -> None:
        if (run := self._table.highlighted) is None:
            return
        found = await self.ask(
            lambda store: (
                store.get(run.run_id) or run,
                store.sessions(run.run_id),
                store.log(run.run_id),
            )
        )
        if found is not None:
            self.app.push_screen(RunDetailsScreen(*found))

    def action_ask(self, title: str) -> None:
        """Ask for the text of this title, and keep it with the run under the cursor."""
        if (run := self._table.highlighted) is None:
            return
        hint, most, value, change = TEXTS[title]

        async def take(text: str) -> None:
            await self._store.ask(self, lambda store: change(store, run, text))
            self.show_runs()

        self.app.push_screen(AskTextScreen(f"{title} of {run.name}", value(run), hint, take, most))

    @work(group="change")
    async def action_delete(self) -> None:
        if not (runs := self._table.chosen):
            return
        gone: list[RunRecord] = []

        def delete(store: RunStore) -> str:
            try:
                for run in runs:
                    store.delete(run)
                    gone.append(run)
            except UserError as error:
                return str(error)
            return ""

        problem = await self.ask(delete)
        if gone:
            self._deleted.append(gone)
            self.notify(f"{named(gone)} deleted; u undoes this.")
        if problem:
            self.notify(problem, severity="error")
        self.show_runs()

    @work(group="change")
    async def action_undo(self) -> None:
        if not self._deleted:
            self.notify("Nothing was deleted here.", timeout=2)
            return
        runs = self._deleted.pop()
        if await self.ask(lambda store: list(map(store.restore, runs))):
            self.notify(f"{named(runs)} brought back.")
        self.show_runs()

    def action_go_on(self) -> None:
        if (run := self._table.highlighted) is not None and run.status.resumable:
            self.post_message(ResumeRequested(run))
        elif run is not None:
            self.notify(f"{run.name} is {run.status}: there is nothing to go on with.")

    def action_use(self) -> None:
        if (run := self._table.highlighted) is None or not self._sound([run]):
            return
        if run.weights.is_file():
            self.post_message(WeightsWanted(run))
        else:
            self.notify(f"{run.name} has no weights yet.", severity="error")

    def action_export(self) -> None:
        if (runs := self._table.chosen) and self._sound(runs):
            metric = self._compare.metric if self.view == "compare" else ""
            self.app.push_screen(ExportRunsScreen(self._store, runs, metric, self._compare.against))

    def _sound(self, runs: Sequence[RunRecord]) -> bool:
        """Whether none of these runs is damaged; else it is said of the first one."""
        with telling(self):
            return all(run.undamaged for run in runs)
        return False
