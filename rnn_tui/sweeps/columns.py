"""The columns of sweeps and their trials: of the tables of shell and app, and of JSON documents."""

import time
from collections.abc import Callable
from typing import Any

from rnn_tui.archive.words import age
from rnn_tui.engine.errors import printable
from rnn_tui.engine.json_values import date
from rnn_tui.engine.tables import Column
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.store import Sweep, Trial, format_setting, format_spread

NUMBER = "trial"  # the key of the column of a trial's number
FIGURE = "value"  # that of its figure
STATUS = "status"

#: the fields of a sweep's document in a list of sweeps.
SWEEP_COLUMNS: tuple[Column[Sweep], ...] = (
    Column("name", lambda sweep: sweep.name),  #: its name.
    #: `running`, `finished`, `failed` (all were tried, some failed) or `interrupted`.
    Column("status", lambda sweep: sweep.status),
    Column(
        "created",  #: when it started.
        lambda sweep: date(sweep.created),
        lambda sweep: age(time.time() - sweep.created),
        name="age",
        right=True,
    ),
    Column("done", lambda sweep: sweep.done_count),  #: number of trials that have ended.
    Column("task", lambda sweep: sweep.plan.task),  #: the task.
    Column(
        "trials",  #: their planned number.
        lambda sweep: sweep.plan.trial_count,
        lambda sweep: f"{sweep.done_count:,}/{sweep.plan.trial_count:,}",
        right=True,
    ),
    Column(
        "varied",  #: the settings that differ between trials.
        lambda sweep: list(sweep.plan.varied),
        lambda sweep: printable(", ".join(sweep.plan.varied)),
    ),
)

#: the fields of a trial's document.
TRIAL_FIELDS: tuple[Column[Trial], ...] = (
    Column("trial", lambda trial: trial.number),  #: its number, from 0.
    #: `finished`, `pruned`, `failed`, or the status of its unfinished runs.
    Column("status", lambda trial: trial.status),
    Column("settings", lambda trial: trial.point),  #: the values of the settings that vary.
    #: the metric over seeds; null until it is known.
    Column("value", lambda trial: trial.spread and trial.spread.to_dict()),
    #: the ids of its runs, in the order of the seeds.
    Column("runs", lambda trial: [run.run_id for run in trial.runs]),
)


def trial_columns(
    plan: SweepPlan, rank: Callable[[Trial], float] | None = None
) -> tuple[Column[Any], ...]:
    """Return the columns of a table of trials, each a `Trial` or a `TrialEnded`.

    Args:
        plan: the plan of their sweep.
        rank: returns the sort key of a trial's figure.
    """
    return (
        Column(NUMBER, lambda trial: trial.number, right=True),
        *map(_setting_column, plan.varied),
        Column(
            FIGURE,
            lambda trial: trial.values,
            lambda trial: format_spread(plan, trial.values),
            name=plan.metric_definition.title,
            order=rank,
            right=True,
        ),
        Column(STATUS, lambda trial: trial.status),
    )


def _setting_column(name: str) -> Column[Any]:
    """Return the column of a setting: numbers in their order, before words in theirs."""

    def order(trial: Trial) -> Any:
        value = trial.point.get(name)
        return (0, value) if isinstance(value, int | float) else (1, format_setting(value))

    return Column(
        name,
        lambda trial: trial.point.get(name),
        lambda trial: format_setting(trial.point.get(name)),
        order=order,
        right=True,
    )
