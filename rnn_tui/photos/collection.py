"""Photos in folders and the digits that their names tell; readings in order, with a user's labels.

All of it does without OpenCV, so that the command line and the app load it at once.
"""

import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.files import outside
from rnn_tui.engine.progress import Progress
from rnn_tui.photos import THRESHOLD

if TYPE_CHECKING:
    from rnn_tui.photos.reading import Reading

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp"})

#: Pictures that are not read. A folder may hold nothing else, as one of a phone's photos.
UNREAD_SUFFIXES = frozenset({".avif", ".dng", ".gif", ".heic", ".heif", ".jxl", ".pdf"})

_NUMBER = re.compile(r"([0-9]+)")


class UnreadPictures:
    """How many pictures of each kind were passed over in folders, as no such kind is read."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def note(self, name: str) -> None:
        """Count a file if its name ends like that of such a picture."""
        suffix = _suffix(name)
        if suffix in UNREAD_SUFFIXES:
            self._counts[suffix] += 1

    @property
    def sentence(self) -> str:
        """What was passed over, and what to do."""
        total = self._counts.total()
        pictures = "1 picture was" if total == 1 else f"{total:,} pictures were"
        kinds = ", ".join(sorted(self._counts))
        return f"{pictures} not read ({kinds}): convert them to JPEG or PNG."


def find_images(
    paths: Iterable[Path], recursive: bool, unread: UnreadPictures | None = None
) -> Iterator[Path]:
    """Find photos in the order of `paths`, each folder's in natural order, while they are used.

    Files are given whatever their suffix. Of a folder come the files with an image's suffix, except
    hidden ones, and if `recursive` those of the folders in it. Links are followed; every folder is
    visited once, so that circles end. A path that can't be listed, or does not exist, is yielded
    unchanged: reading it will say why it can't be read. What a folder has of other pictures is
    counted in `unread`.
    """
    unread = UnreadPictures() if unread is None else unread
    visited: set[tuple[int, int]] = set()
    # a stack instead of recursion: folders may lie deeper than Python can
    waiting: list[Iterator[str | Path]] = [iter(paths)]
    while waiting:
        path = next(waiting[-1], None)
        if path is None:
            waiting.pop()
            continue
        # the folders that were asked for are the only ones to look into if not recursive
        may_enter = recursive or len(waiting) == 1
        if not outside.is_folder(path):
            yield Path(path)
        elif may_enter:
            entries = _folders_and_photos(path, visited, unread)
            if entries is None:
                yield Path(path)
            else:
                waiting.append(iter(entries))
        elif called_like_photo(os.fspath(path)):
            yield Path(path)  # reading it will say what is wrong with it


def count_images(paths: Sequence[Path], recursive: bool, progress: Progress) -> None:
    """Have a thread count what `find_images` finds, which takes far less than reading it.

    The count becomes the total of `progress`, once it is complete.
    """

    def count() -> None:
        total = 0
        for _ in find_images(paths, recursive):
            if progress.stopping:
                return
            total += 1
        progress.expect(total)

    threading.Thread(target=count, name="counting photos", daemon=True).start()


def label_in_name(path: Path) -> int | None:
    """Return the digit that a photo's name tells; None if it tells none.

    It is its folder's name (`7/img.jpg`), or the first number of its own if that has one digit
    (`7_2.png`, not `IMG_2041.jpg`).
    """
    number = re.fullmatch("[0-9]", path.parent.name) or _NUMBER.search(path.stem)
    if number is None or len(number[0]) > 1:
        return None
    return int(number[0])


def _folders_and_photos(
    folder: str | Path, visited: set[tuple[int, int]], unread: UnreadPictures
) -> list[str] | None:
    """List the folders and photos in a folder, in natural order; None if it can't be listed.

    A folder among those `visited`, by device and inode, has none; others are added to these.
    """
    try:
        status = outside.status(folder)
        if (status.st_dev, status.st_ino) in visited:
            return []
        visited.add((status.st_dev, status.st_ino))
        with outside.entries(folder) as entries:
            names = [entry.name for entry in entries if _is_wanted(entry, unread)]
    except OSError:
        return None
    return [os.path.join(folder, name) for name in sorted(names, key=natural_key)]


def _is_wanted(entry: os.DirEntry[str], unread: UnreadPictures) -> bool:
    """Return whether an entry of a folder is a folder or a photo, and not hidden."""
    if entry.name.startswith("."):
        return False
    if is_folder(entry) or called_like_photo(entry.name):
        return True
    unread.note(entry.name)
    return False


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether a path is a folder, or a link to one."""
    try:
        return entry.is_dir() and outside.is_folder(entry)
    except OSError:  # a link in a circle
        return False


