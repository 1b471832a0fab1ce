"""The contents of a widget as text to copy."""

from rich.text import Text
from textual.widget import Widget


def as_text(widget: Widget | None) -> str:
    """Return the text of a chart or a table; empty for anything else.

    A chart is as on the screen. A table is whole, with its headings, and a tab between columns.
    """
    from textual.widgets import DataTable  # not in the first frame

    from rnn_tui.ui.chart.chart import Chart  # the same

    if isinstance(widget, Chart):
        return widget.as_text()
    if not isinstance(widget, DataTable):
        return ""
    headings: list[object] = [column.label for column in widget.ordered_columns]
    if not headings:
        return ""
    rows = [headings, *(widget.get_row_at(row) for row in range(widget.row_count))]
    return "\n".join("\t".join(_plain(cell) for cell in row) for row in rows)


def _plain(cell: object) -> str:
    """Return the words of a cell, in one line."""
    text = cell.plain if isinstance(cell, Text) else str(cell)
    return " ".join(text.split())
