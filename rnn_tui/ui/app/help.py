"""The help: explanations, and tables of the keys that hold."""

from collections import defaultdict
from pathlib import Path

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen

from rnn_tui.ui.common.key_table import has_key, key
from rnn_tui.ui.common.textual_workarounds import Dialog

TABLE_HEAD = "| key | what it does |\n| --- | --- |\n"


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """Return the documented keys of a screen, one for each action, with their widgets.

    Those of what is in front and has the focus come first, the app's last.
    """
    bindings: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            bindings.setdefault((active.node, active.binding.action), active.binding)
    pairs = [(binding, node) for (node, _), binding in bindings.items()]
    return sorted(pairs, key=lambda pair: pair[1] is screen.app)


class HelpScreen(Dialog[None]):
    """Explanations in Markdown, and tables of the keys on a screen."""

    AUTO_FOCUS = "#help"  # the arrow keys scroll at once
    BINDINGS = [Binding("escape", "dismiss", "Close"), key("help", "dismiss", "Close")]

    def __init__(self, text: str, screen: Screen[object]) -> None:
        """Create the help for a screen, with this text first."""
        super().__init__()
        other_keys = Path(__file__).with_name("other_keys.md").read_text(encoding="utf-8")
        self._markdown = "\n\n".join([text, *_tables(screen), other_keys])

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="help") as scroll:
            scroll.border_title = "Help"
            scroll.border_subtitle = "Esc closes"
            from textual.widgets import Markdown  # noqa: PLC0415 - slow, on use only

            yield Markdown(self._markdown)


def _tables(screen: Screen[object]) -> list[str]:
    """Return a table of the keys of what is in front, and one of the app's, in Markdown."""
    rows: dict[str, list[str]] = defaultdict(list)
    without_key: list[str] = []
    for binding, node in documented(screen):
        if not has_key(binding):
            without_key.append(binding.description)
            continue
        heading = "Keys" if node is screen.app else "In this view"
        rows[heading].append(f"| {screen.app.get_key_display(binding)} | {binding.tooltip} |")
    tables = [f"## {heading}\n\n{TABLE_HEAD}" + "\n".join(lines) for heading, lines in rows.items()]
    if without_key:
        tables.append(f"Ctrl+P has all of this by name, and also: {', '.join(without_key)}.")
    return tables