def called_like_photo(name: str) -> bool:
    """Return whether a file's name ends like a photo's."""
    return _suffix(name) in SUFFIXES


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts 2 before 10; the name itself decides between 2 and 02."""
    parts = _NUMBER.split(name.casefold())  # text and digits in turn
    key = [int(part[:18]) if index % 2 else part for index, part in enumerate(parts)]
    return key, name


SORTS = ("name", "confidence", "prediction")
FILTERS = ("all", "unsure", "wrong")
SortKey = tuple[object, ...]


class PhotoCollection:
    """Readings in the order in which they came, and the order in which they are shown."""

    def __init__(self) -> None:
        #: the digits that the user named, by path; they outlive a new reading.
        self.user_labels: dict[Path, int] = {}
        self.sort = SORTS[0]  #: one of `SORTS`; by confidence the least sure come first.
        self.filter = FILTERS[0]  #: one of `FILTERS`.
        self.threshold = THRESHOLD  #: the confidence below which an answer is doubted, 0 … 1.
        self.uses_names = False  #: whether names of folders and files tell labels.
        self.clear()

    def clear(self) -> None:
        """Forget all readings, but not what the user said about them."""
        self._readings: list[Reading] = []
        self._name_keys: list[SortKey] = []  #: the key of each reading, to sort by name.
        self._confidences: list[float] = []  #: the confidence of each reading; −1 if it has none.
        self._summary: ReadingSummary | None = None  #: None if it has to be counted anew.
        self.order: list[int] = []  #: indices of the readings that are shown.

    def __len__(self) -> int:
        return len(self._readings)

    def __getitem__(self, index: int) -> "Reading":
        return self._readings[index]

    @property
    def shown_readings(self) -> "list[Reading]":
        """All readings that are shown, in their order."""
        return [self._readings[index] for index in self.order]

    def add(self, readings: "Sequence[Reading]") -> None:
        """Take in more readings."""
        previous_count = len(self._readings)
        for reading in readings:
            self._readings.append(self._labelled(reading.judged(self.threshold)))
            folder, name = os.path.split(reading.path)  # a folder's photos together, 2 before 10
            self._name_keys.append((folder, natural_key(name)))
            self._confidences.append(-1.0 if reading.confidence is None else reading.confidence)
        summary = self._summary
        self.arrange()
        if summary is not None:
            summary.add(self._readings[previous_count:])
            self._summary = summary

    def judge(self, threshold: float) -> None:
        """Doubt answers below another threshold, 0 … 1."""
        previous = self.threshold
        self.threshold = threshold
        for index, confidence in enumerate(self._confidences):
            is_number = bool(self._readings[index].rows)  # each digit has its own confidence
            if is_number or (confidence < previous) != (confidence < threshold):
                self._readings[index] = self._readings[index].judged(threshold)
        self.arrange()

    def label(self, index: int, digit: int | None) -> None:
        """Name the digit that a photo shows; None takes the user's word back."""
        path = self._readings[index].path
        if digit is None:
            self.user_labels.pop(path, None)
        else:
            self.user_labels[path] = digit
        self._readings[index] = self._labelled(self._readings[index])
        self.arrange()

    def use_names(self, uses_names: bool) -> None:
        """Take labels from names, or do not."""
        self.uses_names = uses_names
        self._readings = [self._labelled(reading) for reading in self._readings]
        self.arrange()

    def arrange(self) -> None:
        """Filter and sort anew."""
        self._summary = None
        indices = [index for index, reading in enumerate(self._readings) if self._passes(reading)]
        self.order = sorted(indices, key=self._sort_key)

    def _passes(self, reading: "Reading") -> bool:
        """Return whether the filter shows a reading."""
        match self.filter:
            case "unsure":
                return bool(reading.doubt or reading.error)
            case "wrong":
                return reading.correct is False
        return True

    def _sort_key(self, index: int) -> SortKey:
        confidence = self._confidences[index]
        match self.sort:
            case "confidence":
                return (confidence < 0, confidence, index)
            case "prediction":
                best = self._readings[index].best
                return (best is None, best or 0, -confidence, index)
        return self._name_keys[index]

    def _labelled(self, reading: "Reading") -> "Reading":
        """Return the reading with the user's label, or that of its name if names count."""
        user_label = self.user_labels.get(reading.path)
        label = user_label
        if label is None and self.uses_names:
            label = label_in_name(reading.path)
        by_user = user_label is not None
        if (label, by_user) == (reading.label, reading.labelled_by_user):
            return reading
        return replace(reading, label=label, labelled_by_user=by_user)

    @property
    def summary(self) -> "ReadingSummary":
        """The counts of photos that were read, doubted and right."""
        if self._summary is None:
            self._summary = ReadingSummary()
            self._summary.add(self._readings)
        return self._summary


