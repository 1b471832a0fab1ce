"""Shows sweeps: how much there is to train, each trial as it ends, and a table or JSON at the end.

A pipe gets a line as each trial ends; a terminal a bar meanwhile, and a table at the end.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rnn_tui.archive.words import NOTHING
from rnn_tui.cli import output
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.events import Control, LogLine
from rnn_tui.engine.pace import roughly
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.tables import cells_of, chosen, document_of
from rnn_tui.sweeps.columns import SWEEP_COLUMNS, TRIAL_FIELDS, trial_columns
from rnn_tui.sweeps.jobs import ClusterState
from rnn_tui.sweeps.plan import SweepPlan
from rnn_tui.sweeps.progress import SweepPace
from rnn_tui.sweeps.store import Sweep
from rnn_tui.sweeps.trials import TrialEnded

#: keys of the columns in a list of sweeps.
SHOWN = ("name", "task", "status", "trials", "varied", "created")


@dataclass(frozen=True)
class SweepSize:
    """The number of trials and runs to train."""

    plan: SweepPlan
    workers: int
    seconds: float | None  #: how long it takes; None if that is not known.

    @property
    def sentence(self) -> str:
        """The size and time of the sweep in words."""
        trials = count_of(self.plan.trial_count, "trial")
        runs = count_of(self.plan.run_count, "run")
        workers = count_of(self.workers, "worker")
        if self.seconds is None:
            return f"{trials}, {runs}; how long they take on {workers} is not known"
        seconds = roughly(self.seconds)
        return f"{trials}, {runs}; {seconds} on {workers} as fast as this machine"


@dataclass(frozen=True)
class SweepResult:
    """A sweep, and how much each of its settings matters."""

    sweep: Sweep
    importance: Mapping[str, float] | None  #: shares that sum to 1; None without Optuna.


def show_size(size: SweepSize, *, as_json: bool) -> None:
    """Print how much there is to train."""
    if not as_json:
        print(size.sentence)
        return
    document = {
        "trials": size.plan.trial_count,  #: their planned number.
        "runs": size.plan.run_count,  #: their planned number.
        "workers": size.workers,  #: number of runs that train at once, if known in advance.
        #: estimated time, from earlier runs or measured steps on this machine; null if unknown.
        "seconds": size.seconds,
        "plan": size.plan.to_dict(),  #: the settings that are varied, and how.
    }
    output.print_json(document)


class TrainingResults:
    """Shows how the training of a sweep goes on, and what came of it."""

    def __init__(self, sweep: Sweep, control: Control, *, as_json: bool, quiet: bool) -> None:
        self._sweep = sweep  #: the sweep as it was before this training.
        self._columns = trial_columns(sweep.plan)
        self._control = control
        self._as_json = as_json
        self._in_pipe = not as_json and not sys.stdout.isatty()
        self.bar = output.ProgressBar("starting", quiet=quiet)
        self._progress = SweepPace(sweep, Progress(self.bar.show, control))

    @property
    def any_failed(self) -> bool:
        """Whether a trial has failed."""
        return self._progress.any_failed

    def begin(self, size: SweepSize | None) -> None:
        """Say what begins, and how much of it is done already; without its size nothing is said."""
        if size is not None:
            output.say(size.sentence)
            name = self._sweep.name
            output.say(
                f"the sweep is called {name}; if it is interrupted, rnn-tui sweep --resume {name} "
                "resumes it"
            )
            if self._sweep.failed_count:
                output.say(f"trying {count_of(self._sweep.failed_count, 'failed trial')} again")
        if self._in_pipe:
            heads = (column.head for column in self._columns)
            print("\t".join(heads), flush=True)
        self._progress.begin()

    def trial_ended(self, trial: TrialEnded) -> None:
        """Print a trial that has ended, and why if it failed."""
        self._progress.trial_ended(trial)
        if trial.failure:
            self.bar.say(f"trial {trial.number}: {trial.failure}")
        if self._in_pipe:
            print("\t".join(cells_of(trial, self._columns)), flush=True)

    def take(self, news: ClusterState | LogLine) -> None:
        """Show how training stands, or what the user must know."""
        match news:
            case LogLine():
                self.bar.say(news.text)
            case ClusterState():
                self._show_state(news)

    def _show_state(self, state: ClusterState) -> None:
        workers = count_of(len(state.workers), "worker")
        training = count_of(len(state.progress), "run")
        self.bar.update(label=state.note or f"{workers}, {training} in training")
        self._progress.show(state)

    def end(self, result: SweepResult) -> None:
        """Show what came of it; a pipe has had its lines."""
        if not self._in_pipe:
            show_result(result, as_json=self._as_json)
        if self._control.stopping:
            output.say(
                f"stopped; what was trained is stored, and rnn-tui sweep --resume "
                f"{self._sweep.name} "
                "resumes it."
            )


def show_result(result: SweepResult, *, as_json: bool) -> None:
    """Print a sweep and its trials, the best first."""
    if as_json:
        document = _document(result)
        output.print_json(document)
    else:
        _show_table(result)


def _show_table(result: SweepResult) -> None:
    """Print a line a trial, the best first; on a terminal also what they came to."""
    sweep = result.sweep
    summary = _summary(result)
    output.print_table(trial_columns(sweep.plan), sorted(sweep.trials, key=sweep.rank))
    if sys.stdout.isatty():
        print()
        output.print_pairs(summary)


def _summary(result: SweepResult) -> list[tuple[str, str]]:
    sweep = result.sweep
    done = f"{sweep.done_count:,} of {sweep.plan.trial_count:,} trials"
    best = sweep.best
    shares = [f"{name} {share:.0%}" for name, share in (result.importance or {}).items()]
    return [
        ("sweep", f"{sweep.name}, {sweep.status}, {done}"),
        ("best", NOTHING if best is None else f"trial {best.number}"),
        ("importance", ", ".join(shares) or NOTHING),
    ]


def _document(result: SweepResult) -> dict[str, Any]:
    sweep = result.sweep
    best = sweep.best
    head = chosen(SWEEP_COLUMNS, ("name", "status", "created", "done"))
    return {
        **document_of(sweep, head),
        "plan": sweep.plan.to_dict(),  #: the settings that are varied, and how.
        #: the number of the trial with the best mean over seeds; null if none has ended.
        "best": None if best is None else best.number,
        #: the importance of each setting for the metric, as shares that sum to 1; empty for fewer
        #: than four trials, null without the extra `search`.
        "importance": result.importance,
        #: those that have started.
        "trials": [document_of(trial, TRIAL_FIELDS) for trial in sweep.trials],
    }


def show_list(sweeps: Sequence[Sweep], *, as_json: bool) -> None:
    """Print a line a sweep."""
    if as_json:
        output.print_json([document_of(sweep, SWEEP_COLUMNS) for sweep in sweeps])
        return
    output.print_table(chosen(SWEEP_COLUMNS, SHOWN), sweeps)
