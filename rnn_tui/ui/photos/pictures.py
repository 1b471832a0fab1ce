"""Photos as pictures on the screen: in pixels if the terminal can, in half cells elsewhere.

When textual_image is imported, it asks the terminal what it can do, and would take the answer from
among the keys. So it is imported as if there were no terminal; our driver has asked already.
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

from rnn_tui.engine import waits
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.preferences import Preferences
from rnn_tui.ui.terminal.terminal_input import Replies

if TYPE_CHECKING:
    from textual_image.widget._base import Image as BaseImage

    from rnn_tui.photos.digit.picture import Picture
    from rnn_tui.photos.reading import Reading

# the environment variables from which textual_image reads the size of a cell
CELL_VARIABLES = ("TEXTUAL_CELL_WIDTH", "TEXTUAL_CELL_HEIGHT")
# colours of frames as blue, green, red, visible on paper and on a board
FRAME, SELECTED_FRAME = (40, 160, 40), (0, 120, 255)
SIDE = 240  # pixels of the longer side: enough for terminals that show pixels
KEPT_PICTURES = 96  # at most 17 MB
SECONDS_FOR_TMUX = 0.3


def image_class(app: App[object]) -> "type[BaseImage]":
    """Return the class of widget that shows pictures best in this terminal."""
    replies = _replies(app)
    kind = "blocks"
    if replies is not None:
        kind = graphics_kind(getattr(app, "preferences", Preferences()).graphics)
        if kind == "auto":
            kind = replies.graphics
    widget = _textual_image(replies)
    from rnn_tui.ui.photos.kitty import SmallKittyImage  # imports textual_image
    from rnn_tui.ui.photos.sixel import CleanSixelImage  # the same

    kinds: dict[str, type[BaseImage]] = {
        "kitty": SmallKittyImage,
        "sixel": CleanSixelImage,
        "blocks": widget.HalfcellImage,
    }
    return kinds[kind]


def _replies(app: App[object]) -> Replies | None:
    """Return what the terminal has answered; None without one, as in a browser."""
    if app.is_headless or app.is_web:
        return None
    if sys.platform != "win32":
        from rnn_tui.ui.terminal.textual_driver import SteadyDriver  # not on Windows

        terminal = getattr(SteadyDriver, "terminal", None)
        return None if terminal is None else terminal.replies
    return None


@cache
def graphics_kind(wanted: str = "auto") -> str:
    """Return how to draw: by `kitty`'s protocol, by `sixel`, in `blocks`, or `auto`.

    With `auto` the terminal's answer decides. tmux has answers of its own: within it, the terminal
    around it decides here.
    """
    if wanted != "auto" or not os.environ.get("TMUX"):
        return wanted
    return "sixel" if "sixel" in _features_around_tmux() else "blocks"


def _features_around_tmux() -> list[str]:
    """Return what the terminal around tmux can do; nothing if tmux does not answer soon."""
    command = ["tmux", "display", "-p", "#{client_termfeatures}"]
    try:
        with waits.Waiting("tmux"):
            process = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS_FOR_TMUX, check=False
            )
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    return process.stdout.strip().split(",")


def _textual_image(replies: Replies | None) -> Any:
    """Import the widgets of textual_image, without a look at the terminal."""
    if "textual_image.widget" in sys.modules:
        return sys.modules["textual_image.widget"]
    cell = None if replies is None else _cell_in_pixels() or replies.cell
    variables = {} if cell is None else dict(zip(CELL_VARIABLES, map(str, cell), strict=True))
    system: Any = sys  # its names with underscores are final
    stdout = sys.__stdout__
    system.__stdout__ = io.StringIO()
    os.environ.update(variables)
    try:
        return importlib.import_module("textual_image.widget")
    finally:
        system.__stdout__ = stdout
        for name in variables:
            del os.environ[name]


def _cell_in_pixels() -> tuple[int, int] | None:
    """Return width and height of a cell, if the system knows them."""
    if sys.platform == "win32":
        return None
    import fcntl  # not on Windows
    import termios

    try:
        size = fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return None
    rows, columns, width, height = struct.unpack("HHHH", size)  # width and height in pixels
    if not rows or not columns:
        return None
    cell = (width // columns, height // rows)
    return cell if all(cell) else None


class PhotoImage(Widget):
    """A box with a picture in its middle, as large as fits."""

    def __init__(self, width: int, height: int) -> None:
        """Create a box of so many cells and lines."""
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
        from PIL import Image as Pillow  # on use

        self._picture = picture
        self._fit()
        if picture is None:
            self._image.image = None
            return
        in_order = picture if picture.ndim == 2 else picture[:, :, ::-1]  # BGR to RGB
        self._image.image = Pillow.fromarray(in_order.copy())

    def _fit(self) -> None:
        """Give the picture its largest size in the box; a cell is twice as high as wide."""
        if self._picture is not None:
            width, height = self._box
            rows, columns = self._picture.shape[:2]
            scale = min(width / columns, 2 * height / rows)
            self._image.styles.width = min(width, max(1, round(columns * scale)))
            self._image.styles.height = min(height, max(1, round(rows * scale / 2)))


def picture_of(digit: "npt.NDArray[np.float32] | None") -> "Picture":
    """Return what the network received (28, 28), 0 … 1, as a picture."""
    assert digit is not None
    return np.rint(digit * 255).clip(0, 255).astype(np.uint8)


def picture_of_digits(reading: "Reading") -> "Picture | None":
    """Return what the network received of a photo; None for nothing.

    Several digits are arranged in the rows of the photo.
    """
    if not reading.digits:
        return None
    rows = [[picture_of(digit.digit) for digit in row] for row in reading.rows or (reading.digits,)]
    blank = np.zeros_like(rows[0][0])
    longest = max(map(len, rows))
    return np.block([row + [blank] * (longest - len(row)) for row in rows])


def with_boxes(
    picture: "Picture | None", reading: "Reading | None", selected: int | None = None
) -> "Picture | None":
    """Draw frames around the digits of a photo (H, W, 3) that has several.

    The frame of the selected one, in reading order, is bolder.
    """
    if picture is None or reading is None:
        return picture
    boxes = [digit.box for row in reading.rows for digit in row if digit.box is not None]
    if not boxes:
        return picture
    import cv2  # slow to load; loaded with the photo

    framed = picture.copy()
    height, width = framed.shape[:2]
    for index, (left, top, right, bottom) in enumerate(boxes):
        first = (int(left * width) - 2, int(top * height) - 2)
        last = (int(right * width) + 1, int(bottom * height) + 1)
        colour, thickness = (SELECTED_FRAME, 2) if index == selected else (FRAME, 1)
        cv2.rectangle(framed, first, last, colour, thickness)
    return framed


class Thumbnails:
    """Decodes photos in a thread, and keeps the last ones."""

    def __init__(self, ready: Callable[[], object]) -> None:
        """Call `ready`, in the thread, after each photo that is still wanted then."""
        self._ready = ready
        self._pictures: OrderedDict[Path, Picture | None] = OrderedDict()  #: Used last at the end.
        self._wanted: list[Path] = []  #: To be decoded, in this order.
        self._lock = waits.Lock("the thumbnails")  #: Held for what the thread shares with others.
        self._running = False  #: Whether there is a thread.

    def get(self, path: Path) -> "Picture | None":
        """Return a photo; None while it is not decoded, or if it can't be read."""
        with self._lock:
            if path in self._pictures:
                self._pictures.move_to_end(path)
            return self._pictures.get(path)

    def want(self, paths: Sequence[Path]) -> None:
        """Decode these, in this order, and no others."""
        with self._lock:
            self._wanted = [path for path in paths[:KEPT_PICTURES] if path not in self._pictures]
            if self._wanted and not self._running:
                self._running = True
                # A daemon, as a disk that is gone must not keep the app from ending.
                threading.Thread(target=self._decode_all, name="thumbnails", daemon=True).start()

    def forget(self) -> None:
        """Forget all photos, as they are read anew and may have changed."""
        with self._lock:
            self._pictures.clear()

    def _decode_all(self) -> None:
        """Decode what is wanted, in the thread, until nothing is."""
        while True:
            with self._lock:
                if not self._wanted:
                    self._running = False
                    return
                path = self._wanted[0]
            picture = small(path)
            with self._lock:
                self._pictures[path] = picture
                while len(self._pictures) > KEPT_PICTURES:
                    self._pictures.popitem(last=False)
                still_wanted = path in self._wanted
                self._wanted = [other for other in self._wanted if other != path]
            if still_wanted:
                self._ready()


def small(path: str | os.PathLike[str]) -> "Picture | None":
    """Read the photo in a file, shrunk; None if it can't be read."""
    from rnn_tui.photos.digit.picture import shrunk  # OpenCV, in the thread
    from rnn_tui.photos.files import read_image

    try:
        return shrunk(read_image(path), SIDE)
    except (UserError, MemoryError):
        return None
