"""What training elsewhere is given, and what it tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText

END_EVENTS = (
    events.RunFinished,
    events.RunStopped,
    events.RunFailed,
)  # one of these is the last of a run


@dataclass(frozen=True)
class Job:
    """A run to train elsewhere; it is in the database."""

    run_id: str
    config: RunConfig
    name: str = ""  #: what messages call it.


class JobSource(Protocol):
    """Where runs come from, and who is told what becomes of them; all in one thread."""

    def next_job(self) -> Job | None:
        """The next run to train; None where there is none now.

        Raises:
            StoreError: if it can't be kept that it begins; the next call tries again.
        """

    @property
    def has_more(self) -> bool:
        """Whether `next_job` may have another later, when runs in training have ended."""

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Take an event of a run, which is in the database; the last one ends it."""

    def runs_to_stop(self) -> Sequence[str]:
        """Runs to stop now, by id, since the last call."""


@dataclass(frozen=True)
class WorkerSeen:
    """A worker, as it last was."""

    host: SafeText
    address: SafeText
    cpu: float  #: percent of a core.
    memory: int  #: bytes.
    runs: tuple[str, ...]  #: the ids of the runs that it trains.


@dataclass(frozen=True)
class ClusterState:
    """How far training elsewhere is."""

    workers: tuple[WorkerSeen, ...] = ()
    #: of runs in training, by id: the share that is done.
    progress: Mapping[str, float] = field(default_factory=dict)
    note: str = ""  #: what is waited for, if anything.


Tell = Callable[[ClusterState | events.LogLine], object]
