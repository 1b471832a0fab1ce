"""Libraries of notebooks, which are no dependencies: imported on use, or a sentence says how."""

from typing import Any

from rnn_tui.archive.export.formats import imported
from rnn_tui.engine.errors import ArgumentError, printable

EXTRA = "notebook"


def pandas() -> Any:
    """Return pandas.

    Raises:
        ExportError: it is not installed.
    """
    return imported("pandas", EXTRA, "Frames")


def pyplot() -> Any:
    """Return matplotlib's pyplot, which shows what it draws in notebooks.

    Raises:
        ExportError: it is not installed.
    """
    return imported("matplotlib.pyplot", EXTRA, "Charts")


def check_axes(ax: Any) -> None:
    """Raise `ArgumentError` unless something is drawn on as matplotlib's axes are."""
    if not hasattr(ax, "get_lines") or not hasattr(ax, "figure"):
        raise ArgumentError(f"ax is matplotlib's axes, not {printable(type(ax).__name__)}.")
