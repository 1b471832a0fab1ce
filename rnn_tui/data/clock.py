"""Put dates and times of day together that a table has in two columns."""

from dataclasses import replace

import numpy as np

from rnn_tui.data.columns import ColumnKind
from rnn_tui.data.files.dates import CLOCK
from rnn_tui.data.files.table import Table
from rnn_tui.data.roles.record import Roles

DAY = 86_400  # seconds


def clock_of(table: Table) -> tuple[int, int] | None:
    """Return the column of days and that of times of day, if there is one of each."""
    dates = [place for place, column in enumerate(table.columns) if column.kind is ColumnKind.DATE]
    clocks = [place for place in dates if table.columns[place].date_form == CLOCK.name]
    days = [place for place in dates if place not in clocks]
    if len(clocks) != 1 or len(days) != 1:
        return None
    seconds = table.columns[days[0]].numbers
    if (seconds[~np.isnan(seconds)] % DAY != 0).any():
        return None
    return days[0], clocks[0]


def with_clock(table: Table) -> Table:
    """Return the table with the times of day added to its days, if it has both."""
    places = clock_of(table)
    if places is None:
        return table
    days, clock = (table.columns[place] for place in places)
    columns = list(table.columns)
    stray, text = days.stray, days.stray_text
    if stray is None:
        stray, text = clock.stray, clock.stray_text
    columns[places[0]] = replace(
        days, numbers=days.numbers + clock.numbers, stray=stray, stray_text=text
    )
    return replace(table, columns=tuple(columns))


def tell_clock(table: Table, roles: Roles) -> None:
    """Note that times were added to days, if these order the steps."""
    places = clock_of(table)
    if places is None or roles.step != places[0] or roles.of(places[1]) != "ignored":
        return
    roles.clock = places[1]
    days, clock = (table.columns[place].name for place in places)
    roles.notes = [note for note in roles.notes if note != f"Not used: {clock}."]
    roles.notes.append(f"The times in {clock} are added to the dates in {days}.")
