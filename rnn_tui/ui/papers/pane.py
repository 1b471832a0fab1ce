"""The Papers tab: every experiment of a paper with several seeds, and its figures and ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, DataTable, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError, UserError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.engine.state import Status
from rnn_tui.report.conclusions import conclusions
from rnn_tui.report.curves import AccuracyByLength, accuracy_by_length, figures
from rnn_tui.report.inventory import Inventory, take_inventory
from rnn_tui.report.paper import Experiment
from rnn_tui.report.papers import paper_named
from rnn_tui.report.plan import Plan, seeds_setting
from rnn_tui.report.rows import DOCUMENTS, Results, results
from rnn_tui.report.running import Standing, standing
from rnn_tui.runs.cost import known_seconds
from rnn_tui.runs.store import RunStore, existing_store
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.long_jobs import RerunStatus
from rnn_tui.ui.common.pane import StorePane, view_tabs
from rnn_tui.ui.common.requests import LongJobRequested, RunsWanted
from rnn_tui.ui.common.run_lines import awaited
from rnn_tui.ui.common.threads import StoreAccess, in_thread
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.common.widgets.form_foot import FormNote
from rnn_tui.ui.common.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.common.widgets.prompts import ExportPrompt
from rnn_tui.ui.common.widgets.setting_input import SettingInput
from rnn_tui.ui.papers.views import (
    RerunConclusions,
    RerunPlots,
    RerunProgress,
    RerunTable,
    how_it_ended,
    numbers,
)

NO_TORCH = "Bit accuracy by length can't be measured: PyTorch can't be loaded."
# The fields of the settings: setting, id, and the value of an empty field.
PAPER = paper_named()
FIELDS = (
    (SETTINGS["seeds"], "seeds", PAPER.seeds),
    *((seeds_setting(task), f"{task}-seeds", count) for task, count in PAPER.task_seeds.items()),
)


class RerunForm(Vertical):
    """Seeds, preset and tasks of a rerun; what is wrong with them is said below."""

    @dataclass
    class Changed(Message):
        """A message that the settings describe another plan."""

        plan: Plan

    def __init__(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the settings; `overrides` as in `Plan`."""
        super().__init__()
        self._overrides = overrides

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-row"):
            for setting, name, default in FIELDS:
                yield Label(setting.label, classes="field-label", markup=False)
                yield SettingInput(setting, default, name)
            yield Label("Preset", id="preset-label", classes="field-label")
            presets = list(PAPER.presets)
            yield PlainSelect([(name, name) for name in presets], value=presets[0], id="preset")
            for task in PAPER.tasks:
                yield MarkedCheckbox(TASKS[task].label, True, f"only-{task}")
        yield FormNote("rerun-wrong")

    def plan(self) -> Plan:
        """Return the plan to train.

        Raises:
            SettingError: if a number is not allowed, or no task is ticked.
        """
        seeds, *task_seeds = [field.setting_value() for field in self.query(SettingInput)]
        only = [task for task in PAPER.tasks if self.query_one(f"#only-{task}", Checkbox).value]
        if not only:
            labels = ", ".join(TASKS[task].label for task in PAPER.tasks)
            raise SettingError(f"Tick at least one of {labels}.")
        return Plan(
            PAPER,
            seeds,
            dict(zip(PAPER.task_seeds, task_seeds, strict=True)),
            only=tuple(only),
            preset=str(self.query_one("#preset", Select).value),
            overrides=self._overrides,
        )

    def focus_first(self) -> None:
        self.query(SettingInput).first().focus()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _ask_for_plan(self, event: Input.Changed | Select.Changed | Checkbox.Changed) -> None:
        """Ask for what there is of the changed plan, or say what is wrong with it."""
        event.stop()
        wrong = ""
        try:
            self.post_message(self.Changed(self.plan()))
        except SettingError as error:
            wrong = str(error)
        self.query_one(FormNote).say(wrong, wrong=bool(wrong))


class ExportRerunScreen(ExportPrompt):
    """Writes table, conclusions, plots, settings and machine; the name's ending says the format."""

    def __init__(self, plan: Plan, standing: str) -> None:
        """Make the prompt; `standing` says how much of the plan is trained."""
        super().__init__({name: document.help for name, document in DOCUMENTS.items()})
        self._plan = plan
        self._standing = standing

    def default(self, form: str) -> str:
        return f"report{DOCUMENTS[form].suffix}"

    def explanation(self) -> str:
        return f"Table, conclusions, plots, settings and machine. {self._standing}"

    async def write(self, form: str, path: Path) -> str:  # noqa: ARG002
        # In a thread, as it draws and measures; with a store of its own, or the app's would wait.
        def write() -> None:
            from rnn_tui.report.document import write_document  # noqa: PLC0415 - on use only

            with existing_store() as store:
                write_document(path, self._plan, store)

        self.say("Writing …")
        await in_thread(self, write)
        return f"Written: {printable(path, 200)}."


