"""Which runs a sweep hands out, and what a search learns of them."""

import json
import warnings

import pytest

from rnn_tui.engine.errors import SettingError
from rnn_tui.sweeps.plan import MOST_TRIALS, Range, SweepPlan
from rnn_tui.sweeps.search import Search
from rnn_tui.sweeps.store import SweepStore
from rnn_tui.sweeps.trials import Trials

LENGTHS = [(3, 11), (4, 6), (5, 8)]


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_search_chooses_among_lists_without_a_warning(search: str) -> None:
    """Lengths are pairs: Optuna takes scalars only, and warns on the screen of anything else."""
    plan = SweepPlan(task="recall", grid={"lengths": LENGTHS}, search=search, trials=30)
    kept_plan = SweepPlan(**json.loads(json.dumps(plan.to_dict())))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for each in (plan, kept_plan):
            course = Search(each, [])
            points = [course.ask(number) for number in range(20)]
            assert {tuple(point["lengths"]) for point in points} == set(LENGTHS)
            resumed = course.ask(20, points[3])
            assert resumed == points[3]
            assert each.configs(resumed)


def test_a_search_takes_no_more_trials_than_a_sweep_may_have() -> None:
    ranges = {"learning_rate": Range(1e-4, 0.1, log=True)}
    plan = SweepPlan(task="recall", ranges=ranges, search="random", trials=3)
    with SweepStore() as store:
        sweep = store.add_sweep("some", plan)
    with Trials(sweep, print) as trials:
        trials.add(2)
        with pytest.raises(SettingError, match=f"from 1 to {MOST_TRIALS}"):
            trials.add(MOST_TRIALS)
        handed_out = set()
        while (job := trials.next_job()) is not None:
            handed_out.add(job.run_id)
        assert len(handed_out) == 5
        assert not trials.has_more
    with SweepStore() as store:
        assert store.sweep("some").plan.trials == 5
