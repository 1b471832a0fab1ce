"""The report rerun and a sweep in the app's training thread, and what they tell the app's own."""

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.errors import UserError, printable
from rnn_tui.engine.events import Control, LogLine
from rnn_tui.engine.resources import heavy_imports
from rnn_tui.engine.state import RunState, Status

if TYPE_CHECKING:
    from textual.notifications import SeverityLevel

    from rnn_tui.report.plan import Plan
    from rnn_tui.report.running import Standing
    from rnn_tui.runs.unsaved import OnUnsaved
    from rnn_tui.sweeps.jobs import ClusterState
    from rnn_tui.sweeps.places import TrainingPlace
    from rnn_tui.sweeps.trials import Trials

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportStatus:
    """How far the rerun of this session is."""

    plan: "Plan"
    standing: "Standing | None" = None  # the latest that was told
    going_on: bool = True
    problem: str = ""  # why it could not go on, in a sentence


def train_report(
    plan: "Plan",
    tell: Callable[[events.Event | RunState | ReportStatus], object],
    evaluate: Callable[[str], object],
    on_unsaved: "OnUnsaved",
    control: Control,
) -> None:
    """In a thread: train what a plan lacks, to the end or until `control` stops it; raises nothing.

    `tell` is for every event, before those of a run for what is known of it, and for news of the
    whole; `evaluate`, between runs, for a finished one; `on_unsaved` for one
    that can't be kept for now.
    """
    from rnn_tui.report.running import train_missing  # noqa: PLC0415 - on use only
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415 - as above

    now, run_id, finished, problem = ReportStatus(plan), "", "", ""

    def take(item: "events.Event | Standing") -> None:
        nonlocal now, run_id, finished
        if isinstance(item, events.Event):
            tell(item)
            finished = item.run_id if isinstance(item, events.RunFinished) else finished
            return
        if item.work is None and finished:
            if not control.stopping:
                evaluate(finished)
            finished = ""
        if item.work is not None and item.run_id != run_id:
            run_id = item.run_id
            if item.work.run is None:
                tell(RunState(run_id, item.work.config))
            else:
                with RunStore() as store:
                    tell(replace(store.state(item.work.run), status=Status.LOADING, message=""))
        now = replace(now, standing=item)
        tell(now)

    try:
        train_missing(plan, take, control, on_unsaved=on_unsaved)
    except UserError as error:
        problem = str(error)
    except Exception as error:
        logger.exception("the report rerun failed")
        problem = f"The rerun failed: {type(error).__name__}; the log file has the details."
    tell(replace(now, going_on=False, problem=problem))


@dataclass(frozen=True)
class SweepStatus:
    """How far the sweep of this session is."""

    name: str
    standing: "ClusterState | None" = None  #: the latest that was told.
    going_on: bool = True
    #: a sentence to show now, and how grave it is.
    notice: "tuple[str, SeverityLevel] | None" = None


class SweepTrainer:
    """Trains what a sweep lacks, and tells how far that is."""

    def __init__(self, name: str, place: "TrainingPlace") -> None:
        self.now = SweepStatus(printable(name))
        self._place = place
        self._trials: Trials | None = None

    def train(self, tell: Callable[[SweepStatus], object], control: Control) -> None:
        """In a thread: train, to the end or until `control` stops it; raises nothing."""
        from rnn_tui.sweeps.dispatch import train_on_workers  # noqa: PLC0415
        from rnn_tui.sweeps.places import require_package  # noqa: PLC0415 - on use only, as the others
        from rnn_tui.sweeps.store import SweepStore  # noqa: PLC0415
        from rnn_tui.sweeps.trials import TrialEnded, Trials  # noqa: PLC0415

        def take(told: "ClusterState | TrialEnded | LogLine") -> None:
            if isinstance(told, LogLine):
                tell(replace(self.now, notice=(told.text, "warning")))
            elif not isinstance(told, TrialEnded):  # that a trial ended is in the store
                self.now = replace(self.now, standing=told)
                tell(self.now)

        end: tuple[str, SeverityLevel]
        try:
            require_package("distributed", "cluster")
            with heavy_imports():
                importlib.import_module("distributed")
            with SweepStore() as store:
                sweep = store.sweep(self.now.name)
            with Trials(sweep, take) as self._trials:
                more = True
                while more:  # once again where trials were added at the last moment
                    train_on_workers(self._place, self.now.name, self._trials, control, take)
                    more = self._trials.has_more and not control.stopping
            how = (
                "was stopped; what was trained is kept, and g goes on."
                if control.stopping
                else "has ended."
            )
            end = f"The sweep {self.now.name} {how}", "information"
        except UserError as error:
            end = str(error), "error"
        except Exception as error:
            logger.exception("the sweep %s failed", self.now.name)
            end = (
                f"The sweep failed: {type(error).__name__}; the log file has the details.",
                "error",
            )
        self._trials = None
        tell(replace(self.now, going_on=False, notice=end))

    def add(self, trials: int) -> bool:
        """Have the search try more; False if it has ended."""
        if (under_way := self._trials) is not None:
            under_way.add(trials)
        return under_way is not None