class PapersPane(StorePane):
    """Settings, table, plots and conclusions of the rerun of a paper."""

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        key("export", "export", "Export", tooltip="Write all of it to one HTML or Markdown file"),
    ]

    def __init__(
        self, runs: TrainingManager, store: StoreAccess, overrides: Mapping[str, Mapping[str, Any]]
    ) -> None:
        """Make the pane; `overrides` as in `Plan`."""
        super().__init__(store)
        self._runs = runs
        self._overrides = overrides
        self._plan: Plan | None = None  #: the plan that the settings describe.
        self._results: Results | None = None  #: the results of the plan; None until they are read.
        self._standing: Standing | None = None  #: the progress of the plan; None until it is read.
        #: accuracy by length, by plan and ids of runs; of the last ones only.
        self._by_length: dict[object, tuple[AccuracyByLength, ...]] = {}
        self._measuring = False  #: whether accuracy by length is being measured.
        self._drawn: object = None  #: plan and ids of runs of which the plots are drawn.
        self._ended: object = None  #: the status of the last rerun whose end was reported.

    def compose(self) -> ComposeResult:
        yield RerunForm(self._overrides)
        yield view_tabs(
            {
                "table": ("Table", RerunTable()),
                "plots": ("Plots", RerunPlots()),
                "conclusions": ("Conclusions", RerunConclusions()),
            }
        )
        yield Static("", id="problem", markup=False)
        yield RerunProgress()

    def on_mount(self) -> None:
        self._plan = self.query_one(RerunForm).plan()
        self.focus_view()

    @property
    def complete(self) -> bool:
        """Whether the figures are there, or can't be read."""
        return self._results is not None or bool(self._problem)

    def focus_view(self) -> None:
        view = self.front_view
        if isinstance(view, RerunTable | RerunPlots | RerunConclusions):
            view.focus_view()

    def on_rerun_form_changed(self, event: RerunForm.Changed) -> None:
        self._plan = event.plan
        self.show_runs()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        plan = self._plan
        assert plan is not None

        def results_and_inventory(store: RunStore) -> tuple[Results, Inventory]:
            inventory = take_inventory(plan, store)
            return results(inventory), inventory

        # A program that was killed leaves no news, and what it trained is then to be trained here.
        trained_elsewhere = self._standing is not None and self._standing.elsewhere > 0
        answer = await self.news(results_and_inventory, always=trained_elsewhere)
        if answer is not None:
            self._results, inventory = answer
            self._standing = standing(inventory, known_seconds)
            self._show()
            if self._standing.seconds_left is None:
                self._estimate(inventory)

    @work(group="measure", exclusive=True)
    async def _estimate(self, inventory: Inventory) -> None:
        """Measure how long a plan takes, and show it, unless other runs are known by then."""
        before = self._standing
        measured = await in_thread(self, standing, inventory, self._runs.measured_seconds)
        if self._standing is before:
            self._standing = measured
            self._show_progress()

    def complain(self, other: str = "") -> None:
        """Say what is wrong with the database, or else why the rerun or runs of it failed."""
        rerun = self._runs.rerun
        if rerun is not None:
            failures = () if rerun.standing is None else rerun.standing.failures
            other = rerun.problem or "; ".join(failures)
        super().complain(other)

    def _show(self) -> None:
        """Draw the view in front, and how far the rerun or the plan is."""
        if not self.app.is_running:  # the views may be gone
            return
        self._show_progress()
        self.complain()
        if self._results is None:
            return
        if self.view == "table":
            training = self._experiments_in_training()
            self.query_one(RerunTable).show(self._results, training)
        else:
            self._show_by_length(self._results)

    @property
    def _rerun(self) -> RerunStatus | None:
        """The rerun that is under way in this app; None if there is none."""
        rerun = self._runs.rerun
        return rerun if rerun is not None and rerun.going_on else None

    def _show_progress(self) -> None:
        rerun = self._rerun
        active = self._runs.active
        self.query_one(RerunProgress).show(
            self._standing if rerun is None else rerun.standing,
            training=rerun is not None,
            paused=active is not None and active.status is Status.PAUSED,
            waits=awaited(active) if active is not None else "",
        )

    def _experiments_in_training(self) -> frozenset[Experiment]:
        rerun = self._rerun
        if rerun is None or rerun.standing is None or rerun.standing.planned_run is None:
            return frozenset()
        networks = rerun.standing.planned_run.networks
        return frozenset(network.experiment for network in networks)

    def _show_by_length(self, results: Results) -> None:
        """Show plots or conclusions; accuracy by length is measured if that has not been done."""
        key = (str(results.plan), results.run_ids)
        if key not in self._by_length and not self._measuring:
            needed = results.plan.paper.by_length
            if any(row.n for row in results.rows if row.experiment.key in needed):
                self._measuring = True
                self._measure(key, results.plan)
            else:
                self._by_length = {key: ()}
        by_length = self._by_length.get(key, ())
        if self.view == "plots":
            self._draw(results.plan, by_length, (key, key in self._by_length))
        else:
            self._conclude(results, by_length)

    def on_view_tabs_shown(self) -> None:
        self._show()

    @work(group="lengths")
    async def _measure(self, key: object, plan: Plan) -> None:
        """Measure accuracy by length in a thread; `key` as in `_by_length`."""

        # with a store of its own, or the app's would have to wait
        def measure() -> tuple[AccuracyByLength, ...]:
            with RunStore() as store:
                return accuracy_by_length(take_inventory(plan, store))

        by_length: tuple[AccuracyByLength, ...] = ()
        try:
            by_length = await in_thread(self, measure)
        except UserError as error:
            self.notify(str(error), severity="error")
        except (ImportError, OSError):
            self.notify(NO_TORCH, severity="error")
        finally:
            self._measuring = False
        self._by_length = {key: by_length}
        self._show()  # which measures once more if there are other runs by now

    @work(group="plots", exclusive=True)
    async def _draw(self, plan: Plan, by_length: tuple[AccuracyByLength, ...], key: object) -> None:
        """Draw the plots, if `key` says that they are of other runs than those that are drawn."""
        if key == self._drawn:
            return
        plots = await self.ask(lambda store: figures(take_inventory(plan, store), by_length))
        if plots is not None:
            self._drawn = key
            self.query_one(RerunPlots).show(plots, measuring=self._measuring)

    @work(group="conclusions", exclusive=True)
    async def _conclude(self, table: Results, by_length: tuple[AccuracyByLength, ...]) -> None:
        """Show the conclusions, whose intervals SciPy works out in a thread."""
        verdicts = await in_thread(self, conclusions, table, by_length)
        self.query_one(RerunConclusions).show(table, verdicts, measuring=self._measuring)

    def action_train(self) -> None:
        """Ask for the training of what the plan lacks."""
        settings = self.query_one(RerunForm)
        try:
            self.post_message(LongJobRequested(partial(self._runs.train_rerun, settings.plan())))
        except SettingError as error:
            self.notify(str(error), severity="error")
            settings.focus_first()

    def on_button_pressed(self) -> None:
        self.action_train()

    def on_input_submitted(self) -> None:
        """Show what there is of the plan; no training, which may take hours."""
        self.focus_view()

    def action_focus_form(self) -> None:
        """Go to the settings, or from there back to the view."""
        settings = self.query_one(RerunForm)
        if settings.has_focus_within:
            self.focus_view()
        else:
            settings.focus_first()

    def action_export(self) -> None:
        """Ask for a file to write the report to."""
        if self._results is None:
            self.notify(self._problem or "The figures have not been read yet.")
            return
        standing = f"{numbers(self._standing, training=False)}."
        self.app.push_screen(ExportRerunScreen(self._results.plan, standing))

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Show the runs of an experiment."""
        if self._results is None or event.cursor_row >= len(self._results.rows):
            return
        row = self._results.rows[event.cursor_row]
        if row.runs:
            self.post_message(RunsWanted(row.runs))
        else:
            text = f"No run has figures of {row.experiment.label} yet; t trains what is missing."
            self.notify(text, timeout=4)

    def on_rerun_changed(self) -> None:
        self._show()
        rerun = self._runs.rerun
        if rerun is not None and not rerun.going_on and rerun is not self._ended:
            self._ended = rerun
            self._report_end(rerun)

    @work(group="end")
    async def _report_end(self, rerun: RerunStatus) -> None:
        """Say how a rerun ended, with its figures; they may be of another plan than in view."""
        self.show_runs()
        table = await self.ask(lambda store: results(take_inventory(rerun.plan, store)))
        if table is not None:
            text, severity = how_it_ended(rerun, table)
            self.notify(text, severity=severity, timeout=12)
