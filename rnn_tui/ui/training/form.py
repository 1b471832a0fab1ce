"""The form that says what to train: preset, cells or losses, numbers, device; and the log."""

from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, cast

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Checkbox, Collapsible, Input, Label, RichLog, Select, Static

from rnn_tui.archive.cost import PastTimes, in_words, past_seconds, trained_here
from rnn_tui.archive.footprint import size_in_words
from rnn_tui.engine.config import RECIPE_FIELDS, RunConfig
from rnn_tui.engine.errors import DataError, SettingError, UserError
from rnn_tui.engine.events import LogLine
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.settings import DEVICES, ChoiceSetting, ChoicesSetting, Setting
from rnn_tui.engine.state import RunState
from rnn_tui.networks import CELLS
from rnn_tui.tasks.image_sets import IMAGE_SETS
from rnn_tui.tasks.task import Preset, Task
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import focus_soon, show_line
from rnn_tui.ui.training.missing_data import MissingData
from rnn_tui.ui.widgets.form_foot import FormFoot
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.widgets.setting_input import SettingInput
from rnn_tui.ui.work.threads import in_thread

LONGEST_LOG = 1000  # lines


class SettingField(SettingInput):
    """A setting of a run in one line: its label, and beside it what is typed."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(setting, id=f"field-{setting.name.replace('_', '-')}")
        self.setting = setting
        self.error = ""  #: what is wrong with what is typed.

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the label where style sheets leave room on the left, in the colours of the form."""
        lines = super().render_lines(crop)
        if crop.y == 0 and lines:
            width = self.styles.padding.left
            label = self._drawn_label(width).crop(crop.x, crop.right)
            lines[0] = Strip.join([label, lines[0].crop(label.cell_length)])
        return lines

    def _drawn_label(self, width: int) -> Strip:
        """Return the label of the setting, this many cells wide."""
        text = set_cell_size(self.setting.label, width)
        form = cast("Widget", self.parent)
        strip = Strip([Segment(text, form.visual_style.rich_style)], width)
        for line_filter in self.app.get_line_filters():
            strip = strip.apply_filter(line_filter, form.background_colors[1])
        return strip

    def on_input_changed(self) -> None:
        self.error = ""
        try:
            self.setting_value()
        except SettingError as error:
            self.error = str(error)
        self.set_class(bool(self.error), "-wrong")

    def focus_first(self) -> None:
        self.focus()


class Ticks(Vertical):
    """A setting of which at least one choice is to be ticked."""

    def __init__(self, setting: ChoicesSetting, kind: str, missing: str, ticked: str = "") -> None:
        """Make the boxes.

        Args:
            setting: the setting.
            kind: what the ids of the boxes begin with.
            missing: what to say if none is ticked.
            ticked: the choice that is ticked at first.
        """
        super().__init__(id=f"{kind}s", classes="choice")
        self.setting = setting
        self._missing = missing
        self._boxes = {
            name: MarkedCheckbox(label, name == ticked, f"{kind}-{name}")
            for name, label in setting.choices.items()
        }

    def compose(self) -> ComposeResult:
        yield Label(self.setting.label, markup=False)
        yield Horizontal(*self._boxes.values(), classes="boxes")

    def focus_first(self) -> None:
        self.query(Checkbox).focus()

    @property
    def ticked(self) -> tuple[str, ...]:
        """The names of the choices that are ticked."""
        return tuple(name for name, box in self._boxes.items() if box.value)

    def setting_value(self) -> tuple[str, ...]:
        """Return the names of the choices that are ticked; raises `SettingError` if none is."""
        if not self.ticked:
            raise SettingError(self._missing)
        return self.ticked

    def tick(self, names: Sequence[str]) -> None:
        """Tick these choices, and no others."""
        for name, box in self._boxes.items():
            box.value = name in names


