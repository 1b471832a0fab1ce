"""Find files: those that ship with the package, and those of the user.

`RNN_TUI_HOME` moves everything that the program writes (runs, log, settings) below one folder, as
for small homes and tests. If it names the home of a user who does not exist, each function here
that needs it raises `SettingError`; both faces check that first (`check_places`). A page in the
browser has its runs and settings where its server says (`engine.page`).
"""

import errno
import os
from pathlib import Path

from rnn_tui.engine.errors import SettingError, printable, why
from rnn_tui.engine.page import shared_folder, store_folder

APP_NAME = "rnn-tui"
HOME_VARIABLE = "RNN_TUI_HOME"
WEIGHTS_NAME = "weights.safetensors"
LONGEST_ID = "x" * 60  # no run's id is longer


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
    return store_folder() or _home() or _of_system("data")


def config_file() -> Path:
    """Return the file of the user's settings that last."""
    return (store_folder() or _home() or _of_system("config")) / "config.toml"


def run_dir() -> Path:
    """Return the folder with the weights of every run."""
    return data_dir() / "runs"


def weights_of(run_id: str) -> Path:
    """Return the file of a run's weights, and of what it needs to be resumed."""
    return run_dir() / run_id / WEIGHTS_NAME


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
