"""A table of very many rows: only those that are seen are made."""

from rich.text import Text
from textual.widgets import DataTable

from rnn_tui.ui.widgets.marked_table import LongTable
from tests.ui.helpers import PanelApp, idle, press, screen_text

MANY = 5000


class Rows:
    """Makes cells, and notes of which rows it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.word = "first"

    def cells(self, key: str) -> list[Text]:
        self.asked.append(key)
        return [Text(key), Text(f"{self.word} {key}")]


class ChoosingApp(PanelApp[LongTable]):
    """An app that notes which rows are chosen."""

    def __init__(self, table: LongTable) -> None:
        super().__init__(table)
        self.chosen: list[str | None] = []

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        self.chosen.append(event.row_key.value)


async def test_only_rows_that_are_seen_are_made() -> None:
    rows = Rows()
    table = LongTable(rows.cells, id="long")
    app = ChoosingApp(table)
    async with app.run_test(size=(60, 20)) as pilot:
        table.add_columns("key", "word")
        table.show_rows([f"row{at}" for at in range(MANY)], [7, 13])
        table.focus()
        await idle(pilot)
        assert table.row_count == MANY
        assert "first row0\n" in screen_text(app)
        await press(pilot, "ctrl+end")
        await idle(pilot)
        assert "first row4999" in screen_text(app)
        assert table.cursor_row == MANY - 1
        assert len(set(rows.asked)) < 100

        rows.word = "second"
        table.show_changes([7, 14])
        await idle(pilot)
        assert "second row4999" in screen_text(app)
        assert "first" not in screen_text(app)
        assert table.cursor_row == MANY - 1

        table.show_rows(["one", "two"], [7, 14])
        await idle(pilot)
        assert "second two" in screen_text(app)
        assert "row4999" not in screen_text(app)
        assert (table.row_count, table.cursor_row) == (2, 0)
        await press(pilot, "down")
        await press(pilot, "enter")
        table.show_rows([], [7, 14])
        await press(pilot, "enter")
        assert app.chosen == ["two"]
