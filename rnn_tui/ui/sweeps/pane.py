"""The Sweeps tab: many runs with other settings, on the cores of this machine or on many machines."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import DataTable, Select, Static, TabPane

from rnn_tui.engine.errors import StoreError, UserError
from rnn_tui.runs.words import how_many
from rnn_tui.sweeps.cluster import read_place
from rnn_tui.sweeps.kept import Sweep, SweepStore
from rnn_tui.sweeps.plan import TRIALS
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.messages import UNDER_WAY, RunsWanted, SweepRequested
from rnn_tui.ui.shell.pane import StorePane, with_key
from rnn_tui.ui.shell.threads import StoreAccess, in_thread
from rnn_tui.ui.sweeps.form import SweepForm, read_form
from rnn_tui.ui.sweeps.views import SweepProgress, SweepScatter, SweepSummary, SweepWorkers, TrialsTable
from rnn_tui.ui.textual_fixes import ViewTabs
from rnn_tui.ui.training.long_jobs import SweepStatus, SweepTrainer
from rnn_tui.ui.training.manager import TrainingManager
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.prompts import AskTextScreen

NONE = "none yet"
NO_MORE = "Only a search can have more trials; a grid has every combination."
ELSEWHERE = "Another process trains this sweep; it is followed here."


class SweepsPane(StorePane):
    """A sweep with its trials, live whoever trains it, and the form of a new one."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form of a new sweep and back"),
        Binding("escape", "other_view(0)", "Leave", show=False, tooltip="Leave the field"),
        key("go-on", "go_on", "Go on", tooltip="Go on with the sweep where it stopped"),
        key("more", "more", "More", tooltip="Add trials to the search"),
        key("beside", "compare", "Compare", tooltip="Show the runs of the marked trials, or of this one, beside each other"),
    ]
    _table = getters.query_one(TrialsTable)
    _form = getters.query_one(SweepForm)

    def __init__(self, runs: TrainingManager, store: StoreAccess, data_dir: str | None) -> None:
        super().__init__(store)
        self._runs, self._data_dir = runs, data_dir
        self._names: list[str] = []
        self._sweep: Sweep | None = None
        self._wanted = ""  # the sweep to look at; empty for the newest
        self._trainer: SweepTrainer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="sweep-head"):
            yield PlainSelect([(NONE, "")], id="sweep-which")
            yield Static("", id="sweep-about", markup=False)
        views = TrialsTable(), SweepScatter(), SweepWorkers(), SweepForm(self._runs, self._data_dir)
        labels = {"trials": "Trials", "scatter": "Scatter", "workers": "Workers", "form": "New sweep"}
        with ViewTabs(id="views"):
            for at, (view, (name, label)) in enumerate(zip(views, labels.items(), strict=True), start=1):
                with TabPane(with_key(str(at), label), id=name):
                    yield view
        yield SweepSummary()
        yield self.problem_line()
        yield SweepProgress()

    def focus_view(self) -> None:
        """Put the focus on what the view is of; a field is left alone, or letters would be typed."""
        tables = {"trials": "#runs-table", "scatter": "#sweep-chart", "workers": "SweepWorkers DataTable"}
        found = self.query_one(tables.get(self.view, "#views Tabs"))
        (found if found.display else self.query_one("#views Tabs")).focus()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        """Show the sweep that is wanted, if there is news of it."""
        before, wanted = self._sweep, self._wanted

        def there(store: SweepStore) -> tuple[list[str], Sweep | None, str]:
            names: list[str] = [*store.sweep_names()]
            which = wanted if wanted in names else next(iter(names), "")
            try:
                return names, store.sweep(which) if which else None, ""
            except StoreError as error:  # the others can be looked at
                return names, None, str(error)

        found = await self.news(there, always=before is None or before.running)  # who is killed leaves no news
        first, self._ready = not self._ready, True
        if found is not None and self.app.is_running:
            names, self._sweep, problem = found
            self._wanted = self._wanted or (self._sweep.name if self._sweep else "")  # a newer one does not take its place
            if names != self._names:
                self._names = names
                options = [(name, name) for name in names] or [(NONE, "")]
                self.query_one(PlainSelect).offer_texts(options, self._sweep.name if self._sweep else wanted)
            self.complain(problem)
            self._show()
        if first or (before is None) is not (self._sweep is None):
            self.keep_focus()

    @property
    def _here(self) -> SweepStatus | None:
        """The sweep that this app trains now."""
        now = self._runs.sweep
        return now if now is not None and now.going_on else None

    def _show(self) -> None:
        """Draw the view in front, and how far it is."""
        sweep, now = self._sweep, self._here
        standing = now.standing if now is not None else None
        if self.view == "workers":
            self.query_one(SweepWorkers).show(standing, sweep)
        progress, summary = self.query_one(SweepProgress), self.query_one(SweepSummary)
        progress.display, summary.display = sweep is not None, sweep is not None and self.view != "form"
        if sweep is None:
            self._table.show(self._table.listing.of(()))
            return
        plan, here = sweep.plan, now is not None and now.name == sweep.name
        status = "running" if here else sweep.status  # here it is known before the store has it
        how = f"{plan.search} search" if plan.searches else "every combination"
        words = plan.of_task.label, how, how_many(plan.seeds, "seed"), status
        self.query_one("#sweep-about", Static).update(" · ".join(words))
        note = standing.note if here and standing is not None else ""
        progress.show(sweep, "paused" if here and self._runs.paused else note or status)
        summary.show(sweep)
        if self.view == "trials":
            self._table.show_sweep(sweep)
        elif self.view == "scatter":
            self.query_one(SweepScatter).show(sweep)

    def on_sweep_changed(self) -> None:
        self._show()
        self.look_for_news()

    @on(Select.Changed, "#sweep-which")
    def _choose(self, event: Select.Changed) -> None:
        self._wanted = str(event.value)
        self.show_runs()

    def on_tabbed_content_tab_activated(self) -> None:
        if self._ready:
            self._show()

    # Training

    def action_focus_form(self) -> None:
        if self.view == "form" and self._form.has_focus_within:
            self.go_to_view("trials")
        else:
            self.show_tab("form")
            self.screen.set_focus(self._form.query_one("#sweep-vary"))  # at once: what is typed next is for it

    def action_train(self) -> None:
        if not any(one.node is self and one.group == "begin" for one in self.workers):
            self._train()

    on_button_pressed = on_input_submitted = action_train

    @work(group="begin")
    async def _train(self) -> None:
        """Begin what the form says."""
        try:
            plan, _, name = await in_thread(self, read_form, self._form.typed, self._data_dir)
            if self._runs.busy:
                self.notify(UNDER_WAY, severity="warning")
                return
            self._wanted = await self._store.ask(self, lambda store: store.add_sweep(name, plan))
        except UserError as error:
            self.notify(str(error), severity="error", title="Not started")
            self.show_tab("form")
            return
        self.show_tab("trials")
        self._begin(self._wanted)

    def _begin(self, name: str) -> None:
        """Train what a sweep lacks, where the form says; raises a `UserError` if that is no place to train."""
        self._trainer = SweepTrainer(name, read_place(self._form.typed["place"]))
        self.post_message(SweepRequested(self._trainer))
        self.show_runs()

    def action_go_on(self) -> None:
        if self._sweep is None or self._sweep.status != "interrupted":
            self.notify("There is no sweep yet." if self._sweep is None else f"{self._sweep.name} is {self._sweep.status}.")
            return
        try:
            self._begin(self._sweep.name)
        except UserError as error:
            self.notify(str(error), severity="error", title="Not started")

    def action_more(self) -> None:
        sweep = self._sweep
        if sweep is None or not sweep.plan.searches:
            self.notify(NO_MORE)
            return
        hint = f"There are {sweep.plan.count:,}; how many more shall be tried?"
        add = partial(self._add_trials, sweep.name)
        self.app.push_screen(AskTextScreen(f"More trials of {sweep.name}", "10", hint, add, 9))

    async def _add_trials(self, name: str, text: str) -> None:
        """Have the search under way try more, or let one that has ended go on."""
        count, now = TRIALS.parse(text.strip()), self._here
        if now is not None and now.name == name and self._trainer is not None and self._trainer.add(count):
            return

        def change(store: SweepStore) -> None:
            there = store.sweep(name)
            if there.running:
                raise StoreError(ELSEWHERE)
            store.change_plan(name, replace(there.plan, trials=there.plan.trials + count))

        await self._store.ask(self, change)
        self._begin(name)

    @on(DataTable.RowSelected, "#runs-table")
    def action_compare(self) -> None:
        if runs := [run.run_id for trial in self._table.chosen for run in trial.runs]:
            self.post_message(RunsWanted(runs))
