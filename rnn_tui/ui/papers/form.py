"""The form of a paper: preset, seeds and tasks of a rerun."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, ItemGrid, Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Label, Select

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import SETTINGS
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.plan import Plan, seeds_setting
from rnn_tui.tasks import TASKS
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.widgets.setting_input import SettingInput

FEW_TASKS = 3  # whose boxes stand beside the other fields
BOX_BLANKS = 6  # columns of a box apart from its label


class RerunForm(Vertical):
    """Seeds, preset and tasks of a rerun; what is wrong with them is said below."""

    @dataclass
    class Changed(Message):
        """A message that the fields describe another plan."""

        plan: Plan

    def __init__(self, paper: Paper, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the form of a paper; `overrides` as in `Plan`."""
        super().__init__()
        self._paper = paper
        self._overrides = overrides
        self.set_class(len(paper.tasks) > FEW_TASKS, "-many-tasks")

    def compose(self) -> ComposeResult:
        boxes = [
            MarkedCheckbox(TASKS[task].label, True, f"only-{task}") for task in self._paper.tasks
        ]
        are_few = len(boxes) <= FEW_TASKS
        with Horizontal(classes="field-row"):
            yield Label(SETTINGS["seeds"].label, classes="field-label", markup=False)
            yield SettingInput(SETTINGS["seeds"], self._paper.seeds, "seeds")
            for task, count in self._paper.task_seeds.items():
                setting = seeds_setting(task)
                yield Label(setting.label, classes="field-label", markup=False)
                yield SettingInput(setting, count, f"{task}-seeds")
            yield Label("Preset", id="preset-label", classes="field-label")
            presets = list(self._paper.presets)
            yield PlainSelect([(name, name) for name in presets], value=presets[0], id="preset")
            if are_few:
                yield from boxes
        if not are_few:
            width = max(len(TASKS[task].label) for task in self._paper.tasks) + BOX_BLANKS
            with ItemGrid(id="rerun-tasks", min_column_width=width):
                yield from boxes
        yield FormNote("rerun-wrong")

    def on_mount(self) -> None:
        self._show_tasks()

    def plan(self) -> Plan:
        """Return the plan to train.

        Raises:
            SettingError: if a number is not allowed, or no task is ticked.
        """
        seeds, *task_seeds = [field.setting_value() for field in self.query(SettingInput)]
        tasks = self._paper.tasks_of(self._preset)
        only = [task for task in tasks if self.query_one(f"#only-{task}", Checkbox).value]
        if not only:
            labels = ", ".join(TASKS[task].label for task in tasks)
            raise SettingError(f"Tick at least one of {labels}.")
        return Plan(
            self._paper,
            seeds,
            dict(zip(self._paper.task_seeds, task_seeds, strict=True)),
            only=tuple(only),
            preset=self._preset,
            overrides=self._overrides,
        )

    def focus_first(self) -> None:
        self.query(SettingInput).first().focus()

    @property
    def _preset(self) -> str:
        return str(self.query_one("#preset", Select).value)

    def _show_tasks(self) -> None:
        """Show the boxes of the tasks that the preset has."""
        tasks = self._paper.tasks_of(self._preset)
        for task in self._paper.tasks:
            self.query_one(f"#only-{task}", Checkbox).display = task in tasks

    @on(Input.Changed)
    @on(Select.Changed)
    @on(Checkbox.Changed)
    def _ask_for_plan(self, event: Input.Changed | Select.Changed | Checkbox.Changed) -> None:
        """Ask for what there is of the changed plan, or say what is wrong with it."""
        event.stop()
        self._show_tasks()
        wrong = ""
        try:
            self.post_message(self.Changed(self.plan()))
        except SettingError as error:
            wrong = str(error)
        self.query_one(FormNote).say(wrong, wrong=bool(wrong))
