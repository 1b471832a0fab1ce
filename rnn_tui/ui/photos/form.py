"""The fields above the gallery that say what to read and how, and the job that reads."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Label, Select

from rnn_tui.archive.weights import NETWORKS, Source, choose_shipped
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.files.outside import exists
from rnn_tui.engine.options import options_of
from rnn_tui.engine.pace import time_left
from rnn_tui.photos import THRESHOLD
from rnn_tui.photos.collection import UnreadPictures, count_images, find_images
from rnn_tui.photos.options import PREPROCESSING, PhotoOptions
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.ui.frame.network_select import NetworkSelect
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.path_input import PathInput
from rnn_tui.ui.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.widgets.setting_input import SettingInput
from rnn_tui.ui.work.background_reading import BackgroundReading

if TYPE_CHECKING:
    from rnn_tui.photos.collection import PhotoCollection, ReadingSummary
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

SECONDS_BETWEEN_LOOKS = 0.1
ROWS = options_of(PhotoOptions)
NUMBER, UNSURE_BELOW = ROWS["number"], ROWS["threshold"]
LONGEST_PATH = 46  # characters of a path in a sentence: it has one line of 76
NO_PHOTOS = "No JPEG, PNG, BMP, TIFF or WebP here, nor in folders in it."
NO_PHOTOS_BUT_DEEPER = "No JPEG, PNG, BMP, TIFF or WebP here; tick “subfolders” to look deeper."
#: Photos and folders; or a function that finds them, which may look at the disk.
PathsToRead: TypeAlias = Sequence[Path] | Callable[[], Sequence[Path]]


@dataclass(frozen=True)
class FormChoices:
    """How photos are read, as the fields say it."""

    options: PhotoOptions = field(default_factory=PhotoOptions)  #: all but the threshold.
    threshold: str = UNSURE_BELOW.empty  #: the field's text, in percent.
    weights: Path | None = None  #: the weights that are selected; None to leave them.


class ReadingJob(BackgroundReading):
    """Reads photos; its progress is in photos, and the total is known once all are found."""

    subject = "photos"

    def __init__(
        self,
        paths: PathsToRead,
        choose_source: Callable[[], Source],
        options: PhotoOptions,
    ) -> None:
        """Prepare to read.

        Args:
            paths: What to read.
            choose_source: Gives the weights, or raises a `UserError`; called in the thread.
            options: How photos are read.
        """
        super().__init__()
        self.paths = paths  #: the paths that it reads.
        self._choose_source = choose_source
        self._options = options
        self.reader: PhotoReader | None = None  #: None until the weights are loaded.
        self.source: Source | None = None  #: the weights; None until they are loaded.
        self._ready: deque[Reading] = deque()  #: What was read and not taken yet.

    def take_readings(self) -> "list[Reading]":
        """Return what was read since the last call."""
        return [self._ready.popleft() for _ in range(len(self._ready))]

    @property
    def progress_text(self) -> str:
        """The progress, in words."""
        progress = self.progress
        if not progress.done:
            return "Reading …"
        of_all = "" if progress.total is None else f" of {progress.total:,}"
        rate = "" if progress.rate is None else f"{progress.rate:,.0f}/s"
        numbers = [f"Reading: {progress.done:,}{of_all}", rate, time_left(progress.seconds_left)]
        return " · ".join([*filter(None, numbers), "Esc stops"])

    def _read(self) -> None:
        from rnn_tui.photos.reader import PhotoReader  # OpenCV, in the thread

        paths = self.paths() if callable(self.paths) else self.paths
        missing = [path for path in paths if not exists(path)]
        if len(missing) == len(paths):
            raise UserError(_missing(missing))
        source = self._choose_source()
        network = NETWORKS.get(source.path, RowReaderNetwork)
        self.source = source
        self.reader = PhotoReader(network, self._options.preprocessing, number=self._options.number)
        progress = self.progress
        count_images(paths, self._options.recursive, progress)
        unread = UnreadPictures()
        images = find_images(paths, self._options.recursive, unread)
        count = 0
        progress.advance(count)
        for readings in self.reader.read(images, lambda: progress.stopping):
            self._ready.extend(readings)
            count += len(readings)
            progress.advance(count)
        if progress.stopping:
            return
        if unread:
            self.failure = unread.sentence
        elif not count:
            raise UserError(NO_PHOTOS if self._options.recursive else NO_PHOTOS_BUT_DEEPER)


def _missing(paths: Sequence[Path]) -> str:
    """Say that none of these paths leads to a file."""
    if not paths:
        return "Type the path of a photo, or of a folder of photos."
    more = f"; {len(paths) - 1:,} more missing" if len(paths) > 1 else ""
    return f"There is no file or folder {path_end(paths[0])}{more}."


def path_end(path: Path) -> str:
    """Return a path, or its end if it is long."""
    text = str(path)
    if len(text) <= LONGEST_PATH:
        return printable(text)
    return f"…{printable(text[1 - LONGEST_PATH :])}"


class PhotosForm(Vertical):
    """Two lines of fields, and below them a line for an error.

    A change of how photos are read has them read again.
    """

    path = getters.query_one(PathInput)

    def __init__(
        self,
        photos: "PhotoCollection",
        frame: Widget,
        receive: "Callable[[ReadingJob, list[Reading]], None]",
    ) -> None:
        """Create the fields.

        Args:
            photos: All photos that were read.
            frame: Its title says how far reading is, or what came of it.
            receive: Called with further readings and the job that made them.
        """
        super().__init__()
        self._photos = photos
        self._frame = frame
        self._receive = receive
        self.job: ReadingJob | None = None  #: reads what was asked for last; None before.
        self.reading = False  #: whether it is still under way.
        self.complaint = ""  #: what is wrong, in a sentence.

    def compose(self) -> ComposeResult:
        threshold = SettingInput(UNSURE_BELOW.form_setting)
        threshold.value = UNSURE_BELOW.empty
        with Horizontal(classes="field-row"):
            yield Label("Photos", classes="field-label photos-begin")
            yield PathInput(id="photos-path")
            numbers = [(label, number) for number, label in NUMBER.choices.items()]
            yield PlainSelect(numbers, id="photos-number")
            yield MarkedCheckbox(ROWS["recursive"].label, id="photos-recursive")
            yield MarkedCheckbox(ROWS["labelled"].label, id="photos-named")
        with Horizontal(classes="field-row"):
            yield Label("Network", classes="field-label photos-begin")
            yield NetworkSelect(MNIST.name, short=True, only_digits=True, id="photos-network")
            yield Label(PREPROCESSING.label, classes="field-label", markup=False)
            methods = [(label, method) for method, label in PREPROCESSING.choices.items()]
            yield PlainSelect(methods, id="photos-method")
            yield Label(UNSURE_BELOW.label, classes="field-label", markup=False)
            yield threshold
            yield Label(UNSURE_BELOW.unit, classes="field-label", markup=False)
        yield FormNote("photos-message")

    def on_mount(self) -> None:
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look, pause=True)

    def on_unmount(self) -> None:
        if self.job is not None:
            self.job.stop()

    @property
    def threshold(self) -> float:
        """The confidence below which an answer is doubted, 0 … 1.

        Raises:
            SettingError: The field holds no percentage.
        """
        percent = self.query_one(SettingInput).setting_value()
        return THRESHOLD if percent is None else float(percent) / 100

    def read(self, paths: PathsToRead) -> None:
        """Read photos as the fields say, in place of those that are being read."""
        if self.job is not None:
            self.job.stop()
        self.job = ReadingJob(
            paths,
            self._source_chooser(),
            self._options,
        )
        self.job.start()
        self.reading = True
        self.complaint = ""
        self._timer.resume()
        self.show_status()
        self.refresh_bindings()

    def _source_chooser(self) -> Callable[[], Source]:
        """Return a function that gives the weights of the selected network."""
        source = self.query_one(NetworkSelect).source
        if source is None:  # networks are still being looked for: the first of them is meant
            return partial(choose_shipped, MNIST.name)
        return lambda: source

    @on(Select.Changed)
    @on(Checkbox.Changed, "#photos-recursive")
    def _read_again(self) -> None:
        if self.job is not None:
            self.read(self.job.paths)

    @on(NetworkSelect.Offered)
    def _read_by_other_network(self, event: NetworkSelect.Offered) -> None:
        if event.other:
            self._read_again()

    def read_with(self, paths: PathsToRead, choices: FormChoices) -> None:
        """Read photos with these choices in place of those in the fields."""
        with self.prevent(Select.Changed, Checkbox.Changed):
            self.query_one("#photos-method", Select).value = choices.options.preprocessing
            self.query_one("#photos-number", Select).value = choices.options.number
            self.query_one("#photos-recursive", Checkbox).value = choices.options.recursive
        self.query_one("#photos-named", Checkbox).value = choices.options.labelled
        self.query_one(SettingInput).value = choices.threshold
        self.query_one(NetworkSelect).choose(choices.weights)
        self.read(paths)

    @property
    def _options(self) -> PhotoOptions:
        """What is chosen; the threshold only judges what was read, and is not among it."""
        return PhotoOptions(
            preprocessing=str(self.query_one("#photos-method", Select).value),
            number=str(self.query_one("#photos-number", Select).value),
            recursive=self.query_one("#photos-recursive", Checkbox).value,
            labelled=self.query_one("#photos-named", Checkbox).value,
        )

    @property
    def choices(self) -> FormChoices:
        """What the fields say, but for the paths."""
        source = self.query_one(NetworkSelect).source
        return FormChoices(
            options=self._options,
            threshold=self.query_one(SettingInput).value,
            weights=None if source is None else source.path,
        )

    def stop(self) -> None:
        """Stop reading; what was read stays."""
        if self.job is not None and self.reading:
            self.job.stop()
            self._end()
            self._look()

    def _look(self) -> None:
        """Hand on what was read since the last look."""
        job = self.job
        assert job is not None  # nothing looks before there is one
        done = job.done  # before taking: what comes in between is taken at the next look
        readings = job.take_readings()
        if readings:
            self._receive(job, readings)
        if done:
            self.complaint = job.failure
            self._end()
        self.show_status()

    def _end(self) -> None:
        self.reading = False
        self._timer.pause()
        self.refresh_bindings()

    def show_status(self) -> None:
        """Say how far reading is, or what came of it; and what is wrong."""
        self.query_one(FormNote).say(self.complaint, wrong=bool(self.complaint))
        if self.job is not None and self.reading:
            text = self.job.progress_text
        elif len(self._photos):
            text = summary_text(self._photos.summary)
        else:
            text = "No photos yet"
        self._frame.border_title = Content(text)

    def show_place(self, in_view: range) -> None:
        """Say which photos are shown, and in what order."""
        photos = self._photos
        parts = []
        if photos.order:
            if photos.filter != "all":
                parts.append(photos.filter)
            parts.append(f"by {photos.sort}")
            parts.append(f"{in_view.start + 1:,}–{in_view.stop:,} of {len(photos.order):,}")
        elif len(photos):
            parts = [f"no photo is {photos.filter}", "w shows others"]
        self._frame.border_subtitle = Content(" · ".join(parts))


def summary_text(summary: "ReadingSummary") -> str:
    """Count the photos, those that are unsure or unreadable, and the right answers."""
    parts = [count_of(summary.photos, "photo")]
    if summary.doubtful:
        parts.append(f"{summary.doubtful:,} unsure")
    if summary.errors:
        parts.append(f"{summary.errors:,} unreadable")
    if summary.accuracy is not None:
        parts.append(summary.accuracy_text())
    return " · ".join(parts)
