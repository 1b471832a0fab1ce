"""A tab with a form: beside its first view, in its place where the screen is narrow, or folded."""

from typing import TYPE_CHECKING

from textual import getters
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from rnn_tui.tasks.task import Task
from rnn_tui.ui.shell.key_table import key
from rnn_tui.ui.shell.pane import Pane

if TYPE_CHECKING:
    from rnn_tui.ui.training.form import SettingsForm

# Columns from which there is room for the form beside its view.
FORM_WIDTH = 110


class FormPane(Pane):
    """A tab with a form, in `#form-place`, and `#log-lines`, both of its first view; its views are in `#workspace`."""

    BINDINGS = [
        key("form", "focus_form", "Form", tooltip="Go to the form and back"),
        Binding("escape", "leave_form", "Leave", show=False, tooltip="Leave the form"),
        key("preset", "preset", "Preset"),
        key("log", "log", "Log", show=False),
    ]

    _place = getters.child_by_id("form-place", Vertical)  # by no query: the footer asks at every key

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.spec = task
        self.form: SettingsForm | None = None  #: it; None until it is there, after the first frame.
        self.folded: bool | None = None  #: whether it is folded, by the user; None: as there is room.
        self._logs = False  # whether the log is shown

    async def make_form(self, data_dir: str | None) -> "SettingsForm":
        """Make form and log; `form` is set once all is there."""
        # Imported here, as their widgets take as long to load as the first frame does to draw.
        from rnn_tui.ui.training.form import LogView, SettingsForm  # noqa: PLC0415

        form = SettingsForm(self.spec, data_dir)
        await self._place.mount(form)
        await self.get_child_by_id("workspace").mount(LogView(), before="#failure")
        return form

    @property
    def keys_first(self) -> bool:
        return self.view == self.spec.views[0].id

    @property
    def front_view(self) -> Widget | None:
        return None if self.alone else super().front_view

    @property
    def alone(self) -> bool:
        """Whether the form stands in place of the view."""
        return self._place.display and self.app.size.width < FORM_WIDTH

    @property
    def in_form(self) -> bool:
        return self.form is not None and self.form.has_focus_within

    def show_training(self) -> None:
        """Bring the view to the front that form and log belong to."""
        if not self.keys_first:
            self.show_tab(self.spec.views[0].id)

    def fold_form(self, fold: bool) -> None:
        """Fold the form, or show it, with the view that it belongs to."""
        self.folded = fold
        if not fold:
            self.screen.minimize()
            self.show_training()
        self.place_form()

    def place_form(self) -> None:
        """Show form and log where their view is in front; by no class of the pane, which would style all that is in it anew."""
        narrow, place = self.app.size.width < FORM_WIDTH, self._place
        place.display = self.keys_first and not (narrow if self.folded is None else self.folded)
        place.styles.width = "1fr" if narrow else None
        self.get_child_by_id("workspace").display = not self.alone
        if self.form is not None:
            self.query_one("#log-lines").display = self.keys_first and self._logs

    on_resize = place_form

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No leaving of what one is not in."""
        if action == "leave_form":
            return self.in_form or self.alone
        return super().check_action(action, parameters)

    def action_focus_form(self) -> None:
        if self.form is None:
            return
        if self.in_form or self.alone:
            self.fold_form(True)
            self.call_after_refresh(self.focus_view)
        else:
            self.fold_form(False)
            self.form.focus_first()

    action_leave_form = action_focus_form

    def action_preset(self) -> None:
        if self.form is not None:
            preset = self.form.next_preset()
            self.notify(preset.summary, title=f"Preset {preset.name}", timeout=4)

    def action_log(self) -> None:
        self._logs = not self._logs or not self.keys_first
        self.show_training()
        self.place_form()
