"""The Sweeps tab: many runs with different settings, on this machine or on many."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import DataTable, Select, Static

from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import StoreError, UserError
from rnn_tui.sweeps.places import read_place
from rnn_tui.sweeps.plan import (
    TRIALS,
)
from rnn_tui.sweeps.store import Sweep, SweepStore
from rnn_tui.ui.frame.pane import StorePane, view_tabs
from rnn_tui.ui.frame.requests import UNDER_WAY, LongJobRequested, RunsWanted
from rnn_tui.ui.sweeps.form import SweepForm, read_form
from rnn_tui.ui.sweeps.views import (
    SweepProgress,
    SweepScatter,
    SweepSummary,
    SweepWorkers,
    TrialsTable,
)
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.prompts import AskTextScreen
from rnn_tui.ui.work.long_jobs import SweepStatus
from rnn_tui.ui.work.threads import StoreAccess, in_thread, telling
from rnn_tui.ui.work.training_manager import TrainingManager

NONE = "none yet"
# What gets the focus, by the id of the view.
MAIN_WIDGETS = {
    "trials": "#runs-table",
    "scatter": "#sweep-chart",
    "workers": "SweepWorkers DataTable",
}


RESUMABLE = ("interrupted", "failed")  # states of a sweep


class SweepsPane(StorePane):
    """A sweep with its trials, followed wherever it is trained, and the form of a new one."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form of a new sweep and back"),
        Binding("escape", "leave_field", "Leave", show=False, tooltip="Leave the field"),
        key("go-on", "resume", "Resume", tooltip="Resume the sweep where it stopped"),
        key(
            "open",
            "compare",
            "Compare",
            tooltip="Compare the runs of the marked trials, or of this one",
        ),
        key("more", "add_trials", "Add trials", tooltip="Add trials to the search"),
    ]
    _table = getters.query_one(TrialsTable)
    _form = getters.query_one(SweepForm)

    def __init__(self, runs: TrainingManager, store: StoreAccess, data_dir: str | None) -> None:
        """Make the pane; `data_dir` as in `read_form`."""
        super().__init__(store)
        self._runs = runs
        self._data_dir = data_dir
        self._names: list[str] = []  #: the names of all sweeps, the newest first.
        self._sweep: Sweep | None = None  #: the one that is shown.
        self._wanted = ""  #: the name of the sweep to look at; empty for the newest.

    def compose(self) -> ComposeResult:
        with Horizontal(id="sweep-head"):
            yield PlainSelect([(NONE, "")], id="sweep-which")
            yield Static("", id="sweep-about", markup=False)
        yield view_tabs(
            {
                "trials": ("Trials", TrialsTable()),
                "scatter": ("Scatter", SweepScatter()),
                "workers": ("Workers", SweepWorkers()),
                "form": ("New sweep", SweepForm(self._runs, self._data_dir)),
            }
        )
        yield SweepSummary()
        yield Static("", id="problem", markup=False)
        yield SweepProgress()

    def focus_view(self) -> None:
        """Focus the table or chart of the view; never a field, where letters would be typed."""
        tabs = self.query_one("#views Tabs")
        if self.view not in MAIN_WIDGETS:
            tabs.focus()
            return
        widget = self.query_one(MAIN_WIDGETS[self.view])
        if widget.display:
            widget.focus()
        else:
            tabs.focus()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        had_sweep = self._sweep is not None
        wanted = self._wanted

        def look(store: SweepStore) -> tuple[list[str], Sweep | None, str]:
            """Return the names of all sweeps, the one to show, and why it can't be shown."""
            names: list[str] = [*store.sweep_names()]
            name = wanted if wanted in names else next(iter(names), "")
            try:
                return names, store.sweep(name) if name else None, ""
            except StoreError as error:  # the others can be looked at
                return names, None, str(error)

        # A process that was killed leaves no news.
        always = self._sweep is None or self._sweep.running
        news = await self.news(look, always=always)
        first_time = not self._ready
        self._ready = True
        if news is not None and self.app.is_running:
            names, self._sweep, problem = news
            if self._sweep is not None and not self._wanted:
                self._wanted = self._sweep.name  # a newer one does not take its place
            self._offer_sweeps(names, wanted)
            self.app.refresh_bindings()
            self.complain(problem)
            self._show()
        if first_time or had_sweep != (self._sweep is not None):
            self.keep_focus()

    def _offer_sweeps(self, names: list[str], wanted: str) -> None:
        """Offer these sweeps to choose from, if they are others than before."""
        if names == self._names:
            return
        self._names = names
        options = [(name, name) for name in names] or [(NONE, "")]
        chosen = wanted if self._sweep is None else self._sweep.name
        self.query_one(PlainSelect).offer_texts(options, chosen)

    @property
    def _here(self) -> SweepStatus | None:
        """The status of the sweep that this app trains now; None if it trains none."""
        status = self._runs.sweep
        return status if status is not None and status.going_on else None

    def _show(self) -> None:
        """Draw the view in front, and how far the sweep is."""
        sweep = self._sweep
        status = self._here
        if self.view == "workers":
            standing = None if status is None else status.standing
            self.query_one(SweepWorkers).show(standing, sweep)
        self.query_one(SweepProgress).display = sweep is not None
        self.query_one(SweepSummary).display = sweep is not None and self.view != "form"
        if sweep is None:
            self._table.show(self._table.listing.of(()))
            return
        self._describe(sweep, status if status is not None and status.name == sweep.name else None)
        self.query_one(SweepSummary).show(sweep)
        if self.view == "trials":
            self._table.show_sweep(sweep)
        elif self.view == "scatter":
            self.query_one(SweepScatter).show(sweep)

    def _describe(self, sweep: Sweep, here: SweepStatus | None) -> None:
        """Say what the sweep is, and how far; `here` is its status if this app trains it."""
        plan = sweep.plan
        method = f"{plan.search} search" if plan.is_search else "every combination"
        # the pane knows of it before it is in the store
        status = sweep.status if here is None else "running"
        words = [plan.task_definition.label, method, count_of(plan.seeds, "seed"), status]
        self.query_one("#sweep-about", Static).update(" · ".join(words))
        activity: str = status
        if here is not None and here.standing is not None and here.standing.note:
            activity = here.standing.note
        if here is not None and self._runs.paused:
            activity = "paused"
        self.query_one(SweepProgress).show(sweep, activity)

    def on_sweep_changed(self) -> None:
        self._show()
        self.look_for_news()

    @on(Select.Changed, "#sweep-which")
    def _choose(self, event: Select.Changed) -> None:
        self._wanted = str(event.value)
        self.show_runs()

    def on_view_tabs_shown(self) -> None:
        if self._ready:
            self._show()

    def offers(self, action: str) -> bool:
        """Offer to resume what stopped, and to compare trials where there are some."""
        if action == "resume":
            sweep = self._sweep
            return sweep is not None and sweep.status in RESUMABLE
        if action == "compare":
            return self._ready and bool(self._table.listing.items)
        return True

    def action_leave_field(self) -> None:
        self.action_other_view(0)

    def action_focus_form(self) -> None:
        if self.view == "form" and self._form.has_focus_within:
            self.go_to_view("trials")
        else:
            self.show_tab("form")
            # at once: what is typed next is for it
            self.screen.set_focus(self._form.query_one("#sweep-vary"))

    def action_train(self) -> None:
        """Train the sweep that the form describes."""
        if not any(worker.node is self and worker.group == "begin" for worker in self.workers):
            self._train()

    def on_button_pressed(self) -> None:
        self.action_train()

    def on_input_submitted(self) -> None:
        self.action_train()

    @work(group="begin")
    async def _train(self) -> None:
        try:
            new = await in_thread(self, read_form, self._form.texts, self._data_dir)
            if self._runs.busy:
                self.notify(UNDER_WAY, severity="warning")
                return
            sweep = await self._store.ask(self, lambda store: store.add_sweep(new.name, new.plan))
            self._wanted = sweep.name
        except UserError as error:
            self.notify(str(error), severity="error")
            self.show_tab("form")
            return
        self.show_tab("trials")
        self._begin(self._wanted)

    def _begin(self, name: str) -> None:
        """Train what a sweep lacks, where the form says.

        Raises:
            UserError: if the form names no place to train.
        """
        place = read_place(self._form.texts.place)
        self.post_message(LongJobRequested(partial(self._runs.train_sweep, name, place)))
        self.show_runs()

    def action_resume(self) -> None:
        """Resume the sweep that is shown, if it was interrupted or has failed."""
        sweep = self._sweep
        if sweep is None:
            self.notify("There is no sweep yet.")
        elif sweep.status not in RESUMABLE:
            self.notify(f"{sweep.name} is {sweep.status}; nothing to resume.")
        else:
            with telling(self):
                self._begin(sweep.name)

    def action_add_trials(self) -> None:
        """Ask how many trials to add to the search that is shown."""
        sweep = self._sweep
        if sweep is None or not sweep.plan.is_search:
            self.notify("Trials can be added to a search only; a grid has every combination.")
            return
        hint = f"There are {sweep.plan.trial_count:,}. How many are to be added?"
        add = partial(self._add_trials, sweep.name)
        self.app.push_screen(AskTextScreen(f"Add trials to {sweep.name}", "10", hint, add, 9))

    async def _add_trials(self, name: str, text: str) -> None:
        """Have the search under way try more, or resume one that has ended."""
        count = TRIALS.parse(text.strip())
        status = self._here
        if status is not None and status.name == name and self._runs.add_trials(count):
            return

        def change(store: SweepStore) -> None:
            sweep = store.sweep(name)
            if sweep.running:
                raise StoreError("Another process trains this sweep; it is followed here.")
            store.change_plan(name, replace(sweep.plan, trials=sweep.plan.trials + count))

        await self._store.ask(self, change)
        self._begin(name)

    @on(DataTable.RowSelected, "#runs-table")
    def _trial_selected(self) -> None:
        self.action_compare()

    def action_compare(self) -> None:
        """Compare the runs of the marked trials, or of the one at the cursor."""
        runs = [run.run_id for trial in self._table.chosen for run in trial.runs]
        if runs:
            self.post_message(RunsWanted(runs))
