"""Where things lie: what ships with the package, and what belongs to the user; and what of that a
page in the browser sees.

`RNN_TUI_HOME` moves everything the program writes (runs, log, settings) below one folder, as for
small homes and tests. Where it names the home of nobody, whatever asks for a place raises
`SettingError`; both faces ask before anything else.

A page in the browser is this program with Textual's web driver: keys and pictures go through pipes
to a server, be it `rnn-tui serve` or another that speaks Textual's protocol. The server tells it in
its environment where its runs and settings lie, and which folder it may look into. Who opens a page
that is confined to such a folder is a stranger. So whatever makes a file of a path that was typed,
dropped or kept among settings asks here first (`reachable`).
"""

import errno
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

from rnn_tui.engine.errors import SettingError, printable, why

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


APP_NAME = "rnn-tui"
HOME_VARIABLE = "RNN_TUI_HOME"
WEIGHTS_NAME = "weights.safetensors"
LONGEST_ID = "x" * 60  # no run's id is longer


def _home() -> Path | None:
    value = os.environ.get(HOME_VARIABLE, "").strip()
    try:
        return Path(value).expanduser() if value else None
    except RuntimeError:
        raise SettingError(
            f"{HOME_VARIABLE} is {printable(value, 200)}, and there is no such user's home; set "
            "it to a folder."
        ) from None


def _of_system(kind: str) -> Path:
    """Where the system wants a program's files of this kind, such as `log`."""
    import platformdirs  # noqa: PLC0415 - the man page is made without

    return Path(getattr(platformdirs, f"user_{kind}_path")(APP_NAME))


def asset_dir() -> Path:
    """The folder of shipped assets: inside the package in a wheel, beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"


def shipped_weights(task: str) -> list[Path]:
    """The files of weights that ship for a task: `<task>.safetensors`, `<task>-<…>.safetensors`."""
    files = sorted((asset_dir() / "pretrained").glob("*.safetensors"))
    return [path for path in files if path.stem.partition("-")[0] == task and path.is_file()]


def data_dir() -> Path:
    """The folder of the runs, which can't be made again."""
    return store_folder() or _home() or _of_system("data")


def config_file() -> Path:
    """The file of the user's settings that last."""
    return (store_folder() or _home() or _of_system("config")) / "config.toml"


def run_dir() -> Path:
    """The folder that keeps the weights of every run."""
    return data_dir() / "runs"


def weights_of(run_id: str) -> Path:
    """Where a run's weights are kept, and what it needs to go on."""
    return run_dir() / run_id / WEIGHTS_NAME


def run_database() -> Path:
    """The database of settings and values of all runs."""
    return data_dir() / "runs.db"


def lock_dir() -> Path:
    """The folder of files that processes hold locks on while they train."""
    return data_dir() / "locks"


def log_file() -> Path:
    """The log file, which holds the tracebacks that users are spared."""
    home = _home()
    return (home / "log" if home else _of_system("log")) / "rnn-tui.log"


def check_places() -> None:
    """See that the system can have what the program writes where that is to be.

    Raises:
        SettingError: for a folder with a name that none can have.
    """
    for path in (weights_of(LONGEST_ID), config_file(), log_file()):
        try:
            os.stat(path)
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
                raise SettingError(
                    f"{printable(path, 200)} can't be written ({why(error)}); set {HOME_VARIABLE} "
                    "to another folder."
                ) from None


def told_of_fault(error: Exception) -> str:
    """What the user is told of an error that is the program's own."""
    log = printable(log_file(), 500)
    return f"{type(error).__name__}: this is a fault of rnn-tui; {log} has the details."


def expanded(text: str) -> str:
    """A path as typed, with `~` for the user's folder; in a confined page for the shared one."""
    if shared_folder() is None:
        return os.path.expanduser(text)
    return os.curdir + text[1:] if text == "~" or text.startswith("~/") else text


def reachable(path: str | os.PathLike[str]) -> str:
    """The path to open for a user's, the real one in a confined page; `FileNotFoundError` where
    that may not look.
    """
    share = shared_folder()
    if share is None:
        return os.fspath(path)
    spelled = os.path.abspath(path)
    for folder in share, asset_dir():  # what ships may be seen by all
        # first as it is spelled: a way by the outside would tell where links lead there
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
    return Path(
        os.path.relpath(real, os.path.realpath(share)) if _is_in(real, share) else path.name
    )


def _is_in(path: str, folder: Path) -> bool:
    return any(
        path == way or path.startswith(os.path.join(way, ""))
        for way in (os.fspath(folder), os.path.realpath(folder))
    )
