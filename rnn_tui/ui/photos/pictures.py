"""Photos as pictures on the screen: in pixels where the terminal can, in half cells elsewhere.
Importing textual_image asks the terminal, whose answer it would take from among keys. So it is
imported as if there were none; what the terminal has answered the driver knows.
"""

import importlib
import io
import os
import struct
import subprocess
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from textual.app import App
from textual.widget import Widget

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.preferences import Preferences
from rnn_tui.ui.common.terminal_input import Replies

if TYPE_CHECKING:
    from textual_image.widget._base import Image as BaseImage

    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

# the names by which textual_image is told of the size of a cell
CELL_VARIABLES = ("TEXTUAL_CELL_WIDTH", "TEXTUAL_CELL_HEIGHT")
# colours of frames as blue, green, red: seen on paper and on a board
FRAME, CHOSEN = (40, 160, 40), (0, 120, 255)
SIDE = 240  # pixels of the longer side: enough for terminals that show pixels
KEPT = 96  # at most 17 MB
SECONDS_FOR_TMUX = 0.3


def image_class(app: App[object]) -> "type[BaseImage]":
    """The widget that shows pictures best here."""
    replies = _replies(app)
    kind = "blocks"
    if replies is not None:
        kind = graphics_kind(getattr(app, "preferences", Preferences()).graphics)
        if kind == "auto":
            kind = replies.graphics
    widget = _textual_image(replies)
    from rnn_tui.ui.photos.kitty import SmallKittyImage  # noqa: PLC0415 - imports textual_image
    from rnn_tui.ui.photos.sixel import CleanSixelImage  # noqa: PLC0415 - the same

    kinds: dict[str, type[BaseImage]] = {
        "kitty": SmallKittyImage,
        "sixel": CleanSixelImage,
        "blocks": widget.HalfcellImage,
    }
    return kinds[kind]


def _replies(app: App[object]) -> Replies | None:
    """What the terminal has answered; None without one, as in a page."""
    replies: Replies | None = None
    if sys.platform != "win32" and not (app.is_headless or app.is_web):
        # where there are terminals
        from rnn_tui.ui.common.textual_driver import SteadyDriver  # noqa: PLC0415

        terminal = getattr(SteadyDriver, "terminal", None)
        if terminal is not None:
            replies = terminal.replies
    return replies


@cache
def graphics_kind(wanted: str = "auto") -> str:
    """By `kitty`'s protocol, `sixel`, `blocks`; `auto`: as terminals answer, within tmux that
    around it, as it has its own.
    """
    if wanted != "auto" or not os.environ.get("TMUX"):
        return wanted
    return "sixel" if "sixel" in _features_around_tmux() else "blocks"


def _features_around_tmux() -> list[str]:
    """What tmux knows that the terminal around it can; nothing where it does not say so soon."""
    command = ["tmux", "display", "-p", "#{client_termfeatures}"]
    try:
        found = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS_FOR_TMUX, check=False
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return found.stdout.strip().split(",")


def _textual_image(replies: Replies | None) -> Any:
    """The widgets of textual_image, which are imported without a look at the terminal."""
    if "textual_image.widget" not in sys.modules:
        cell = None if replies is None else _cell_in_pixels() or replies.cell
        told = {} if cell is None else dict(zip(CELL_VARIABLES, map(str, cell), strict=True))
        system: Any = sys  # its names with underscores are final
        stdout, system.__stdout__ = sys.__stdout__, io.StringIO()
        os.environ.update(told)
        try:
            importlib.import_module("textual_image.widget")
        finally:
            system.__stdout__ = stdout
            for name in told:
                del os.environ[name]
    return sys.modules["textual_image.widget"]


