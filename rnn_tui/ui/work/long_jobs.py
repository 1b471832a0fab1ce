"""The rerun of a paper and a sweep in the app's training thread, and how the app hears of them."""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.events import Control, LogLine
from rnn_tui.engine.state import RunState, Status
from rnn_tui.engine.training.resources import heavy_imports

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from rnn_tui.archive.unsaved import OnUnsaved
    from rnn_tui.papers.plan import Plan
    from rnn_tui.papers.running import Standing
    from rnn_tui.papers.schedule import PlannedRun
    from rnn_tui.sweeps.jobs import ClusterState
    from rnn_tui.sweeps.places import TrainingPlace
    from rnn_tui.sweeps.trials import TrialEnded, Trials

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RerunStatus:
    """The progress of this session's rerun."""

    plan: "Plan"
    standing: "Standing | None" = None  #: the latest news of it.
    going_on: bool = True
    problem: str = ""  #: why it could not go on, in a sentence.


class RerunTrainer:
    """Trains what a plan lacks, and reports how far that is."""

    def __init__(
        self,
        plan: "Plan",
        emit: Callable[[events.Event | RunState | RerunStatus], object],
        evaluate: Callable[[str], object],
        on_unsaved: "OnUnsaved",
    ) -> None:
        """Make the trainer of a plan.

        Args:
            plan: what is to be trained.
            emit: called with every event; before a run's events it gets what is known of the run.
            evaluate: measures a finished run, by its id; called between runs.
            on_unsaved: takes a run that can't be kept for now.
        """
        self.status = RerunStatus(plan)
        self._emit = emit
        self._evaluate = evaluate
        self._on_unsaved = on_unsaved
        self._run_id = ""  #: the id of the run that was announced last.
        self._finished_id = ""  #: the id of a finished run that is still to be evaluated.
        self._control = Control()

    def run(self, control: Control) -> None:
        """Train to the end or until `control` stops it; runs in a thread and raises nothing."""
        from rnn_tui.papers.running import train_missing  # on use only

        self._control = control
        problem = ""
        try:
            train_missing(self.status.plan, self._receive, control, on_unsaved=self._on_unsaved)
        except UserError as error:
            problem = str(error)
        except Exception as error:
            logger.exception("the rerun failed")
            problem = f"The rerun failed: {type(error).__name__}; the log file has the details."
        self._emit(replace(self.status, going_on=False, problem=problem))

    def _receive(self, news: "events.Event | Standing") -> None:
        """Pass news of the training on to the app."""
        if isinstance(news, events.Event):
            self._emit(news)
            if isinstance(news, events.RunFinished):
                self._finished_id = news.run_id
            return
        if news.planned_run is None:
            self._evaluate_finished()
        elif news.run_id != self._run_id:
            self._run_id = news.run_id
            self._introduce(news.planned_run)
        self.status = replace(self.status, standing=news)
        self._emit(self.status)

    def _evaluate_finished(self) -> None:
        """Measure the run that has finished, unless all is to stop."""
        if self._finished_id and not self._control.stopping:
            self._evaluate(self._finished_id)
        self._finished_id = ""

    def _introduce(self, planned: "PlannedRun") -> None:
        """Report what is known of a run before its events."""
        from rnn_tui.archive.store import RunStore  # on use only

        if planned.run is None:
            self._emit(RunState(self._run_id, planned.config))
            return
        with RunStore() as store:
            state = store.state(planned.run)
        self._emit(replace(state, status=Status.LOADING, message=""))


@dataclass(frozen=True)
class SweepStatus:
    """The progress of this session's sweep."""

    name: str
    standing: "ClusterState | None" = None  #: the latest news of it.
    going_on: bool = True
    #: a sentence to show now, and how grave it is.
    notice: "tuple[str, SeverityLevel] | None" = None


class SweepTrainer:
    """Trains what a sweep lacks, and reports how far that is."""

    def __init__(
        self, name: str, place: "TrainingPlace", emit: Callable[[SweepStatus], object]
    ) -> None:
        """Make the trainer of the sweep of this name, on the workers of `place`."""
        self.status = SweepStatus(printable(name))
        self._place = place
        self._emit = emit
        #: the trials of the present sweep; None before and after.
        self._trials: Trials | None = None

    def run(self, control: Control) -> None:
        """Train to the end or until `control` stops it; runs in a thread and raises nothing."""
        notice: tuple[str, SeverityLevel]
        try:
            self._train(control)
        except UserError as error:
            notice = str(error), "error"
        except Exception as error:
            logger.exception("the sweep %s failed", self.status.name)
            text = f"The sweep failed: {type(error).__name__}; the log file has the details."
            notice = text, "error"
        else:
            end = "has ended."
            if control.stopping:
                end = "was stopped; what was trained is kept. Press g to resume it."
            notice = f"The sweep {self.status.name} {end}", "information"
        self._trials = None
        self._emit(replace(self.status, going_on=False, notice=notice))

    def _train(self, control: Control) -> None:
        from rnn_tui.sweeps.dispatch import train_on_workers  # on use only, as the others
        from rnn_tui.sweeps.places import require_package
        from rnn_tui.sweeps.store import SweepStore
        from rnn_tui.sweeps.trials import Trials

        require_package("distributed", "cluster")
        with heavy_imports():
            importlib.import_module("distributed")
        with SweepStore() as store:
            sweep = store.sweep(self.status.name)
        with Trials(sweep, self._receive) as trials:
            self._trials = trials
            train_on_workers(self._place, self.status.name, trials, control, self._receive)
            while trials.has_more and not control.stopping:  # added at the last moment
                train_on_workers(self._place, self.status.name, trials, control, self._receive)

    def _receive(self, news: "ClusterState | TrialEnded | LogLine") -> None:
        """Pass news of the training on to the app."""
        from rnn_tui.sweeps.jobs import ClusterState  # on use only

        match news:
            case LogLine():
                self._emit(replace(self.status, notice=(news.text, "warning")))
            case ClusterState():
                self.status = replace(self.status, standing=news)
                self._emit(self.status)
            case _:
                pass  # a trial has ended, which is in the store

    def add(self, count: int) -> bool:
        """Have the search try `count` trials more; False if it has ended."""
        trials = self._trials
        if trials is None:
            return False
        trials.add(count)
        return True
