"""Read the cells of a table as numbers."""

import math
import re
from collections.abc import Sequence

import numpy as np

from rnn_tui.data.sequences import Floats

#: what stands for a word that is missing.
MISSING_WORDS = frozenset(
    ("", "?", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "null", "NULL", "#N/A", "#NA")
)
#: what stands for a number that is missing.
MISSING = MISSING_WORDS | {"na", "None", "none", "nil", "-", "--", ".", "Null"}
_THOUSANDS = {
    ".": re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d*)?"),
}
OTHER_MARK = {".": ",", ",": "."}
MARKS = {".": "point", ",": "comma"}


def numbers_of(cells: Sequence[str], decimal: str) -> Floats | None:
    """Return cells as numbers, NaN for missing and infinite ones; None if some are no numbers.

    Args:
        cells: the cells of a column.
        decimal: `.` or `,`.
    """
    try:
        numbers = np.array(_quickly(cells, decimal))
    except ValueError:
        try:
            numbers = np.array([number_of(cell, decimal) for cell in cells])
        except ValueError:
            return None
    numbers[np.isinf(numbers)] = np.nan
    return numbers.astype(np.float64)


def _quickly(cells: Sequence[str], decimal: str) -> list[float]:
    """Return cells as numbers without a look at each; a ValueError if one needs it."""
    if decimal == ",":
        everything = "".join(cells)
        if "." in everything:
            raise ValueError("thousands")
        if "," in everything:
            cells = [cell.replace(",", ".") for cell in cells]
    try:
        return list(map(float, cells))
    except ValueError:
        return [math.nan if cell in MISSING else float(cell) for cell in cells]


def number_of(cell: str, decimal: str) -> float:
    """Return a cell as a number, NaN if it is missing.

    Raises:
        ValueError: if it is none.
    """
    text = cell.strip()
    if text in MISSING:
        return math.nan
    if _THOUSANDS[decimal].fullmatch(text):
        text = text.replace(OTHER_MARK[decimal], "")
    if decimal == ",":
        if "." in text:
            raise ValueError(cell)
        text = text.replace(",", ".")
    return float(text)


def is_number(cell: str, decimal: str) -> bool:
    """Return whether a cell is a number that is not missing."""
    try:
        return not math.isnan(number_of(cell, decimal))
    except ValueError:
        return False


def has_other_mark(cell: str, decimal: str) -> bool:
    """Return whether a cell is a number only with the other decimal mark."""
    return is_number(cell, OTHER_MARK[decimal]) and not is_number(cell, decimal)


def is_missing(cell: str) -> bool:
    """Return whether a cell stands for something missing."""
    return cell.strip() in MISSING


def as_word(number: float) -> str:
    """Return a number as the name of a class or a sequence."""
    return "" if math.isnan(number) else format(number, ".15g")
