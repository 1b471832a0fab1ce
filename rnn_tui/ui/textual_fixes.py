"""The style sheets of the app as Textual reads them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual.app import App

HERE = Path(__file__).parent
# where the styles that are read late are from, as far as Textual is concerned
LATE_STYLES = (str(HERE), "*.tcss")


def joined_styles(apart_from: Sequence[object] = ()) -> str:
    """All style sheets as one source, but for the files that are read already. Textual keeps 64
    parsed; of more, it parses every one again for each new widget, and a tab takes seconds to open.
    Waits for no limit in `textual.css.stylesheet`.
    """
    return "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(HERE.rglob("*.tcss"))
        if path not in apart_from
    )


def read_late_styles(app: App[Any]) -> None:
    """Let `app` know the styles of what its first frame does not show, before that is made."""
    if not app.stylesheet.has_source(*LATE_STYLES):
        app.stylesheet.add_source(joined_styles(app.css_path), LATE_STYLES)
