"""The footer with the keys."""

import gc
import weakref

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.widgets import Input
from textual.widgets._footer import FooterKey

from rnn_tui.ui.shell.keys import KeyFooter


class KeysApp(App[None]):
    """Two fields, and a key that can be greyed out."""

    BINDINGS = [Binding("f2", "go", "Go"), Binding("f3", "halt", "Halt")]
    going = False

    def compose(self) -> ComposeResult:
        """Fields above the footer."""
        yield Input(id="first")
        yield Input(id="second")
        yield KeyFooter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Halt only what goes on."""
        del parameters
        return None if action == "halt" and not self.going else True

    def action_go(self) -> None:
        """Go, or stand still again."""
        self.going = not self.going
        self.refresh_bindings()

    def action_halt(self) -> None:
        """Halt."""

    @property
    def keys(self) -> list[FooterKey]:
        """The keys in the footer."""
        return list(self.query(FooterKey))


async def test_keys_follow_what_they_can_do() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert [(key.description, key.has_class("-disabled")) for key in app.keys[:2]] == [("Go", False), ("Halt", True)]
        await pilot.press("f2")
        await pilot.pause()
        assert [(key.description, key.has_class("-disabled")) for key in app.keys[:2]] == [("Go", False), ("Halt", False)]


async def test_keys_that_stay_the_same_are_not_made_again() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        before = app.keys
        assert before
        await pilot.press("tab")
        await pilot.pause()
        assert app.focused is app.query_one("#second")
        assert all(now is then for now, then in zip(app.keys, before, strict=True))


async def test_keys_that_are_made_again_are_freed() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        made: set[weakref.ref[FooterKey]] = set()
        lines: set[weakref.ref[object]] = set()
        for _ in range(6):
            await pilot.press("f2")
            await pilot.pause()
            made.add(weakref.ref(app.keys[0]))
            lines.add(weakref.ref(app.keys[0]._styles_cache))
        assert len(made) == 6
        gc.collect()
        # The last one that went may be held by the last messages to it.
        assert sum(one() is not None for one in made) <= 2
        assert sum(one() is not None for one in lines) <= 2