CLASSES = 10


def _empty_matrix() -> list[list[int]]:
    return [[0] * (CLASSES + 1) for _ in range(CLASSES)]


@dataclass
class ReadingSummary:
    """Counts over readings, kept up to date as they come."""

    photos: int = 0  #: all photos.
    errors: int = 0  #: those that could not be read.
    doubtful: int = 0  #: those without a prediction though they could be read.
    labelled: int = 0  #: those whose digit is known and that could be read.
    unlabelled: int = 0  #: those whose digit is not known and that could be read.
    right: int = 0  #: those of the labelled ones that were read right, without doubt.
    #: those of the labelled ones whose most probable digit is the right one, doubted or not.
    top1: int = 0
    #: 10 rows of 11 counts: labels in rows, predictions in columns, the last one for no prediction.
    confusion: list[list[int]] = field(default_factory=_empty_matrix)

    def add(self, readings: "Iterable[Reading]") -> None:
        """Count some more."""
        for reading in readings:
            self.photos += 1
            if reading.error:
                self.errors += 1
                continue
            self.doubtful += bool(reading.doubt)
            if reading.label is None:
                self.unlabelled += 1
                continue
            self.labelled += 1
            self.right += bool(reading.correct)
            self.top1 += reading.best == reading.label
            column = CLASSES if reading.prediction is None else reading.prediction
            self.confusion[reading.label][column] += 1

    @property
    def accuracy(self) -> float | None:
        """Percent of the labelled photos that were read right; None without any."""
        return 100.0 * self.right / self.labelled if self.labelled else None

    def accuracy_text(self, *, top1: bool = False) -> str:
        """Return how many were read right, in words.

        Args:
            top1: also say how many would be if no answer were doubted, where any is.
        """
        text = f"{self.right:,} of {self.labelled:,} right ({self.accuracy or 0:.1f} %)"
        if top1 and self.top1 > self.right:
            text += f", {self.top1:,} with doubted ones ({100 * self.top1 / self.labelled:.1f} %)"
        return text

    def document(self, labels: bool) -> dict[str, Any]:
        """Return a JSON-ready form; statements on labels only if `labels` is set."""
        names = ["photos", "errors", "doubtful"]
        if labels:
            names += ["labelled", "unlabelled"]
        if self.labelled:
            names += ["right", "top1", "accuracy", "confusion"]
        return {name: getattr(self, name) for name in names}
