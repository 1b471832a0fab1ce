"""The form that says what to train: preset, cells or losses, numbers, device; and what runs
told.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from typing import Any, cast

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Checkbox, Collapsible, Input, Label, RichLog, Select, Static

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SettingError, UserError
from rnn_tui.engine.events import LogLine
from rnn_tui.engine.paths import run_database
from rnn_tui.engine.settings import DEVICES, ChoicesSetting, Setting
from rnn_tui.engine.state import RunState
from rnn_tui.networks import CELLS
from rnn_tui.runs.cost import Known, in_words, seconds_of, trained_here
from rnn_tui.tasks.task import Preset, Task
from rnn_tui.ui.common.host_app import HostApp
from rnn_tui.ui.common.pane import focus_soon, show_line
from rnn_tui.ui.common.widgets.plain import MainButton, MarkedCheckbox, PlainSelect
from rnn_tui.ui.common.widgets.setting_input import SettingInput

LONGEST_LOG = 1000  # lines


class SettingField(SettingInput):
    """A setting of a run in one line: its label, and beside it what is typed."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, id=f"field-{setting.name.replace('_', '-')}")
        self.setting = setting
        self.hint: str = setting.help  #: what the setting is, or what is wrong with what is typed.

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the label where style sheets leave room on the left, in the colours of the form."""
        lines = super().render_lines(crop)
        if crop.y == 0 and lines:
            width = self.styles.padding.left
            label = self._drawn_label(width).crop(crop.x, crop.right)
            lines[0] = Strip.join([label, lines[0].crop(label.cell_length)])
        return lines

    def _drawn_label(self, width: int) -> Strip:
        text = set_cell_size(self.setting.label, width)
        form = cast("Widget", self.parent)
        strip = Strip([Segment(text, form.visual_style.rich_style)], width)
        for line_filter in self.app.get_line_filters():
            strip = strip.apply_filter(line_filter, form.background_colors[1])
        return strip

    def on_input_changed(self) -> None:
        self.hint = self.setting.help
        try:
            self.given()
        except SettingError as error:
            self.hint = str(error)
        self.set_class(self.hint != self.setting.help, "-wrong")

    def focus_first(self) -> None:
        self.focus()


class Ticks(Vertical):
    """A setting of which at least one choice is to be ticked, or `given` raises what is `wrong`;
    ids begin with `kind`.
    """

    def __init__(self, setting: ChoicesSetting, kind: str, wrong: str, ticked: str = "") -> None:
        super().__init__(id=f"{kind}s", classes="choice")
        self.setting, self._wrong = setting, wrong
        self._boxes = {
            name: MarkedCheckbox(label, name == ticked, f"{kind}-{name}")
            for name, label in setting.choices.items()
        }

    def compose(self) -> ComposeResult:
        yield Label(self.setting.label, markup=False)
        yield Horizontal(*self._boxes.values(), classes="boxes")

    @property
    def hint(self) -> str:
        return self.setting.help

    def focus_first(self) -> None:
        self.query(Checkbox).focus()

    @property
    def ticked(self) -> tuple[str, ...]:
        return tuple(name for name, box in self._boxes.items() if box.value)

    def given(self) -> tuple[str, ...]:
        if not self.ticked:
            raise SettingError(self._wrong)
        return self.ticked

    def tick(self, names: Sequence[str]) -> None:
        for name, box in self._boxes.items():
            box.value = name in names


class SettingsForm(VerticalScroll):
    """Settings of the runs to come of a task. An empty number stands for the preset's."""

    app = getters.app(HostApp)

    def __init__(self, task: Task, data_dir: str | None) -> None:
        super().__init__(can_focus=False, classes="panel")
        self.border_title = "Settings"
        self._spec, self._data_dir = task, data_dir
        self._shown_hint = ""
        cells = ChoicesSetting(
            "cell", "Cells, one after another", "", {cell: CELLS[cell].label for cell in task.cells}
        )
        self._cells = Ticks(cells, "model", "Tick at least one cell to train.", task.default_cell)
        numbers = (
            setting for setting in task.adjustable if not isinstance(setting, ChoicesSetting)
        )
        self._fields = {setting.name: SettingField(setting) for setting in numbers}

    def compose(self) -> ComposeResult:
        with Vertical(classes="choice"):
            yield from _select("Preset", [one.name for one in self._spec.presets], "preset")
            yield Static("", id="summary", markup=False)
        if len(self._spec.cells) > 1:
            yield self._cells
        for setting in self._spec.adjustable:
            if isinstance(setting, ChoicesSetting):
                yield Ticks(
                    setting,
                    "choice",
                    f"Tick at least one of {', '.join(setting.choices.values())}.",
                )
            elif not setting.advanced:
                yield self._fields[setting.name]
        with (
            Collapsible(title="More settings", id="advanced", classes="-collapsed"),
            Vertical(classes="choice", id="device-choice"),
        ):
            yield from _select("Device", DEVICES, "device")
        yield MainButton("Train", "train")
        yield Static("", id="train-cost", markup=False)

    def on_mount(self) -> None:
        """Begin with the preset and device that the user prefers; show what the preset does."""
        wanted = self.app.preferences
        with self.prevent(Select.Changed):
            if wanted.preset in [one.name for one in self._spec.presets]:
                self.query_one("#preset", Select).value = wanted.preset
            self.offer_devices(wanted.device)
        self._choose_preset()

    @property
    def _preset(self) -> Preset:
        return self._spec.preset(str(self.query_one("#preset", Select).value))

    def configs(self, *, quiet: bool = False) -> list[RunConfig]:
        """The runs described, one for each cell ticked; a `SettingError` focuses the field at
        fault, unless it is `quiet`.
        """
        overrides: dict[str, Any] = {"device": str(self.query_one("#device", Select).value)}
        if self._spec.reads_data:
            overrides["data_dir"] = self._data_dir
        for field in (*self.query(Ticks), *self._fields.values()):
            try:
                overrides[field.setting.name] = field.given()
            except SettingError:
                if not quiet:
                    self._focus(field)
                raise
        cells = overrides.pop("cell", self._spec.cells)
        return [self._spec.config(cell, self._preset.name, **overrides) for cell in cells]

    def fill(self, config: RunConfig) -> list[str]:
        """Show these settings of a run, but for values of the preset's own; returns those that
        there is no field for.
        """
        presets = [preset.name for preset in self._spec.presets]
        preset = config.preset if config.preset in presets else presets[0]
        usual = self._spec.config(config.cell, preset)
        with self.prevent(Select.Changed, Checkbox.Changed):
            self.query_one("#preset", Select).value = preset
            self.offer_devices(config.device)
            self._tick(config)
            self._cells.tick([config.cell])
        for name, field in self._fields.items():
            value = getattr(config, name)
            same = value == getattr(usual, name)
            field.value = "" if same else field.setting.format(value)
            if not same:
                self._unfold(field)
        self._show_preset()
        shown = {"task", "preset", "cell", "device", "data_dir", *self._spec.settings}
        others = (field.name for field in fields(config) if field.name not in shown)
        return [
            name.replace("_", " ")
            for name in others
            if getattr(config, name) != getattr(usual, name)
        ]

    def offer_devices(self, chosen: str = "") -> None:
        """Offer this machine's GPUs as well, once they are known; choose this device, or leave the
        choice; tell the cost.
        """
        device, gpus = self.query_one("#device", PlainSelect), self.app.runs.gpus
        chosen = chosen or str(device.value)
        device.offer_texts(
            [(gpus.get(one, one), one) for one in dict.fromkeys((*DEVICES, *gpus, chosen))], chosen
        )
        self.show_cost()

    def take_learning_rate(self, rate: float) -> None:
        field = self._fields["learning_rate"]
        field.value = field.setting.format(rate)
        self._focus(field)

    def _focus(self, field: SettingField | Ticks) -> None:
        self._unfold(field)
        focus_soon(self, field.focus_first)  # it may still be being made

    def _unfold(self, field: SettingField | Ticks) -> None:
        if field.setting.advanced:
            self.query_one("#advanced", Collapsible).collapsed = False

    @on(Collapsible.Expanded)
    def _make_more(self, unfolded: Collapsible.Expanded) -> None:
        """Make the fields that few people look for when they do: many widgets."""
        self.mount_all(
            [field for field in self._fields.values() if not field.is_attached],
            before="#device-choice",
        )
        self.call_after_refresh(unfolded.collapsible.scroll_visible)

    def _tick(self, config: RunConfig) -> None:
        """Tick what a run has, but for its cell."""
        for ticks in self.query("#choices").results(Ticks):
            ticks.tick(getattr(config, ticks.setting.name))

    @on(Input.Changed)
    @on(Select.Changed, "#device")
    @work(exclusive=True, group="cost")
    async def show_cost(self) -> None:
        """Say below Train what that will take, where something tells, or what is wrong."""
        app, total, wrong = self.app, 0.0, ""
        try:
            known: Known = {}
            if run_database().exists():
                known = await app.store.ask(self, partial(trained_here, self._spec.name))
            each = [seconds_of(one, known, app.runs.speed) for one in self.configs(quiet=True)]
            total = 0.0 if None in each else sum(filter(None, each))
        except SettingError as error:
            wrong = str(error)
        except UserError:
            pass  # it is said where it matters, as at a database that can't be read
        self.query_one("#train-cost").set_class(bool(wrong), "-wrong")
        show_line(self, "#train-cost", in_words(total) if total else wrong)

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    @on(Input.Changed)
    def _show_hint(self) -> None:
        """Say in the frame what the setting in focus is, or what is wrong with it."""
        hint = self._hint_of(self.screen.focused)
        if hint != self._shown_hint:
            self._shown_hint = hint
            self.border_subtitle = Content(hint)

    def _hint_of(self, focused: Widget | None) -> str:
        for node in focused.ancestors_with_self if focused is not None else ():
            if isinstance(node, SettingField | Ticks):
                return node.hint
            if node.id == "device":
                automatic = self._spec.config(self._spec.default_cell).automatic_device
                return "auto: a GPU if there is one" if automatic == "auto" else "auto: the CPU"
        return ""

    def next_preset(self) -> Preset:
        self.query_one("#preset", PlainSelect).choose_next()
        return self._preset

    def focus_first(self) -> None:
        self.query_one("#preset").focus()

    @on(Select.Changed, "#preset")
    def _choose_preset(self) -> None:
        self._tick(self._spec.config(self._spec.default_cell, self._preset.name))
        self._show_preset()

    @on(Checkbox.Changed)
    def _show_preset(self) -> None:
        """Say what the preset does, and show its values where nothing is typed."""
        preset = self._preset
        show_line(self, "#summary", preset.summary)
        configs = [
            self._spec.config(cell, preset.name) for cell in self._cells.ticked or self._spec.cells
        ]
        for name, field in self._fields.items():
            values = [getattr(config, name) for config in configs]
            field.placeholder = " … ".join(
                dict.fromkeys(map(field.setting.format, (min(values), max(values))))
            )
        self.show_cost()


class LogView(RichLog):
    """What the runs of the task told, in the order in which it came."""

    def __init__(self) -> None:
        super().__init__(
            id="log-lines", classes="panel", wrap=True, markup=False, max_lines=LONGEST_LOG
        )
        self.border_title = "Log"
        # What it is told before it is looked at waits there, without an end of Textual's.
        self._deferred_renders = deque(maxlen=LONGEST_LOG)
        self._seen: dict[str, int] = {}

    def follow(self, state: RunState) -> Sequence[LogLine]:
        """Write what a run has told since it was asked last; returns that."""
        new = state.log[self._seen.get(state.run_id, 0) :]
        for line in new:
            self.write(f"{state.config.label}: {line.text}")
        self._seen[state.run_id] = len(state.log)
        return new

    def forget(self, run_id: str) -> None:
        """Write all of a run that goes on from its first line again."""
        self._seen.pop(run_id, None)


def _select(label: str, names: Sequence[str], id: str) -> ComposeResult:
    with Horizontal(classes="field-row"):
        yield Label(label, classes="choice-label", markup=False)
        yield PlainSelect([(name, name) for name in names], value=names[0], id=id)
