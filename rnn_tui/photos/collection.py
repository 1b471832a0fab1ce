"""Photos found in folders, with the digit that a name promises; those read, in order, with a user's
corrections; no OpenCV.
"""

import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine import outside
from rnn_tui.engine.progress import Progress
from rnn_tui.photos import THRESHOLD

if TYPE_CHECKING:
    from rnn_tui.photos.reading import Reading

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp"})

_NUMBER = re.compile(r"([0-9]+)")


def find_images(paths: Iterable[Path], recursive: bool) -> Iterator[Path]:
    """Photos in the order of `paths`, each folder's in natural order, found while they are used.

    Files are given whatever their suffix; of a folder the files with an image's suffix, except
    hidden ones, and if `recursive` those of the folders in it. Links are followed; every folder is
    visited once, so that circles end. What can't be listed or does not exist is given as it stands:
    whoever reads it will say why it can't be read.
    """
    visited: set[tuple[int, int]] = set()
    # a stack instead of recursion: folders may lie deeper than Python can
    waiting: list[Iterator[str | Path]] = [iter(paths)]
    while waiting:
        path = next(waiting[-1], None)
        if path is None:
            waiting.pop()
        elif not outside.is_folder(path):
            yield Path(path)
        elif recursive or len(waiting) == 1:
            # the folders that were asked for are the only ones to look into if not recursive
            inside = _listed(path, visited)
            if inside is None:
                yield Path(path)
            else:
                waiting.append(iter(inside))
        elif called_like_photo(os.fspath(path)):
            yield Path(path)  # whoever reads it will say what it is


def count_images(paths: Sequence[Path], recursive: bool, progress: Progress) -> None:
    """Have a thread count what `find_images` finds, which takes far less than reading it.

    The total of the progress is not known before.
    """

    def count() -> None:
        total = 0
        for _ in find_images(paths, recursive):
            if progress.stopping:
                return
            total += 1
        progress.expect(total)

    threading.Thread(target=count, name="counting photos", daemon=True).start()


def label_of(path: Path) -> int | None:
    """The digit that a photo's name tells; None if it tells none.

    It is its folder's name (`7/img.jpg`), or the first number of its own if that has one digit
    (`7_2.png`, not `IMG_2041.jpg`).
    """
    number = re.fullmatch("[0-9]", path.parent.name) or _NUMBER.search(path.stem)
    return int(number[0]) if number and len(number[0]) == 1 else None


def _listed(folder: str | Path, visited: set[tuple[int, int]]) -> list[str] | None:
    """Folders and photos in `folder`, in natural order; None if it can't be listed."""
    try:
        status = outside.status(folder)
        if (status.st_dev, status.st_ino) in visited:
            return []
        visited.add((status.st_dev, status.st_ino))
        with outside.entries(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name[0] != "." and (is_folder(entry) or called_like_photo(entry.name))
            ]
    except OSError:
        return None
    return [os.path.join(folder, name) for name in sorted(names, key=natural)]


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    try:
        return entry.is_dir() and outside.is_folder(entry)
    except OSError:  # a link in a circle
        return False


