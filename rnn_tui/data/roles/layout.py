"""Guess which way round a table is: whether a row is a step or a sequence."""

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.names import LABEL_NAMES, STEP_NAMES
from rnn_tui.data.looks import LEAST_SERIES
from rnn_tui.data.options import Goal, Layout
from rnn_tui.data.roles.evidence import LEAST_SERIES_WITH_DATE, Evidence
from rnn_tui.engine.errors import DataError

LEAST_UNNAMED = 10  # columns without names that make a row a sequence


def layout_of(evidence: Evidence) -> Layout:
    """Return which way round a table is.

    Raises:
        DataError: if the user says that it is text.
    """
    options, table, wishes = evidence.options, evidence.table, evidence.wishes
    if options.layout is Layout.TEXT:
        raise DataError("A table is not read as text.")
    wish = options.layout or table.layout
    if wish is not None:
        return wish
    goal = options.goal
    if wishes.sequence is not None or wishes.step is not None:
        return Layout.LONG
    if goal is not None and goal in (Goal.STEP_CLASS, Goal.STEP_NUMBER):
        return Layout.LONG
    return Layout.WIDE if _looks_wide(evidence) else Layout.LONG


def _looks_wide(evidence: Evidence) -> bool:
    """Return whether a row looks like a sequence."""
    looks, table = evidence.looks, evidence.table
    numbers = looks.numbers
    dates = looks.names_of((ColumnKind.DATE,))
    names_repeat = bool(evidence.repeated_names()) and not evidence.has_rows_of_subjects()
    if names_repeat or looks.counted_steps() is not None or evidence.has_blocks():
        return False
    measured = [place for place in numbers if not looks.is_called(place, LABEL_NAMES)]
    if not measured:
        return looks.text_column() is not None and not dates
    if not table.has_header:
        has_words = any(map(looks.has_few_values, (looks.free[0], looks.free[-1])))
        return not dates and (
            len(numbers) >= LEAST_UNNAMED or (has_words and len(numbers) > LEAST_SERIES)
        )
    counted = sum(map(len, looks.series().values()))
    if 2 * counted < len(numbers):
        return False
    has_step = bool(dates or looks.called(STEP_NAMES))
    rows_are_steps = evidence.options.goal is Goal.NEXT or evidence.ascending_step() is not None
    if looks.series_by_column() and rows_are_steps:
        return False
    return counted >= (LEAST_SERIES_WITH_DATE if has_step else LEAST_SERIES)
