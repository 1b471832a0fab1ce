"""Measures the pace of a long task, and estimates how long the rest of it takes."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

DAY = 86_400.0  # seconds
DAYS_FROM = 3 * DAY  # shorter spans are given in hours


class Mark(NamedTuple):
    """The amount of work done at one time."""

    clock: float  #: the time in seconds; every mark of a pace is from the same clock.
    done: float  #: the work done, in any unit: steps, photos, shares.


@dataclass(frozen=True)
class Pace:
    """Estimates how long the rest of a task takes, from marks of its progress.

    The rest is assumed to be as fast as the last part, which is at least half of the work done:

        seconds_left = (total - last.done) · (last.clock - since.clock) / (last.done - since.done)

    `since` moves forward each time the work done has doubled. So four marks are enough.

    - A slow start (loading data and libraries, an epoch with cold caches) counts only until the
      work done has doubled once or twice.
    - The measured part grows with the work done. One slow batch, or the validation after an epoch,
      therefore does not make the estimate jump.
    - A resumed task starts at its first mark: work of an earlier session, perhaps on another
      machine, took no time of this one. If the clock or the count goes backwards, the measurement
      starts again.
    - While the clock is stopped, as in a paused run, the estimate stays the same; before the clock
      has moved at all there is no estimate. While only the clock moves, the estimate grows.

    It assumes that all parts take about the same time. The runs of a report do not; for them see
    `RunTimes` in `papers/run_times.py`.
    """

    begin: Mark | None = None  #: the first mark; None before it.
    since: Mark | None = None  #: where the measured part begins.
    half: Mark | None = None  #: the next `since`, once the work done has doubled.
    last: Mark | None = None  #: the last mark.

    @classmethod
    def of_training(cls, first_step: int) -> "Pace":
        """Start the pace of a run whose clock is the time it has trained in all sessions.

        A new run begins with a mark at 0 seconds. A resumed run has no mark yet: how long it took
        to reach `first_step` is known only once the first mark comes.
        """
        return cls() if first_step else cls().at(0.0, 0)

    def at(self, clock: float, done: float) -> "Pace":
        """Return the pace with one more mark: `done` was reached at `clock`."""
        mark = Mark(clock, done)
        if self.begin is None or self.half is None or self.last is None:
            return Pace(mark, mark, mark, mark)
        if clock < self.last.clock or done < self.last.done:
            return Pace(mark, mark, mark, mark)
        if done == self.last.done:
            return replace(self, last=mark)
        if done - self.begin.done >= 2 * (self.half.done - self.begin.done):
            return replace(self, since=self.half, half=mark, last=mark)
        return replace(self, last=mark)

    @property
    def rate(self) -> float | None:
        """The work done per second; None before it can be measured."""
        if self.since is None or self.last is None:
            return None
        done = self.last.done - self.since.done
        seconds = self.last.clock - self.since.clock
        return done / seconds if done > 0 and seconds > 0 else None

    def seconds_left(self, total: float) -> float | None:
        """Return the seconds until `total` is done; None before they can be estimated."""
        if self.last is None:
            return None
        rest = total - self.last.done
        if rest <= 0:
            return 0.0
        rate = self.rate
        if not rate:
            return None
        seconds = rest / rate
        return seconds if math.isfinite(seconds) else None


def duration(seconds: float) -> str:
    """Format a time span as `m:ss` or `h:mm:ss`, as everywhere in the interface."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def roughly(seconds: float) -> str:
    """Format a time span that is known roughly, such as `about 40 s` or `about 11 min`."""
    if seconds >= DAYS_FROM:
        return f"about {seconds / DAY:,.0f} days"
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 1.5 * unit:
            return f"about {seconds / unit:.0f} {name}"
    rounded = max(1, round(seconds)) if seconds < 20 else 5 * round(seconds / 5)
    return f"about {rounded} s"


def time_left(seconds: float | None) -> str:
    """Format the remaining time, such as `2:30 left`; empty while it is unknown."""
    return "" if seconds is None else f"{duration(seconds)} left"
