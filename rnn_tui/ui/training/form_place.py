"""Where a task's form is: beside its view, in its place where the screen is narrow, or folded."""

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widget import Widget

from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    from rnn_tui.ui.training.form import SettingsForm

# Columns from which there is room for the form beside its view.
FORM_WIDTH = 110


class FormPlace(Vertical):
    """The place for the form of a task, which is made after the first frame.

    Attributes:
        form: it; None until it is there.
        folded: whether it is folded, by the user; None: as there is room.
    """

    def __init__(self) -> None:
        super().__init__()
        self.form: SettingsForm | None = None
        self.folded: bool | None = None

    async def make(self, task: Task, data_dir: str | None) -> "SettingsForm":
        """Make the form; `form` tells once the pane around it is complete."""
        # Imported here, as its widgets take as long to load as the first frame does to draw.
        from rnn_tui.ui.training.form import SettingsForm  # noqa: PLC0415

        form = SettingsForm(task, data_dir)
        await self.mount(form)
        return form

    @property
    def has_focus_in_form(self) -> bool:
        """Whether one types in the form."""
        return self.form is not None and self.form.has_focus_within

    def next_preset(self) -> None:
        """Fill the form in with the next preset, and say which that is."""
        if self.form is not None:
            preset = self.form.next_preset()
            self.notify(preset.summary, title=f"Preset {preset.name}", timeout=4)

    def place(self, wanted: bool, view: Widget) -> None:
        """Show the form if its view is in front, in place of the view where that is narrow.

        By no class of what both are in: that would be styled anew, with all that is in it.

        Args:
            wanted: whether its view is in front.
            view: what stands beside the form.
        """
        narrow = self.app.size.width < FORM_WIDTH
        self.display = wanted and not (narrow if self.folded is None else self.folded)
        self.styles.width = "1fr" if narrow else None
        view.display = not (self.display and narrow)
