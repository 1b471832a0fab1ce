"""A question before training is cut short, and the help."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from rnn_tui.ui.shell.key_table import key


class ConfirmScreen(ModalScreen[bool]):
    """Asks whether to stop the training under way; answers True to stop."""

    AUTO_FOCUS = "#carry-on"  # the harmless answer is the one that Enter gives
    # Below, the margins are left out, or the second button would lie outside the screen.
    HORIZONTAL_BREAKPOINTS = [(0, "-slim"), (60, "-usual")]
    BINDINGS: ClassVar[list[BindingType]] = [
        key("stop", "dismiss(True)", "Stop and keep"),
        Binding("escape", "dismiss(False)", "Carry on"),
        Binding("left", "app.focus_previous", show=False),
        Binding("right", "app.focus_next", show=False),
    ]

    def __init__(self, question: str, stop: str = "Stop and keep") -> None:
        super().__init__()
        self._question, self._stop = question, stop

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(self._question, markup=False)
            with Horizontal():
                yield Button(Content(f"{self._stop} (s)"), "warning", id="stop", action="screen.dismiss(True)")
                yield Button("Carry on (Esc)", "primary", id="carry-on", action="screen.dismiss(False)")


class HelpScreen(ModalScreen[None]):
    """Explanations in Markdown, tables of keys by heading, and those of parts of the screen."""

    AUTO_FOCUS = "#help"  # the arrow keys scroll at once
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close"), key("help", "dismiss", "Close")]

    def __init__(self, text: str, sections: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__()
        tables = [
            f"## {heading}\n\n| key | what it does |\n| --- | --- |\n"
            + "".join(f"| {keys} | {what} |\n" for keys, what in rows)
            for heading, rows in sections.items()
        ]
        self._markdown = "\n\n".join([text, *tables, Path(__file__).with_name("other_keys.md").read_text(encoding="utf-8")])

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title, scroll.border_subtitle = "Help", "Esc closes"
            from textual.widgets import Markdown  # noqa: PLC0415 - slow, on use only

            yield Markdown(self._markdown)
