"""Workarounds for widgets of Textual 8 that the first frame does not have, which take a twentieth
of its time to import.
"""

from collections.abc import Callable, Sequence

from rich.text import Text
from textual import events
from textual._two_way_dict import TwoWayDict
from textual.widgets import DataTable, ProgressBar
from textual.widgets._data_table import Row, RowKey
from textual.widgets._progress_bar import Bar

from rnn_tui.ui.textual_mended import only_where


class ExactBar(ProgressBar):
    """A progress bar as exact as its width allows: Textual's rounds progress to what its bar can
    show, and keeps that when the bar gets wider: the figure beside it is then wrong. Waits for
    `ProgressBar` to round where it draws.
    """

    def on_resize(self) -> None:
        self.call_after_refresh(self._round)  # anew, once the bar itself has its new width

    def _round(self) -> None:
        self.query_one("#bar", Bar).percentage = self.percentage


class LongTable(DataTable[Text]):
    """A table that asks `cells_of` for the cells of the row with a key when it is seen: Textual's
    keeps and measures all, for a quarter of a minute where there are 20,000 rows. Waits for a
    `DataTable` that can be asked for less.
    """

    def __init__(self, cells_of: Callable[[str], list[Text]], id: str) -> None:
        super().__init__(cursor_type="row", zebra_stripes=True, id=id)
        self._cells_of = cells_of

    def show_rows(self, keys: Sequence[str], widths: Sequence[int]) -> None:
        """Show other rows, from the first on, with columns of at least these widths."""
        self.clear()
        places = {RowKey(key): at for at, key in enumerate(keys)}
        self.rows = {key: Row(key, height=1) for key in places}
        self._row_locations = TwoWayDict(places)
        self._data = {key: {} for key in places}  # of which only the number counts
        self._update_count += 1
        self.show_changes(widths)
        if keys:
            self._highlight_cursor()

    def show_changes(self, widths: Sequence[int]) -> None:
        for column, width in zip(self.ordered_columns, widths, strict=True):
            column.content_width = max(column.content_width, width)
        for drawn in (
            self._row_renderable_cache,
            self._row_render_cache,
            self._cell_render_cache,
            self._line_cache,
        ):
            drawn.clear()
        self._require_update_dimensions = True
        self.check_idle()
        self.refresh()

    def get_row(self, row_key: RowKey | str) -> list[Text]:
        return self._cells_of(row_key if isinstance(row_key, str) else str(row_key.value))


def _on_cell(table: DataTable[object], click: events.Click) -> bool:
    row, column = (click.style.meta.get(name, 0) for name in ("row", "column"))
    return bool(row < table.row_count and column < len(table.columns))


# A click on a row or column that was taken away after it was drawn: IndexError. Waits for
# `_on_click`.
only_where(DataTable, "_on_click", _on_cell)
