"""The keys: in the footer, the help and the command palette, and what `y` copies."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from rich.cells import cell_len
from rich.text import Text
from textual.app import SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.widgets import DataTable

from rnn_tui.ui.textual_fixes import FooterKeys, StableFooter

# In the footer before all others.
FIRST = ("stop", "pause")

HIGH_CONTRAST = Theme(
    name="high-contrast", primary="#00d7ff", secondary="#ffd700", accent="#ffd700", foreground="#ffffff", background="#000000",
    surface="#000000", panel="#1c1c1c", success="#00ff5f", warning="#ffaf00", error="#ff5f5f", dark=True,
    variables={"text-muted": "#ffffff", "footer-description-foreground": "#ffffff"},
)  # fmt: skip

THEMES = {"dark": "textual-dark", "light": "textual-light", "high contrast": HIGH_CONTRAST.name}


def documented(screen: Screen[object]) -> list[tuple[Binding, DOMNode]]:
    """The documented keys of what is in front and has the focus, then the app's; one an action."""
    found: dict[tuple[DOMNode, str], Binding] = {}
    for active in screen.active_bindings.values():
        if active.node is not screen and active.binding.tooltip:
            found.setdefault((active.node, active.binding.action), active.binding)
    pairs = [(binding, node) for (node, _), binding in found.items()]
    return sorted(pairs, key=lambda pair: pair[1] is screen.app)


def help_sections(screen: Screen[object]) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Tables of keys, by heading."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for binding, node in documented(screen):
        heading = "Keys" if node is screen.app else "In this view"
        rows.setdefault(heading, []).append((screen.app.get_key_display(binding), binding.tooltip))
    return rows


def commands(screen: Screen[object]) -> Iterator[SystemCommand]:
    """Everything that a key does, for the command palette, and themes by the names people use."""
    app = screen.app
    for name, theme in THEMES.items():
        yield SystemCommand(f"Theme: {name}", "Colours of the app", partial(setattr, app, "theme", theme))
    go = partial(app.run_action, "tab('runs')")
    yield SystemCommand("Export runs: in the Runs tab", "Values, charts, weights: press e there", go)
    for binding, node in documented(screen):
        if node is app and binding.action in ("quit", "help"):
            continue
        where = "" if node is app else ", in this view"
        # Found by the word in the footer as well as by the sentence.
        words = f"{binding.description}: {binding.tooltip}"
        # Later: Textual's handlers raise where an action opens or closes a screen before the palette is closed.
        do = partial(app.call_later, app.run_action, binding.action, node)
        yield SystemCommand(words, f"Key {app.get_key_display(binding)}{where}", do)


def copied(widget: Widget | None) -> str:
    """What a widget shows, as text: a table whole, with tabs between columns, a chart as on the screen, else nothing."""
    from rnn_tui.ui.chart.chart import Chart  # noqa: PLC0415 - not in the first frame

    if isinstance(widget, Chart):
        region = widget.region
        strips = widget.screen._compositor.render_strips()[region.y : region.bottom]
        return "\n".join(strip.crop(region.x, region.right).text.rstrip() for strip in strips)
    if isinstance(widget, DataTable):
        heads = [column.label for column in widget.ordered_columns]
        rows = (heads, *map(widget.get_row_at, range(widget.row_count)))
        return "\n".join("\t".join(map(_plain, row)) for row in rows) if heads else ""
    return ""


def _plain(cell: object) -> str:
    return " ".join((cell.plain if isinstance(cell, Text) else str(cell)).split())


class KeyFooter(StableFooter):
    """The keys that matter here, in one line: as many as fit, and always help and quit."""

    def keys_to_compose(self) -> Sequence[FooterKeys]:
        """The keys that fit: what stops training first, then those of what is in front."""
        first: dict[str, FooterKeys] = {}
        for _, binding, enabled, tooltip in self.screen.active_bindings.values():
            if binding.show:
                first.setdefault(binding.action, (binding, enabled, tooltip))
        keys = sorted(first.values(), key=lambda one: one[0].id not in FIRST)
        always = [one for one in keys if one[0].id in ("help", "quit")]
        left = self.app.size.width - sum(map(self._width, always))
        shown = [one for one in keys if one not in always and (left := left - self._width(one)) >= 0]
        return (*shown, *always)

    def _width(self, key: FooterKeys) -> int:
        """The columns of a key: a blank before its words, another after them."""
        binding = key[0]
        return cell_len(self.app.get_key_display(binding)) + cell_len(binding.description) + 2

    def on_resize(self) -> None:
        self.call_after_refresh(self.recompose)
