"""A question whose answer is typed: a name, tags, a note."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rnn_tui.engine.errors import UserError
from rnn_tui.ui.widgets.typed_input import TypedInput


class AskTextScreen(ModalScreen[bool]):
    """Asks for a line of text; answers whether it was taken.

    Args:
        title: what is asked.
        value: what is there already.
        hint: what it may be.
        take: does with it what is to be done; a `UserError` of it is shown, and the text kept.
        most: how many characters there may be.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Leave")]

    def __init__(
        self, title: str, value: str, hint: str, take: Callable[[str], Awaitable[None]], most: int
    ) -> None:
        super().__init__()
        self._title, self._value, self._hint = title, value, hint
        self._take, self._most = take, most

    def compose(self) -> ComposeResult:
        """A field and a line below it."""
        with Vertical(id="ask") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter keeps · Esc leaves"
            yield TypedInput(self._value, self._most, id="ask-text")
            yield Static(self._hint, id="ask-note", markup=False)

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(TypedInput).focus()

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._say(self._hint, wrong=False)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.run_worker(self._answer(event.value), exclusive=True)

    async def _answer(self, text: str) -> None:
        try:
            await self._take(text)
        except UserError as error:
            self._say(str(error), wrong=True)
        else:
            self.dismiss(True)

    def _say(self, text: str, wrong: bool) -> None:
        note = self.query_one("#ask-note", Static)
        note.update(text)
        note.set_class(wrong, "-wrong")
