"""Has Optuna choose the settings of trials, and say which settings matter.

Optuna is of an extra: whoever imports this module asks `places.require_package` first.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from rnn_tui.sweeps.plan import Point, SweepPlan
from rnn_tui.sweeps.store import Trial

# Optuna's usual numbers.
FIRST_BY_CHANCE = 10  # trials before which TPE chooses by chance
FIRST_WHOLE = 5  # trials before which none is pruned


def _distributions(plan: SweepPlan) -> dict[str, BaseDistribution]:
    """Return the distributions from which Optuna chooses, by setting."""
    distributions: dict[str, BaseDistribution] = {}
    for name, values in plan.grid.items():
        distributions[name] = CategoricalDistribution([json.dumps(value) for value in values])
    for name, limits in plan.ranges.items():
        if limits.whole:
            low, high = int(limits.low), int(limits.high)
            distributions[name] = IntDistribution(low, high, log=limits.log)
        else:
            distributions[name] = FloatDistribution(limits.low, limits.high, log=limits.log)
    return distributions


def _to_parameters(plan: SweepPlan, point: Point) -> dict[str, Any]:
    """Return a point for Optuna: values of a grid as JSON, since they may be lists."""
    return {
        name: json.dumps(value) if name in plan.grid else value for name, value in point.items()
    }


def _to_point(plan: SweepPlan, parameters: Mapping[str, Any]) -> Point:
    """Return the point that Optuna has as these parameters."""
    return {
        name: json.loads(value) if name in plan.grid else value
        for name, value in parameters.items()
    }


def _study(plan: SweepPlan, seed: int) -> Study:
    """Return a study in memory, whose chance begins with `seed`."""
    optuna.logging.disable_default_handler()
    sampler: optuna.samplers.BaseSampler
    if plan.search == "tpe":
        # Trials that are not over count as bad ones, so that those side by side are not alike.
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=FIRST_BY_CHANCE, seed=seed, constant_liar=True
        )
    else:
        sampler = optuna.samplers.RandomSampler(seed=seed)
    pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
    if plan.prune:
        pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST_WHOLE)
    directions = optuna.study.StudyDirection
    direction = directions.MAXIMIZE if plan.maximise else directions.MINIMIZE
    return optuna.create_study(direction=direction, sampler=sampler, pruner=pruner)


def _frozen_trial(plan: SweepPlan, trial: Trial, by_epoch: Mapping[int, float]) -> FrozenTrial:
    """Return a trial that was trained before, for a study to learn from.

    `by_epoch` has its metric.
    """
    state = TrialState.FAIL
    value: float | None = None
    if trial.is_over and trial.spread is not None:
        state = TrialState.PRUNED if trial.pruned else TrialState.COMPLETE
        value = trial.spread.mean
    return create_trial(
        state=state,
        value=value,
        params=_to_parameters(plan, trial.point),
        distributions=_distributions(plan),
        intermediate_values=dict(by_epoch),
    )


class Search:
    """A search in course, which chooses the settings of trials and learns what they came to."""

    def __init__(self, plan: SweepPlan, ended: Sequence[tuple[Trial, Mapping[int, float]]]) -> None:
        """Begin with the trials that are over, each with its metric by epoch."""
        self._plan = plan
        # As many trials as are over are skipped, so that chance does not begin again.
        self._study = _study(plan, seed=len(ended))
        self._asked: dict[int, Any] = {}  # Optuna's trials that are not over, by number
        for trial, by_epoch in ended:
            self._study.add_trial(_frozen_trial(plan, trial, by_epoch))

    def ask(self, number: int, point: Point | None = None) -> Point:
        """Return the settings of a trial; where `point` is given, those of one that is resumed."""
        if point is not None:
            self._study.enqueue_trial(_to_parameters(self._plan, point))
        trial = self._study.ask(_distributions(self._plan))
        self._asked[number] = trial
        return _to_point(self._plan, trial.params)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Learn a trial's metric after an epoch; returns whether to stop the trial."""
        if not self._plan.prune:
            return False
        trial = self._asked[number]
        trial.report(value, epoch)
        return bool(trial.should_prune())

    def tell(self, number: int, value: float | None, pruned: bool) -> None:
        """Learn what a trial came to; `value` is None if it failed."""
        trial = self._asked.pop(number)
        if pruned:
            self._study.tell(trial, state=TrialState.PRUNED)  # its last value was reported
        elif value is None or math.isnan(value):
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, value)


def importance_of(plan: SweepPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """Return the importance of each setting by PED-ANOVA, as `trials.importance` says."""
    # Pandas and scikit-learn, which take more than a second.
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    study = _study(plan, seed=0)
    for trial in trials:
        study.add_trial(_frozen_trial(plan, trial, {}))
    return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
