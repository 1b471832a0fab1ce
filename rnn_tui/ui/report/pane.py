"""The Report tab: every experiment of the report over seeds, its figures held against ours."""

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
from rnn_tui.report.inventory import take_inventory
from rnn_tui.report.plan import (
    MNIST_SEEDS,
    MNIST_SEEDS_SETTING,
    PRESETS,
    REPORT_ORDER,
    SEEDS,
    Experiment,
    Plan,
)
from rnn_tui.report.rows import DOCUMENTS, Results, results
from rnn_tui.report.running import Standing, standing
from rnn_tui.runs.store import RunStore, existing_store
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane import StorePane, view_tabs
from rnn_tui.ui.common.requests import LongJobRequested, RunsWanted
from rnn_tui.ui.common.run_lines import awaited
from rnn_tui.ui.common.threads import StoreAccess, in_thread
from rnn_tui.ui.common.training_manager import TrainingManager
from rnn_tui.ui.common.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.common.widgets.prompts import ExportPrompt
from rnn_tui.ui.common.widgets.setting_input import SettingInput
from rnn_tui.ui.report.views import (
    ReportConclusions,
    ReportPlots,
    ReportProgress,
    ReportTable,
    numbers,
    told,
)

NO_TORCH = "Bit accuracy by length can't be measured: PyTorch can't be loaded."
FIELDS = ((SETTINGS["seeds"], "seeds", SEEDS), (MNIST_SEEDS_SETTING, "mnist-seeds", MNIST_SEEDS))


