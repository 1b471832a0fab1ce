"""A sweep's trials as lines of a table, and where they stand in words."""

from typing import Any

from rnn_tui.engine.state import Status
from rnn_tui.sweeps.kept import Sweep, Trial
from rnn_tui.sweeps.words import shown, shown_spread
from rnn_tui.ui.runs.listing import STATUS_MARKS, Column, Listing
from rnn_tui.ui.runs.table import MarkedTable

PRUNED = "pruned"
NO_SWEEP = "No sweep yet. f goes to the form of a new one."
NO_TRIAL = "No trial has begun yet."


def _status(trial: Trial) -> str:
    mark = "×" if trial.status == PRUNED else STATUS_MARKS[Status(trial.status)][0]
    done = "" if trial.over or not trial.runs else f" {share_of(trial):.0%}"
    return f"{mark} {trial.status}{done}"


def _dim(trial: Trial) -> str:
    return "dim" if trial.pruned else ""


def share_of(trial: Trial) -> float:
    """How much of a trial is trained, 0 … 1."""
    return 1.0 if trial.over else sum(run.progress for run in trial.runs) / max(1, trial.wanted)


def _setting(name: str) -> Column[Trial]:
    def order(trial: Trial) -> Any:
        value = trial.point.get(name)
        return (0, value, "") if isinstance(value, int | float) else (1, 0, shown(value))

    return Column(name, lambda trial: shown(trial.point.get(name)), order, right=True, style=_dim)


def listing_of(sweep: Sweep) -> Listing[Trial]:
    """An empty listing with the columns that a sweep has."""
    plan, best = sweep.plan, sweep.best

    def measured(trial: Trial) -> str:
        return ("★ " if trial is best else "") + shown_spread(plan, trial.spread.values if trial.spread else ())

    def status_style(trial: Trial) -> str:
        return "dim" if trial.pruned else STATUS_MARKS[Status(trial.status)][1]

    columns = (
        NUMBER,
        *(_setting(name) for name in plan.varied),
        Column[Trial](plan.of_task.metric(plan.metric).title, measured, sweep.rank, right=True, style=_dim),
        Column[Trial]("status", _status, lambda trial: trial.status, style=status_style),
    )
    return Listing(columns, lambda trial: str(trial.number))


NUMBER = Column[Trial]("trial", lambda trial: str(trial.number), lambda trial: trial.number, right=True, style=_dim)


class TrialsTable(MarkedTable[Trial]):
    """The trials of one sweep after the other."""

    noun, empty_text, hint = "trial", NO_SWEEP, "/ filters by setting, figure, status"
    _of: object = None

    def __init__(self) -> None:
        super().__init__(Listing((NUMBER,), lambda trial: str(trial.number)), NUMBER.label)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show its trials, the best first."""
        listing = listing_of(sweep).of(sweep.trials)
        self.empty_text = NO_TRIAL
        if self._of == (shown := (sweep.name, sweep.created)):
            self.show(listing)
        else:
            self._of = shown
            self.show_other(listing, listing.columns[-2].label)
