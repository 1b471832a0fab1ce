"""The style sheets of the app, one in each folder: `styles.tcss`.

A rule names a widget of its own folder, so the order in which sheets are read does not matter. The
sheets are few: Textual keeps 64 sources parsed, those of its own widgets among them. Where there
are more, it parses every one again for each new kind of widget.

Textual computes the styles. A cache of our own made a switch of tabs a tenth faster (54.2 ms in
place of 59.0) and cost 340 lines, a third of them patches of private parts.
"""

from pathlib import Path
from typing import Any

from textual.app import App

FOLDER = Path(__file__).parent.parent
SHEETS = tuple(sorted(FOLDER.rglob("styles.tcss")))
#: those of what the first frame shows
FIRST_SHEETS = tuple(FOLDER / name / "styles.tcss" for name in ("app", "frame", "home"))


def read_late_sheets(app: App[Any]) -> None:
    """Read the sheets of what the first frame does not show, unless that was done before."""
    for sheet in SHEETS:
        if not app.stylesheet.has_source(str(sheet)):
            app.stylesheet.add_source(sheet.read_text(encoding="utf-8"), (str(sheet), ""))
