"""Columns: what a table shows of a record, said once for shell, app, papers, JSON and notebooks.

The room that owns the records has the list of their columns. Whoever shows a table or prints a
document chooses from that list by key, in an order of their own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from operator import itemgetter
from typing import Any, Generic, TypeVar

from rnn_tui.engine.json_values import finite

Item = TypeVar("Item")
Owner = TypeVar("Owner")


@dataclass(frozen=True)
class Column(Generic[Item]):
    """A column of a table, which is also a field of a document."""

    key: str  #: its name among the columns of a record, and in JSON.
    value: Callable[[Item], Any]  #: returns what an item has in it.
    #: returns what a cell shows of an item; None for the value as it is.
    text: Callable[[Item], str] | None = None
    _: KW_ONLY
    name: str | None = None  #: what stands above it; None for its key.
    #: returns what items are sorted by, smaller ones first; None for the value.
    order: Callable[[Item], Any] | None = None
    right: bool = False  #: whether cells end below each other, as figures do.
    #: the place among the columns that are left out where there is no room, 1 first; 0 for one
    #: that is always there.
    spare: int = 0
    #: returns a shorter text, which is shown in place of leaving it out; None to leave it out.
    short: Callable[[Item], str] | None = None
    #: returns a colour of the theme, such as `$text-muted`, or a style of Rich's.
    style: Callable[[Item], str] = lambda _: ""
    #: its widest text if it changes as time goes by: no filter looks in such a column.
    widest: str = ""

    @property
    def head(self) -> str:
        """What stands above it."""
        return self.key if self.name is None else self.name

    def cell(self, item: Item) -> str:
        """Return what a cell shows of an item."""
        return str(self.value(item)) if self.text is None else self.text(item)

    def rank(self, item: Item) -> Any:
        """Return what an item is sorted by, smaller ones first."""
        return self.value(item) if self.order is None else self.order(item)

    def of(self, part: Callable[[Owner], Item]) -> "Column[Owner]":
        """Return the column of larger records, of which `part` returns such an item."""
        return Column(
            self.key,
            lambda owner: self.value(part(owner)),
            lambda owner: self.cell(part(owner)),
            name=self.name,
            order=lambda owner: self.rank(part(owner)),
            right=self.right,
            widest=self.widest,
        )

    @property
    def shortened(self) -> "Column[Item]":
        """The column with its short texts."""
        return self if self.short is None else replace(self, text=self.short)


def chosen(
    columns: Iterable[Column[Item]], keys: Sequence[str], spare: Sequence[str] = ()
) -> tuple[Column[Item], ...]:
    """Return the columns of these keys, in their order.

    Args:
        columns: all that a record has.
        keys: of those to return.
        spare: keys of those that are left out where there is no room, the first ones first.
    """
    by_key = {column.key: column for column in columns}
    places = {key: place for place, key in enumerate(spare, 1)}
    return tuple(replace(by_key[key], spare=places.get(key, 0)) for key in keys)


def changed(
    columns: Iterable[Column[Item]], **changes: Mapping[str, Any]
) -> tuple[Column[Item], ...]:
    """Return columns as one place shows them: `changes` are other fields of some, by key."""
    return tuple(replace(column, **changes.get(column.key, {})) for column in columns)


def cells_of(item: Item, columns: Iterable[Column[Item]]) -> tuple[str, ...]:
    """Return the row of an item."""
    return tuple(column.cell(item) for column in columns)


def document_of(item: Item, columns: Iterable[Column[Item]]) -> dict[str, Any]:
    """Return the values of an item by the keys of columns, JSON-ready."""
    return {column.key: finite(column.value(item)) for column in columns}


def columns_of_cells(
    heads: Iterable[str], right: Sequence[str] = ()
) -> tuple[Column[Sequence[str]], ...]:
    """Return the columns of rows that are cells already, such as those of a comparison.

    Args:
        heads: of the columns, in the order of the cells.
        right: heads of those whose cells end below each other.
    """
    return tuple(
        Column(head, itemgetter(place), right=head in right) for place, head in enumerate(heads)
    )
