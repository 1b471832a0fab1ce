"""The Sweeps tab: many runs with other settings, on this machine or on many, and the form of a new
sweep.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from textual import getters, on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Checkbox, DataTable, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError, StoreError, UserError
from rnn_tui.runs.cost import in_words
from rnn_tui.runs.words import count_of
from rnn_tui.sweeps.places import TrainingPlace, read_place
from rnn_tui.sweeps.plan import (
    SEARCHES,
    SEEDS,
    TRIALS,
    SweepPlan,
    check_sweep_name,
    read_grid,
    read_range,
    settings_by_name,
    wall_seconds,
)
from rnn_tui.sweeps.store import Sweep, SweepStore
from rnn_tui.sweeps.trials import require_extras
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.long_jobs import SweepStatus
from rnn_tui.ui.common.pane import StorePane, view_tabs
from rnn_tui.ui.common.requests import UNDER_WAY, LongJobRequested, RunsWanted
from rnn_tui.ui.common.threads import LatestQuestion, StoreAccess, in_thread, telling
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.common.widgets.plain import MainButton, MarkedCheckbox, PlainSelect, TypedInput
from rnn_tui.ui.common.widgets.prompts import AskTextScreen
from rnn_tui.ui.sweeps.views import (
    SweepProgress,
    SweepScatter,
    SweepSummary,
    SweepWorkers,
    TrialsTable,
)

LONGEST, GRID = 1000, SEARCHES[0]
FIELDS = {  # what is typed: label, what an empty field means or an example, and a hint
    "vary": (
        "Vary",
        "hidden_size=32,64 learning_rate=1e-4..1e-1:log",
        "NAME=VALUE,VALUE; in a search, NAME=LOW..HIGH",
    ),
    "fixed": ("The same in all", "the preset's", "NAME=VALUE, such as preset=fast epochs=5"),
    "trials": ("Trials", "20", "how many a search tries"),
    "seeds": ("Seeds", "1", "networks of each trial"),
    "place": (
        "Train on",
        "the cores of this machine",
        "local:N, tcp://HOST:PORT, ssh:FILE or FILE.yaml",
    ),
    "name": ("Name", "the task and a number", "what to call the sweep"),
}
NOTHING_VARIED = "Say what to vary, such as hidden_size=32,64."
RANGE_IN_GRID = (
    "A range is for a search: choose random or tpe, or give values, as NAME=VALUE,VALUE."
)
FAILURE = "How long it takes can't be told; the log file has the details."


def read_form(
    typed: Mapping[str, str], data_dir: str | None
) -> tuple[SweepPlan, TrainingPlace, str]:
    """The plan typed, where to train, the sweep's name or ""; a `SettingError`, or a `ClusterError`
    if a package is missing.
    """
    task, search = TASKS[typed["task"]], typed["search"]
    varied = typed["vary"].split()
    ranges = [one for one in varied if ".." in one]
    if not varied or (ranges and search == GRID):
        raise SettingError(RANGE_IN_GRID if varied else NOTHING_VARIED)
    fixed = {"data_dir": data_dir} if data_dir and task.reads_data else {}
    for name, values in settings_by_name(
        read_grid(task, one) for one in typed["fixed"].split()
    ).items():
        if len(values) > 1:
            raise SettingError(f"{name} has several values; what varies stands in the first field.")
        fixed[name] = values[0]
    plan = SweepPlan(
        task=task.name,
        grid=settings_by_name(read_grid(task, one) for one in varied if one not in ranges),
        ranges=settings_by_name(read_range(task, one) for one in ranges),
        fixed=fixed,
        search=search,
        trials=0 if search == GRID else TRIALS.parse(typed["trials"] or FIELDS["trials"][1]),
        seeds=SEEDS.parse(typed["seeds"] or FIELDS["seeds"][1]),
        metric=typed["metric"],
        maximise=task.metric(typed["metric"]).higher_is_better,
        prune=bool(typed["prune"]) and search != GRID,
    )
    require_extras(plan)
    return (
        plan,
        read_place(typed["place"]),
        check_sweep_name(typed["name"]) if typed["name"] else "",
    )


def _size(typed: Mapping[str, str], data_dir: str | None, timed: bool) -> Content:
    """In a thread: how much what was typed is to train."""
    plan, place, _ = read_form(typed, data_dir)
    # timing disturbs what trains in this process
    seconds = wall_seconds(plan, place.worker_count) if timed else None
    words = (
        f"{count_of(plan.trial_count, 'trial')}, {count_of(plan.run_count, 'run')}, "
        f"{count_of(place.worker_count, 'worker')}"
    )
    return Content(f"{words}: {'how long is not known' if seconds is None else in_words(seconds)}")


class SweepForm(VerticalScroll):
    """A new sweep; what is wrong with it, or how much it is to train, is said below."""

    BORDER_TITLE = "A new sweep"

    def __init__(self, runs: TrainingManager, data_dir: str | None) -> None:
        # it begins with a grid; to hear that of its list would style all in it once more
        super().__init__(can_focus=False, classes="panel -grid")
        self._runs, self._data_dir = runs, data_dir
        self._sizes = LatestQuestion[Content](self, self._say_size, FAILURE)

    def compose(self) -> ComposeResult:
        with Horizontal(id="sweep-choices", classes="field-row"):
            yield Label("Task", classes="field-label")
            yield PlainSelect([(task.label, task.name) for task in TASKS.values()], id="sweep-task")
            yield Label("Search", classes="field-label")
            searches = [(name, name) for name in SEARCHES]
            yield PlainSelect(searches, value=GRID, id="sweep-search")
            yield Label("Judged by", classes="field-label")
            yield PlainSelect([("", "")], id="sweep-metric")
            yield MarkedCheckbox("Prune", id="sweep-prune")
        for name, (label, usual, hint) in FIELDS.items():
            with Horizontal(classes=f"field-row sweep-field sweep-{name}"):
                yield Label(label, classes="field-label", markup=False)
                yield TypedInput("", LONGEST, placeholder=usual, id=f"sweep-{name}")
                yield Static(hint, classes="hint", markup=False)
        yield Static(NOTHING_VARIED, id="sweep-size", markup=False)
        yield MainButton(" t  Train the sweep ")

    @property
    def typed(self) -> dict[str, str]:
        """All that is chosen or typed, by field."""
        chosen = {
            name: str(self.query_one(f"#sweep-{name}", Select).value)
            for name in ("task", "search", "metric")
        }
        prune = "yes" if self.query_one("#sweep-prune", Checkbox).value else ""
        return {
            **chosen,
            "prune": prune,
            **{name: self.query_one(f"#sweep-{name}", Input).value.strip() for name in FIELDS},
        }

    @on(Select.Changed, "#sweep-task")
    def on_mount(self) -> None:
        """Offer the metrics of the task."""
        task = TASKS[str(self.query_one("#sweep-task", Select).value)]
        metrics = [(one.title, one.name) for one in task.metric_definitions]
        self.query_one("#sweep-metric", PlainSelect).offer_texts(metrics, task.objective.name)

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _look(self) -> None:
        """Say what is wrong, or how much there is to do; show the fields that a search has."""
        typed = self.typed
        self.set_class(typed["search"] == GRID, "-grid")
        self._sizes.ask(partial(_size, typed, self._data_dir, not self._runs.busy))

    async def _say_size(self, outcome: Content | str) -> None:
        line = self.query_one("#sweep-size", Static)
        line.update(outcome)
        line.set_class(isinstance(outcome, str), "-wrong")


NONE = "none yet"


class SweepsPane(StorePane):
    """A sweep with its trials, live whoever trains it, and the form of a new one."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form of a new sweep and back"),
        Binding("escape", "other_view(0)", "Leave", show=False, tooltip="Leave the field"),
        key("go-on", "go_on", "Go on", tooltip="Go on with the sweep where it stopped"),
        key("more", "more", "More", tooltip="Add trials to the search"),
        key(
            "beside",
            "compare",
            "Compare",
            tooltip="Show the runs of the marked trials, or of this one, beside each other",
        ),
    ]
    _table = getters.query_one(TrialsTable)
    _form = getters.query_one(SweepForm)

    def __init__(self, runs: TrainingManager, store: StoreAccess, data_dir: str | None) -> None:
        super().__init__(store)
        self._runs, self._data_dir = runs, data_dir
        self._names: list[str] = []
        self._sweep: Sweep | None = None
        self._wanted = ""  # the sweep to look at; empty for the newest

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
        """Put the focus on what the view is of; a field is left alone, or letters would be
        typed.
        """
        tables = {
            "trials": "#runs-table",
            "scatter": "#sweep-chart",
            "workers": "SweepWorkers DataTable",
        }
        found = self.query_one(tables.get(self.view, "#views Tabs"))
        (found if found.display else self.query_one("#views Tabs")).focus()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        before, wanted = self._sweep, self._wanted

        def there(store: SweepStore) -> tuple[list[str], Sweep | None, str]:
            names: list[str] = [*store.sweep_names()]
            which = wanted if wanted in names else next(iter(names), "")
            try:
                return names, store.sweep(which) if which else None, ""
            except StoreError as error:  # the others can be looked at
                return names, None, str(error)

        # who is killed leaves no news
        found = await self.news(there, always=before is None or before.running)
        first, self._ready = not self._ready, True
        if found is not None and self.app.is_running:
            names, self._sweep, problem = found
            # a newer one does not take its place
            self._wanted = self._wanted or (self._sweep.name if self._sweep else "")
            if names != self._names:
                self._names = names
                options = [(name, name) for name in names] or [(NONE, "")]
                self.query_one(PlainSelect).offer_texts(
                    options, self._sweep.name if self._sweep else wanted
                )
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
        progress.display, summary.display = (
            sweep is not None,
            sweep is not None and self.view != "form",
        )
        if sweep is None:
            self._table.show(self._table.listing.of(()))
            return
        plan, here = sweep.plan, now is not None and now.name == sweep.name
        status = "running" if here else sweep.status  # here it is known before the store has it
        how = f"{plan.search} search" if plan.is_search else "every combination"
        words = plan.task_definition.label, how, count_of(plan.seeds, "seed"), status
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

    def on_view_tabs_shown(self) -> None:
        if self._ready:
            self._show()

    def action_focus_form(self) -> None:
        if self.view == "form" and self._form.has_focus_within:
            self.go_to_view("trials")
        else:
            self.show_tab("form")
            # at once: what is typed next is for it
            self.screen.set_focus(self._form.query_one("#sweep-vary"))

    def action_train(self) -> None:
        if not any(one.node is self and one.group == "begin" for one in self.workers):
            self._train()

    on_button_pressed = on_input_submitted = action_train

    @work(group="begin")
    async def _train(self) -> None:
        try:
            plan, _, name = await in_thread(self, read_form, self._form.typed, self._data_dir)
            if self._runs.busy:
                self.notify(UNDER_WAY, severity="warning")
                return
            sweep = await self._store.ask(self, lambda store: store.add_sweep(name, plan))
            self._wanted = sweep.name
        except UserError as error:
            self.notify(str(error), severity="error", title="Not started")
            self.show_tab("form")
            return
        self.show_tab("trials")
        self._begin(self._wanted)

    def _begin(self, name: str) -> None:
        """Train what a sweep lacks, where the form says; raises a `UserError` if that is no place
        to train.
        """
        place = read_place(self._form.typed["place"])
        self.post_message(LongJobRequested(partial(self._runs.train_sweep, name, place)))
        self.show_runs()

    def action_go_on(self) -> None:
        if self._sweep is None or self._sweep.status not in ("interrupted", "failed"):
            self.notify(
                "There is no sweep yet."
                if self._sweep is None
                else f"{self._sweep.name} is {self._sweep.status}."
            )
            return
        with telling(self, title="Not started"):
            self._begin(self._sweep.name)

    def action_more(self) -> None:
        if (sweep := self._sweep) is None or not sweep.plan.is_search:
            self.notify("Only a search can have more trials; a grid has every combination.")
            return
        hint = f"There are {sweep.plan.trial_count:,}; how many more shall be tried?"
        add = partial(self._add_trials, sweep.name)
        self.app.push_screen(AskTextScreen(f"More trials of {sweep.name}", "10", hint, add, 9))

    async def _add_trials(self, name: str, text: str) -> None:
        """Have the search under way try more, or let one that has ended go on."""
        count, now = TRIALS.parse(text.strip()), self._here
        if now is not None and now.name == name and self._runs.add_trials(count):
            return

        def change(store: SweepStore) -> None:
            there = store.sweep(name)
            if there.running:
                raise StoreError("Another process trains this sweep; it is followed here.")
            store.change_plan(name, replace(there.plan, trials=there.plan.trials + count))

        await self._store.ask(self, change)
        self._begin(name)

    @on(DataTable.RowSelected, "#runs-table")
    def action_compare(self) -> None:
        if runs := [run.run_id for trial in self._table.chosen for run in trial.runs]:
            self.post_message(RunsWanted(runs))
