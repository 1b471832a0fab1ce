"""The Sweeps tab: many runs with other settings, on the cores of this machine or on many machines."""

import itertools
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import DataTable, Select, Static, TabPane

from rnn_tui.engine.errors import StoreError, UserError, printable
from rnn_tui.sweeps.cluster import Place, read_place
from rnn_tui.sweeps.kept import Sweep, SweepStore
from rnn_tui.sweeps.plan import SEARCHES, TRIALS, Plan
from rnn_tui.sweeps.search import importance
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.messages import UNDER_WAY, RunsWanted, SweepRequested
from rnn_tui.ui.shell.pane import StorePane, with_key
from rnn_tui.ui.shell.threads import LatestQuestion, StoreAccess, in_thread
from rnn_tui.ui.sweeps.form import SweepForm, Wanted, read_wanted
from rnn_tui.ui.sweeps.scatter import SweepScatter
from rnn_tui.ui.sweeps.table import TrialsTable
from rnn_tui.ui.sweeps.training import SweepStatus, SweepTrainer
from rnn_tui.ui.sweeps.views import SweepProgress, SweepWorkers, best_in_words, importance_in_words
from rnn_tui.ui.textual_fixes import ViewTabs
from rnn_tui.ui.training.manager import TrainingManager
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.prompts import AskTextScreen

NONE = "none yet"
ELSEWHERE = "Another process trains this sweep; it is followed here."
NO_IMPORTANCE = "The importance can't be told; the log file has the details."
Read = tuple[list[str], Sweep | None, str]


