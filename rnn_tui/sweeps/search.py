"""Choosing the settings of the next trial by Optuna, and telling which settings matter."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.sweeps.cluster import require
from rnn_tui.sweeps.kept import Trial
from rnn_tui.sweeps.plan import Point, SweepPlan

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

# Before so many trials have ended, a search chooses by chance and prunes nothing: Optuna's usual numbers.
FIRST_BY_CHANCE, FIRST_WHOLE = 10, 5


def require_extras(plan: SweepPlan) -> None:
    """Do nothing where the packages are there that a plan's training takes.

    Raises:
        ClusterError: if one is not, with the extra that has it.
    """
    require("distributed", "cluster")
    if plan.searches:
        require("optuna", "search")


def _distributions(plan: SweepPlan) -> "dict[str, BaseDistribution]":
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution  # noqa: PLC0415

    found: dict[str, BaseDistribution] = {name: CategoricalDistribution(list(values)) for name, values in plan.grid.items()}
    for name, one in plan.ranges.items():
        whole = IntDistribution(int(one.low), int(one.high), log=one.log) if one.whole else None
        found[name] = whole or FloatDistribution(one.low, one.high, log=one.log)
    return found


def _study(plan: SweepPlan, known: int) -> "Study":
    """A study in memory; `known` trials come from elsewhere, so that chance goes on and does not begin again."""
    require("optuna", "search")
    import optuna  # noqa: PLC0415 - of the extra `search`

    optuna.logging.disable_default_handler()
    # Trials that are not over count as bad ones, so that those side by side are not alike.
    tpe = optuna.samplers.TPESampler(n_startup_trials=FIRST_BY_CHANCE, seed=known, constant_liar=True)
    sampler = tpe if plan.search == "tpe" else optuna.samplers.RandomSampler(seed=known)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=FIRST_WHOLE) if plan.prune else optuna.pruners.NopPruner()
    return optuna.create_study(direction="maximize" if plan.maximise else "minimize", sampler=sampler, pruner=pruner)


def _add(study: "Study", plan: SweepPlan, trial: Trial, by_epoch: dict[int, float]) -> None:
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415

    state, value = TrialState.FAIL, None
    if trial.over and trial.spread is not None:
        state, value = TrialState.PRUNED if trial.pruned else TrialState.COMPLETE, trial.spread.mean
    about: dict[str, Any] = {"params": trial.point, "distributions": _distributions(plan), "intermediate_values": by_epoch}
    study.add_trial(create_trial(state=state, value=value, **about))


class Search:
    """A search in course: asks for settings, learns from what they came to."""

    def __init__(self, plan: SweepPlan, ended: Sequence[tuple[Trial, dict[int, float]]]) -> None:
        """With the trials that are over, and the metric of each by epoch."""
        self._plan, self._study = plan, _study(plan, len(ended))
        self._asked: dict[int, Any] = {}
        for trial, by_epoch in ended:
            _add(self._study, plan, trial, by_epoch)

    def ask(self, number: int, point: Point | None = None) -> Point:
        """The settings of a trial; those given, of one that goes on."""
        if point is not None:
            self._study.enqueue_trial(point)
        self._asked[number] = trial = self._study.ask(_distributions(self._plan))
        return dict(trial.params)

    def report(self, number: int, epoch: int, value: float) -> bool:
        """Tell the metric after an epoch; returns whether the trial had better be stopped."""
        if not self._plan.prune:
            return False
        self._asked[number].report(value, epoch)
        return bool(self._asked[number].should_prune())

    def tell(self, number: int, value: float | None, pruned: bool) -> None:
        """Tell what a trial came to; None where it failed."""
        from optuna.trial import TrialState  # noqa: PLC0415

        trial = self._asked.pop(number)
        if pruned:  # it has told its last value
            self._study.tell(trial, state=TrialState.PRUNED)
        elif value is None or math.isnan(value):
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, value)


def importance(plan: SweepPlan, trials: Sequence[Trial]) -> dict[str, float]:
    """How much each setting matters for the metric, in shares that sum to 1, the largest first.

    By PED-ANOVA (Watanabe et al., 2023, https://arxiv.org/abs/2304.10255), which compares where
    good trials lie with where all lie. Empty for fewer than four trials that are over.

    Raises:
        ClusterError: if Optuna is not installed.
    """
    ended = [trial for trial in trials if trial.over and not trial.pruned and trial.spread is not None]
    study = _study(plan, 0)
    if len(ended) < 4 or len({trial.spread.mean for trial in ended if trial.spread}) < 2:
        return {}
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances  # noqa: PLC0415

    for trial in ended:
        _add(study, plan, trial, {})
    return get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
