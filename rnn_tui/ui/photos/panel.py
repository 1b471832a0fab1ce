"""Photos of digits: read whole folders, look at every answer, correct it, keep it for training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher, Static

from rnn_tui.engine.errors import printable
from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.state import RunState
from rnn_tui.photos.collection import FILTERS, SORTS, PhotoCollection
from rnn_tui.runs.weights import Source
from rnn_tui.ui.inside.subject import Given
from rnn_tui.ui.photos.detail import PhotoDetail
from rnn_tui.ui.photos.form import PhotosForm
from rnn_tui.ui.photos.grid import PhotoGrid
from rnn_tui.ui.photos.job import PathsToRead, ReadingJob
from rnn_tui.ui.photos.pictures import ImageKind, image_class
from rnn_tui.ui.photos.screens import ChoosePathScreen, PhotosExportScreen
from rnn_tui.ui.photos.status import PhotoConfusion, PhotosStatus
from rnn_tui.ui.shell.views import TaskView
from rnn_tui.ui.widgets.path_input import parse_paths, spelled

if TYPE_CHECKING:
    from rnn_tui.photos.reader import Reading

SECONDS_BETWEEN_LOOKS = 0.1
ROOMY_HEIGHT = 38
GALLERY, DETAIL, MATRIX, EMPTY = "photos-grid", "photos-detail", "photos-matrix", "photos-empty"
WELCOME = """\
Type the path of a photo of a digit, or of a folder of them, and press Enter.
Or press o to choose one, or drop files on the window."""


def photos_view(_pane: object) -> PhotosPanel:
    """The view of a task's tab."""
    return PhotosPanel()


