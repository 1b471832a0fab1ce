"""The help: explanations, and tables of the keys that hold."""

from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen

from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.textual_workarounds import Dialog


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """The documented keys of what is in front and has the focus, then the app's; one an action."""
    found: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            found.setdefault((active.node, active.binding.action), active.binding)
    return sorted(
        [(binding, node) for (node, _), binding in found.items()],
        key=lambda pair: pair[1] is screen.app,
    )


class HelpScreen(Dialog[None]):
    """Explanations in Markdown, and tables of the keys on a screen."""

    AUTO_FOCUS = "#help"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape", "dismiss", "Close"), key("help", "dismiss", "Close")]

    def __init__(self, text: str, of: Screen[object]) -> None:
        super().__init__()
        tables: dict[str, str] = {}
        for binding, node in documented(of):
            heading = (
                f"## {'Keys' if node is of.app else 'In this view'}\n\n| key | what it does |\n| "
                "--- | --- |\n"
            )
            tables[heading] = (
                f"{tables.get(heading, heading)}| {of.app.get_key_display(binding)} | "
                f"{binding.tooltip} |\n"
            )
        other = Path(__file__).with_name("other_keys.md").read_text(encoding="utf-8")
        self._markdown = "\n\n".join([text, *tables.values(), other])

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title, scroll.border_subtitle = "Help", "Esc closes"
            from textual.widgets import Markdown  # noqa: PLC0415 - slow, on use only

            yield Markdown(self._markdown)
