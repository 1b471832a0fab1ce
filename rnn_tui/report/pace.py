"""How long training takes, from how long it took."""

from __future__ import annotations

import math
from collections.abc import Iterable

from rnn_tui.engine.config import RunConfig
from rnn_tui.report.plan import family
from rnn_tui.runs.records import RunRecord

# Twenty times as many small networks side by side take 1.5 (recall) to 3.2 times (adder) as long
# (README, Speed): about the number to the power of 0.3.
GROWTH = 0.3


class Pace:
    """Seconds that runs took, by what they trained.

    Args:
        finished: runs to learn from, the newest first.
    """

    def __init__(self, finished: Iterable[RunRecord] = ()) -> None:
        self._seconds: dict[RunConfig, dict[int, float]] = {}
        for run in finished:
            if run.elapsed > 0:
                self._of(run.config).setdefault(_size(run.config), run.elapsed)

    def learn(self, config: RunConfig, seconds: float) -> None:
        """Take a run's time, measured or projected from a part of it."""
        self._of(config)[_size(config)] = seconds

    def seconds(self, config: RunConfig) -> float | None:
        """How long a run will take; None where nothing alike has been measured.

        With another number of networks, from the nearest number that was measured (`GROWTH`).
        """
        known, size = self._of(config), _size(config)
        if not known:
            return None
        near = min(known, key=lambda count: max(count / size, size / count))
        return known[near] * math.pow(size / near, GROWTH)

    def _of(self, config: RunConfig) -> dict[int, float]:
        return self._seconds.setdefault(family(config), {})


def _size(config: RunConfig) -> int:
    return max(1, len(config.replicas))
