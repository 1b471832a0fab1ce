"""How fast something long goes, and how long the rest of it will take."""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple


class Mark(NamedTuple):
    """How much was done at a time."""

    clock: float  #: in seconds, of any clock that is always the same one.
    done: float  #: in any unit: steps, photos, shares.


@dataclass(frozen=True)
class Pace:
    """The pace of something long, by the marks that it passed.

    The rest is taken to go on like the last half of what was done, or somewhat more than that half:

        seconds_left = (total - done) · (clock - clock of since) / (done - done of since)

    `since` moves on each time that twice as much is done, so four marks are all that is kept.

    - A slow beginning, with data and libraries to load, or the first epoch with its caches, counts
      until as much again is done. Then it is forgotten.
    - The half grows with what is done, so that neither a slow batch nor the validation behind each
      epoch makes the estimate jump, as they would with the last seconds alone.
    - What is gone on with begins at its first mark: what an earlier session did, perhaps on another
      machine, took none of this one's time. A clock or a count that goes back begins anew.
    - While a clock stands, as that of a paused run, the estimate stands. Where it has not moved
      since the first mark, there is none. While the count stands and the clock goes on, the
      estimate grows.

    It suits parts that are alike. Runs of a report are not: `RunTimes` of `report/run_times.py`
    knows what each kind took.
    """

    begin: Mark | None = None  #: the first mark; None before it.
    since: Mark | None = None  #: from where on the pace is measured.
    half: Mark | None = None  #: where `since` moves to, once twice as much is done.
    last: Mark | None = None  #: the last mark.

    @classmethod
    def of_training(cls, first_step: int) -> "Pace":
        """The pace of a run from this step on, by the seconds that it has trained in all.

        What earlier sessions took up to that step is told by the first mark alone.
        """
        return cls() if first_step else cls().at(0.0, 0)

    def at(self, clock: float, done: float) -> "Pace":
        """The pace once so much is done at a time of the clock."""
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
        """How much is done in a second; None where nothing tells yet."""
        if self.since is None or self.last is None:
            return None
        done = self.last.done - self.since.done
        seconds = self.last.clock - self.since.clock
        return done / seconds if done > 0 and seconds > 0 else None

    def seconds_left(self, total: float) -> float | None:
        """Seconds until `total` is done; None where nothing tells yet."""
        if self.last is None:
            return None
        rest = total - self.last.done
        if rest <= 0:
            return 0.0
        rate = self.rate
        seconds = math.inf if not rate else rest / rate
        return seconds if math.isfinite(seconds) else None


def duration(seconds: float) -> str:
    """A time span as a clock has it, `m:ss` or `h:mm:ss`: wherever people read one."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def time_left(seconds: float | None) -> str:
    """How long the rest of something will take; empty where nothing tells yet."""
    return "" if seconds is None else f"{duration(seconds)} left"
