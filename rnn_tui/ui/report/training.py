"""The report rerun in the app's training thread, and what it tells the app's own."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.events import Control
from rnn_tui.engine.state import RunState, Status

if TYPE_CHECKING:
    from rnn_tui.report.kept import Work
    from rnn_tui.report.plan import Plan
    from rnn_tui.report.running import Standing

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportStatus:
    """How far the rerun of this session is."""

    plan: "Plan"
    standing: "Standing | None" = None  # the latest that was told
    going_on: bool = True
    problem: str = ""  # why it could not go on, in a sentence


class ReportTrainer:
    """Trains what a plan lacks, and tells how far that is.

    `tell` is called with every event of the runs, before those of each run with what is known of
    it, and with a `ReportStatus` whenever there is news of the whole; `evaluate` between runs with
    the id of one that has finished.
    """

    def __init__(
        self, plan: "Plan", tell: Callable[[events.Event | RunState | ReportStatus], object], evaluate: Callable[[str], object]
    ) -> None:
        self._now = ReportStatus(plan)
        self._tell, self._evaluate = tell, evaluate
        self._run_id = self._finished = ""

    def train(self, control: Control) -> None:
        """In a thread: train, to the end or until `control` stops it; raises nothing."""
        from rnn_tui.report.running import train_missing  # noqa: PLC0415 - on use only

        self._control = control
        problem = ""
        try:
            train_missing(self._now.plan, self._take, control)
        except UserError as error:
            problem = str(error)
        except Exception as error:
            logger.exception("the report rerun failed")
            problem = f"The rerun failed: {type(error).__name__}; the log file has the details."
        self._tell_now(replace(self._now, going_on=False, problem=problem))

    def _take(self, item: "events.Event | Standing") -> None:
        """Take what `train_missing` emits."""
        if isinstance(item, events.Event):
            self._tell(item)
            if isinstance(item, events.RunFinished):
                self._finished = item.run_id
            return
        if item.work is None and self._finished:
            if not self._control.stopping:
                self._evaluate(self._finished)
            self._finished = ""
        if item.work is not None and item.run_id != self._run_id:
            self._run_id = item.run_id
            self._tell(_state(item.work, item.run_id))
        self._tell_now(replace(self._now, standing=item))

    def _tell_now(self, now: ReportStatus) -> None:
        self._now = now
        self._tell(now)


def _state(work: "Work", run_id: str) -> RunState:
    """What is known of a run before it begins, or goes on.

    Raises:
        StoreError: if the store can't be read.
    """
    if work.run is None:
        return RunState(run_id, work.config)
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415 - the database, on use only

    with RunStore() as store:
        return replace(store.state(work.run), status=Status.LOADING, message="")
