"""The Photos view: read folders of digits, look at each answer, correct it, export for training."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events, on
from textual.actions import SkipAction
from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Checkbox, ContentSwitcher, Input, Static

from rnn_tui.archive.weights import choose_shipped
from rnn_tui.engine.errors import SettingError, printable
from rnn_tui.engine.files.outside import is_folder
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.photos.collection import FILTERS, SORTS, PhotoCollection
from rnn_tui.photos.options import PhotoOptions
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.frame.digit_at_hand import DigitAtHand
from rnn_tui.ui.frame.inside_door import InsideDoor
from rnn_tui.ui.frame.network_select import NetworkView
from rnn_tui.ui.frame.pane import focus_soon
from rnn_tui.ui.frame.task_view import SampleReader
from rnn_tui.ui.photos.detail import PhotoDetail
from rnn_tui.ui.photos.form import FormChoices, PhotosForm, ReadingJob
from rnn_tui.ui.photos.grid import PhotoGrid
from rnn_tui.ui.photos.screens import ChoosePathScreen, LabelScreen, PhotosExportScreen
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.confusion_table import ConfusionTable
from rnn_tui.ui.widgets.path_input import parse_paths, spelled

if TYPE_CHECKING:
    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

SAMPLES = "samples"  # the folder of photos that ship, among the assets
ROOMY_HEIGHT = 32  # lines from which the fields have a frame
LONGEST_NAME = 40  # letters of a photo's name in Inside
GALLERY, DETAIL, MATRIX, EMPTY = "photos-grid", "photos-detail", "photos-matrix", "photos-empty"
WELCOME = """\
Press / and type the path of a photo of a digit, or of a folder of them; Enter reads it.
Or press o to choose one, or drop files on the window."""
NONE_YET = (
    "No photo has a label yet. Tick “labels by name” if names contain the digit (7/img.jpg, "
    "7_2.png), or press # on a photo to label it."
)


class PhotosPanel(Vertical, InsideDoor, NetworkView, SampleReader):
    """Fields above, and below them the gallery, one photo in full or the confusion matrix."""

    BINDINGS = [
        # Words as long as the footer has room for on a narrow screen.
        key("open", "open", "Open", "Choose photos in a folder tree"),
        Binding("enter", "detail", "Detail", key_display="Enter", tooltip="Show a photo in detail"),
        key("show", "show", "Show", "All photos, unsure ones, wrong ones, or the confusion matrix"),
        key("sort", "sort", "Sort", "Sort by name, confidence or prediction"),
        key("label", "label", "Label", "Say which digit a photo shows"),
        key("export", "export", "Export", "Write a table, or images for training"),
        Binding("backspace", "give_label(None)", "Unlabel", show=False, tooltip="Remove a label"),
        Binding("escape", "leave", "Leave", show=False, tooltip="Stop; go back to the gallery"),
        key("type", "type", "Type", "Go to the field for paths", show=False),
        key("inside", "inside", "Inside"),
    ]

    def __init__(self, _pane: object = None) -> None:
        self._photos = PhotoCollection()
        self._grid = PhotoGrid(self._photos, id=GALLERY)
        self._detail = PhotoDetail(self._step, id=DETAIL)
        self._matrix = PhotoConfusion(self._photos, id=MATRIX)
        views = Static(WELCOME, id=EMPTY, markup=False), self._grid, self._detail, self._matrix
        self._frame = ContentSwitcher(*views, initial=EMPTY, classes="panel")
        self._form = PhotosForm(self._photos, self._frame, self._receive)
        super().__init__(self._form, self._frame)
        self._was_shown = False
        #: The job that read the photos that are shown; a new one takes its place with its first
        #: photo.
        self._shown_job: ReadingJob | None = None

    def on_show(self) -> None:
        """Find out how to show pictures, and read the samples, at the first time only."""
        if self._was_shown:
            return
        self._begin_once()
        samples = asset_dir() / SAMPLES
        if self._form.job is None and samples.is_dir():
            self._form.read([samples])

    def _begin_once(self) -> None:
        """Find out how to show pictures, and which networks there are, at the first time only."""
        if not self._was_shown:
            self._was_shown = True
            self._detail.add_pictures()
            self.refresh_weights()

    def on_resize(self, event: events.Resize) -> None:
        self._form.border_title = "What to read, and how"
        self._form.set_class(event.size.height >= ROOMY_HEIGHT, "panel")

    @property
    def view(self) -> str:
        """The id of the view in the frame."""
        return self._frame.current or EMPTY

    @property
    def digit_at_hand(self) -> DigitAtHand | None:
        """The selected photo as networks read it; None if there is none."""
        index = self._grid.selected
        digits = () if index is None else self._photos[index].digits
        if not digits:
            return None
        selected = self._detail.selected if self.view == DETAIL else 0
        reading = digits[min(selected, len(digits) - 1)]
        assert reading.digit is not None
        job = self._shown_job
        weights = job.source.path if job is not None and job.source is not None else None
        name = printable(reading.path.name, LONGEST_NAME)
        return DigitAtHand(name, reading.digit, reading.label, weights)

    @property
    def at_work(self) -> bool:
        return self._form.reading

    def focus_view(self) -> None:
        places: dict[str, Widget] = {DETAIL: self._detail, MATRIX: self._matrix}
        places.get(self.view, self._grid).focus()

    def read_samples(self, method: str) -> None:
        """Read the photos that ship; names of files are their labels."""
        self._begin_once()
        self._form.path.value = ""
        weights = choose_shipped(MNIST.name).path
        choices = FormChoices(PhotoOptions(preprocessing=method, labelled=True), weights=weights)
        self._show_all_photos()
        self._form.read_with([asset_dir() / SAMPLES], choices)

    @property
    def figures(self) -> Mapping[str, object]:
        summary = self._photos.summary
        return {
            "photos": summary.photos,
            "right": summary.right,
            "unsure": summary.doubtful,
            "accuracy": summary.accuracy,
        }

    def memento(self) -> Callable[[], object]:
        path, choices, job = self._form.path.value, self._form.choices, self._form.job

        def put_back() -> None:
            self._form.path.value = path
            paths = [asset_dir() / SAMPLES] if job is None else job.paths
            self._form.read_with(paths, choices)

        return put_back

    def _show_all_photos(self) -> None:
        """Show the gallery, and all photos in it by their names."""
        self._photos.filter, self._photos.sort = FILTERS[0], SORTS[0]
        if self.view in (DETAIL, MATRIX):
            self._switch(GALLERY)

    def read(self, paths: Sequence[Path]) -> None:
        """Read photos and folders, and say so in the field."""
        self._form.path.value = spelled(paths)
        self._form.read(paths)

    @on(Input.Submitted, "#photos-path")
    def _ask(self) -> None:
        self._form.read(partial(parse_paths, self._form.path.value))
        self.focus_view()

    def on_paste(self, event: events.Paste) -> None:
        """Read files that are dropped on the window: they arrive as a paste of their paths."""
        event.stop()
        self._form.path.replace_with(event.text)
        self._ask()

    def _receive(self, job: ReadingJob, readings: "Sequence[Reading]") -> None:
        """Show further readings; those of a new job in place of all others."""
        if self._shown_job is not job:
            self._shown_job = job
            self._photos.clear()
            self._grid.thumbnails.forget()
            self._detail.forget()
            if self.view in (EMPTY, DETAIL):
                self._switch(GALLERY)
        self._photos.add(readings)
        self._show_photos(keep=self._grid.place > 0)

    def _show_photos(self, *, keep: bool = True) -> None:
        self._grid.show(keep=keep)
        if self.view == MATRIX:
            self._matrix.draw()
        elif self.view == DETAIL:
            self._show_detail()
        self._form.show_status()

    @on(PhotoGrid.Selected)
    def _show_place(self) -> None:
        self._form.show_place(self._grid.in_view)
        self.refresh_bindings()

    def _switch(self, view: str) -> None:
        self._frame.current = view
        if not self._form.has_focus_within:
            focus_soon(self, self.focus_view)
        self.refresh_bindings()

    def _show_detail(self) -> None:
        """Show the selected photo in full; or the gallery if there is none."""
        index, job = self._grid.selected, self._shown_job
        if index is None or job is None or job.reader is None or job.source is None:
            self._switch(GALLERY)
            return
        place = (self._grid.place + 1, len(self._photos.order))
        self._detail.show(self._photos[index], place, job.reader, job.source)

    @on(Input.Changed, "SettingInput")
    def _judge(self) -> None:
        """Judge all readings anew by the threshold that was typed."""
        self._form.complaint = ""
        try:
            self._photos.judge(self._form.threshold)
        except SettingError as error:
            self._form.complaint = str(error)
        self._show_photos()

    @on(Checkbox.Changed, "#photos-named")
    def _use_names(self, event: Checkbox.Changed) -> None:
        self._photos.use_names(event.value)
        self._show_photos()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer what has something to do here; the other keys are the app's."""
        index = self._grid.selected
        focused = self.app.focused
        match action:
            case "label" | "give_label":
                has_one_digit = index is not None and not self._photos[index].rows
                return has_one_digit and isinstance(focused, PhotoGrid | PhotoDetail)
            case "detail":
                return index is not None and isinstance(focused, PhotoGrid)
            case "sort" | "show":
                return True if len(self._photos) else None
            case "export":
                return True if self._photos.shown_readings else None
        return True

    def action_leave(self) -> None:
        """Go back to the gallery, leave the field, or stop reading, whichever can be done."""
        if self.view in (DETAIL, MATRIX):
            self._switch(GALLERY)
        elif self._form.has_focus_within:
            self.focus_view()
        elif self._form.reading:
            self._form.stop()
        else:
            raise SkipAction  # it may mean something to the screen

    def action_type(self) -> None:
        self._form.path.focus()

    def action_open(self) -> None:
        """Choose a path in a tree, which begins with the folder that the field names."""
        paths = parse_paths(self._form.path.value)
        start = paths[0] if len(paths) == 1 else None
        if start is not None and not is_folder(start):
            start = start.parent
        self.app.push_screen(ChoosePathScreen(start), self._read_chosen)

    def _read_chosen(self, path: Path | None) -> None:
        if path is not None:
            self.read([path])
            self.focus_view()

    @on(PhotoGrid.Opened)
    def _open_detail(self) -> None:
        self.action_detail()

    def action_detail(self) -> None:
        self._switch(DETAIL)
        self._show_detail()

    def _step(self, by: int) -> None:
        self._grid.action_move(by)
        if self.view == DETAIL:
            self._show_detail()

    def action_sort(self) -> None:
        photos = self._photos
        photos.sort = SORTS[(SORTS.index(photos.sort) + 1) % len(SORTS)]
        photos.arrange()
        self._show_photos(keep=self._grid.place > 0)

    def action_show(self) -> None:
        """Show the photos by the next filter; after the last the matrix, then all photos again."""
        if self.view == MATRIX:
            self._switch(GALLERY)
        else:
            photos = self._photos
            photos.filter = FILTERS[(FILTERS.index(photos.filter) + 1) % len(FILTERS)]
            photos.arrange()
            if photos.filter == FILTERS[0]:
                self._switch(MATRIX)
        self._show_photos()

    def action_label(self) -> None:
        self.app.push_screen(LabelScreen(self._selected_photo, self.action_give_label, self._step))

    def _selected_photo(self) -> "tuple[Reading | None, Picture | None]":
        """Return the selected reading, and its photo once that is decoded."""
        index = self._grid.selected
        if index is None:
            return None, None
        reading = self._photos[index]
        return reading, self._grid.thumbnails.get(reading.path)

    def action_give_label(self, digit: int | None) -> None:
        """Label the selected photo, and go on to the next; None takes its label away."""
        index = self._grid.selected
        if index is None:
            return
        self._photos.label(index, digit)
        self._show_photos()
        # With a label it may be filtered out: then the next one is selected already.
        if digit is not None and self._grid.selected == index:
            self._step(1)

    def action_export(self) -> None:
        self.app.push_screen(PhotosExportScreen(self._photos.shown_readings))


class PhotoConfusion(Vertical, can_focus=True):
    """Accuracy and confusion matrix of the photos with a label."""

    def __init__(self, photos: PhotoCollection, *, id: str) -> None:
        super().__init__(Static("", markup=False), ConfusionTable(), id=id)
        self._photos = photos

    def on_mount(self) -> None:
        # the cells have colours of the theme
        self.app.theme_changed_signal.subscribe(self, lambda _: self.draw())

    def draw(self) -> None:
        summary, table = self._photos.summary, self.query_one(ConfusionTable)
        table.display = summary.accuracy is not None
        text = NONE_YET
        if table.display:
            accuracy = summary.accuracy_text(top1=True)
            text = f"{accuracy} · rows: true digit, columns: read as, ?: unsure"
            table.show(summary.confusion, "0123456789?", self.size)
        self.query_one(Static).update(text)
