"""What the server of a page in the browser told this process.

A page is this program with Textual's web driver: keys and pictures go through pipes to a server, be
it `rnn-tui serve` or another that speaks Textual's protocol. The server tells it in its environment
where its runs and settings lie, which folder it may look into, and where it queues for training.

Who opens a page that is confined to such a folder is a stranger. What that means for files is
decided in `engine.outside`, for training in `runs.turns`; no other room asks here.
"""

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

# what servers of the protocol set
DRIVER_VARIABLE, WEB_DRIVER = "TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver"
STORE_VARIABLE, SHARE_VARIABLE = "RNN_TUI_STORE", "RNN_TUI_SHARE"
TURNS_VARIABLE, TRAININGS_VARIABLE = "RNN_TUI_TURNS", "RNN_TUI_TRAININGS"


def page_environment(
    store: Path | None,
    share: Path | None,
    turns: Path | None,
    trainings: int = 1,
    size: tuple[int, int] = (80, 24),
) -> Mapping[str, str]:
    """The variables to start a page with, beside the server's own; the arguments as told below,
    then columns and rows.
    """
    folders = {STORE_VARIABLE: store, SHARE_VARIABLE: share, TURNS_VARIABLE: turns}
    given = {
        name: os.path.realpath(folder) for name, folder in folders.items() if folder is not None
    }
    columns, rows = map(str, size)
    return {
        **given,
        TRAININGS_VARIABLE: str(trainings),
        DRIVER_VARIABLE: WEB_DRIVER,
        "COLUMNS": columns,
        "ROWS": rows,
    }


def in_page() -> bool:
    """Whether this process is to be a page in a browser."""
    return sys.platform != "win32" and os.environ.get(DRIVER_VARIABLE) == WEB_DRIVER


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


# the folder for runs, locks and settings of this page; None: the user's own
store_folder = partial(_folder, STORE_VARIABLE)
# the one folder that this page may look into; None where it may look into all
shared_folder = partial(_folder, SHARE_VARIABLE)
# where processes queue for training; None where none does
turns_folder = partial(_folder, TURNS_VARIABLE)


def trainings() -> int:
    """How many processes of those that queue may train side by side, 1 or more."""
    value = os.environ.get(TRAININGS_VARIABLE, "")
    return max(1, int(value)) if value.isdecimal() else 1
