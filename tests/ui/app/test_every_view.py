"""Every view by its key and by a click, and its main key right after: none is dead on arrival."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import DataTable, Input, TabbedContent

from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.helpers import idle, press, running, screen_text, wait_until

pytestmark = pytest.mark.long

Look = Callable[[RnnTuiApp], object]


def _front(app: RnnTuiApp, kind: type[Any]) -> Any:
    view = app.pane.front_view
    assert view is not None
    return next(iter(view.walk_children(kind)), None)


def _text(app: RnnTuiApp) -> str:
    return screen_text(app)


# Where there is no run yet, most keys do nothing.
NEXT_VIEW: tuple[str, Look] = ("right_square_bracket", lambda app: app.pane.view)

# By tab and view: a key, or one after the view's key and one after the click, and what on the
# screen changes by it.
MAIN_KEYS: dict[tuple[str, str], tuple[str, Look]] = {
    ("mnist", "training"): NEXT_VIEW,
    ("mnist", "draw"): ("space", _text),
    ("mnist", "inside"): ("left right", _text),
    ("recall", "training"): NEXT_VIEW,
    ("recall", "prompt"): ("i", lambda app: _front(app, Input).value),
    ("recall", "inside"): ("left right", _text),
    ("adder", "training"): NEXT_VIEW,
    ("adder", "calculator"): ("i", lambda app: _front(app, Input).value),
    ("adder", "inside"): ("left right", _text),
    ("runs", "all-runs"): NEXT_VIEW,
    ("papers", "table"): ("down", lambda app: _front(app, DataTable).cursor_row),
    ("sweeps", "trials"): NEXT_VIEW,
}
KEYS = {"mnist": "f3", "recall": "f4", "adder": "f5", "runs": "f6", "papers": "f7", "sweeps": "f8"}


async def test_every_view_answers_its_main_key_after_a_key_and_after_a_click(home: object) -> None:
    app = RnnTuiApp()
    async with running(app, size=(80, 24)) as pilot:
        for (tab, view), (key, look) in MAIN_KEYS.items():
            await press(pilot, KEYS[tab])
            await wait_until(pilot, lambda tab=tab: app.tabs.active == tab and app.tabs.front)
            await wait_until(pilot, lambda: app.pane.complete)
            for way, pressed in zip(("key", "click"), 2 * key.split(), strict=False):
                views = app.pane.views
                other = views[(views.index(view) + 1) % len(views)]
                app.pane.show_tab(other)
                await idle(pilot)
                await wait_until(pilot, app.takes_keys)  # it is made
                if way == "key":
                    await press(pilot, str(views.index(view) + 1))
                else:
                    tabs = app.pane.query_one("#views", TabbedContent)
                    await pilot.click(tabs.get_tab(view))
                await wait_until(pilot, lambda view=view: app.pane.view == view)
                await wait_until(pilot, lambda: app.pane.front_view is not None)
                await wait_until(pilot, lambda: not getattr(app.pane.front_view, "busy", False))
                await pilot.pause(0.3)
                before = look(app)
                await press(pilot, pressed)
                await wait_until(pilot, lambda look=look, before=before: look(app) != before, 20)
