"""Which of the user's files a page in the browser may look at: the one place that decides.

Who opens a page that is confined to a shared folder (`served`) is a stranger. So whatever makes a
file of a path that was typed, dropped or kept among settings asks here first.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path

from rnn_tui.engine.paths import asset_dir
from rnn_tui.engine.served import shared_folder


def expanded(text: str) -> str:
    """A path as typed, with `~` for the user's folder; in a confined page for the shared one."""
    if shared_folder() is None:
        return os.path.expanduser(text)
    return os.curdir + text[1:] if text == "~" or text.startswith("~/") else text


def reachable(path: str | os.PathLike[str]) -> str:
    """The path to open for a user's: in a confined page the real one, behind all links.

    `FileNotFoundError` if a confined page may not look there, whether or not something is there.
    """
    share = shared_folder()
    if share is None:
        return os.fspath(path)
    spelled = os.path.abspath(path)
    for folder in share, asset_dir():  # what ships may be seen by all
        # First as it is spelled: a way by the outside would tell where links lead there.
        if _is_in(spelled, folder):
            with suppress(ValueError):  # a NUL in the name
                real = os.path.realpath(spelled)
                if _is_in(real, folder):
                    return real
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), os.fspath(path))


def leads_to_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is a folder that may be looked into."""
    try:
        return os.path.isdir(reachable(path))
    except OSError:
        return False


def as_told(path: Path) -> Path:
    """A path as it may be told: in a confined page from the shared folder on, or its name alone."""
    share = shared_folder()
    if share is None or not path.is_absolute():
        return path
    real = os.path.realpath(path)
    return Path(os.path.relpath(real, os.path.realpath(share)) if _is_in(real, share) else path.name)


def _is_in(path: str, folder: Path) -> bool:
    return any(path == way or path.startswith(os.path.join(way, "")) for way in (os.fspath(folder), os.path.realpath(folder)))
