"""The prompt that writes readings to a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Checkbox, Input, OptionList, Static
from textual.widgets.option_list import Option

from rnn_tui.engine.errors import DataError, printable
from rnn_tui.ui.panels.photos_paths import PathInput, parse_path
from rnn_tui.ui.threads import in_thread
from rnn_tui.ui.widgets.marked_checkbox import MarkedCheckbox

if TYPE_CHECKING:
    from rnn_tui.photos.reading import Reading

FORMS = {
    "csv": "table of all photos, CSV",
    "npz": "28×28 images with labels, NPZ",
    "idx": "28×28 images with labels, IDX like MNIST's, two files in a folder",
}
DEFAULTS = {"csv": "photos.csv", "npz": "photos.npz", "idx": "photos-idx"}


class ExportScreen(ModalScreen[str | None]):
    """Asks for format and path, and writes; answers what was written, in a sentence.

    Args:
        readings: of the photos.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave"),
        Binding("up", "move(-1)", "Format before", show=False, priority=True),
        Binding("down", "move(1)", "Next format", show=False, priority=True),
    ]

    def __init__(self, readings: Sequence[Reading]) -> None:
        super().__init__()
        self._readings = readings
        self._replace: Path | None = None  # what may be replaced if it is asked for once more
        self._writing = False

    def compose(self) -> ComposeResult:
        """Format, path, what is left out."""
        options = [Option(text, id=form) for form, text in FORMS.items()]
        with Vertical(id="export") as dialog:
            dialog.border_title = "Export"
            dialog.border_subtitle = "Enter writes · ↑↓ format · Esc leaves"
            yield OptionList(*options, id="export-form", compact=True, markup=False)
            yield PathInput(id="export-path")
            yield MarkedCheckbox("the prediction where there is no label", id="export-predicted")
            yield Static("", id="export-note", markup=False)

    def on_mount(self) -> None:
        """A name that is free of surprises, ready to be written or typed over."""
        field, options = self.query_one(PathInput), self.query_one(OptionList)
        field.value = DEFAULTS["csv"]
        options.highlighted = 0
        options.can_focus = False
        field.focus()

    @property
    def form(self) -> str:
        """The format that is chosen."""
        return list(FORMS)[self.query_one(OptionList).highlighted or 0]

    @property
    def predicted(self) -> bool:
        """Whether a prediction counts where there is no label."""
        return self.query_one(Checkbox).value

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)

    def action_move(self, by: int) -> None:
        """Choose another format."""
        options = self.query_one(OptionList)
        options.highlighted = ((options.highlighted or 0) + by) % len(FORMS)

    @on(OptionList.OptionHighlighted)
    @on(OptionList.OptionSelected)
    def _form_chosen(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        field = self.query_one(PathInput)
        if field.value in DEFAULTS.values():
            field.value = DEFAULTS[self.form]
            field.cursor_position = len(field.value)
        self.query_one(Checkbox).display = self.form != "csv"
        self._explain()

    @on(Checkbox.Changed)
    @on(Input.Changed)
    def _changed(self, event: Input.Changed | Checkbox.Changed) -> None:
        event.stop()
        self._replace = None
        self._explain()

    def _explain(self) -> None:
        """Say how many photos will be in it."""
        if self.form == "csv":
            self._say(f"{_photos(len(self._readings))}, one a line.")
            return
        from rnn_tui.photos.export import label_for  # noqa: PLC0415 - loads OpenCV

        count = sum(
            label_for(reading, predicted=self.predicted) is not None for reading in self._readings
        )
        left_out = len(self._readings) - count
        more = f"; {left_out:,} without a label {'is' if left_out == 1 else 'are'} left out"
        self._say(f"{_photos(count)}{more if left_out else ''}.")

    def _say(self, text: str, wrong: bool = False) -> None:
        note = self.query_one("#export-note", Static)
        note.update(text)
        note.set_class(wrong, "-wrong")

    @on(Input.Submitted)
    async def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._writing:
            self._writing = True
            self.run_worker(self._write(event.value))

    async def _write(self, text: str) -> None:
        """Write, or say why not; a file that is there is replaced on the second Enter."""
        from rnn_tui.photos.export import in_the_way  # noqa: PLC0415 - loads OpenCV

        form, predicted = self.form, self.predicted
        try:
            path = parse_path(text)
            if path is None:
                raise DataError("Type the path of the file to write.")
            there = await in_thread(self, in_the_way, path, idx=form == "idx")
            if there and self._replace != path:
                self._replace = path
                names = " and ".join(printable(file.name, 100) for file in there)
                self._say(f"{names}: there already. Enter once more replaces it.", wrong=True)
                return
            self.dismiss(await in_thread(self, _write, form, path, self._readings, predicted))
        except (DataError, ValueError) as error:
            self._say(str(error), wrong=True)
        finally:
            self._writing = False


def _write(form: str, path: Path, readings: Sequence[Reading], predicted: bool) -> str:
    """In a thread: write, and tell what was written."""
    from rnn_tui.photos.export import labelled, write_idx, write_npz, write_table  # noqa: PLC0415

    shown = printable(path, 200)
    if form == "csv":
        write_table(path, readings)
        return f"{_photos(len(readings))} written to {shown}."
    data = labelled(readings, predicted=predicted)
    if not len(data.labels):
        raise DataError("No photo has a label: press a digit on a photo to give it one.")
    (write_npz if form == "npz" else write_idx)(path, data)
    return f"{_photos(len(data.labels))} with labels written to {shown}."


def _photos(count: int) -> str:
    return f"{count:,} photo{'s' * (count != 1)}"
