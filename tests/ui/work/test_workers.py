"""Workers end before the widgets go that they look at."""

import asyncio
from typing import Any

import pytest
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.widgets import Static

from rnn_tui.ui.terminal.textual_workarounds import SteadyApp
from tests.ui.helpers import idle


class LookingApp(SteadyApp):
    """A text in a box, and a worker of the app or of the box that looks for the text again and
    again.
    """

    def __init__(self, whose: str) -> None:
        super().__init__()
        self._whose = whose

    def compose(self) -> ComposeResult:
        """The text in the box."""
        with Vertical(id="box"):
            yield Static("text", id="text")

    def on_mount(self) -> None:
        """Begin to look."""
        node: DOMNode = self if self._whose == "app" else self.query_one("#box")
        box: Any = self.query_one("#box")

        async def look() -> None:
            while True:
                await asyncio.sleep(0)
                box.get_child_by_id("text")

        node.run_worker(look())


@pytest.mark.parametrize("whose", ["app", "box"])
async def test_at_the_end_of_the_app(whose: str) -> None:
    async with LookingApp(whose).run_test() as pilot:
        await idle(pilot)


async def test_as_their_widget_is_removed() -> None:
    app = LookingApp("box")
    async with app.run_test() as pilot:
        await app.query_one("#box").remove()
        await idle(pilot)
