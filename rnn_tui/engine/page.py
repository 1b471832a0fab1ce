"""Read from the environment what a page in the browser may do; its server sets it.

A page is this program with Textual's web driver: keys and pictures go through pipes to a server,
`rnn-tui serve` or another that speaks Textual's protocol. The environment says where the page's
runs and settings lie, which folder it may look into, and where it queues for training.

Who opens a page that is confined to such a folder is a stranger. What that means for files is
decided in `engine.files.outside`, for training in `archive.turns`; no other room asks here.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

# Every server of Textual's protocol sets this variable to this value.
DRIVER_VARIABLE = "TEXTUAL_DRIVER"
WEB_DRIVER = "textual.drivers.web_driver:WebDriver"
STORE_VARIABLE = "RNN_TUI_STORE"
SHARE_VARIABLE = "RNN_TUI_SHARE"
TURNS_VARIABLE = "RNN_TUI_TURNS"
TRAININGS_VARIABLE = "RNN_TUI_TRAININGS"


def page_environment(
    store: Path | None,
    share: Path | None,
    turns: Path | None,
    trainings: int = 1,
    size: tuple[int, int] = (80, 24),
) -> Mapping[str, str]:
    """Return the variables to start a page with, beside the server's own.

    Args:
        store: the page's own folder for runs, locks and settings; None for the user's.
        share: the one folder that it may look into; None for all.
        turns: where it queues for training; None if it does not.
        trainings: how many of those that queue may train side by side.
        size: columns and rows of its terminal.
    """
    columns, rows = size
    environment = {
        TRAININGS_VARIABLE: str(trainings),
        DRIVER_VARIABLE: WEB_DRIVER,
        "COLUMNS": str(columns),
        "ROWS": str(rows),
    }
    folders = {STORE_VARIABLE: store, SHARE_VARIABLE: share, TURNS_VARIABLE: turns}
    for name, folder in folders.items():
        if folder is not None:
            environment[name] = os.path.realpath(folder)
    return environment


def in_page() -> bool:
    """Return whether this process is a page in a browser."""
    return sys.platform != "win32" and os.environ.get(DRIVER_VARIABLE) == WEB_DRIVER


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


def store_folder() -> Path | None:
    """Return the folder for runs, locks and settings of this page; None for the user's own."""
    return _folder(STORE_VARIABLE)


def shared_folder() -> Path | None:
    """Return the one folder that this page may look into; None if it may look into all."""
    return _folder(SHARE_VARIABLE)


def turns_folder() -> Path | None:
    """Return the folder in which processes queue for training; None if they do not."""
    return _folder(TURNS_VARIABLE)


def trainings() -> int:
    """Return how many processes may train side by side, 1 or more, out of those that queue."""
    value = os.environ.get(TRAININGS_VARIABLE, "")
    return max(1, int(value)) if value.isdecimal() else 1
