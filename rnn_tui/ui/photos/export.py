"""The prompt that writes readings to a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.widget import Widget
from textual.widgets import Checkbox

from rnn_tui.engine.errors import DataError, printable
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.widgets.export_prompt import ExportPrompt
from rnn_tui.ui.widgets.marked_checkbox import MarkedCheckbox

if TYPE_CHECKING:
    from rnn_tui.photos.reader import Reading

FORMS = {
    "csv": "table of all photos, CSV",
    "npz": "28×28 images with labels, NPZ",
    "idx": "28×28 images with labels, IDX like MNIST's, two files in a folder",
}
DEFAULTS = {"csv": "photos.csv", "npz": "photos.npz", "idx": "photos-idx"}


class PhotosExportScreen(ExportPrompt):
    """Writes readings of photos.

    Args:
        readings: of the photos.
    """

    def __init__(self, readings: Sequence[Reading]) -> None:
        super().__init__(FORMS)
        self._readings = readings

    def more_fields(self) -> Iterable[Widget]:
        """What is left out."""
        yield MarkedCheckbox("the prediction where there is no label", id="export-predicted")

    @property
    def predicted(self) -> bool:
        """Whether a prediction counts where there is no label."""
        return self.query_one(Checkbox).value

    def default(self, form: str) -> str:
        """A name for the file."""
        return DEFAULTS[form]

    def form_chosen(self) -> None:
        """A table leaves nothing out."""
        self.query_one(Checkbox).display = self.form != "csv"

    @on(Checkbox.Changed)
    def _ticked(self, event: Checkbox.Changed) -> None:
        event.stop()
        self.explain_anew()

    def explanation(self) -> str:
        """How many photos will be in it."""
        if self.form == "csv":
            return f"{_photos(len(self._readings))}, one a line."
        from rnn_tui.photos.export import label_for  # noqa: PLC0415 - loads OpenCV

        count = sum(
            label_for(reading, predicted=self.predicted) is not None for reading in self._readings
        )
        left_out = len(self._readings) - count
        more = f"; {left_out:,} without a label {'is' if left_out == 1 else 'are'} left out"
        return f"{_photos(count)}{more if left_out else ''}."

    async def in_the_way(self, form: str, path: Path) -> Sequence[Path]:
        """The file that is there, or the two."""
        from rnn_tui.photos.export import in_the_way  # noqa: PLC0415 - loads OpenCV

        return await in_thread(self, in_the_way, path, idx=form == "idx")

    async def write(self, form: str, path: Path) -> str:
        """Write in a thread."""
        return await in_thread(self, _write, form, path, self._readings, self.predicted)


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
