"""Estimates how long the runs of a plan take."""

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from rnn_tui.archive.run_record import RunRecord
from rnn_tui.engine.config import RunConfig
from rnn_tui.papers.inventory import family
from rnn_tui.papers.schedule import PlannedRun

# Twenty times as many small networks side by side take 1.5 (recall) to 3.2 times (adder) as long
# (docs/results.md, Speed): seconds grow with this power of their number.
GROWTH = 0.3
# Seconds of a run from which on runs that differ from it in their task alone are not measured: a
# network that takes hours of steps takes seconds to measure, and many tasks would take minutes.
LONG = 3600.0


#: returns the seconds of a run with these settings, None if they are not known.
Measure = Callable[[RunConfig], float | None]


def unknown(_config: RunConfig) -> None:
    """Return None: how long a run takes is not known before one of its kind was trained."""


class RunTimes:
    """Seconds that runs took by what they trained; of other kinds, by what is measured."""

    def __init__(self, finished: Sequence[RunRecord], measure: Measure = unknown) -> None:
        """Learn what runs took.

        Args:
            finished: the runs, the newest first.
            measure: returns the seconds of a run of another kind, None if they are not known.
        """
        self.measure = measure
        # by family, then by the number of networks; the newest run counts
        self._seconds = defaultdict[RunConfig, dict[int, float]](dict)
        self._long: dict[tuple[RunConfig, int], float] = {}  #: by settings without their task
        for run in reversed(finished):
            if run.elapsed > 0:
                self.learn(run.config, run.elapsed)

    def learn(self, config: RunConfig, seconds: float) -> None:
        """Note what a run took, measured or projected from a part of it."""
        self._seconds[family(config)][_network_count(config)] = seconds

    def seconds(self, config: RunConfig) -> float | None:
        """Estimate the seconds of a run, from the measured run with the nearest number of networks.

        Returns:
            None if that is unknown.
        """
        seconds_by_count = self._seconds[family(config)]
        if not seconds_by_count:
            return self._measured(config)
        count = _network_count(config)
        nearest = min(seconds_by_count, key=lambda other: max(other / count, count / other))
        return float(seconds_by_count[nearest] * (count / nearest) ** GROWTH)

    def _measured(self, config: RunConfig) -> float | None:
        """Measure a run, unless one that differs in its task alone was measured and is long."""
        key = family(config).replace(task=""), _network_count(config)
        if key in self._long:
            return self._long[key]
        seconds = self.measure(config)
        if seconds is not None and seconds >= LONG:
            self._long[key] = seconds
        return seconds

    def seconds_left(
        self, runs: Iterable[tuple[PlannedRun, float]], patience: float = math.inf
    ) -> float | None:
        """Estimate the seconds that runs take one after another.

        Args:
            runs: each with the share of it that is done, 0 … 1.
            patience: the seconds after which nothing more is measured; what was is remembered, so
                that the next call gets further.

        Returns:
            None if that of one is not known, or patience is at an end.
        """
        began = time.monotonic()
        total = 0.0
        for run, share_done in runs:
            if time.monotonic() - began > patience:
                return None
            seconds = self.seconds(run.config)
            if seconds is None:
                return None
            total += seconds * (1.0 - share_done)
        return total


def _network_count(config: RunConfig) -> int:
    return max(1, len(config.replicas))
