"""Above the gallery: what to read and how; in its frame, how far that is or what came of it."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from textual import getters, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Checkbox, Label, Select, Static

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.outside import exists
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.settings import NumberSetting
from rnn_tui.photos import METHODS, NUMBERS, THRESHOLD
from rnn_tui.photos.collection import count_images, find_images
from rnn_tui.runs.weights import NETWORKS, Source, choose_shipped
from rnn_tui.runs.words import count_of
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.ui.common.pane import show_line
from rnn_tui.ui.common.widgets.network_select import NetworkSelect
from rnn_tui.ui.common.widgets.path_input import PathInput
from rnn_tui.ui.common.widgets.plain import MarkedCheckbox, PlainSelect
from rnn_tui.ui.common.widgets.setting_input import SettingInput

if TYPE_CHECKING:
    from rnn_tui.photos.collection import PhotoCollection, ReadingSummary
    from rnn_tui.photos.reader import PhotoReader
    from rnn_tui.photos.reading import Reading

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 0.1
OURS, REPORT = METHODS
SHORT_METHODS = {OURS: "as MNIST", REPORT: "as report"}
SHORT_NUMBERS = dict(zip(NUMBERS, ("1 digit or more", "1 digit each", "numbers"), strict=True))
UNSURE_BELOW = NumberSetting(
    "threshold", "unsure below", "answers below this percentage are doubtful", 0, 100
)
# Of photos and folders; or what finds them, which may look at the disk.
PathsToRead: TypeAlias = Sequence[Path] | Callable[[], Sequence[Path]]


class ReadingJob:
    """Reads in a daemon thread, none of asyncio's: a folder on a network that is gone must not keep
    the app from ending. `source` gives the weights, or raises a `UserError`; `method` and `number`
    are of `photos.METHODS` and `photos.NUMBERS`.
    """

    def __init__(
        self,
        paths: PathsToRead,
        source: Callable[[], Source],
        method: str,
        recursive: bool,
        number: str,
    ) -> None:
        self.paths = paths  #: what it reads.
        self._choose = source
        self._method, self._recursive, self._number = method, recursive, number
        self.reader: PhotoReader | None = None  #: with what; None until the weights are loaded.
        self.source: Source | None = None  #: the weights of its network; None as long.
        self.failure = ""  #: why nothing is read, in a sentence.
        self.progress = Progress()  #: in photos, the total of which is known once all are found.
        self.done = False  #: whether nothing more will come.
        self._ready: deque[Reading] = deque()

    def start(self) -> None:
        threading.Thread(target=self._run, name="reading photos", daemon=True).start()

    def stop(self) -> None:
        """Read no more photos; those under way are not waited for."""
        self.progress.stop()

    def take(self) -> "list[Reading]":
        """What was read since the last time."""
        return [self._ready.popleft() for _ in range(len(self._ready))]

    @property
    def how_far(self) -> str:
        """How far it is, in words."""
        progress = self.progress
        if not progress.done:
            return "Reading …"
        of_all = "" if progress.total is None else f" of {progress.total:,}"
        rate = "" if progress.rate is None else f"{progress.rate:,.0f}/s"
        numbers = [f"Reading: {progress.done:,}{of_all}", rate, time_left(progress.seconds_left)]
        return " · ".join([*filter(None, numbers), "Esc stops"])

    def _run(self) -> None:
        """In the thread."""
        try:
            self._read()
        except UserError as error:
            self.failure = str(error)
        except Exception:
            logger.exception("reading photos failed")
            self.failure = "The photos could not be read; the log file has the details."
        finally:
            self.done = True

    def _read(self) -> None:
        from rnn_tui.photos.reader import PhotoReader  # noqa: PLC0415 - OpenCV, in the thread

        paths = self.paths() if callable(self.paths) else self.paths
        missing = [path for path in paths if not exists(path)]
        if len(missing) == len(paths):
            raise UserError(_missing(missing))
        source = self._choose()
        network = NETWORKS.get(source.path, RowReaderNetwork)
        self.source, self.reader = source, PhotoReader(network, self._method, number=self._number)
        progress = self.progress
        count_images(paths, self._recursive, progress)
        found = find_images(paths, self._recursive)
        count = 0
        progress.advance(count)
        for readings in self.reader.read(found, lambda: progress.stopping):
            self._ready.extend(readings)
            count += len(readings)
            progress.advance(count)
        if not count and not progress.stopping:
            where = ", ".join(printable(path, 100) for path in paths[:3])
            more = (
                ""
                if self._recursive
                else " Folders in it are left out unless “subfolders” is ticked."
            )
            raise UserError(f"There are no photos in {where} (JPEG, PNG, BMP, TIFF, WebP).{more}")


def _missing(paths: Sequence[Path]) -> str:
    if not paths:
        return "Type the path of a photo, or of a folder of photos."
    more = f"; {len(paths) - 1:,} more missing" if len(paths) > 1 else ""
    return f"There is no file or folder {printable(paths[0], 200)}{more}."


class PhotosForm(Vertical):
    """Two lines of fields, below them one on what is wrong. Whatever changes how photos are read
    has them read again. The title of the `frame` says how far reading is, or what came of it;
    `take` takes further readings, and what read them.
    """

    path = getters.query_one(PathInput)

    def __init__(
        self,
        photos: "PhotoCollection",
        frame: Widget,
        take: "Callable[[ReadingJob, list[Reading]], None]",
    ) -> None:
        super().__init__()
        self._photos, self._frame, self._take = photos, frame, take
        self.job: ReadingJob | None = None  #: reads what was asked for last; None before.
        self.reading = False  #: whether it is still under way.
        self.complaint = ""  #: what is wrong, in a sentence.

    def compose(self) -> ComposeResult:
        threshold = SettingInput(UNSURE_BELOW)
        threshold.value = f"{100 * THRESHOLD:.0f}"
        with Horizontal(classes="field-row"):
            yield Label("Photos", classes="field-label photos-begin")
            yield PathInput(id="photos-path")
            yield PlainSelect(
                [(name, number) for number, name in SHORT_NUMBERS.items()], id="photos-number"
            )
            yield MarkedCheckbox("subfolders", id="photos-recursive")
        with Horizontal(classes="field-row"):
            yield Label("Network", classes="field-label photos-begin")
            yield NetworkSelect(MNIST.name, short=True, id="photos-network")
            yield Label("prepared", classes="field-label")
            yield PlainSelect(
                [(name, method) for method, name in SHORT_METHODS.items()], id="photos-method"
            )
            yield Label("unsure <", classes="field-label")
            yield threshold
            yield Label("%", classes="field-label")
            yield MarkedCheckbox("labels by name", id="photos-named")
        yield Static("", id="photos-message", markup=False)

    def on_mount(self) -> None:
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look, pause=True)

    def on_unmount(self) -> None:
        if self.job is not None:
            self.job.stop()

    @property
    def threshold(self) -> float:
        """The probability below which an answer is doubted, 0 … 1; raises a `SettingError` if it
        can't be read.
        """
        text = self.query_one(SettingInput).value
        return float(UNSURE_BELOW.parse(text)) / 100 if text.strip() else THRESHOLD

    def read(self, paths: PathsToRead) -> None:
        """Read in place of what is being read, as the fields say."""
        if self.job is not None:
            self.job.stop()
        source = self.query_one(NetworkSelect).source
        # Before networks were looked for, the first of them is meant.
        choose = partial(choose_shipped, MNIST.name) if source is None else lambda: source
        method, number = (
            str(self.query_one(name, Select).value) for name in ("#photos-method", "#photos-number")
        )
        self.job = ReadingJob(
            paths, choose, method, self.query_one("#photos-recursive", Checkbox).value, number
        )
        self.job.start()
        self.reading, self.complaint = True, ""
        self._timer.resume()
        self.show_status()
        self.refresh_bindings()

    @on(Select.Changed)
    @on(Checkbox.Changed, "#photos-recursive")
    def _read_again(self) -> None:
        if self.job is not None:
            self.read(self.job.paths)

    @on(NetworkSelect.Offered)
    def _networks_found(self, event: NetworkSelect.Offered) -> None:
        if event.other:
            self._read_again()

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
        if readings := job.take():
            self._take(job, readings)
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
        show_line(self, "#photos-message", self.complaint)
        words = self.job.how_far if self.job is not None and self.reading else "No photos yet"
        if not self.reading and len(self._photos):
            words = counted(self._photos.summary)
        self._frame.border_title = Content(words)

    def show_place(self, in_view: range) -> None:
        """Say which photos are shown, and in what order."""
        photos, text = self._photos, ""
        if photos.order:
            which = "" if photos.filter == "all" else f"{photos.filter} · "
            text = (
                f"{which}by {photos.sort} · {in_view.start + 1:,}–{in_view.stop:,} of "
                f"{len(photos.order):,}"
            )
        elif len(photos):
            text = f"no photo is {photos.filter} · w shows others"
        self._frame.border_subtitle = Content(text)


def counted(summary: "ReadingSummary") -> str:
    """What came of all photos."""
    parts = [count_of(summary.photos, "photo")]
    faults = {"doubtful": summary.doubtful, "unreadable": summary.errors}
    parts += [f"{count:,} {name}" for name, count in faults.items() if count]
    return " · ".join(parts if summary.accuracy is None else [*parts, summary.accuracy_text()])
