"""What a widget shows, as text to copy."""

from rich.text import Text
from textual.widget import Widget


def copied(widget: Widget | None) -> str:
    """What a widget shows, as text: a table whole, with tabs between columns, a chart as on the
    screen, else nothing.
    """
    from textual.widgets import DataTable  # noqa: PLC0415 - not in the first frame

    from rnn_tui.ui.common.chart.chart import Chart  # noqa: PLC0415 - the same

    if isinstance(widget, Chart):
        return widget.as_text()
    if not isinstance(widget, DataTable) or not (
        heads := [column.label for column in widget.ordered_columns]
    ):
        return ""
    return "\n".join(
        "\t".join(map(_plain, row))
        for row in (heads, *map(widget.get_row_at, range(widget.row_count)))
    )


def _plain(cell: object) -> str:
    return " ".join((cell.plain if isinstance(cell, Text) else str(cell)).split())
