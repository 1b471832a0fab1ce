"""Presses the keys of an experiment, by the app's own bindings, and waits until the app has come to rest."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.binding import Binding
from textual.keys import key_to_character
from textual.widget import Widget
from textual.widgets import Checkbox

from rnn_tui.ui.guide.experiments import WAIT
from rnn_tui.ui.shell.key_table import KEYS
from rnn_tui.ui.shell.messages import UNDER_WAY

if TYPE_CHECKING:
    from rnn_tui.ui.guide.panel import GuidePanel
    from rnn_tui.ui.shell.app import RnnTuiApp

SECONDS_TO_REST = 300.0
# At rest is what was so for that many looks in a row: a key may ask for something a moment later.
SECONDS_TO_LOOK, LOOKS = 0.04, 3
AGAIN = "Enter presses the keys of this step from the first on."
RESTLESS = f"The app has not come to rest within {SECONDS_TO_REST:.0f} seconds; {AGAIN}"


def key_names(app: "RnnTuiApp", keys: Sequence[str]) -> str:
    """Keys as the app shows them, in a line; fields by the last word of their ids."""
    shown = (_field(key) or app.get_key_display(Binding(_own(app, key), "")) for key in keys if key != WAIT)
    return " ".join(one.upper() if one[1:].isdigit() else one for one in shown)


def _field(key: str) -> str:
    """The field that a word among the keys goes to, as it is shown; empty where it is a key."""
    return f"{key[0].strip('#')}{key.rpartition('-')[2].strip('#')}:" if key[0] in "#+-" else ""


def _own(app: "RnnTuiApp", key: str) -> str:
    """The key that means what this one does, where the user has chosen another one for that."""
    name = next((name for name, (keys, _) in KEYS.items() if key in keys.split(",")), "")
    return app._keymap.get(name, key).partition(",")[0]


async def press(app: "RnnTuiApp", keys: Sequence[str], panel: "GuidePanel") -> str:
    """Press keys for a panel, each when the one before has done its work; returns why not all of them, or nothing."""
    if app.runs.busy:
        return UNDER_WAY
    app.pane.focus_view()
    for key in keys:
        failed = ""
        if key == WAIT:
            panel.take_focus()  # who looks on may leave
        else:
            failed = await (_go_to(app, key) if _field(key) else _press(app, key))
        if failed or not await _rest(app, panel, until_trained=key == WAIT):
            return failed or RESTLESS
        if app.screen is not panel.screen:
            return f"A question stands over the app; once it is answered, {AGAIN}"
    return ""


async def _go_to(app: "RnnTuiApp", word: str) -> str:
    """Go to the field `#ID`, as by Tab or a click; tick the box `+ID`, or take its tick away by `-ID`."""
    places = [one for one in app.pane.query(f"#{word[1:]}") if all(node.display for node in one.ancestors_with_self)]
    field = next((one for place in places for one in place.walk_children(Widget, with_self=True) if one.focusable), None)
    if field is None:
        return f"{_field(word)} is not in view; {AGAIN}"
    app.screen.set_focus(field)
    ticked = isinstance(field, Checkbox) and field.value
    return await _press(app, "space") if word[0] in "+-" and ticked is not (word[0] == "+") else ""


async def _press(app: "RnnTuiApp", key: str) -> str:
    typed, focused = key_to_character(key), app.focused
    nodes = () if focused is None else (one for one in focused.ancestors_with_self if isinstance(one, Widget))
    if not any(one.check_consume_key(key, typed) for one in nodes):
        key = _own(app, key)
        if key not in app.screen.active_bindings:
            return f"{key_names(app, [key])} means nothing here; {AGAIN}"
    arrived = asyncio.Event()
    app.post_message(events.Key(key, typed))
    app.call_later(arrived.set)  # behind it
    await arrived.wait()
    return ""


async def _rest(app: "RnnTuiApp", panel: "GuidePanel", until_trained: bool) -> bool:
    """Wait until keys, answers, studies, with `until_trained` also runs, are done; returns whether they are."""
    began, looks = time.monotonic(), 0
    while looks < LOOKS and time.monotonic() - began < SECONDS_TO_REST:
        await asyncio.sleep(SECONDS_TO_LOOK)
        workers = any(one.node is not panel and not one.is_finished for one in app.workers)
        reading = any(getattr(one, "reading", False) for one in app.tabs.query("PhotosForm"))
        busy = app.handles_keys or workers or reading or not app.takes_keys()
        training = until_trained and (app.runs.anything_to_come or app.about_to_train)
        looks = 0 if busy or training else looks + 1
    return looks == LOOKS
