"""Libraries of notebooks, which are no dependencies: imported on use, or a sentence says how."""

from typing import Any

from rnn_tui.runs.export.formats import imported

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