class PhotosPanel(Vertical, TaskView):
    """Fields above, the gallery below; behind it one photo in full, and the confusion matrix."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # As long as the footer has room for on a narrow screen.
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop reading photos"),
        Binding("o,ctrl+o", "open", "Open", tooltip="Choose photos in a tree of folders"),
        Binding("enter", "detail", "Detail", key_display="⏎", tooltip="Look at one closely"),
        Binding("b", "sort", "Sort", tooltip="Sort by name, confidence, prediction"),
        Binding("w", "filter", "Filter", tooltip="Show all, the doubtful, the wrong"),
        Binding("a", "matrix", "Matrix", tooltip="Accuracy and confusion matrix"),
        Binding("e", "export", "Export", tooltip="Write a table, or images for training"),
        Binding("1", "label(1)", "Label", key_display="0-9", tooltip="Say what a photo shows"),
        *(Binding(f"{n}", f"label({n})", "Label", show=False) for n in (0, *range(2, 10))),
        Binding("backspace,delete", "label(-1)", "Unlabel", show=False, tooltip="Take that back"),
        Binding("escape", "leave", "Leave", show=False, tooltip="Stop; go back to the gallery"),
        Binding("slash", "type", "Type", show=False, tooltip="Go to the field for paths"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._photos = PhotoCollection()
        self._kind: ImageKind | None = None
        # What was asked for last, whether it is still under way, and what read the photos that are
        # shown: before its first photo is read, another one.
        self._job: ReadingJob | None = None
        self._reading = False
        self._shown: ReadingJob | None = None
        self._complaint = ""

    def compose(self) -> ComposeResult:
        """Lay out fields, status, and what takes turns below."""
        yield PhotosForm()
        yield PhotosStatus()
        with ContentSwitcher(initial=EMPTY):
            yield Static(WELCOME, id=EMPTY, markup=False)
            with Vertical(id=GALLERY):
                yield PhotoGrid(self._photos)
            with Vertical(id=DETAIL):
                yield PhotoDetail()
            yield PhotoConfusion(id=MATRIX)

    def on_mount(self) -> None:
        """Look for news only while something is read."""
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look, pause=True)

    def on_show(self) -> None:
        """The first time: find out how to show pictures, and have something to show."""
        if self._kind is not None:
            return
        self._kind = image_class(self.app)
        self._grid.use_images(self._kind)
        self.query_one(PhotoDetail).use_images(self._kind)
        self.refresh_weights()
        samples = asset_dir() / "samples"
        if self._job is None and samples.is_dir():
            self._read([samples])

    def on_unmount(self) -> None:
        """Leave nothing behind that reads."""
        if self._job is not None:
            self._job.stop()

    def on_resize(self, event: events.Resize) -> None:
        """Part what there is where there is room."""
        self.set_class(event.size.height >= ROOMY_HEIGHT, "-roomy")

    # Parts

    @property
    def _form(self) -> PhotosForm:
        return self.query_one(PhotosForm)

    @property
    def _grid(self) -> PhotoGrid:
        return self.query_one(PhotoGrid)

    @property
    def _in_form(self) -> bool:
        """Whether the focus is on a field."""
        focused = self.app.focused
        return focused is not None and self._form in focused.ancestors

    @property
    def view(self) -> str:
        """What is below the fields."""
        return self.query_one(ContentSwitcher).current or EMPTY

    @property
    def at_hand(self) -> Given | None:
        """The selected photo, as networks read it; None where there is none."""
        at = self._grid.selected
        reading = self._photos[at] if at is not None else None
        if reading is None or reading.digit is None:
            return None
        source = self._shown.source if self._shown is not None else None
        weights = source.path if source is not None else None
        return Given(printable(reading.path.name, 40), reading.digit, reading.label, weights)

    @property
    def busy(self) -> bool:
        """Whether photos are being read, or looked at."""
        looking = self._form.network.busy or self.query_one(PhotoDetail).busy
        return self._reading or looking or not self._grid.thumbnails.idle

    def focus_field(self) -> None:
        """Put the cursor into the field for paths."""
        self._form.path.focus()

    def focus_view(self) -> None:
        """Put the focus where single keys are commands."""
        places: dict[str, Widget] = {
            DETAIL: self.query_one(PhotoDetail), MATRIX: self.query_one(PhotoConfusion),
        }  # fmt: skip
        places.get(self.view, self._grid).focus()

    def use(self, source: Source) -> None:
        """Read with these weights from now on."""
        self._form.network.use(source)

    def refresh_weights(self) -> None:
        """List the runs anew, since one may have ended."""
        if self._kind is not None:  # else the first look does it
            self._form.network.look()

    def run_ended(self, state: RunState) -> None:  # noqa: ARG002 - whichever it was
        """What was trained may answer from now on."""
        self.refresh_weights()

    # Reading

    def read(self, paths: Sequence[Path]) -> None:
        """Read photos and folders, and say so in the field."""
        self._form.path.value = spelled(paths)
        self._read(paths)

    def _read(self, paths: PathsToRead) -> None:
        """Read in place of what is being read."""
        if self._job is not None:
            self._job.stop()
        form = self._form
        self._job = ReadingJob(paths, form.source, form.method, form.recursive)
        self._job.start()
        self._reading, self._complaint = True, ""
        self._timer.resume()
        self._show_status()
        self.refresh_bindings()

    @on(PhotosForm.Asked)
    def _ask(self) -> None:
        text = self._form.path.value
        self._read(lambda: parse_paths(text))
        self.focus_view()

    @on(PhotosForm.Rules)
    def _read_again(self) -> None:
        if self._job is not None:
            self._read(self._job.paths)

    def on_paste(self, event: events.Paste) -> None:
        """Files that are dropped on the window arrive as a paste of their paths."""
        event.stop()
        self._form.path.replace_with(event.text)
        self._ask()

    def _look(self) -> None:
        """Show what was read since the last look."""
        job = self._job
        if job is None:
            return
        done = job.done  # before taking: what comes in between is taken at the next look
        readings = job.take()
        if readings:
            self._take(job, readings)
        if done:
            self._complaint = job.failure
            self._end_reading()
        self._show_status()

    def _end_reading(self) -> None:
        self._reading = False
        self._timer.pause()
        self.refresh_bindings()

    def _take(self, job: ReadingJob, readings: Sequence[Reading]) -> None:
        if self._shown is not job:
            self._shown = job
            self._photos.clear()
            self._grid.thumbnails.forget()
            self.query_one(PhotoDetail).forget()
            if self.view in (EMPTY, DETAIL):
                self._switch(GALLERY)
        self._photos.add(readings)
        self._show_photos(keep=self._grid.place > 0)

    # Showing

    def _show_photos(self, *, keep: bool = True) -> None:
        """Bring everything that shows readings up to date."""
        self._grid.show(keep=keep)
        if self.view == MATRIX:
            self.query_one(PhotoConfusion).show(self._photos.summary)
        elif self.view == DETAIL:
            self._show_detail()
        self._show_status()

    def _show_status(self) -> None:
        job = self._job if self._reading else None
        self.query_one(PhotosStatus).show(job, self._photos, self._complaint)
        self._show_place()

    @on(PhotoGrid.Selected)
    def _show_place(self) -> None:
        self.query_one(PhotosStatus).show_place(self._photos, self._grid.in_view)

    def _switch(self, view: str) -> None:
        self.query_one(ContentSwitcher).current = view
        if not self._in_form:
            self.call_after_refresh(self.focus_view)
        self.refresh_bindings()

    def _show_detail(self) -> None:
        at, job = self._grid.selected, self._shown
        if at is None or job is None or job.reader is None or job.source is None:
            self._switch(GALLERY)
            return
        place = (self._grid.place + 1, len(self._photos.order))
        self.query_one(PhotoDetail).show(self._photos[at], place, job.reader, job.source)

    # What is chosen above

    @on(PhotosForm.Threshold)
    def _judge(self, event: PhotosForm.Threshold) -> None:
        self._complaint = event.complaint
        if event.share is not None:
            self._photos.judge(event.share)
        self._show_photos()

    @on(PhotosForm.Named)
    def _use_names(self) -> None:
        self._photos.use_names(self._form.named)
        self._show_photos()

    # What the keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer what has something to do here; the other keys are the app's."""
        if not self.is_mounted:
            return True
        there = self._grid.selected is not None
        match action:
            case "stop":
                return self._reading
            case "label":
                return there and isinstance(self.app.focused, PhotoGrid | PhotoDetail)
            case "detail":
                return there and isinstance(self.app.focused, PhotoGrid)
            case "sort" | "filter" | "matrix" | "export":
                return True if len(self._photos) else None
        return True

    def action_stop(self) -> None:
        """Stop reading; what was read stays."""
        if self._job is not None and self._reading:
            self._job.stop()
            self._look()
            self._end_reading()
            self._show_status()

    def action_leave(self) -> None:
        """One step back: to the gallery, out of the field, or stop reading."""
        if self.view in (DETAIL, MATRIX):
            self._switch(GALLERY)
        elif self._in_form:
            self.focus_view()
        elif self._reading:
            self.action_stop()
        else:
            raise SkipAction  # it may mean something to the screen

    def action_type(self) -> None:
        """Go to the field for paths."""
        self.focus_field()

    def action_open(self) -> None:
        """Choose photos in a tree."""

        def chosen(path: Path | None) -> None:
            if path is not None:
                self.read([path])
                self.focus_view()

        self.app.push_screen(ChoosePathScreen(self._start()), chosen)

    def _start(self) -> Path | None:
        """The folder that the tree begins with: what the field names."""
        paths = parse_paths(self._form.path.value)
        if len(paths) != 1:
            return None
        return paths[0] if paths[0].is_dir() else paths[0].parent

    @on(PhotoGrid.Opened)
    def action_detail(self) -> None:
        """Look at the selected photo closely."""
        self._switch(DETAIL)
        self._show_detail()

    @on(PhotoDetail.Step)
    def _step(self, event: PhotoDetail.Step) -> None:
        self._grid.action_move(event.by)
        self._show_detail()

    def action_sort(self) -> None:
        """Sort by the next property."""
        photos = self._photos
        photos.sort = SORTS[(SORTS.index(photos.sort) + 1) % len(SORTS)]
        photos.arrange()
        self._show_photos(keep=self._grid.place > 0)

    def action_filter(self) -> None:
        """Show the next part of the photos."""
        photos = self._photos
        photos.filter = FILTERS[(FILTERS.index(photos.filter) + 1) % len(FILTERS)]
        photos.arrange()
        self._show_photos()

    def action_matrix(self) -> None:
        """Show the confusion matrix, or the gallery again."""
        self._switch(GALLERY if self.view == MATRIX else MATRIX)
        self.query_one(PhotoConfusion).show(self._photos.summary)

    def action_label(self, digit: int) -> None:
        """Say what the selected photo shows; -1 takes that back."""
        at = self._grid.selected
        if at is not None:
            self._photos.label(at, digit if digit >= 0 else None)
            self._show_photos()

    def action_export(self) -> None:
        """Write the photos that are shown to a file."""
        self.app.push_screen(PhotosExportScreen(self._photos.shown))
