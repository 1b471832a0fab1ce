"""The help: what one sees, and every key."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown

KeyRows = Iterable[tuple[str, str]]


class HelpScreen(ModalScreen[None]):
    """Explanations and keys.

    Args:
        text: Markdown that explains the pane.
        sections: tables of keys, by heading.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,q,f1", "dismiss", "Close"),
    ]

    def __init__(self, text: str, sections: Mapping[str, KeyRows]) -> None:
        super().__init__()
        tables = [
            f"## {heading}\n\n| key | what it does |\n| --- | --- |\n"
            + "".join(f"| {key} | {what} |\n" for key, what in rows)
            for heading, rows in sections.items()
        ]
        self._markdown = "\n\n".join([text, *tables])

    def compose(self) -> ComposeResult:
        """Lay out the text, scrollable."""
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            yield Markdown(self._markdown)

    def on_mount(self) -> None:
        """Let the arrow keys scroll at once."""
        self.query_one("#help").focus()
