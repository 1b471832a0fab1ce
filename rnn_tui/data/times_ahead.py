"""Go on with the times of a series after its last step, by calendar months where they are such."""

from datetime import timedelta
from itertools import pairwise

import numpy as np

from rnn_tui.data.origin import DAY, EPOCH, Floats

LOOKED_AT = 25  # times at the end of a series that tell how far steps are apart
LAST_DAY = 28  # that every month has


def times_after(times: Floats, count: int, *, dated: bool) -> Floats:
    """Return the times of so many steps after the last one.

    Args:
        times: (T,) ascending: numbers, or seconds since 1970.
        count: steps.
        dated: whether they are seconds.
    """
    last = times[-LOOKED_AT:]
    steps = range(1, count + 1)
    if len(last) < 2:
        return np.array([last[-1] + step for step in steps])
    for shift in (0, DAY) if dated else ():  # the last days of months are those before the first
        months = _months_apart(last + shift)
        if months:
            later = [_months_later(float(last[-1]) + shift, months * step) for step in steps]
            return np.array([time - shift for time in later])
    apart = float(np.median(np.diff(last)))
    return np.array([last[-1] + apart * step for step in steps])


def _months_apart(times: Floats) -> int:
    """Return how many months all steps are apart; 0 where they are no months, or several."""
    moments = [EPOCH + timedelta(seconds=time) for time in times.tolist()]
    days = {moment.day for moment in moments}
    if len(days) > 1 or moments[0].day > LAST_DAY or (times % DAY != times[0] % DAY).any():
        return 0
    counts = {
        12 * later.year + later.month - 12 * before.year - before.month
        for before, later in pairwise(moments)
    }
    return counts.pop() if len(counts) == 1 else 0


def _months_later(time: float, months: int) -> float:
    moment = EPOCH + timedelta(seconds=time)
    year, month = divmod(12 * moment.year + moment.month - 1 + months, 12)
    return (moment.replace(year=year, month=month + 1) - EPOCH).total_seconds()
