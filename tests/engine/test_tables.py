"""Columns: what a table shows of a record, and what a document has of it."""

import math
from dataclasses import dataclass

from rnn_tui.engine.tables import Column, cells_of, changed, chosen, columns_of_cells, document_of


@dataclass(frozen=True)
class Network:
    """A record."""

    name: str
    loss: float


COLUMNS: tuple[Column[Network], ...] = (
    Column("name", lambda network: network.name, order=lambda network: network.name.casefold()),
    Column(
        "loss",
        lambda network: network.loss,
        lambda network: f"{network.loss:.1f}",
        name="last loss",
        right=True,
        short=lambda network: f"{network.loss:.0f}",
    ),
)
SMALL = Network("Small", 0.25)


def test_a_column_has_a_text_an_order_and_a_value() -> None:
    name, loss = COLUMNS
    assert [column.head for column in COLUMNS] == ["name", "last loss"]
    assert cells_of(SMALL, COLUMNS) == ("Small", "0.2")
    assert (name.rank(SMALL), loss.rank(SMALL)) == ("small", 0.25)
    assert loss.shortened.cell(SMALL) == "0"
    assert name.shortened is name


def test_a_document_has_values_that_json_has() -> None:
    assert document_of(SMALL, COLUMNS) == {"name": "Small", "loss": 0.25}
    assert document_of(Network("diverged", math.nan), COLUMNS)["loss"] is None


def test_a_place_chooses_columns_and_changes_some() -> None:
    columns = changed(chosen(COLUMNS, ("loss", "name"), spare=("name",)), loss={"name": "loss"})
    assert [(column.head, column.spare) for column in columns] == [("loss", 0), ("name", 1)]


def test_columns_of_a_part_are_columns_of_the_whole() -> None:
    networks = {"one": SMALL}
    columns = [column.of(lambda key: networks[key]) for column in COLUMNS]
    assert cells_of("one", columns) == ("Small", "0.2")
    assert columns[0].rank("one") == "small"
    assert columns[1].right


def test_rows_of_cells_have_columns_too() -> None:
    left, right = columns_of_cells(("", "n"), right=("n",))
    assert (left.head, left.right, right.head, right.right) == ("", False, "n", True)
    assert cells_of(("a", "1"), (left, right)) == ("a", "1")