def called_like_photo(name: str) -> bool:
    """Whether a file's name ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def natural(name: str) -> tuple[list[str | int], str]:
    """A key that sorts 2 before 10; the name itself decides between 2 and 02."""
    return [
        int(part[:18]) if at % 2 else part for at, part in enumerate(_NUMBER.split(name.casefold()))
    ], name


SORTS = ("name", "confidence", "prediction")
FILTERS = ("all", "doubtful", "wrong")
SortKey = tuple[object, ...]


class PhotoCollection:
    """Readings in the order in which they came, and the order in which they are shown."""

    def __init__(self) -> None:
        #: the digits that the user named, by path; they outlive a new reading.
        self.given: dict[Path, int] = {}
        #: one of each; by confidence the least sure come first.
        self.sort, self.filter = SORTS[0], FILTERS[0]
        self.threshold = THRESHOLD  #: the confidence below which an answer is doubted, 0 … 1.
        self.named = False  #: whether names of folders and files tell which digit a photo shows.
        self.clear()

    def clear(self) -> None:
        """Forget all readings, but not what the user said about them."""
        self._readings: list[Reading] = []
        self._names: list[SortKey] = []
        self._confidences: list[float] = []
        self._summary: ReadingSummary | None = None
        self.order: list[int] = []  #: indices of the readings that are shown.

    def __len__(self) -> int:
        return len(self._readings)

    def __getitem__(self, index: int) -> "Reading":
        return self._readings[index]

    @property
    def shown(self) -> "list[Reading]":
        """All that are shown, in their order."""
        return [self._readings[index] for index in self.order]

    def add(self, readings: "Sequence[Reading]") -> None:
        """Take in more readings."""
        before = len(self._readings)
        for reading in readings:
            self._readings.append(self._labelled(reading.judged(self.threshold)))
            folder, name = os.path.split(reading.path)  # a folder's photos together, 2 before 10
            self._names.append((folder, natural(name)))
            self._confidences.append(-1.0 if reading.confidence is None else reading.confidence)
        summary = self._summary
        self.arrange()
        if summary is not None:
            summary.add(self._readings[before:])
            self._summary = summary

    def judge(self, threshold: float) -> None:
        """Doubt answers below another threshold."""
        before, self.threshold = self.threshold, threshold
        for at, confidence in enumerate(self._confidences):
            # Of a number each digit has a confidence of its own.
            if self._readings[at].rows or (confidence < before) != (confidence < threshold):
                self._readings[at] = self._readings[at].judged(threshold)
        self.arrange()

    def label(self, index: int, digit: int | None) -> None:
        """Name the digit that a photo shows; None takes the user's word back."""
        path = self._readings[index].path
        if digit is None:
            self.given.pop(path, None)
        else:
            self.given[path] = digit
        self._readings[index] = self._labelled(self._readings[index])
        self.arrange()

    def use_names(self, named: bool) -> None:
        """Take labels from names, or do not."""
        self.named = named
        self._readings = [self._labelled(reading) for reading in self._readings]
        self.arrange()

    def arrange(self) -> None:
        """Filter and sort anew."""
        self._summary = None
        shown: Iterable[int] = range(len(self._readings))
        if self.filter == "doubtful":
            shown = [at for at, one in enumerate(self._readings) if one.doubt or one.error]
        elif self.filter == "wrong":
            shown = [at for at, one in enumerate(self._readings) if one.correct is False]
        self.order = sorted(shown, key=self._key)

    def _key(self, at: int) -> SortKey:
        confidence = self._confidences[at]
        match self.sort:
            case "confidence":
                return (confidence < 0, confidence, at)
            case "prediction":
                best = self._readings[at].best
                return (best is None, best or 0, -confidence, at)
        return self._names[at]

    def _labelled(self, reading: "Reading") -> "Reading":
        """The reading with the label that the user gave, or else its name, where that counts."""
        given = reading.path in self.given
        label = (
            self.given[reading.path] if given else label_of(reading.path) if self.named else None
        )
        return (
            reading
            if (label, given) == (reading.label, reading.given)
            else replace(reading, label=label, given=given)
        )

    @property
    def summary(self) -> "ReadingSummary":
        """How many were read, doubted, right."""
        if self._summary is None:
            self._summary = ReadingSummary()
            self._summary.add(self._readings)
        return self._summary


CLASSES = 10


@dataclass
class ReadingSummary:
    """Counts over readings, kept up to date as they come."""

    photos: int = 0  #: all of them.
    errors: int = 0  #: those that could not be read.
    doubtful: int = 0  #: those without a prediction though they could be read.
    labelled: int = 0  #: those whose digit is known and that could be read.
    unlabelled: int = 0  #: those whose digit is not known and that could be read.
    right: int = 0  #: those of them that were read right, without doubt.
    top1: int = 0  #: those of them whose most probable digit is the right one, doubted or not.
    #: 10 rows of 11 counts: known digits in rows, predictions in columns, the last one for no
    #: prediction.
    confusion: list[list[int]] = field(
        default_factory=lambda: [[0] * (CLASSES + 1) for _ in range(CLASSES)]
    )

    def add(self, readings: "Iterable[Reading]") -> None:
        """Count some more."""
        for reading in readings:
            self.photos += 1
            self.errors += bool(reading.error)
            self.doubtful += bool(reading.doubt)
            self.unlabelled += reading.label is None and not reading.error
            if reading.label is None or reading.error:
                continue
            self.labelled += 1
            self.right += bool(reading.correct)
            self.top1 += reading.best == reading.label
            self.confusion[reading.label][
                CLASSES if reading.prediction is None else reading.prediction
            ] += 1

    @property
    def accuracy(self) -> float | None:
        """Percent of the labelled photos that were read right; None without any."""
        return 100.0 * self.right / self.labelled if self.labelled else None

    def accuracy_text(self, *, top1: bool = False) -> str:
        """How many were read right; with `top1` also how many would be if no answer were doubted,
        where any is.
        """
        text = f"{self.right:,} of {self.labelled:,} right ({self.accuracy or 0:.1f} %)"
        if top1 and self.top1 > self.right:
            text += f", {self.top1:,} with doubted ones ({100 * self.top1 / self.labelled:.1f} %)"
        return text

    def document(self, labels: bool) -> dict[str, Any]:
        """A JSON-ready form, with what there is to say of `labels` if they were asked for."""
        names = ["photos", "errors", "doubtful", *(("labelled", "unlabelled") if labels else ())]
        if self.labelled:
            names += ["right", "top1", "accuracy", "confusion"]
        return {name: getattr(self, name) for name in names}
