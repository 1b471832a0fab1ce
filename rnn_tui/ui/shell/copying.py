"""Charts and tables as text for the clipboard."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget
from textual.widgets import DataTable

from rnn_tui.ui.chart.chart import Chart


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
