"""The footer with the keys."""

from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.events import MouseDown, MouseMove
from textual.widgets import Input

from rnn_tui.ui.frame.key_footer import KeyFooter
from rnn_tui.ui.frame.sheets import SHEETS
from tests.ui.helpers import idle, press, screen_lines


class KeysApp(App[None]):
    """Two fields, and a key that does nothing at first."""

    CSS_PATH = [*SHEETS]
    BINDINGS = [Binding("f2", "go", "Go", tooltip="Go on"), Binding("f3", "halt", "Halt")]
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
    def footer(self) -> KeyFooter:
        """The footer."""
        return self.query_one(KeyFooter)


async def test_keys_follow_what_they_can_do() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await idle(pilot)
        assert screen_lines(app)[-1] == " f2 Go"
        await press(pilot, "f2")
        await idle(pilot)
        assert screen_lines(app)[-1] == " f2 Go  f3 Halt"


async def test_keys_that_stay_the_same_are_not_drawn_again() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await idle(pilot)
        before = app.footer.shown
        assert before
        await press(pilot, "tab")
        await idle(pilot)
        assert app.focused is app.query_one("#second")
        assert app.footer.shown is before


async def test_a_click_presses_a_key_and_the_mouse_tells_what_it_does() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await idle(pilot)
        await pilot.hover(KeyFooter, offset=(3, 0))
        assert (app.footer.over, app.footer.tooltip) == ("f2", "Go on")
        await pilot.click(KeyFooter, offset=(3, 0))
        await idle(pilot)
        assert app.going
        await pilot.hover("#first")
        assert app.footer.over is None


async def test_the_mouse_is_over_the_key_that_was_seen_there() -> None:
    """Also where other keys are shown by the time that the footer is told."""
    app = KeysApp()
    async with app.run_test() as pilot:
        await press(pilot, "f2")
        await idle(pilot)
        footer = app.footer
        style = footer.get_style_at(9, 0)
        footer.shown = footer.shown[:1]
        for kind in (MouseMove, MouseDown):
            event = kind(footer, 9, 0, 0, 0, 1, False, False, False, style=style)
            footer.post_message(event)
        await idle(pilot)
        assert footer.over == "f3"
        assert app.is_running
