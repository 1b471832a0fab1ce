"""Find files: those that ship with the package, and those of the user.

`RNN_TUI_HOME` moves everything that the program writes (runs, log, settings) below one folder, as
for small homes and tests. If it names the home of a user who does not exist, each function here
that needs it raises `SettingError`; both faces check that first (`check_places`). A page in the
browser has its runs and settings where its server says (`engine.page`).
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import SettingError, printable, why
from rnn_tui.engine.page import shared_folder, store_folder

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

APP_NAME = "rnn-tui"
HOME_VARIABLE = "RNN_TUI_HOME"
WEIGHTS_NAME = "weights.safetensors"
LONGEST_ID = "x" * 60  # no run's id is longer
#: whether what is kept now is kept for this process only (`unstored`).
_IS_UNSTORED: ContextVar[bool] = ContextVar("unstored", default=False)
#: the folder of what is kept for this process only, once there is one.
_UNSTORED: "list[TemporaryDirectory[str]]" = []


def _home() -> Path | None:
    """Return the folder that `RNN_TUI_HOME` names, if any."""
    value = os.environ.get(HOME_VARIABLE, "").strip()
    try:
        return Path(value).expanduser() if value else None
    except RuntimeError:
        raise SettingError(
            f"{HOME_VARIABLE} is {printable(value, 200)}, and there is no such user's home; set "
            "it to a folder."
        ) from None


def _of_system(kind: str) -> Path:
    """Return the system's folder for a program's files of this kind, such as `log`."""
    import platformdirs  # the man page is made without

    return Path(getattr(platformdirs, f"user_{kind}_path")(APP_NAME))


def asset_dir() -> Path:
    """Return the folder of shipped assets.

    It is inside the package in a wheel, and beside it in a checkout.
    """
    package = Path(__file__).resolve().parents[2]
    inside = package / "assets"
    return inside if inside.is_dir() else package.parent / "assets"


def shipped_weights(task: str) -> list[Path]:
    """Return the files of weights that ship for a task.

    They are called `<task>.safetensors` or `<task>-<…>.safetensors`.
    """
    paths = sorted((asset_dir() / "pretrained").glob("*.safetensors"))
    return [path for path in paths if path.stem.partition("-")[0] == task and path.is_file()]


def data_dir() -> Path:
    """Return the folder of all that can't be made again: runs, their weights and values."""
    if _IS_UNSTORED.get():
        return Path(_UNSTORED[0].name)
    return store_folder() or _home() or _of_system("data")


@contextmanager
def unstored(wanted: bool = True) -> Iterator[None]:
    """Keep what is kept inside in a temporary folder, which goes when this process ends.

    Threads that are started inside do so as well if they run in a copy of this context. What lies
    in that folder is found outside, too: weights by the id of their run, data sets by their name.

    Args:
        wanted: False to keep things as always.
    """
    if wanted and not _UNSTORED:
        from tempfile import TemporaryDirectory  # on use only: answers do without

        _UNSTORED.append(TemporaryDirectory(prefix="rnn-tui-", ignore_cleanup_errors=True))
    token = _IS_UNSTORED.set(wanted or _IS_UNSTORED.get())
    try:
        yield
    finally:
        _IS_UNSTORED.reset(token)


def kept(*names: str) -> Path:
    """Return the path of a file below `data_dir()`; in the other place if it is only there.

    The other place is the temporary folder of this process, or the user's folder for what is kept
    in that one (`unstored`).
    """
    path = data_dir().joinpath(*names)
    if not _UNSTORED or path.is_file():
        return path
    with _elsewhere():
        other = data_dir().joinpath(*names)
    return other if other.is_file() else path


def is_unstored(run_id: str) -> bool:
    """Return whether a run is kept for this process only."""
    if not _UNSTORED:
        return False
    with unstored():
        return (run_dir() / run_id).is_dir()


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Have `data_dir()` mean the other of its two places."""
    token = _IS_UNSTORED.set(not _IS_UNSTORED.get())
    try:
        yield
    finally:
        _IS_UNSTORED.reset(token)


def config_file() -> Path:
    """Return the file of the user's settings that last."""
    return (store_folder() or _home() or _of_system("config")) / "config.toml"


def run_dir() -> Path:
    """Return the folder with the weights of every run."""
    return data_dir() / "runs"


def weights_of(run_id: str) -> Path:
    """Return the file of a run's weights, and of what it needs to be resumed."""
    return kept("runs", run_id, WEIGHTS_NAME)


def run_database() -> Path:
    """Return the database of settings and values of all runs."""
    return data_dir() / "runs.db"


def lock_dir() -> Path:
    """Return the folder of files that processes hold locks on while they train."""
    return data_dir() / "locks"


def log_file() -> Path:
    """Return the log file, which has the tracebacks that users do not see.

    Pages that strangers use have one of their own, so that these can't fill that of the user.
    """
    home = _home()
    folder = home / "log" if home else _of_system("log")
    return folder / ("rnn-tui.log" if shared_folder() is None else "pages.log")


def check_places() -> None:
    """Do nothing if files of the program can have their names where they are to lie.

    Raises:
        SettingError: if a name is too long, or links lead in a circle.
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


def fault_message(error: Exception) -> str:
    """Return the sentence for the user about a fault of the program."""
    log = printable(log_file(), 500)
    return f"{type(error).__name__}: this is a fault of rnn-tui; {log} has the details."
