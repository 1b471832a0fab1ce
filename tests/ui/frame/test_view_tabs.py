"""Views behind tabs, and the focus."""

import re
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import Input, Static, TabPane

import rnn_tui.ui.frame
from rnn_tui.ui.frame.view_tabs import ViewTabs
from tests.ui.helpers import idle, resize, screen_text

FRAME = Path(rnn_tui.ui.frame.__file__).parent


class TabsApp(App[None]):
    """Two views with a field each."""

    def compose(self) -> ComposeResult:
        """The views."""
        with ViewTabs():
            with TabPane("First", id="first"):
                yield Input(id="in-first")
            with TabPane("Second", id="second"):
                yield Input(id="in-second")


async def test_the_view_with_the_focus_comes_to_the_front_and_late_word_of_it_does_not() -> None:
    app = TabsApp()
    async with app.run_test() as pilot:
        tabs = app.query_one(ViewTabs)
        await idle(pilot)
        assert tabs.active == "first"
        app.query_one("#in-second", Input).focus()
        await idle(pilot)
        assert tabs.active == "second"
        app.screen.set_focus(None)
        pane = app.query_one("#first", TabPane)
        pane.post_message(TabPane.Focused(pane))
        await idle(pilot)
        assert tabs.active == "second"


async def test_a_row_of_tabs_shows_on_which_side_there_are_more() -> None:
    class ManyTabs(App[None]):
        CSS = (FRAME / "styles.tcss").read_text(encoding="utf-8")

        def compose(self) -> ComposeResult:
            with ViewTabs():
                for name in ("Training", "Results", "Confusion", "Inside"):
                    with TabPane(name, id=name.lower()):
                        yield Static(name)

    app = ManyTabs()
    async with app.run_test(size=(60, 10)) as pilot:

        async def row() -> str:
            await pilot.pause(0.1)
            return screen_text(app).splitlines()[0].strip()

        assert await row() == "Training  Results  Confusion  Inside"
        await resize(pilot, 24, 10)
        assert re.fullmatch(r"Training.*›", await row())
        app.query_one(ViewTabs).active = "confusion"
        await pilot.pause(0.5)
        assert re.fullmatch(r"‹.*Confusion.*›", await row())
        app.query_one(ViewTabs).active = "inside"
        await pilot.pause(0.5)
        assert re.fullmatch(r"‹.*Inside", await row())
        await resize(pilot, 60, 10)
        assert await row() == "Training  Results  Confusion  Inside"
