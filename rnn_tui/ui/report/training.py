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


def train_report(
    plan: "Plan", tell: Callable[[events.Event | RunState | ReportStatus], object], evaluate: Callable[[str], object],
    control: Control,
) -> None:  # fmt: skip
    """In a thread: train what a plan lacks, to the end or until `control` stops it; raises nothing.

    `tell` is called with every event of the runs, before those of each run with what is known of
    it, and with a `ReportStatus` whenever there is news of the whole; `evaluate` between runs with
    the id of one that has finished.
    """
    from rnn_tui.report.running import train_missing  # noqa: PLC0415 - on use only
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415 - as above

    now, run_id, finished, problem = ReportStatus(plan), "", "", ""

    def take(item: "events.Event | Standing") -> None:
        """Take what `train_missing` emits."""
        nonlocal now, run_id, finished
        if isinstance(item, events.Event):
            tell(item)
            if isinstance(item, events.RunFinished):
                finished = item.run_id
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
        train_missing(plan, take, control)
    except UserError as error:
        problem = str(error)
    except Exception as error:
        logger.exception("the report rerun failed")
        problem = f"The rerun failed: {type(error).__name__}; the log file has the details."
    tell(replace(now, going_on=False, problem=problem))