def _cell_in_pixels() -> tuple[int, int] | None:
    """Width and height of a cell, where the system knows them."""
    if sys.platform == "win32":
        return None
    import fcntl  # noqa: PLC0415 - not on Windows
    import termios  # noqa: PLC0415

    try:
        size = fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns, width, height = struct.unpack("HHHH", size)
    if not all((rows, columns, width // max(1, columns), height // max(1, rows))):
        return None
    return width // columns, height // rows


class PhotoImage(Widget):
    """A box of so many cells with a picture in it, as large as it fits, in the middle."""

    def __init__(self, width: int, height: int) -> None:
        self._image = image_class(self.app)()
        super().__init__(self._image)
        self._box = (0, 0)
        self._picture: Picture | None = None
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        if self._box != (width, height):
            self._box = (width, height)
            self.styles.width, self.styles.height = width, height
            self._fit()

    def show(self, picture: "Picture | None") -> None:
        """Show (H, W, 3) BGR or (H, W) grey bytes; None for nothing."""
        if picture is self._picture:
            return
        from PIL import Image as Pillow  # noqa: PLC0415 - on use

        self._picture = picture
        self._fit()
        shown = picture if picture is None or picture.ndim == 2 else picture[:, :, ::-1]
        self._image.image = None if shown is None else Pillow.fromarray(shown.copy())

    def _fit(self) -> None:
        """The largest size in the box with the picture's proportions, a cell being 1 : 2."""
        if self._picture is not None:
            (width, height), (rows, columns) = self._box, self._picture.shape[:2]
            scale = min(width / columns, 2 * height / rows)
            self._image.styles.width = min(width, max(1, round(columns * scale)))
            self._image.styles.height = min(height, max(1, round(rows * scale / 2)))


def picture_of(digit: "npt.NDArray[np.float32] | None") -> "Picture":
    """What the network received, 0 … 1, as a picture."""
    assert digit is not None
    return np.rint(digit * 255).clip(0, 255).astype(np.uint8)


def picture_of_digits(reading: "Reading") -> "Picture | None":
    """What the network received of a photo, all digits of several as they stand in rows; None
    without any.
    """
    if not reading.digits:
        return None
    rows = [[picture_of(one.digit) for one in row] for row in reading.rows or (reading.digits,)]
    blank, most = np.zeros_like(rows[0][0]), max(map(len, rows))
    return np.block([row + [blank] * (most - len(row)) for row in rows])


def with_boxes(
    picture: "Picture | None", reading: "Reading | None", chosen: int | None = None
) -> "Picture | None":
    """A photo (H, W, 3) with frames around its digits, where it has several, that of the chosen one
    more conspicuous.
    """
    boxes = (
        [one.box for row in reading.rows for one in row if one.box is not None]
        if reading is not None
        else []
    )
    if picture is None or not boxes:
        return picture
    import cv2  # noqa: PLC0415 - slow to load; loaded with the photo

    framed = picture.copy()
    height, width = framed.shape[:2]
    for at, (left, top, right, bottom) in enumerate(boxes):
        first, last = (
            (int(left * width) - 2, int(top * height) - 2),
            (int(right * width) + 1, int(bottom * height) + 1),
        )
        cv2.rectangle(
            framed, first, last, CHOSEN if at == chosen else FRAME, 2 if at == chosen else 1
        )
    return framed


class Thumbnails:
    """Decodes in a thread what is wanted now, and keeps the last ones; tells `ready`, in the
    thread, of each.
    """

    def __init__(self, ready: Callable[[], object]) -> None:
        self._ready = ready
        self._kept: OrderedDict[Path, Picture | None] = OrderedDict()
        self._wanted: list[Path] = []
        self._lock = threading.Lock()
        self._running = False

    def get(self, path: Path) -> "Picture | None":
        with self._lock:
            if path in self._kept:
                self._kept.move_to_end(path)
            return self._kept.get(path)

    def want(self, paths: Sequence[Path]) -> None:
        """Decode these, in this order, and no others."""
        with self._lock:
            self._wanted = [path for path in paths[:KEPT] if path not in self._kept]
            if self._wanted and not self._running:
                self._running = True
                # A daemon, as a disk that is gone must not keep the app from ending.
                threading.Thread(target=self._work, name="thumbnails", daemon=True).start()

    def forget(self) -> None:
        """Photos are read anew: they may have changed."""
        with self._lock:
            self._kept.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._running = False
                    return
                path = self._wanted[0]
            picture = small(path)
            with self._lock:
                self._kept[path] = picture
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
                wanted = path in self._wanted
                self._wanted = [one for one in self._wanted if one != path]
            if wanted:
                self._ready()


def small(path: str | os.PathLike[str]) -> "Picture | None":
    """The photo in a file, shrunk; None if it can't be read."""
    from rnn_tui.photos.digit.picture import shrunk  # noqa: PLC0415 - OpenCV, in the thread
    from rnn_tui.photos.files import read_image  # noqa: PLC0415

    try:
        return shrunk(read_image(path), SIDE)
    except (UserError, MemoryError):
        return None
