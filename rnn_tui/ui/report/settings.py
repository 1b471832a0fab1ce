"""The line that says what the report rerun is to train."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Label, Select, Static

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.report.plan import (
    MNIST_SEEDS,
    MNIST_SEEDS_SETTING,
    PRESETS,
    REPORT_ORDER,
    SEEDS,
    Plan,
)
from rnn_tui.tasks import TASKS
from rnn_tui.ui.training.form import SettingInput
from rnn_tui.ui.widgets.fields import MarkedCheckbox

FIELDS = ((SETTINGS["seeds"], "seeds", SEEDS), (MNIST_SEEDS_SETTING, "mnist-seeds", MNIST_SEEDS))


class ReportSettings(Vertical):
    """Seeds, preset and tasks of a rerun; what is wrong is said below, and stays typed.

    Args:
        overrides: by task, settings in place of the preset's.
    """

    class Changed(Message):
        """Another plan is wanted.

        Attributes:
            plan: which.
        """

        def __init__(self, made: Plan) -> None:
            self.plan = made
            super().__init__()

    def __init__(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        super().__init__()
        self._overrides = overrides

    def compose(self) -> ComposeResult:
        """All in a line, and what is wrong below it."""
        with Horizontal():
            for setting, name, usual in FIELDS:
                yield Label(setting.label)
                field = SettingInput(setting)
                field.id = name
                field.placeholder = str(usual)
                yield field
            yield Label("Preset", id="preset-label")
            yield Select(
                [(name, name) for name in PRESETS], value=next(iter(PRESETS)),
                allow_blank=False, compact=True, id="preset",
            )  # fmt: skip
            for task in REPORT_ORDER:
                yield MarkedCheckbox(TASKS[task].label, True, f"only-{task}")
        yield Static("", id="report-wrong", markup=False)

    def plan(self) -> Plan:
        """What is wanted; an empty field stands for the usual number.

        Raises:
            SettingError: if that can't be.
        """
        numbers = []
        for setting, name, usual in FIELDS:
            text = self._field(name).value.strip()
            numbers.append(setting.parse(text) if text else usual)
        only = [task for task in REPORT_ORDER if self.query_one(f"#only-{task}", Checkbox).value]
        if not only:
            labels = [TASKS[task].label for task in REPORT_ORDER]
            raise SettingError(f"Tick at least one of {', '.join(labels)}.")
        preset = str(self.query_one("#preset", Select).value)
        return Plan(*numbers, only=tuple(only), preset=preset, overrides=self._overrides)

    def _field(self, name: str) -> SettingInput:
        return self.query_one(f"#{name}", SettingInput)

    def focus_first(self) -> None:
        """Put the focus where the line begins."""
        self._field(FIELDS[0][1]).focus()

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _change(self, event: Input.Changed | Select.Changed | Checkbox.Changed) -> None:
        """Say what is wrong, or ask for what is there of another plan."""
        event.stop()
        wrong = ""
        try:
            made = self.plan()
        except SettingError as error:
            wrong = str(error)
        else:
            self.post_message(self.Changed(made))
        self.query_one("#report-wrong", Static).update(wrong)
        self.set_class(bool(wrong), "-wrong")
