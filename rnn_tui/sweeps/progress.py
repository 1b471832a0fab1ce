"""How much of a sweep is done, while it trains: for the bars of the shell and of Python."""

from collections import Counter

from rnn_tui.engine.progress import Progress
from rnn_tui.sweeps.jobs import ClusterState
from rnn_tui.sweeps.store import Sweep
from rnn_tui.sweeps.trials import TrialEnded


class SweepPace:
    """Counts the runs of a sweep that are done.

    Args:
        sweep: the sweep as it was before this training.
        progress: is told how many runs are done.
    """

    def __init__(self, sweep: Sweep, progress: Progress) -> None:
        self._plan = sweep.plan
        self._progress = progress
        self._ended = Counter[str]()  #: how many trials have ended, by their status.
        #: runs of trials that were over before.
        self._runs_done = sum(
            len(trial.runs) for trial in sweep.trials if trial.is_over and not trial.has_failed
        )

    @property
    def any_failed(self) -> bool:
        """Whether a trial has failed."""
        return self._ended["failed"] > 0

    def begin(self) -> None:
        """Report what was done before."""
        self._progress.advance(self._runs_done, self._plan.run_count)

    def trial_ended(self, trial: TrialEnded) -> None:
        """Count a trial that has ended."""
        self._ended[trial.status] += 1

    def show(self, state: ClusterState) -> None:
        """Report how training stands."""
        trials_over = self._ended.total() - self._ended["stopped"]
        runs_over = self._plan.runs_per_trial * trials_over
        done = self._runs_done + runs_over + sum(state.progress.values())
        # A run that has ended counts in neither until its trial has: do not go back meanwhile.
        self._progress.advance(max(self._progress.done, done))
