"""Photos in folders, one after the other, and the digit that their names promise."""

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rnn_tui.engine.paths import leads_to_folder, reachable

SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".png", ".bmp", ".tif", ".tiff", ".webp"})

_NUMBER = re.compile(r"([0-9]+)")


def find_images(paths: Iterable[Path], recursive: bool) -> Iterator[Path]:
    """Photos in the order of `paths`, each folder's in natural order, found while they are used.

    Files are given whatever their suffix; of a folder the files with an image's suffix, except hidden ones, and if `recursive`
    those of the folders in it. Links are followed; every folder is visited once, so that circles end. What can't be listed or
    does not exist is given as it stands: whoever reads it will say why it can't be read.
    """
    visited: set[tuple[int, int]] = set()
    # A stack instead of recursion: folders may lie deeper than Python can.
    waiting: list[Iterator[str | Path]] = [iter(paths)]
    while waiting:
        path = next(waiting[-1], None)
        if path is None:
            waiting.pop()
        elif not leads_to_folder(path):
            yield Path(path)
        # The folders that were asked for are the only ones to look into if not recursive.
        elif recursive or len(waiting) == 1:
            inside = _listed(path, visited)
            if inside is None:
                yield Path(path)
            else:
                waiting.append(iter(inside))
        elif called_like_photo(os.fspath(path)):
            yield Path(path)  # whoever reads it will say what it is


def label_of(path: Path) -> int | None:
    """The digit that a photo's name tells; None if it tells none.

    That is its folder's name (`7/img.jpg`), or else the first number in its own name if that has one digit (`7_2.png`,
    `digit-7.jpg`): a camera's counter, as in `IMG_2041.jpg`, is no label.
    """
    folder = path.parent.name
    if len(folder) == 1 and _NUMBER.fullmatch(folder):
        return int(folder)
    number = _NUMBER.search(path.stem)
    return int(number[0]) if number and len(number[0]) == 1 else None


def _listed(folder: str | Path, visited: set[tuple[int, int]]) -> list[str] | None:
    """Folders and photos in `folder`, in natural order; None if it can't be listed."""
    try:
        folder = reachable(folder)
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in visited:
            return []
        visited.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if _wanted(entry)]
    except OSError:
        return None
    return [os.path.join(folder, name) for name in sorted(names, key=natural)]


def _wanted(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and (is_folder(entry) or called_like_photo(entry.name))


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether it is a folder, or a link to one."""
    try:
        return entry.is_dir() and bool(reachable(entry.path))
    except OSError:  # a link in a circle
        return False


def exists(path: Path) -> bool:
    """Whether there is such a file, folder or link."""
    try:
        return os.path.lexists(reachable(path))
    except (OSError, ValueError):  # out of reach, or a NUL in the name
        return False


def called_like_photo(name: str) -> bool:
    """Whether a file's name ends like a photo's."""
    return os.path.splitext(name)[1].lower() in SUFFIXES


def natural(name: str) -> tuple[list[str | int], str]:
    """A key that sorts 2 before 10; the name itself decides between 2 and 02."""
    parts = _NUMBER.split(name.casefold())
    return [int(part[:18]) if at % 2 else part for at, part in enumerate(parts)], name
