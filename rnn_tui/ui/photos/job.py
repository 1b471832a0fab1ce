"""Reading photos in a thread of its own, which can be stopped at any time and left behind.

A daemon thread and not one of asyncio's: a folder on a network that is gone must not keep the app from ending.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from rnn_tui.engine.errors import UserError, printable
from rnn_tui.photos.finding import exists, find_images
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.runs.words import duration
from rnn_tui.tasks.mnist.inference import RowReaderNetwork

if TYPE_CHECKING:
    from rnn_tui.photos.reader import PhotoReader, Reading

logger = logging.getLogger(__name__)
# Of photos and folders; or what finds them, which may look at the disk.
PathsToRead: TypeAlias = Sequence[Path] | Callable[[], Sequence[Path]]


class ReadingJob:
    """Reads in the background; whoever shows the readings takes them when there is time.

    Args:
        paths: of photos and folders.
        source: gives the weights; raises a `UserError` where there are none.
        method, number: how photos are prepared, how many digits one shows, of `photos.METHODS` and `photos.NUMBERS`.
        recursive: whether folders in folders count.
    """

    def __init__(self, paths: PathsToRead, source: Callable[[], Source], method: str, recursive: bool, number: str) -> None:
        self.paths = paths  #: what it reads.
        self._choose = source
        self._method, self._recursive, self._number = method, recursive, number
        self.reader: PhotoReader | None = None  #: with what; None until the weights are loaded.
        self.source: Source | None = None  #: the weights of its network; None as long.
        self.failure = ""  #: why nothing is read, in a sentence.
        self.total: int | None = None  #: how many photos there are; None until all are found.
        self.count = 0  #: how many were read.
        self.done = False  #: whether nothing more will come.
        self._ready: deque[Reading] = deque()
        self._stop = threading.Event()
        self._first = self._last = 0.0

    def start(self) -> None:
        threading.Thread(target=self._run, name="reading photos", daemon=True).start()

    def stop(self) -> None:
        """Read no more photos; those under way are not waited for."""
        self._stop.set()

    def take(self) -> "list[Reading]":
        """What was read since the last time."""
        return [self._ready.popleft() for _ in range(len(self._ready))]

    @property
    def progress(self) -> str:
        if not self.count:
            return "Reading …"
        of = f" of {self.total:,}" if self.total is not None else ""
        parts = [f"Reading: {self.count:,}{of}"]
        if self._last > self._first:
            rate = self.count / (self._last - self._first)
            parts.append(f"{rate:,.0f}/s")
            if self.total is not None:
                parts.append(f"{duration(max(0, self.total - self.count) / rate)} left")
        return " · ".join([*parts, "Esc stops"])

    # In the thread

    def _run(self) -> None:
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
        threading.Thread(target=self._find_all, args=(paths,), name="counting photos", daemon=True).start()
        self._first = time.monotonic()
        for readings in self.reader.read(find_images(paths, self._recursive), self._stop.is_set):
            self._last = time.monotonic()
            self._ready.extend(readings)
            self.count += len(readings)
        if not self.count and not self._stop.is_set():
            raise UserError(_none_in(paths, self._recursive))

    def _find_all(self, paths: Sequence[Path]) -> None:
        """Count the photos, which takes far less than reading them."""
        images = takewhile(lambda _: not self._stop.is_set(), find_images(paths, self._recursive))
        total = sum(1 for _ in images)
        if not self._stop.is_set():
            self.total = total


def _missing(paths: Sequence[Path]) -> str:
    if not paths:
        return "Type the path of a photo, or of a folder of photos."
    more = f"; {len(paths) - 1:,} more missing" if len(paths) > 1 else ""
    return f"There is no file or folder {printable(paths[0], 200)}{more}."


def _none_in(paths: Sequence[Path], recursive: bool) -> str:
    where = ", ".join(printable(path, 100) for path in paths[:3])
    more = "" if recursive else " Folders in it are left out unless “subfolders” is ticked."
    return f"There are no photos in {where} (JPEG, PNG, BMP, TIFF, WebP).{more}"
