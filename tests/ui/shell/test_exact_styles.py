"""The shorter way to styles of `textual_mended` gives each widget what Textual's own gives it."""

from typing import Any

import pytest
from textual.css import match, stylesheet
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.layout import Layout

from rnn_tui.ui.shell.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import finish, running, start, wait_until

pytestmark = pytest.mark.usefixtures("draws")

Way = tuple[Any, Any]


def _in_use() -> Way:
    return Stylesheet.apply, stylesheet._check_selectors


def _textuals() -> Way:
    apply, check = _in_use()
    return apply.__wrapped__, check.__wrapped__


def _nodes(app: RnnTuiApp) -> list[DOMNode]:
    return list(app.screen.walk_children(with_self=True))


def _rules(node: DOMNode) -> dict[str, Any]:
    """Every rule of a node and of its parts; a layout by its name."""
    parts = {"": node.styles.base, **{name: styles.base for name, styles in node._component_styles.items()}}
    return {
        f"{part} {name}": value.name if isinstance(value, Layout) else value
        for part, styles in parts.items()
        for name, value in styles.get_rules().items()
    }


def _styled(app: RnnTuiApp, way: Way, *, anew: bool, animate: bool) -> dict[DOMNode, dict[str, Any]]:
    """What all nodes have after a way of styling all of them, from nothing or from what they have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "apply", way[0])
        for user in (stylesheet, match):
            patch.setattr(user, "_check_selectors", way[1])
        if anew:
            for node in _nodes(app):
                node.styles.base.reset()
                node._component_styles.clear()
        app.stylesheet.update(app.screen, animate=animate)
    return {node: _rules(node) for node in _nodes(app)}


def _assert_the_same(app: RnnTuiApp) -> int:
    """Compare both ways on the screen in front, from nothing and from what the other has left; returns of how many nodes."""
    expected = _styled(app, _textuals(), anew=True, animate=False)
    for anew in (False, True):
        assert _styled(app, _in_use(), anew=anew, animate=not anew) == expected
    for selector in ("Static", "#views Tab", "TabPane > *", ".hint", "Input:focus", "*:disabled", "Screen DataTable.-seen"):
        found = list(app.query(selector))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(match, "_check_selectors", _textuals()[1])
            assert list(app.query(selector)) == found
    return len(expected)


async def test_every_widget_of_every_view_is_styled_as_by_textual(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        for key in ("f2", "f3", "f4", "f5", "f6", "f7"):
            await pilot.press(key)
            await wait_until(pilot, lambda: app.pane.complete)
            for view in app.pane.views:
                app.pane.show_tab(view)
                await pilot.pause()
                await wait_until(pilot, app.takes_keys)  # it is made
            await pilot.press("tab")
        seen = _assert_the_same(app)
        for key in ("question_mark", "ctrl+p"):
            await pilot.press(key)
            await pilot.pause()
            assert app.screen is not app.screen_stack[0], key
            _assert_the_same(app)
    assert seen > 300, seen
