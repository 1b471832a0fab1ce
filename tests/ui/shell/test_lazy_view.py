"""What a late view is told when it is made."""

import asyncio

from textual import events
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from rnn_tui.ui.shell.pane import LazyView
from rnn_tui.ui.textual_fixes import ExactScreen


class Told(Static):
    """Counts what it is told."""

    def __init__(self) -> None:
        super().__init__("content")
        self.shown = 0
        self.sizes: list[tuple[int, int]] = []

    def on_show(self) -> None:
        """It is in view."""
        self.shown += 1

    def on_resize(self, event: events.Resize) -> None:
        """It has a size."""
        self.sizes.append((event.size.width, event.size.height))


class LazyViewApp(App[None]):
    """A late view, and something that scrolls."""

    def get_default_screen(self) -> ExactScreen:
        """The app's kind of screen."""
        return ExactScreen(id="_default")

    def compose(self) -> ComposeResult:
        """The view above what scrolls."""
        yield LazyView(Told)
        with VerticalScroll():
            yield Static("\n" * 100)


async def test_it_is_told_that_it_is_shown_and_how_large_it_is() -> None:
    app = LazyViewApp()
    async with app.run_test() as pilot:
        later = app.query_one(LazyView)
        content = await later.fill()
        assert isinstance(content, Told)
        await pilot.pause()
        assert content.shown
        assert content.sizes[-1] == tuple(content.size)
        assert await later.fill() is content


async def test_it_is_told_even_if_something_scrolls_as_it_is_made() -> None:
    app = LazyViewApp()
    async with app.run_test() as pilot:
        content = await app.query_one(LazyView).fill()
        assert isinstance(content, Told)
        # What a scroll does between making a widget and laying it out, and a look at where widgets
        # are: as of now Textual knows the content, and does not take it for a new one.
        app.screen._compositor.reflow_visible(app.screen, app.size)
        assert content in app.screen._compositor.full_map
        await pilot.pause()
        assert content.shown
        assert content.sizes[-1] == tuple(content.size)


async def test_a_view_that_is_behind_is_not_told_that_it_is_shown() -> None:
    app = LazyViewApp()
    async with app.run_test() as pilot:
        later = app.query_one(LazyView)
        later.display = False
        content = await later.fill()
        assert isinstance(content, Told)
        await pilot.pause()
        assert content.shown == 0
        later.display = True
        await pilot.pause()
        assert content.shown == 1


async def test_there_is_no_content_before_all_of_it_is_there() -> None:
    app = LazyViewApp()
    async with app.run_test():
        later = app.query_one(LazyView)
        filling = asyncio.create_task(later.fill())
        while not later.children:
            await asyncio.sleep(0)
        assert later.content is None
        content = await filling
        assert later.content is content