class ReportSettings(Vertical):
    """Seeds, preset and tasks of a rerun, with `overrides` as in `Plan`; what is wrong is said
    below, and stays typed.
    """

    @dataclass
    class Changed(Message):
        """Another plan is wanted."""

        plan: Plan

    def __init__(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._overrides = overrides

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-row"):
            for setting, name, usual in FIELDS:
                yield Label(setting.label, classes="field-label", markup=False)
                yield SettingInput(setting, usual, name)
            yield Label("Preset", id="preset-label", classes="field-label")
            yield PlainSelect(
                [(name, name) for name in PRESETS], value=next(iter(PRESETS)), id="preset"
            )
            for task in REPORT_ORDER:
                yield MarkedCheckbox(TASKS[task].label, True, f"only-{task}")
        yield Static("", id="report-wrong", markup=False)

    def plan(self) -> Plan:
        """What is wanted; an empty field stands for the usual number. Raises `SettingError` if that
        can't be.
        """
        seeds = [field.setting_value() for field in self.query(SettingInput)]
        only = [task for task in REPORT_ORDER if self.query_one(f"#only-{task}", Checkbox).value]
        if not only:
            raise SettingError(
                f"Tick at least one of {', '.join(TASKS[task].label for task in REPORT_ORDER)}."
            )
        return Plan(
            *seeds,
            only=tuple(only),
            preset=str(self.query_one("#preset", Select).value),
            overrides=self._overrides,
        )

    def focus_first(self) -> None:
        self.query(SettingInput).first().focus()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _change(self, event: Input.Changed | Select.Changed | Checkbox.Changed) -> None:
        """Say what is wrong, or ask for what is there of another plan."""
        event.stop()
        wrong = ""
        try:
            self.post_message(self.Changed(self.plan()))
        except SettingError as error:
            wrong = str(error)
        self.query_one("#report-wrong", Static).update(wrong)
        self.set_class(bool(wrong), "-wrong")


class ExportReportScreen(ExportPrompt):
    """Writes table, conclusions, plots, settings and machine; the name's ending says the format."""

    def __init__(self, plan: Plan, standing: str) -> None:
        super().__init__({name: one.help for name, one in DOCUMENTS.items()})
        self._plan, self._standing = plan, standing

    def default(self, form: str) -> str:
        return f"report{DOCUMENTS[form].suffix}"

    def explanation(self) -> str:
        return f"Table, conclusions, plots, settings and machine. {self._standing}"

    async def write(self, form: str, path: Path) -> str:  # noqa: ARG002
        # in a thread: it draws, and measures; with a store of its own: the app's would have to wait
        def job() -> None:
            from rnn_tui.report.document import write_document  # noqa: PLC0415 - on use only

            with existing_store() as store:
                write_document(path, self._plan, store)

        self.say("Writing …")
        await in_thread(self, job)
        return f"Written: {printable(path, 200)}."


class ReportPane(StorePane):
    """Settings, table, plots and conclusions of the report rerun; `overrides` as in
    `ReportSettings`.
    """

    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        key("export", "export", "Export", tooltip="Write all of it to one HTML or Markdown file"),
    ]

    def __init__(
        self, runs: TrainingManager, store: StoreAccess, overrides: Mapping[str, Mapping[str, Any]]
    ) -> None:
        super().__init__(store)
        self._runs, self._overrides = runs, overrides
        self._plan: Plan | None = None
        self._results: Results | None = None
        self._standing: Standing | None = None
        # by plan and ids of runs, which tell when to ask for others; kept of the last ones alone
        self._drawn: object = None
        self._by_length: dict[object, tuple[AccuracyByLength, ...]] = {}
        self._measuring = False
        self._told: object = None

    def compose(self) -> ComposeResult:
        yield ReportSettings(self._overrides)
        views = {
            "plots": ("Plots", ReportPlots()),
            "conclusions": ("Conclusions", ReportConclusions()),
        }
        yield view_tabs({"table": ("Table", ReportTable()), **views})
        yield Static("", id="problem", markup=False)
        yield ReportProgress()

    def on_mount(self) -> None:
        self._plan = self.query_one(ReportSettings).plan()
        self.focus_view()

    @property
    def complete(self) -> bool:
        """Whether the figures are there, or can't be had."""
        return self._results is not None or bool(self._problem)

    def focus_view(self) -> None:
        if isinstance(view := self.front_view, ReportTable | ReportPlots | ReportConclusions):
            view.focus_view()

    def on_report_settings_changed(self, event: ReportSettings.Changed) -> None:
        self._plan = event.plan
        self.show_runs()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        plan = self._plan
        assert plan is not None

        def there(store: RunStore) -> tuple[Results, Standing]:
            inventory = take_inventory(plan, store)
            return results(inventory), standing(inventory, self._runs.speed)

        # A program that was killed leaves no news; what it trained is then to be trained here.
        if (
            found := await self.news(
                there, always=self._standing is not None and self._standing.elsewhere > 0
            )
        ) is not None:
            self._results, self._standing = found
            self._show()

    def complain(self, other: str = "") -> None:
        if (report := self._runs.report) is not None:
            other = report.problem or "; ".join(
                report.standing.failures if report.standing is not None else ()
            )
        super().complain(other)

    def _show(self) -> None:
        """Draw the view in front, and how far it is."""
        if not self.app.is_running:  # the views may be gone
            return
        report, active = self._runs.report, self._runs.active
        # that is under way in this app
        rerun = report if report is not None and report.going_on else None
        paused = active is not None and active.status is Status.PAUSED
        now = self._standing if rerun is None else rerun.standing
        self.query_one(ReportProgress).show(
            now,
            training=rerun is not None,
            paused=paused,
            waits=awaited(active) if active is not None else "",
        )
        self.complain()
        if (table := self._results) is None:
            return
        if self.view == "table":
            training: frozenset[Experiment] = frozenset()
            if rerun is not None and rerun.standing is not None and rerun.standing.planned_run:
                networks = rerun.standing.planned_run.networks
                training = frozenset(network.experiment for network in networks)
            self.query_one(ReportTable).show(table, training)
            return
        of = str(table.plan), table.run_ids
        if of not in self._by_length and not self._measuring:
            if any(row.n for row in table.rows if row.experiment.task == ADDER.name):
                self._measuring = True
                self._measure(of, table.plan)
            else:
                self._by_length = {of: ()}
        by_length = self._by_length.get(of)
        if self.view == "plots":
            self._draw(table.plan, by_length or (), (of, by_length is not None))
        else:
            self._conclude(table, by_length or ())

    on_view_tabs_shown = _show

    @work(group="lengths")
    async def _measure(self, of: object, plan: Plan) -> None:
        # with a store of its own: the app's would have to wait
        def measured() -> tuple[AccuracyByLength, ...]:
            with RunStore() as store:
                return accuracy_by_length(take_inventory(plan, store))

        try:
            found = await in_thread(self, measured)
        except (UserError, ImportError, OSError) as error:
            self.notify(str(error) if isinstance(error, UserError) else NO_TORCH, severity="error")
            found = ()
        finally:
            self._measuring = False
        self._by_length = {of: found}
        self._show()  # which measures once more where there are other runs by now

    @work(group="plots", exclusive=True)
    async def _draw(self, plan: Plan, by_length: tuple[AccuracyByLength, ...], of: object) -> None:
        """Draw the plots, if they are of other runs than those that are drawn."""
        if (
            of != self._drawn
            and (
                found := await self.ask(
                    lambda store: figures(take_inventory(plan, store), by_length)
                )
            )
            is not None
        ):
            self._drawn = of
            self.query_one(ReportPlots).show(found, measuring=self._measuring)

    @work(group="conclusions", exclusive=True)
    async def _conclude(self, table: Results, by_length: tuple[AccuracyByLength, ...]) -> None:
        """Show the conclusions, whose intervals SciPy works out."""
        found = await in_thread(self, conclusions, table, by_length)
        self.query_one(ReportConclusions).show(table, found, measuring=self._measuring)

    def action_train(self) -> None:
        settings = self.query_one(ReportSettings)
        try:
            self.post_message(LongJobRequested(partial(self._runs.train_report, settings.plan())))
        except SettingError as error:
            self.notify(str(error), severity="error", title="Not started")
            settings.focus_first()

    on_button_pressed = action_train
    on_input_submitted = focus_view  # shows what there is of the plan: training may take hours

    def action_focus_form(self) -> None:
        settings = self.query_one(ReportSettings)
        (self.focus_view if settings.has_focus_within else settings.focus_first)()

    def action_export(self) -> None:
        if self._results is None:
            self.notify(self._problem or "The figures have not been read yet.")
        else:
            self.app.push_screen(
                ExportReportScreen(
                    self._results.plan, f"{numbers(self._standing, training=False)}."
                )
            )

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        if self._results is None or event.cursor_row >= len(self._results.rows):
            return
        if (row := self._results.rows[event.cursor_row]).runs:
            self.post_message(RunsWanted(row.runs))
        else:
            self.notify(
                f"No run has figures of {row.experiment.label} yet; t trains what is missing.",
                timeout=4,
            )

    def on_long_job_changed(self) -> None:
        self._show()
        if (
            (report := self._runs.report) is not None
            and not report.going_on
            and report is not self._told
        ):
            self._told = report
            self._tell_end()

    @work(group="end")
    async def _tell_end(self) -> None:
        """Say how the rerun ended, with its figures; they may be of another plan than in view."""
        report = self._runs.report
        assert report is not None
        self.show_runs()
        if (
            table := await self.ask(lambda store: results(take_inventory(report.plan, store)))
        ) is not None:
            text, severity = told(report, table)
            self.notify(text, severity=severity, timeout=12)
