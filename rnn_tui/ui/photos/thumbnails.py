"""Small versions of the photos in view, decoded in a thread, the last ones kept."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import UserError

if TYPE_CHECKING:
    from rnn_tui.photos.digit.prepared import Picture

# Pixels of the longer side: enough for terminals that show pixels.
SIDE = 240
# At most 17 MB.
KEPT = 96


class Thumbnails:
    """Decodes what is wanted now; what was wanted before and is not there yet is forgotten.

    Args:
        ready: told, in the thread, that another one can be had.
    """

    def __init__(self, ready: Callable[[], object]) -> None:
        self._ready = ready
        self._kept: OrderedDict[Path, Picture | None] = OrderedDict()
        self._wanted: list[Path] = []
        self._change = threading.Condition()
        self._running = False
        self._closed = False

    def get(self, path: Path) -> Picture | None:
        """The photo's, if it is there."""
        with self._change:
            if path in self._kept:
                self._kept.move_to_end(path)
            return self._kept.get(path)

    def want(self, paths: Sequence[Path]) -> None:
        """Decode these, in this order, and no others."""
        with self._change:
            self._wanted = [path for path in paths[:KEPT] if path not in self._kept]
            if self._wanted and not self._running and not self._closed:
                self._running = True
                # A daemon, as a disk that is gone must not keep the app from ending.
                threading.Thread(target=self._work, name="thumbnails", daemon=True).start()
            self._change.notify_all()

    def forget(self) -> None:
        """Photos are read anew: they may have changed."""
        with self._change:
            self._kept.clear()

    def close(self) -> None:
        """End the thread."""
        with self._change:
            self._closed, self._wanted = True, []
            self._change.notify_all()

    @property
    def idle(self) -> bool:
        """Whether nothing is wanted."""
        with self._change:
            return not self._wanted

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._wanted:
                    if self._closed:
                        return
                    self._change.wait()
                path = self._wanted[0]
            picture = small(path)
            with self._change:
                self._kept[path] = picture
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
                if path in self._wanted:
                    self._wanted.remove(path)
                if self._closed:
                    return
            self._ready()


def small(path: str | os.PathLike[str]) -> Picture | None:
    """The photo in a file, shrunk; None if it can't be read."""
    from rnn_tui.photos.files import read_image  # noqa: PLC0415 - OpenCV, in the thread

    try:
        return shrunk(read_image(path), SIDE)
    except (UserError, MemoryError):
        return None


def shrunk(picture: Picture, side: int) -> Picture:
    """`picture` with at most `side` pixels in both directions, and at least one."""
    import cv2  # noqa: PLC0415 - in the thread
    import numpy as np  # noqa: PLC0415

    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture.copy()
    height, width = (max(1, round(length * scale)) for length in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
