"""Packages that are not always installed."""

import importlib
from typing import Any

from rnn_tui.engine.errors import ExportError


def imported(module: str, extra: str, what: str) -> Any:
    """A module of an optional package.

    Args:
        module: its full name.
        extra: what installs it, such as `plots`.
        what: what needs it, in the plural.

    Raises:
        ExportError: if it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ExportError(
            f"{what} need {package}, which is not installed; pip install 'rnn-tui[{extra}]' "
            "installs it."
        ) from error
