"""How long a sweep will take, before it begins."""

import itertools
from collections.abc import Iterator

from rnn_tui.engine.config import RunConfig
from rnn_tui.runs.cost import Known, seconds_of, timed_speed, trained_here
from rnn_tui.runs.store import existing_store
from rnn_tui.sweeps.plan import SweepPlan

# Of a longer grid so many trials, evenly spread, stand for all.
MOST_LOOKED_AT = 200


def core_seconds(plan: SweepPlan) -> float | None:
    """Seconds that all runs take one after another on a core like those here; None where nothing tells.

    Nothing tells it of a user's own data, nor of a search that prunes. A search is taken to try the
    ends and the middle of its ranges equally often.
    """
    known: Known = {}
    speed = timed_speed()
    with existing_store() as store:
        if store is not None:
            known = trained_here(plan.task, store)
    times = [seconds_of(config, known, speed) for config in _some(plan)]
    sound = [seconds for seconds in times if seconds is not None]
    if not sound or len(sound) < len(times):
        return None
    return sum(sound) / len(sound) * plan.count * plan.runs_of_trial


def _some(plan: SweepPlan) -> Iterator[RunConfig]:
    """The first run of some trials."""
    points = plan.points() if plan.search == "grid" else plan.corners()
    every = max(1, plan.count // MOST_LOOKED_AT) if plan.search == "grid" else 1
    for point in itertools.islice(points, 0, None, every):
        yield plan.configs(point)[0]


def wall_seconds(plan: SweepPlan, workers: int) -> float | None:
    """Seconds on so many workers; each run keeps one of them busy."""
    alone = core_seconds(plan)
    runs = plan.count * plan.runs_of_trial
    return None if alone is None else alone / runs * -(-runs // max(1, min(workers, runs)))
