"""Files that a user names: they are looked for, opened and shown here alone.

A path that is typed, dropped or stored among settings may lead to a pipe, a device or a circle of
links. In a page of the browser that is confined to a shared folder (`engine.page`) a stranger names
it: then what lies elsewhere counts as missing. So no other module opens such a path. What ships
with the program may be seen by all.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from rnn_tui.engine.files.atomic import check_regular
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.page import shared_folder

Named = str | os.PathLike[str]


def expanded(text: str) -> str:
    """Expand `~` in a path to the user's folder, or in a confined page to the shared one."""
    if shared_folder() is None:
        return os.path.expanduser(text)
    if text == "~" or text.startswith("~/"):
        return os.curdir + text[1:]
    return text


def home() -> Path:
    """Return the user's folder; in a confined page the shared one."""
    return shared_folder() or Path.home()


def real_path(path: Named) -> str:
    """Return the path to open for one that a user names.

    In a confined page all links in it are followed.

    Raises:
        FileNotFoundError: if a confined page may not look there.
    """
    share = shared_folder()
    if share is None:
        return os.fspath(path)
    spelled = os.path.abspath(path)
    for folder in (share, asset_dir()):
        # Asked first as it is spelled: a path that leaves the folder would tell where links lead.
        if _is_in(spelled, folder):
            with suppress(ValueError):  # a NUL in the name
                real = os.path.realpath(spelled)
                if _is_in(real, folder):
                    return real
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))


@contextmanager
def opened(path: Named) -> Iterator[IO[bytes]]:
    """Open a regular file for reading; close anything else at once.

    Raises:
        OSError: if it is none, is not there, or can't be read.
        ValueError: for a NUL in the name.
    """
    real = real_path(path)
    check_regular(real)  # first without opening: opening some devices does something already
    # A pipe put there in between must not block. Not every system has these flags.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(real, flags), "rb") as file:
        check_regular(file.fileno())
        yield file


@contextmanager
def entries(folder: Named) -> Iterator[Iterator[os.DirEntry[str]]]:
    """Return the entries of a folder; an OSError if it can't be listed."""
    with os.scandir(real_path(folder)) as iterator:
        yield iterator


def status(path: Named) -> os.stat_result:
    """Return the status of a file or a folder; an OSError if there is none."""
    return os.stat(real_path(path))


def is_folder(path: Named) -> bool:
    """Return whether there is a folder, or a link to one."""
    try:
        return os.path.isdir(real_path(path))
    except OSError:
        return False


def exists(path: Named) -> bool:
    """Return whether there is such a file, folder or link."""
    try:
        return os.path.lexists(real_path(path))
    except (OSError, ValueError):  # out of reach, or a NUL in the name
        return False


def shown(path: Path) -> Path:
    """Return a path as it may be shown.

    In a confined page it begins at the shared folder, or is a name only.
    """
    share = shared_folder()
    if share is None or not path.is_absolute():
        return path
    real = os.path.realpath(path)
    if _is_in(real, share):
        return Path(os.path.relpath(real, os.path.realpath(share)))
    return Path(path.name)


def _is_in(path: str, folder: Path) -> bool:
    """Return whether a path is a folder or in it, as the folder is spelled or without its links."""
    for spelling in (os.fspath(folder), os.path.realpath(folder)):
        if path == spelling or path.startswith(os.path.join(spelling, "")):
            return True
    return False