class SweepsPane(StorePane):
    """A sweep with its trials, live whoever trains it, and the form of a new one."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS: ClassVar[list[BindingType]] = [
        key("form", "focus_form", "Form", tooltip="Go to the form of a new sweep and back"),
        key("go-on", "go_on", "Go on", tooltip="Go on with the sweep where it stopped"),
        key("more", "more", "More", tooltip="Add trials to the search"),
        key("beside", "compare", "Compare", tooltip="Show the runs of the marked trials, or of this one, beside each other"),
    ]
    _table = getters.query_one(TrialsTable)

    def __init__(self, runs: TrainingManager, store: StoreAccess, data_dir: str | None) -> None:
        super().__init__(store)
        self._runs, self._data_dir = runs, data_dir
        self._names: list[str] = []
        self._sweep: Sweep | None = None
        self._wanted = ""  # the sweep to look at; empty for the newest
        self._ready = False
        self._trainer: SweepTrainer | None = None
        self._told: SweepStatus | None = None
        self._matters = LatestQuestion[tuple[object, dict[str, float]]](self, self._take_importance, NO_IMPORTANCE)
        self._importance: dict[str, float] | str = {}
        self._asked: object = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="sweep-head"):
            yield PlainSelect([(NONE, "")], id="sweep-which")
            yield Static("", id="sweep-about", markup=False)
        with ViewTabs(id="views"):
            with TabPane(with_key("1", "Trials"), id="trials"):
                yield TrialsTable()
            with TabPane(with_key("2", "Scatter"), id="scatter"):
                yield SweepScatter()
            with TabPane(with_key("3", "Workers"), id="workers"):
                yield SweepWorkers()
            with TabPane(with_key("4", "New sweep"), id="form"):
                yield SweepForm(self._data_dir)
        yield Static("", id="sweep-best", markup=False)
        yield self.problem_line()
        yield SweepProgress()

    # Of every pane

    @property
    def complete(self) -> bool:
        return self._ready

    def focus_view(self) -> None:
        if self.view == "trials" and self._table.listing.items:
            self._table.focus_view()
        elif self.view == "scatter":
            self.query_one(SweepScatter).focus_view()
        elif self.view == "workers" and self._standing is not None:
            self.query_one(SweepWorkers).focus_view()
        else:
            self.query_one("#views Tabs").focus()

    def show_runs(self) -> None:
        self._version = -1
        self._read()

    def look_for_news(self) -> None:
        if not any(one.node is self and one.group == "sweep" for one in self.workers):
            self._read()

    # What there is

    @work(group="sweep", exclusive=True)
    async def _read(self) -> None:
        """Show the sweep that is wanted, if there is news of it."""
        before, wanted = self._sweep, self._wanted
        known = -1 if before is None or before.status != "finished" else self._version

        def news(store: SweepStore) -> tuple[int, Read | None]:
            version = store.version()
            if version == known:
                return version, None
            names: list[str] = list(store.sweep_names())
            try:
                which = wanted if wanted in names else next(iter(names), "")
                return version, (names, store.sweep(which) if which else None, "")
            except StoreError as error:  # the others can be looked at
                return version, (names, None, str(error))

        found = await self.ask(news)
        first, self._ready = not self._ready, True
        if found is not None and self.app.is_running:
            self._version, there = found
            if there is not None:
                names, self._sweep, problem = there
                if names != self._names:
                    self._names = names
                    shown = self._sweep.name if self._sweep is not None else wanted
                    self.query_one(PlainSelect).offer_texts([(name, name) for name in names] or [(NONE, "")], shown)
                self.complain(problem)
                self._show()
        if first or (before is None) is not (self._sweep is None):
            self.keep_focus()

    @property
    def _standing(self) -> "SweepStatus | None":
        """The sweep that this app trains now."""
        now = self._runs.sweep
        return now if now is not None and now.going_on else None

    def _show(self) -> None:
        """Draw the view in front, and how far it is."""
        sweep, now = self._sweep, self._standing
        standing = now.standing if now is not None else None
        if self.view == "workers":
            self.query_one(SweepWorkers).show(standing, sweep)
        here = now is not None and sweep is not None and now.name == sweep.name
        note = standing.note if here and standing is not None else ""
        self.query_one(SweepProgress).show(sweep, note, here and self._runs.paused)
        about = self.query_one("#sweep-about", Static)
        self.query_one("#sweep-best").display = sweep is not None and self.view != "form"
        if sweep is None:
            about.update("")
            self._table.show(self._table.listing.of(()))
            return
        plan, done = sweep.plan, sum(trial.over for trial in sweep.trials)
        words = [plan.of_task.label, "every combination" if plan.search == SEARCHES[0] else f"{plan.search} search",
                 f"{plan.seeds} seed{'s' * (plan.seeds != 1)}", *(["pruned"] if plan.prune else []), sweep.status]  # fmt: skip
        about.update(" · ".join(words))
        if self.view == "trials":
            self._table.show_sweep(sweep)
        elif self.view == "scatter":
            self.query_one(SweepScatter).show(sweep)
        if self._asked != (asked := (sweep.name, sweep.created, done)):
            self._asked = asked
            self._matters.ask(lambda: (asked, importance(plan, sweep.trials)))
        self._tell_best()

    async def _take_importance(self, found: tuple[object, dict[str, float]] | str) -> None:
        self._importance = found if isinstance(found, str) else found[1]
        self._tell_best()

    def _tell_best(self) -> None:
        if self._sweep is not None:
            lines = best_in_words(self._sweep), importance_in_words(self._importance)
            self.query_one("#sweep-best", Static).update(Content("\n").join(lines))

    def on_sweep_changed(self) -> None:
        self._show()
        now = self._runs.sweep
        if now is not None and not now.going_on and now is not self._told:
            self._told = now
            self.show_runs()
            if now.problem:
                self.notify(now.problem, severity="error", title=f"Sweep {now.name}", timeout=12)
            else:
                text = "was stopped; what was trained is kept, and g goes on." if now.stopped else "has ended."
                self.notify(f"The sweep {now.name} {text}", timeout=12)

    @on(Select.Changed, "#sweep-which")
    def _choose(self, event: Select.Changed) -> None:
        event.stop()
        self._wanted = str(event.value)
        self.show_runs()

    def on_tabbed_content_tab_activated(self) -> None:
        if self._ready:
            self._show()
        self.app.refresh_bindings()

    # Training

    def action_focus_form(self) -> None:
        form = self.query_one(SweepForm)
        if self.view == "form" and form.has_focus_within:
            self.go_to_view("trials")
        else:
            self.show_tab("form")
            self.call_after_refresh(form.focus_first)

    def action_train(self) -> None:
        self._train()

    on_sweep_form_submitted = action_train

    @work(group="begin", exclusive=True)
    async def _train(self) -> None:
        """Begin what the form says."""
        form = self.query_one(SweepForm)
        try:
            wanted = await in_thread(self, read_wanted, form.typed, self._data_dir)
        except UserError as error:
            self.notify(str(error), severity="error", title="Not started")
            self.go_to_view("form")
            return
        if self._runs.busy:
            self.notify(UNDER_WAY, severity="warning")
            return
        name = await self.ask(partial(_add, wanted))
        if name is not None:
            self._wanted = name
            self.show_tab("trials")
            self._begin(name, wanted.place)

    def _begin(self, name: str, place: Place) -> None:
        self._trainer = SweepTrainer(name, place)
        self.post_message(SweepRequested(self._trainer))
        self.show_runs()

    def action_go_on(self) -> None:
        """Go on where the form says to train."""
        sweep = self._sweep
        if sweep is None or sweep.status != "interrupted":
            self.notify("There is nothing to go on with." if sweep is None else f"{printable(sweep.name)} is {sweep.status}.")
            return
        try:
            self._begin(sweep.name, read_place(self.query_one(SweepForm).typed["place"].strip()))
        except UserError as error:
            self.notify(str(error), severity="error", title="Not started")

    def action_more(self) -> None:
        sweep = self._sweep
        if sweep is None or sweep.plan.search == SEARCHES[0]:
            self.notify("Only a search can have more trials; a grid has every combination.")
            return
        hint = f"There are {sweep.plan.count:,}; how many more shall be tried?"
        self.app.push_screen(AskTextScreen(f"More trials of {sweep.name}", "10", hint, partial(self._add_trials, sweep), 9))

    async def _add_trials(self, sweep: Sweep, text: str) -> None:
        """Have the search under way try more, or let one that has ended go on."""
        count, now = TRIALS.parse(text.strip()), self._standing
        if now is not None and now.name == sweep.name and self._trainer is not None and self._trainer.add(count):
            return

        def change(store: SweepStore) -> None:
            there = store.sweep(sweep.name)
            if there.running:
                raise StoreError(ELSEWHERE)
            store.change_plan(there.name, Plan(**{**there.plan.to_dict(), "trials": there.plan.trials + count}))

        await self._store.ask(self, change)
        self._begin(sweep.name, read_place(self.query_one(SweepForm).typed["place"].strip()))

    @on(DataTable.RowSelected, "#runs-table")
    def action_compare(self) -> None:
        runs = [run.run_id for trial in self._table.chosen for run in trial.runs]
        if runs:
            self.post_message(RunsWanted(runs))


def _add(wanted: Wanted, store: SweepStore) -> str:
    """Keep a new sweep; returns its name."""
    there = set(store.sweep_names())
    usual = (f"{wanted.plan.task}-{number}" for number in itertools.count(1))
    name = wanted.name or next(one for one in usual if one not in there)
    store.add_sweep(name, wanted.plan)
    return name
