"""The types that describe jobs for workers, and reports on workers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import SafeText

# The last event of a run is one of these.
END_EVENTS = (events.RunFinished, events.RunStopped, events.RunFailed)


@dataclass(frozen=True)
class Job:
    """A run to train on a worker; it is in the database."""

    run_id: str
    config: RunConfig
    name: str = ""  #: its name in messages.


class JobSource(Protocol):
    """Provides runs to train, and receives their events; used by one thread only."""

    def next_job(self) -> Job | None:
        """Return the next run to train; None if there is none now.

        Raises:
            StoreError: if the beginning of the run can't be stored; the next call tries again.
        """

    @property
    def has_more(self) -> bool:
        """Whether `next_job` may return another run later, once runs in training have ended."""

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Handle an event of a run, which is in the database; the last one ends the run."""

    def runs_to_stop(self) -> Sequence[str]:
        """Return the ids of runs to stop now; each id is returned only once."""


@dataclass(frozen=True)
class WorkerSeen:
    """The state of a worker when it was last seen."""

    host: SafeText
    address: SafeText
    cpu: float  #: percent of a core.
    memory: int  #: bytes.
    runs: tuple[str, ...]  #: the ids of the runs that it trains.


@dataclass(frozen=True)
class ClusterState:
    """The state of training on workers."""

    workers: tuple[WorkerSeen, ...] = ()
    #: the share that is done, 0 … 1, of each run in training, by id.
    progress: Mapping[str, float] = field(default_factory=dict)
    note: str = ""  #: what the user waits for, if anything.


# Called with the state of the cluster, and with warnings for the user.
Listener = Callable[[ClusterState | events.LogLine], object]
