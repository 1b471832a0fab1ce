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


async def test_keys_follow_what_they_can_do_and_are_clicked() -> None:
    app = KeysApp()
    async with app.run_test() as pilot:
        await idle(pilot)
        assert screen_lines(app)[-1] == " f2 Go"
        footer = app.footer
        # Keys that stay the same are not drawn again.
        before = footer.shown
        assert before
        await press(pilot, "tab")
        await idle(pilot)
        assert app.focused is app.query_one("#second")
        assert footer.shown is before

        # A click presses a key, and the mouse tells what it does.
        await pilot.hover(KeyFooter, offset=(3, 0))
        assert (footer.over, footer.tooltip) == ("f2", "Go on")
        await pilot.click(KeyFooter, offset=(3, 0))
        await idle(pilot)
        assert app.going
        assert screen_lines(app)[-1] == " f2 Go  f3 Halt"
        await pilot.hover("#first")
        assert footer.over is None

        # It is over the key that was seen there, though others are shown by the time it is told.
        style = footer.get_style_at(9, 0)
        footer.shown = footer.shown[:1]
        for kind in (MouseMove, MouseDown):
            event = kind(footer, 9, 0, 0, 0, 1, False, False, False, style=style)
            footer.post_message(event)
        await idle(pilot)
        assert footer.over == "f3"
        assert app.is_running
