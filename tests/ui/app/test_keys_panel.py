"""The panel of keys, which the command palette opens."""

from textual.widget import Widget
from textual.widgets import KeyPanel, Static

from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import press, running, screen_text, wait_until


async def test_the_panel_of_keys_is_drawn_anew_and_not_made_anew(runs: ScriptedRuns) -> None:
    """Textual makes its table anew several times a key, and the screen waits for each."""
    app = RnnTuiApp(runs)
    async with running(app, "mnist", size=(120, 40)) as pilot:
        assert footer_of(app).endswith("q Quit")
        await press(pilot, "ctrl+p", *"keys")
        await wait_until(pilot, lambda: "summary of available keys" in screen_text(app))
        await press(pilot, "enter", "enter")
        await wait_until(pilot, lambda: app.query(KeyPanel))
        await wait_until(pilot, lambda: footer_of(app).endswith("q Quit"))  # beside the panel
        table = app.query_one("KeyPanel Static", Static)
        await wait_until(pilot, lambda: "Smooth" in shown_by(table))
        await press(pilot, "2")
        await wait_until(pilot, lambda: "Smooth" not in shown_by(table))
        await press(pilot, "1")
        await wait_until(pilot, lambda: "Smooth" in shown_by(table))
        assert app.query_one("KeyPanel Static", Static) is table
        app.action_hide_help_panel()
        await wait_until(pilot, lambda: "f Form" in footer_of(app))


def shown_by(widget: Widget) -> str:
    """What a widget shows, with what is scrolled out of view."""
    return "\n".join(strip.text for strip in widget.render_lines(widget.size.region))


def footer_of(app: RnnTuiApp) -> str:
    """The line of the footer, up to where the panel of keys begins."""
    return screen_text(app).splitlines()[-1].split("▏")[0].rstrip()
