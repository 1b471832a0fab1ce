"""What is handed out to workers, and what is reported of them."""

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
    name: str = ""  #: what messages call it.


class JobSource(Protocol):
    """Where runs come from, and who hears what becomes of them; all in one thread."""

    def next_job(self) -> Job | None:
        """The next run to train; None if there is none now.

        Raises:
            StoreError: if it can't be stored that it begins; the next call tries again.
        """

    @property
    def has_more(self) -> bool:
        """Whether `next_job` may have another later, when runs in training have ended."""

    def handle_event(self, job: Job, event: events.Event) -> None:
        """Learn of an event of a run, which is in the database; the last one ends the run."""

    def runs_to_stop(self) -> Sequence[str]:
        """Runs to stop now, by id; each is named once."""


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
    """How far training on workers is."""

    workers: tuple[WorkerSeen, ...] = ()
    #: of runs in training, by id: the share that is done, 0 … 1.
    progress: Mapping[str, float] = field(default_factory=dict)
    note: str = ""  #: what is waited for, if anything.


# Hears how it stands, and warnings for the user.
Listener = Callable[[ClusterState | events.LogLine], object]
