"""Take the columns of a data frame of pandas or polars as text, as a file has them."""

from typing import Any

from rnn_tui.data.bounds import check_columns, check_numbers
from rnn_tui.data.files.content import Content
from rnn_tui.data.files.table import ColumnBuilder, Table, column_names
from rnn_tui.engine.errors import DataError, printable

NAME = "the frame"  #: what it is called in sentences.
ROW = "Row"  #: what the numbers of its rows count, from 1.
IDS = "id"  #: the column of an index of words without a name.
LABELS = "y"  #: the column of labels that are given beside a frame without a name.


def is_frame(data: Any) -> bool:
    """Return whether data are a frame, whose columns are asked for by name; also a lazy one."""
    return hasattr(data, "collect") or bool(
        hasattr(data, "columns") and hasattr(data, "__getitem__")
    )


def with_dates(data: Any) -> Any:
    """Return a series of pandas whose index is of dates or has a name as a frame; others as is."""
    index = getattr(data, "index", None)
    if is_frame(data) or not hasattr(data, "to_frame") or not _says_something(index):
        return data
    return data.to_frame() if data.name is not None else data.to_frame("value")


def read(frame: Any, labels: Any = None) -> tuple[Content, str | None]:
    """Read a frame as a table.

    Args:
        frame: of pandas or polars.
        labels: of its rows, None if they are in a column.

    Returns:
        the table, and the name of the column of labels that were given beside it.

    Raises:
        DataError: a column can't be read, or there are no rows.
    """
    columns = columns_of(frame)
    label = None
    if labels is not None:
        label = printable(getattr(labels, "name", None) or LABELS)
        columns.append((label, _values_of(labels, label)))
    rows = len(columns[0][1]) if columns else 0
    if not rows:
        raise DataError("The frame has no rows.")
    if len(columns[-1][1]) != rows:
        raise DataError(
            f"There are {len(columns[-1][1]):,} labels for the {rows:,} rows of the frame; give "
            "one for each row."
        )
    check_numbers(rows * len(columns), NAME)
    names, notes = column_names([name for name, _ in columns], len(columns))
    cells = []
    for name, (_, values) in zip(names, columns, strict=True):
        builder = ColumnBuilder(".")
        builder.add([*map(cell_of, values)])
        cells.append(builder.column(name))
    library = printable(type(frame).__module__.partition(".")[0])
    table = Table(
        format=f"a frame of {library}",
        columns=tuple(cells),
        rows=rows,
        has_header=True,
        line_of=lambda row: row + 1,
        notes=tuple(notes),
        decimal=".",
        place=ROW,
    )
    return Content(table.format, table), None if label is None else names[-1]


def columns_of(frame: Any) -> list[tuple[str, list[Any]]]:
    """Return the columns of a frame by name; an index of names or dates is one of them.

    Names on several levels are joined, as `left` and `x` to `left x`.

    Raises:
        DataError: if a column is none, or nothing is computed yet.
    """
    if hasattr(frame, "collect"):
        raise DataError("The frame is lazy: its rows are not there yet; give frame.collect().")
    frame = _with_index(frame)
    check_columns(len(frame.columns), NAME)
    return [(_name_of(name), _values_of(frame[name], _name_of(name))) for name in frame.columns]


def _name_of(name: Any) -> str:
    """Return the name of a column; of levels, those that say something."""
    return " ".join(filter(None, map(str, name))) if isinstance(name, tuple) else str(name)


def _with_index(frame: Any) -> Any:
    """Return a frame of pandas with its index as columns, if that says something."""
    index: Any = getattr(frame, "index", None)
    if not _says_something(index):
        return frame
    names = [name for name in index.names if name is not None]
    has_words = not names and _has_words(index) and IDS not in frame.columns
    try:
        return frame.reset_index(names=IDS) if has_words else frame.reset_index()
    except ValueError as error:
        name = printable(names[0] if names else "index")
        raise DataError(
            f"The frame's index and one of its columns are both called {name}; rename one."
        ) from error


def _says_something(index: Any) -> bool:
    """Return whether an index of pandas has a name, or names or dates of rows."""
    if any(name is not None for name in getattr(index, "names", ())):
        return True
    is_dated = type(index).__name__ in ("DatetimeIndex", "PeriodIndex")
    return is_dated or _has_words(index)


def _has_words(index: Any) -> bool:
    """Return whether an index holds words, as names of rows do."""
    return getattr(index, "inferred_type", "") == "string"


def _values_of(column: Any, name: str) -> list[Any]:
    """Return the values of a column of pandas or polars, of an array or a list."""
    if isinstance(column, list | tuple):
        return [*column]
    for method in ("to_list", "tolist"):
        if hasattr(column, method):
            values = getattr(column, method)()
            if isinstance(values, list):
                return values
    raise DataError(f"The frame has several columns called {printable(name)}; rename them.")


def cell_of(value: Any) -> str:
    """Return a value of a frame as a file has it; empty for a missing one.

    Raises:
        DataError: it holds several values, or too many digits.
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return "" if value != value else repr(float(value))  # noqa: PLR0124 - as NaN is
    if hasattr(value, "total_seconds"):  # how long something took
        return repr(float(value.total_seconds()))
    if isinstance(value, list | tuple | dict | set) or len(getattr(value, "shape", ())):
        raise DataError(
            f"A cell holds several values ({printable(value, 30)}); give such "
            "sequences as a list of arrays."
        )
    try:
        return str(value)
    except ValueError as error:  # thousands of digits
        raise DataError("A cell holds a number of too many digits.") from error
