"""Lay the steps of sequences along the times of their file, for charts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from rnn_tui.data.data_set import DataSet
from rnn_tui.data.description import LONGEST_NAME
from rnn_tui.data.origin import DAY, EPOCH, Floats, time_in_words
from rnn_tui.engine.errors import SafeText, printable

STEP = SafeText("step")
FARTHEST = 4  # times the longest of some sequences that all of them may span on one axis
GAP = 2  # cells between two labels
MOST_TICKS = 40


@dataclass(frozen=True, eq=False)
class TimeAxis:
    """Where the steps of some sequences are on an axis that they share."""

    name: SafeText  #: what the axis counts: the file's column of times, or `step`.
    positions: Sequence[Floats]  #: of each sequence (steps,), ascending.
    dated: bool = False  #: whether positions are seconds since 1970.

    def ticks(self, room: int) -> Mapping[float, str]:
        """Return round dates by their positions, as many as have room; nothing for numbers.

        Where fewer than two have room, these are the first and the last time.

        Args:
            room: cells that the labels may take.
        """
        if not self.dated:
            return {}
        first = min(float(positions[0]) for positions in self.positions)
        last = max(float(positions[-1]) for positions in self.positions)
        start, end = (EPOCH + timedelta(seconds=time) for time in (first, last))
        for calendar in reversed(CALENDARS):
            if calendar.seconds * MOST_TICKS < last - first:
                continue
            moments = list(calendar.moments(start, end))
            labels = [calendar.label(moment) for moment in moments]
            if len(moments) >= 2 and sum(map(len, labels)) + GAP * len(labels) <= room:
                seconds = [(moment - EPOCH).total_seconds() for moment in moments]
                return dict(zip(seconds, labels, strict=True))
        return _ends(first, last, room)


def _ends(first: float, last: float, room: int) -> Mapping[float, str]:
    """Return labels that differ of the first and the last time; of the first alone if need be."""
    times = list(dict.fromkeys((first, last)))
    for ends in (times, times[:1]):
        moments = [EPOCH + timedelta(seconds=time) for time in ends]
        for form in FORMS:
            labels = [_in_form(moment, form) for moment in moments]
            has_room = sum(map(len, labels)) + GAP * len(labels) <= room
            if has_room and len(set(labels)) == len(ends):
                return dict(zip(ends, labels, strict=True))
    return {}


def axis_of(data_set: DataSet, indices: Sequence[int]) -> TimeAxis:
    """Return the axis of some sequences: of their times, or of steps if these are none."""
    bounds = [(int(data_set.starts[at]), int(data_set.starts[at + 1])) for at in indices]
    origin = data_set.origin
    if len(origin.times):
        positions = [origin.times[start:stop] for start, stop in bounds]
        if all(map(_ascend, positions)) and _are_near(positions):
            return TimeAxis(time_name(data_set), positions, origin.dated)
    return TimeAxis(STEP, [np.arange(1.0, 1 + stop - start) for start, stop in bounds])


def axis_of_each(data_set: DataSet, indices: Sequence[int]) -> TimeAxis:
    """Return the axis of sequences that have a chart each, however far apart their times are."""
    axes = [axis_of(data_set, [index]) for index in indices]
    timed = [axis for axis in axes if axis.name != STEP]
    if len(timed) < len(axes):
        positions = [np.arange(1.0, 1 + len(axis.positions[0])) for axis in axes]
        return TimeAxis(STEP, positions)
    return replace(timed[0], positions=[axis.positions[0] for axis in timed])


def step_times(data_set: DataSet, index: int) -> tuple[SafeText, Sequence[str]] | None:
    """Return what a file calls the times of a sequence, and that of each step; None without."""
    axis = axis_of(data_set, [index])
    if axis.name == STEP:
        return None
    words = [time_in_words(time, dated=axis.dated) for time in axis.positions[0].tolist()]
    return axis.name, words


def have_one_axis(data_set: DataSet, indices: Sequence[int]) -> bool:
    """Return whether some sequences can share a chart.

    Those of times far apart can't: nothing would be seen of them.
    """
    axis = axis_of(data_set, indices)
    alone = (axis_of(data_set, [index]) for index in indices)
    return axis.name != STEP or all(each.name == STEP for each in alone)


def time_name(data_set: DataSet) -> SafeText:
    """Return what a file calls its times."""
    reading = data_set.description.reading
    step = None if reading is None else reading.step
    return printable(step or "time", LONGEST_NAME)


def _ascend(times: Floats) -> bool:
    return bool(np.isfinite(times).all() and (np.diff(times) > 0).all())


def _are_near(positions: Sequence[Floats]) -> bool:
    firsts = [float(times[0]) for times in positions]
    lasts = [float(times[-1]) for times in positions]
    longest = max(last - first for first, last in zip(firsts, lasts, strict=True))
    return len(positions) == 1 or max(lasts) - min(firsts) <= FARTHEST * longest


@dataclass(frozen=True)
class Calendar:
    """Moments that are labelled on an axis of dates, such as every third month."""

    seconds: float  #: about how far they are apart.
    moments: Callable[[datetime, datetime], Iterator[datetime]]
    form: str

    def label(self, moment: datetime) -> str:
        """Return a moment in words."""
        return _in_form(moment, self.form)


def _in_form(moment: datetime, form: str) -> str:
    """Return a moment in words, of a second three decimals."""
    words = moment.strftime(form)
    return words[:-3] if form.endswith("%f") else words


def _months(count: int) -> Callable[[datetime, datetime], Iterator[datetime]]:
    """Return what yields the first days of every so many months between two moments."""

    def moments(start: datetime, end: datetime) -> Iterator[datetime]:
        first = start.year * 12 + start.month - 1
        for month in range(-(-first // count) * count, end.year * 12 + end.month, count):
            moment = EPOCH.replace(year=month // 12, month=month % 12 + 1)
            if start <= moment <= end:
                yield moment

    return moments


def _seconds(count: float) -> Callable[[datetime, datetime], Iterator[datetime]]:
    """Return what yields the moments between two that are so many seconds apart."""

    def moments(start: datetime, end: datetime) -> Iterator[datetime]:
        first = -(-(start - EPOCH) // timedelta(seconds=count))
        last = (end - EPOCH) // timedelta(seconds=count)
        for number in range(first, last + 1):
            yield EPOCH + timedelta(seconds=number * count)

    return moments


YEAR, MONTH, HOUR, MINUTE = 365.25 * DAY, 30.4 * DAY, 3600, 60
#: from those farthest apart.
CALENDARS = (
    *(Calendar(n * YEAR, _months(12 * n), "%Y") for n in (500, 200, 100, 50, 20, 10, 5, 2, 1)),
    *(Calendar(n * MONTH, _months(n), "%Y-%m") for n in (6, 3, 2, 1)),
    *(Calendar(n * DAY, _seconds(n * DAY), "%Y-%m-%d") for n in (14, 7, 2, 1)),
    *(Calendar(n * HOUR, _seconds(n * HOUR), "%m-%d %H:%M") for n in (12, 6, 3, 1)),
    *(Calendar(n * MINUTE, _seconds(n * MINUTE), "%H:%M") for n in (30, 15, 10, 5, 2, 1)),
    *(Calendar(n, _seconds(n), "%H:%M:%S") for n in (30, 15, 10, 5, 2, 1)),
    *(Calendar(n, _seconds(n), "%H:%M:%S.%f") for n in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01)),
    *(Calendar(n, _seconds(n), "%H:%M:%S.%f") for n in (0.005, 0.002, 0.001)),
)
#: of two times without round ones between them: the first in which they differ, and fit.
FORMS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d",
    "%Y-%m",
    "%Y",
    "%m-%d %H:%M",
    "%m-%d",
    "%H:%M:%S",
    "%H:%M",
    "%H:%M:%S.%f",
    "%S.%f",
)
