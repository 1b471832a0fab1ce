"""Workarounds for what Textual gets wrong, or has no public way for. Each is a subclass or a
function, with the fault and what it waits for; those for terminals are in the drivers.

They were seen in the minor `SEEN_IN`, to which `pyproject.toml` pins Textual: its inside may be
another in the next. A test in `tests/ui/test_textual_workarounds.py` fails without each.
"""

from typing import Any

from textual.app import App

SEEN_IN = "8.2"  # the minor of Textual


def write_to_terminal(app: App[Any], text: str) -> None:
    """Write what moves no cursor, such as a bell, to the terminal, if there is one.

    `App.bell` has no words beside it. Waits for a public driver.
    """
    if app._driver is not None:
        app._driver.write(text)