class Choice(Horizontal):
    """A setting of one name: its label, and beside it the list of names."""

    def __init__(self, setting: ChoiceSetting, chosen: str) -> None:
        """Make the list; `chosen` is the name that is chosen at first."""
        super().__init__(classes="field-row")
        self.setting = setting
        self._usual = chosen  # the preset's
        names = [(label, name) for name, label in setting.choices.items()]
        self.select = PlainSelect(names, value=chosen, id=f"choice-{setting.name}")

    def compose(self) -> ComposeResult:
        yield Label(self.setting.label, classes="choice-label", markup=False)
        yield self.select

    def focus_first(self) -> None:
        self.select.focus()

    def setting_value(self) -> str:
        """Return the name that is chosen."""
        return str(self.select.value)

    @property
    def is_usual(self) -> bool:
        """Whether the name is the preset's, which may be another for another cell."""
        return self.setting_value() == self._usual

    def follow(self, usual: str) -> None:
        """Take the name of another preset, unless one was chosen by hand."""
        was_usual = self.is_usual
        self._usual = usual
        if was_usual:
            self.select.value = usual


class SettingsForm(Vertical):
    """The settings of the next runs of a task. An empty number stands for the preset's."""

    app = getters.app(HostApp)
    foot = getters.query_one(FormFoot)

    def __init__(self, task: Task, data_dir: str | None) -> None:
        """Make the form of a task; `data_dir` as in `RnnTuiApp`."""
        super().__init__(classes="panel")
        self.border_title = "Settings"
        self._spec = task
        self._data_dir = data_dir
        labels = {cell: CELLS[cell].label for cell in task.cells}
        cells = ChoicesSetting("cell", "Cell types (trained in turn)", "", labels)
        self._cells = Ticks(cells, "model", "Tick at least one cell to train.", task.default_cell)
        self._fields = {
            setting.name: SettingField(setting)
            for setting in task.adjustable
            if not isinstance(setting, ChoicesSetting | ChoiceSetting)
        }
        usual = task.config(task.default_cell)
        self._choices = {
            setting.name: Choice(setting, usual.setting(setting.name))
            for setting in task.adjustable
            if isinstance(setting, ChoiceSetting)
        }

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="fields", can_focus=False):
            yield from self._compose_fields()
        yield FormFoot("Train", "train")

    def _compose_fields(self) -> ComposeResult:
        with Vertical(classes="choice"):
            yield from _select("Preset", self._preset_names, "preset")
            yield Static("", id="summary", markup=False)
        if len(self._spec.cells) > 1:
            yield self._cells
        for setting in self._spec.adjustable:
            if isinstance(setting, ChoicesSetting):
                choices = ", ".join(setting.choices.values())
                yield Ticks(setting, "choice", f"Tick at least one of {choices}.")
            elif not setting.advanced:
                yield self._fields[setting.name]
        with Collapsible(title="More settings", id="advanced", classes="-collapsed"):
            yield from self._choices.values()
            if self._spec.reads_images:
                yield MissingData(self._data_dir)
            with Vertical(classes="choice", id="device-choice"):
                yield from _select("Device", DEVICES, "device")

    def on_mount(self) -> None:
        """Begin with the preset and device that the user prefers; show what the preset does."""
        preferences = self.app.preferences
        with self.prevent(Select.Changed):
            if preferences.preset in self._preset_names:
                self.query_one("#preset", Select).value = preferences.preset
            self.offer_devices(preferences.device)
        self._choose_preset()

    @property
    def _preset_names(self) -> list[str]:
        return [preset.name for preset in self._spec.presets]

    @property
    def _preset(self) -> Preset:
        return self._spec.preset(str(self.query_one("#preset", Select).value))

    def configs(self, *, quiet: bool = False) -> list[RunConfig]:
        """Return the runs that the form describes, one for each cell that is ticked.

        Raises:
            SettingError: if a value is not allowed. The field at fault gets the focus, unless it
                is to be `quiet`.
        """
        overrides: dict[str, Any] = {"device": str(self.query_one("#device", Select).value)}
        if self._spec.reads_images:
            overrides["data_dir"] = self._data_dir
        choices = [choice for choice in self._choices.values() if not choice.is_usual]
        for field in (*self.query(Ticks), *choices, *self._fields.values()):
            try:
                overrides[field.setting.name] = field.setting_value()
            except SettingError:
                if not quiet:
                    self._focus(field)
                raise
        cells = overrides.pop("cell", self._spec.cells)
        return [self._spec.config(cell, self._preset.name, **overrides) for cell in cells]

    def fill(self, config: RunConfig) -> list[str]:
        """Fill the form in with the settings of a run.

        A field stays empty if the value is the preset's.

        Returns:
            The names of settings that differ from the preset's, and that there is no field for.
        """
        presets = self._preset_names
        preset = config.preset if config.preset in presets else presets[0]
        chosen = {name: config.setting(name) for name in self._choices}
        usual = self._spec.config(config.cell, preset, **chosen)
        with self.prevent(Select.Changed, Checkbox.Changed):
            self.query_one("#preset", Select).value = preset
            self.offer_devices(config.device)
            self._tick(config)
            self._cells.tick([config.cell])
            self._follow_preset()
            for name, choice in self._choices.items():
                choice.select.value = config.setting(name)
        for name, field in self._fields.items():
            value = config.setting(name)
            if value == usual.setting(name):
                field.value = ""
            else:
                field.value = field.setting.format(value)
                self._unfold(field)
        self._show_preset()
        self._look_for_data()
        in_form = {"task", "preset", "cell", "device", "data_dir", *self._spec.settings}
        in_fields = {name: config.setting(name) for name in RECIPE_FIELDS & self._fields.keys()}
        usual_values = {**vars(usual), "recipe": replace(usual.recipe, **in_fields)}
        differing = [
            name for name, value in vars(config).items() if value != usual_values.get(name)
        ]
        return [name.replace("_", " ") for name in differing if name not in in_form]

    def offer_devices(self, chosen: str = "") -> None:
        """Offer the devices, and once they are known this machine's GPUs; show the cost.

        Args:
            chosen: the device to choose; empty to leave the choice.
        """
        select = self.query_one("#device", PlainSelect)
        gpus = self.app.runs.gpus
        chosen = chosen or str(select.value)
        names = dict.fromkeys((*DEVICES, *gpus, chosen))  # each once
        select.offer_texts([(gpus.get(name, name), name) for name in names], chosen)
        self.show_cost()

    def take_learning_rate(self, rate: float) -> None:
        """Fill in a learning rate, and go to its field."""
        field = self._fields["learning_rate"]
        field.value = field.setting.format(rate)
        self._focus(field)

    def _focus(self, field: SettingField | Ticks | Choice) -> None:
        self._unfold(field)
        focus_soon(self, field.focus_first)  # it may still be being made

    def _unfold(self, field: SettingField | Ticks | Choice) -> None:
        if field.setting.advanced:
            self.query_one("#advanced", Collapsible).collapsed = False

    @on(Collapsible.Expanded)
    async def _make_more(self, event: Collapsible.Expanded) -> None:
        """Make the advanced fields only once they are unfolded, as these are many widgets."""
        missing = [field for field in self._fields.values() if not field.is_attached]
        await self.mount_all(missing, before="#device-choice")  # or there is less to scroll to
        self.call_after_refresh(event.collapsible.scroll_visible, animate=False)

    def _tick(self, config: RunConfig) -> None:
        """Tick what a run has, but for its cell."""
        for ticks in self.query("#choices").results(Ticks):
            ticks.tick(getattr(config, ticks.setting.name))

    @on(Select.Changed, "Choice Select")
    def _show_choice(self) -> None:
        """Show what another data set takes, and whether it is on this machine."""
        self._show_changes()
        self._look_for_data()

    def _look_for_data(self) -> None:
        choice = self._choices.get("dataset")
        if choice is not None:
            self.query_one(MissingData).look_for(IMAGE_SETS[choice.setting_value()])

    @on(MissingData.Arrived)
    @on(Input.Changed)
    @on(Select.Changed, "#device")
    def _show_changes(self) -> None:
        """Say what is wrong with what was chosen or typed, and what training will take."""
        self._show_note()
        self.show_cost()

    @work(exclusive=True, group="cost")
    async def show_cost(self) -> None:
        """Say below the button how large the networks are, and how long training will take."""
        try:
            configs = self.configs(quiet=True)
        except SettingError:  # the note says so
            self.foot.show_facts("")
            return
        try:
            size = size_in_words(configs)
        except DataError as error:  # another process may have deleted the data set
            self.foot.show_facts(str(error))
            return
        self.foot.show_facts(size)
        seconds = None
        with suppress(UserError):  # as at a database that can't be read, which is said elsewhere
            seconds = await self._estimated_seconds(configs)
        if seconds:
            self.foot.show_facts("\n".join(filter(None, (size, in_words(seconds)))))

    async def _estimated_seconds(self, configs: Sequence[RunConfig]) -> float | None:
        """Estimate how long runs take one after another; None if that is unknown."""
        known: PastTimes = {}
        if run_database().exists():
            known = await self.app.store.ask(self, partial(trained_here, self._spec.name))
        total = 0.0
        for config in configs:
            seconds = past_seconds(config, known)
            if seconds is None:
                await self.app.rest()  # so that not every key of a number is measured
                seconds = await in_thread(self, self.app.runs.measured_seconds, config)
            if seconds is None:
                return None
            total += seconds
        return total

    @on(events.DescendantFocus)
    @on(events.DescendantBlur)
    def _show_note(self) -> None:
        """Say what is wrong, or else what the setting in focus is."""
        error = self._error
        self.foot.show_note(error or self._hint_of(self.screen.focused), wrong=bool(error))

    @property
    def _error(self) -> str:
        """What is wrong with the setting in focus, or else with the first one; empty if nothing."""
        focused = self.screen.focused
        if isinstance(focused, SettingField) and focused.error:
            return focused.error
        try:
            self.configs(quiet=True)
        except SettingError as error:
            return str(error)
        return ""

    def _hint_of(self, focused: Widget | None) -> str:
        """Return the hint of the setting that a widget belongs to; empty if it belongs to none."""
        if focused is None:
            return ""
        for node in focused.ancestors_with_self:
            if isinstance(node, SettingField | Ticks | Choice):
                return node.setting.help
            if node.id == "device":
                automatic = self._spec.config(self._spec.default_cell).automatic_device
                return "auto: a GPU if there is one" if automatic == "auto" else "auto: the CPU"
        return ""

    def next_preset(self) -> Preset:
        """Choose the next preset, and return it."""
        self.query_one("#preset", PlainSelect).choose_next()
        return self._preset

    def focus_first(self) -> None:
        self.query_one("#preset").focus()

    @on(Select.Changed, "#preset")
    def _choose_preset(self) -> None:
        self._tick(self._spec.config(self._spec.default_cell, self._preset.name))
        self._follow_preset()
        self._show_preset()

    def _follow_preset(self) -> None:
        """Choose the names of the preset in lists in which none was chosen by hand."""
        usual = self._spec.config(self._spec.default_cell, self._preset.name)
        for name, choice in self._choices.items():
            choice.follow(usual.setting(name))

    @on(Checkbox.Changed)
    def _show_preset(self) -> None:
        """Say what the preset does, and show its values if nothing is typed."""
        preset = self._preset
        show_line(self, "#summary", preset.summary)
        cells = self._cells.ticked or self._spec.cells
        configs = [self._spec.config(cell, preset.name) for cell in cells]
        for name, field in self._fields.items():
            values = [config.setting(name) for config in configs]
            least = field.setting.format(min(values))
            most = field.setting.format(max(values))
            field.placeholder = least if least == most else f"{least} … {most}"
        self._show_changes()


class LogView(RichLog):
    """The log lines of the task's runs, in the order in which they came."""

    def __init__(self) -> None:
        super().__init__(
            id="log-lines", classes="panel", wrap=True, markup=False, max_lines=LONGEST_LOG
        )
        self.border_title = "Log"
        # Lines wait there until the log is first seen; Textual's own queue has no limit.
        self._deferred_renders = deque(maxlen=LONGEST_LOG)
        self._written: dict[str, int] = {}  #: how many lines of each run are written, by its id.

    def follow(self, state: RunState) -> Sequence[LogLine]:
        """Write the new log lines of a run, and return them."""
        new = state.log[self._written.get(state.run_id, 0) :]
        for line in new:
            self.write(f"{state.config.label}: {line.text}")
        self._written[state.run_id] = len(state.log)
        return new

    def forget(self, run_id: str) -> None:
        """Write all lines of a resumed run, whose log begins anew."""
        self._written.pop(run_id, None)


def _select(label: str, names: Sequence[str], id: str) -> ComposeResult:
    """Yield a list of names to choose from, with a label before it."""
    with Horizontal(classes="field-row"):
        yield Label(label, classes="choice-label", markup=False)
        yield PlainSelect([(name, name) for name in names], value=names[0], id=id)
