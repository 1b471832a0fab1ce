"""Checks the environment variables that Textual reads, before Textual reads them.

A wrong value would end the app with a traceback while it starts. Imports nothing of Textual.
"""

import errno
import os
from collections.abc import Mapping

from rnn_tui.engine.errors import SettingError, printable, why
from rnn_tui.engine.page import DRIVER_VARIABLE, WEB_DRIVER

COLOUR_SYSTEMS = ("auto", "standard", "256", "truecolor", "windows")
# Textual ignores a value that is no number, but computes with one that is too large.
NUMBERS = (
    "ESCDELAY",
    "TEXTUAL_DIM_FACTOR",
    "TEXTUAL_FPS",
    "TEXTUAL_SCREENSHOT",
    "TEXTUAL_SLOW_THRESHOLD",
    "TEXTUAL_SMOOTH_SCROLL",
)
MOST_DIGITS = 6
LOG_VARIABLE, PRESS_VARIABLE = "TEXTUAL_LOG", "TEXTUAL_PRESS"
WAIT = "wait:"


def check_variables(environment: Mapping[str, str] = os.environ) -> None:
    """Check that Textual can start.

    Raises:
        SettingError: if a variable is wrong; it names the variable and what is allowed.
    """
    driver = environment.get(DRIVER_VARIABLE, WEB_DRIVER)
    if driver != WEB_DRIVER:
        raise _wrong(DRIVER_VARIABLE, driver, "rnn-tui draws by its own driver; unset it")
    colours = environment.get("TEXTUAL_COLOR_SYSTEM", "auto")
    if colours not in COLOUR_SYSTEMS:
        choices = ", ".join(COLOUR_SYSTEMS)
        raise _wrong("TEXTUAL_COLOR_SYSTEM", colours, f"it must be one of {choices}; or unset it")
    for name in NUMBERS:
        number = environment.get(name, "0")
        if len(number) > MOST_DIGITS:
            raise _wrong(name, number, f"it must have at most {MOST_DIGITS} digits; or unset it")
    for key in environment.get(PRESS_VARIABLE, "").split(","):
        if key.startswith(WAIT) and not key.removeprefix(WAIT).isdecimal():
            raise _wrong(PRESS_VARIABLE, key, "after wait: write milliseconds; or unset it")
    if path := environment.get(LOG_VARIABLE):
        _check_log(path)


def _check_log(path: str) -> None:
    """Check that the log file can be written, without creating it."""
    folder = os.path.dirname(os.path.abspath(path))
    error: OSError | None = None
    if not os.path.isdir(folder):
        error = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    elif os.path.isdir(path):
        error = IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        error = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if error is not None:
        raise _wrong(LOG_VARIABLE, path, f"it can't be written ({why(error)}); or unset it")


def _wrong(name: str, value: str, words: str) -> SettingError:
    return SettingError(f"{name} is {printable(value, 100) or 'empty'}: {words}.")
