"""The shorter way to styles of `textual_mended` gives each widget what Textual's own gives it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.css.stylesheet import Stylesheet
from textual.dom import DOMNode
from textual.layout import Layout
from textual.widget import Widget
from textual.widgets import Static

from rnn_tui.ui.shell.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import finish, running, start, wait_until

FOR_CACHE = {
    "first-of-type",
    "last-of-type",
    "first-child",
    "last-child",
    "odd",
    "even",
    "focus-within",
    "empty",
}


@contextmanager
def _textuals_own() -> Iterator[None]:
    """Style as Textual does."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("apply", "replace_rules"):
            patch.setattr(Stylesheet, name, getattr(Stylesheet, name).__wrapped__)
        patch.setattr(Stylesheet, "_EXCLUDE_PSEUDO_CLASSES_FROM_CACHE", FOR_CACHE)
        yield


def _nodes(app: App[Any]) -> list[DOMNode]:
    return list(app.screen.walk_children(with_self=True))


def _rules(node: DOMNode) -> dict[str, Any]:
    """Every rule of a node and of its parts; a layout by its name."""
    parts = {
        "": node.styles.base,
        **{name: styles.base for name, styles in node._component_styles.items()},
    }
    return {
        f"{part} {name}": value.name if isinstance(value, Layout) else value
        for part, styles in parts.items()
        for name, value in styles.get_rules().items()
    }


def _styled(app: App[Any], *, anew: bool, animate: bool = False) -> dict[DOMNode, dict[str, Any]]:
    """What all nodes have after all were styled, from nothing or from what they have."""
    for node in _nodes(app):
        if anew:
            node.styles.base.reset()
            node._component_styles.clear()
        app.stylesheet.update_nodes([node], animate=animate)
    return {node: _rules(node) for node in _nodes(app)}


def _drawn(app: App[Any]) -> list[list[Any]]:
    """What each line of the screen is made of."""
    return [list(strip) for strip in app.screen._compositor.render_strips()]


def _drawn_anew(app: App[Any]) -> list[list[Any]]:
    """The same by widgets that have forgotten what they have drawn before, and in which colours."""
    for node in _nodes(app):
        node.notify_style_update()
        if isinstance(node, Widget):
            node._styles_cache.clear()
            node.refresh()
    return _drawn(app)


def _assert_the_same(app: App[Any]) -> int:
    """Compare both ways on the screen in front, as it stands, from nothing, and anew; returns of how many nodes."""
    as_it_stands = {node: _rules(node) for node in _nodes(app)}
    with _textuals_own():
        expected = _styled(app, anew=True)
    assert as_it_stands == expected
    assert _styled(app, anew=True) == expected
    assert _styled(app, anew=False, animate=True) == expected
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


class Part(Static, can_focus=True):
    """A widget with a part that is styled by itself."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"part--word"}


class OfManyRules(App[None]):
    """Rules that ask for all that can be asked for: classes, names, order, the focus, of nodes and of those above."""

    CSS = """
    * { color: red; &:focus { color: blue; } }
    Part { width: 5; &.a { width: 6; } &:disabled { width: 7; } .part--word { color: green; } &.b .part--word { color: blue; } }
    Part:focus > .part--word { text-style: bold; }
    .d .part--word { background: blue; }
    .a Part { height: 2; }
    .a > Part { height: 3; }
    #one > .b Part:first-child { margin: 1; }
    #one:focus-within .c { background: red; }
    Vertical Part:last-child { padding: 1; }
    Vertical:disabled Part { tint: red 10%; }
    Part:odd { opacity: 50%; }
    Vertical.a.b { border: solid red; }
    Vertical.c { background: blue; }
    .a .b .c { offset: 1 1; }
    Screen:light Part { text-style: italic; }
    Vertical:empty { height: 4; transition: offset 500ms; }
    """

    def compose(self) -> ComposeResult:
        for name in ("one", "two"):
            with Vertical(id=name), Vertical():
                yield from [Part("words") for _ in range(3)]


STEPS: dict[str, Callable[[Any], object]] = {
    "a": lambda node: node.toggle_class("a"),
    "b": lambda node: node.toggle_class("b"),
    "c": lambda node: node.toggle_class("c"),
    "d": lambda node: node.toggle_class("d"),
    "reset": lambda node: node.reset_styles(),
    "disable": lambda node: setattr(node, "disabled", not node.disabled),
    "focus": lambda node: node.screen.set_focus(node if node.focusable else None),
    "remove": lambda node: node.remove() if isinstance(node, Part) else None,
    "mount": lambda node: node.mount(Part("words")) if isinstance(node, Vertical) else None,
    "first": lambda node: node.parent.move_child(node, before=0),
    "theme": lambda node: setattr(
        node.app, "theme", "textual-light" if node.app.current_theme.dark else "textual-dark"
    ),
    "rule": lambda node: node.app.stylesheet.add_source(
        f"Part {{ height: {len(node.app.stylesheet.source)}; }}"
    ),
    "rule of two names": lambda node: node.app.stylesheet.add_source(
        f"Part.c {{ width: {len(node.app.stylesheet.source)}; }}"
    ),
    "inline": lambda node: setattr(node.styles, "width", 9),
}


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 30)), min_size=4, max_size=12)
)
def test_whatever_rules_ask_for_is_looked_at(steps: list[tuple[str, int]]) -> None:
    async def change() -> None:
        app = OfManyRules()
        async with app.run_test():
            for step, which in steps:
                nodes = [
                    node for node in app.screen.walk_children() if isinstance(node, Part | Vertical)
                ]
                STEPS[step](nodes[which % len(nodes)])
                await asyncio.sleep(0)
                stands = _styled(app, anew=False)
                assert _drawn(app) == _drawn_anew(app), step
                with _textuals_own():
                    assert stands == _styled(app, anew=True), step
                _styled(app, anew=False)
                _drawn(app)  # so that there is something that can stay

    asyncio.run(change())
