"""What the user says of the report rerun: what to train, and where to write it down."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.report.plan import MNIST_SEEDS, MNIST_SEEDS_SETTING, PRESETS, REPORT_ORDER, SEEDS, Plan
from rnn_tui.report.rows import DOCUMENTS
from rnn_tui.runs.store import existing_store
from rnn_tui.tasks import TASKS
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.training.form import SettingInput
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.widgets.prompts import ExportPrompt

FIELDS = ((SETTINGS["seeds"], "seeds", SEEDS), (MNIST_SEEDS_SETTING, "mnist-seeds", MNIST_SEEDS))


class ReportSettings(Vertical):
    """Seeds, preset and tasks of a rerun, with `overrides` as in `Plan`; what is wrong is said below, and stays typed."""

    @dataclass
    class Changed(Message):
        """Another plan is wanted."""

        plan: Plan

    def __init__(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._overrides = overrides

    def compose(self) -> ComposeResult:
        with Horizontal():
            for setting, name, usual in FIELDS:
                yield Label(setting.label, markup=False)
                yield SettingInput(setting, usual, name)
            yield Label("Preset", id="preset-label")
            yield PlainSelect([(name, name) for name in PRESETS], value=next(iter(PRESETS)), id="preset")
            for task in REPORT_ORDER:
                yield MarkedCheckbox(TASKS[task].label, True, f"only-{task}")
        yield Static("", id="report-wrong", markup=False)

    def plan(self) -> Plan:
        """What is wanted; an empty field stands for the usual number. Raises `SettingError` if that can't be."""
        numbers = [field.given() for field in self.query(SettingInput)]
        only = [task for task in REPORT_ORDER if self.query_one(f"#only-{task}", Checkbox).value]
        if not only:
            raise SettingError(f"Tick at least one of {', '.join(TASKS[task].label for task in REPORT_ORDER)}.")
        preset = self.query_one("#preset", Select).value
        return Plan(*numbers, only=tuple(only), preset=str(preset), overrides=self._overrides)

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
        """Write in a thread: it draws, and measures what is not measured yet."""

        def job() -> None:  # with a store of its own: the app's would have to wait for seconds
            from rnn_tui.report.document import write_document  # noqa: PLC0415 - on use only

            with existing_store() as store:
                write_document(path, self._plan, store)

        self.say("Writing …")
        await in_thread(self, job)
        return f"Written: {printable(path, 200)}."
