"""Views behind tabs, and the focus."""

from textual.app import App, ComposeResult
from textual.widgets import Input, TabPane

from rnn_tui.ui.textual_fixes import ViewTabs


class TabsApp(App[None]):
    """Two views with a field each."""

    def compose(self) -> ComposeResult:
        """The views."""
        with ViewTabs():
            with TabPane("First", id="first"):
                yield Input(id="in-first")
            with TabPane("Second", id="second"):
                yield Input(id="in-second")


async def test_the_view_with_the_focus_comes_to_the_front() -> None:
    app = TabsApp()
    async with app.run_test() as pilot:
        tabs = app.query_one(ViewTabs)
        await pilot.pause()
        assert tabs.active == "first"
        app.query_one("#in-second", Input).focus()
        await pilot.pause()
        assert tabs.active == "second"


async def test_late_word_of_the_focus_does_not_bring_its_view_back() -> None:
    app = TabsApp()
    async with app.run_test() as pilot:
        tabs = app.query_one(ViewTabs)
        field = app.query_one("#in-first", Input)
        field.focus()
        await pilot.pause()
        app.screen.set_focus(None)
        tabs.active = "second"
        await pilot.pause()
        pane = app.query_one("#first", TabPane)
        pane.post_message(TabPane.Focused(pane))
        await pilot.pause()
        assert tabs.active == "second"
