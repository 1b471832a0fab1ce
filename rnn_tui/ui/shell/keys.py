"""The keys: in the footer, the help and the command palette, and what `y` copies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from rich.cells import cell_len
from rich.text import Text
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import DataTable

from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.textual_fixes import StableFooter

FOOTER_LINES = 2
KeyRows = Sequence[tuple[str, str]]

# Keys that belong to parts of the screen, for the help.
OTHER_KEYS: Mapping[str, KeyRows] = {
    "In a chart": [
        ("← →", "move the cursor that reads values"),
        ("Home End", "read the first, the last value"),
        ("Esc", "hide the cursor; leave full screen"),
        ("click, wheel", "read there; zoom there"),
    ],
    "In the form": [
        ("Tab Shift+Tab", "next, previous field"),
        ("Space Enter", "tick, open a list, train"),
        ("f", "back to the charts"),
    ],
    "Everywhere": [("Ctrl+P", "command palette: everything by name, and themes")],
}


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """The documented keys of what is in front and has the focus, then the app's; one an action."""
    app = cast("App[object]", screen.app)
    found: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            found.setdefault((active.node, active.binding.action), active.binding)
    pairs = [(binding, node) for (node, _), binding in found.items()]
    return sorted(pairs, key=lambda pair: pair[1] is app)


def help_sections(screen: Screen[object]) -> Mapping[str, KeyRows]:
    """Tables of keys, by heading."""
    app = cast("App[object]", screen.app)
    rows: dict[str, list[tuple[str, str]]] = {"In this view": [], "Keys": []}
    for binding, node in documented(screen):
        heading = "Keys" if node is app else "In this view"
        rows[heading].append((app.get_key_display(binding), binding.tooltip))
    return {**{heading: keys for heading, keys in rows.items() if keys}, **OTHER_KEYS}


def commands(screen: Screen[object]) -> Iterator[SystemCommand]:
    """Everything that a key does, for the command palette, which has help and quit itself."""
    app = cast("App[object]", screen.app)
    for binding, node in documented(screen):
        if node is app and binding.action in ("quit", "help"):
            continue
        where = "" if node is app else ", in this view"
        yield SystemCommand(
            binding.tooltip,
            f"Key {app.get_key_display(binding)}{where}",
            # Later: the palette is not closed yet, and Textual's own handlers raise where an action
            # opens or closes a screen before it is.
            lambda action=binding.action, at=node: app.call_later(app.run_action, action, at),
        )


def copied(widget: Widget | None) -> str:
    """What a widget shows, as text; empty where it is neither chart nor table.

    Tables come whole, with tabs between their columns, as spreadsheets take them; charts as they
    are on the screen.
    """
    if isinstance(widget, Chart):
        region = widget.region
        strips = widget.screen._compositor.render_strips()
        rows = strips[region.y : region.bottom]
        return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in rows)
    if isinstance(widget, DataTable):
        heads = [_plain(column.label) for column in widget.ordered_columns]
        rows_ = [[_plain(cell) for cell in widget.get_row_at(at)] for at in range(widget.row_count)]
        return "\n".join("\t".join(row) for row in [heads, *rows_]) if heads else ""
    return ""


def _plain(cell: object) -> str:
    text = cell.plain if isinstance(cell, Text) else str(cell)
    return " ".join(text.split())


class KeyFooter(StableFooter):
    """Textual's footer, in as many lines as it needs, up to two."""

    _needed = 0

    def compose(self) -> ComposeResult:
        """Compose the keys as Footer does."""
        keys = self.keys_to_compose()
        self._composed = keys if self._bindings_ready else ()
        yield from super().compose()
        shown = {binding.action: binding for binding, *_ in keys if binding.show}
        # A blank between key and description, another before the next key.
        self._needed = sum(
            cell_len(self.app.get_key_display(binding)) + cell_len(binding.description) + 2
            for binding in shown.values()
        )
        # Footer sets as many columns as there are keys.
        self.styles.grid_size_columns = -(-len(shown) // FOOTER_LINES)
        self._fold()

    def on_resize(self) -> None:
        """One line or two."""
        self._fold()

    def _fold(self) -> None:
        self.set_class(self._needed > self.app.size.width, "-folded")
