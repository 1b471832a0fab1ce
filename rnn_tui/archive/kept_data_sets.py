"""The data sets that are kept, with their runs, as lists of shell and app show them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.engine.errors import DataError
from rnn_tui.engine.tables import Column


@dataclass(frozen=True)
class KeptDataSet:
    """A data set as a list shows it."""

    name: str
    runs: int  #: how many were trained on it.
    description: Description | None = None  #: None if it is damaged.
    problem: str = ""  #: what is wrong with it, in a sentence.


def kept_data_sets(count_runs: Callable[[str], int]) -> list[KeptDataSet]:
    """Read the data sets that are kept; `count_runs` says how many runs one has, by its name."""
    data_sets = []
    for name in store.names():
        try:
            data_sets.append(KeptDataSet(name, count_runs(name), store.describe(name)))
        except DataError as error:
            data_sets.append(KeptDataSet(name, count_runs(name), problem=str(error)))
    return data_sets


def column_of_description(
    key: str, value: Callable[[Description], Any], **options: Any
) -> Column[KeptDataSet]:
    """Return a column that is empty for a damaged data set.

    Args:
        key: its key.
        value: returns what it has of a description.
        options: other fields of the column.
    """

    def of_data_set(data_set: KeptDataSet) -> Any:
        return "" if data_set.description is None else value(data_set.description)

    return Column(key, of_data_set, **options)


def _steps(description: Description) -> str:
    if description.longest == description.shortest:
        return f"{description.longest}"
    return f"{description.shortest}-{description.longest}"


DATA_SET_COLUMNS: tuple[Column[KeptDataSet], ...] = (
    Column("name", lambda data_set: data_set.name),
    column_of_description("label", lambda description: description.label),
    column_of_description("goal", lambda description: description.goal, name="learns"),
    column_of_description("sequences", lambda description: f"{description.count:,}", right=True),
    column_of_description("steps", _steps),
    Column("runs", lambda data_set: data_set.runs, right=True),
)
