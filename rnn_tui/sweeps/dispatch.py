"""Trains runs on workers: assigns them, receives the workers' messages, and stores the results.

“Home” is this process, which has the database. Before each attempt at a run a worker asks home how
to begin, and gets home's last checkpoint. So a run whose worker died is resumed on another one.
Messages may be lost at any time. Home asks for missing ones again, since workers keep all messages
that are not confirmed.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rnn_tui.archive.locks import RunLock, is_held, lock_of_sweep, requested_runs, take_requests
from rnn_tui.engine import events
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import ClusterError, StoreError, StoreGoneError
from rnn_tui.sweeps.cluster import ClusterWorkers
from rnn_tui.sweeps.importer import Importer
from rnn_tui.sweeps.jobs import ClusterState, Job, JobSource, Listener
from rnn_tui.sweeps.places import TrainingPlace, require_package
from rnn_tui.sweeps.remote_runs import SECONDS_OF_PATIENCE, RemoteRuns

if TYPE_CHECKING:
    from distributed import Client

# Messages that may wait to be written; later ones are dropped, and asked for again.
MOST_HEARD = 20_000
SECONDS_TO_FORGET = 60.0  # a repeated warning is shown again only after so long without it
SECONDS_BETWEEN_LOOKS = 0.1  # the longest time without a look at the workers
SECONDS_BETWEEN_STATES = 0.5  # the shortest time between two reports to the listener
SECONDS_TO_STOP = 30.0  # how long to wait for the last checkpoints of stopped runs


def train_on_workers(
    place: TrainingPlace,
    group: str,
    source: JobSource,
    control: events.Control,
    listener: Listener,
    *,
    shared: str = "",
) -> None:
    """Train all runs of a source on workers; blocks, in a thread without an event loop.

    Args:
        place: where the workers are, or are to be started.
        group: the name of what the runs belong to, such as a sweep; only one process at a time can
            train the runs of a group.
        source: provides the runs, and receives their events.
        control: pauses or stops all runs.
        listener: called with the state of the cluster and with warnings, in this thread.
        shared: a folder for checkpoints that all machines can read; empty to send checkpoints.

    Raises:
        ClusterError: if there are no usable workers, or the scheduler is gone.
        StoreError: if another process trains these runs, or the database can't be used or is gone.
    """
    lock = RunLock.acquire(lock_of_sweep(group), group)
    try:
        asyncio.run(_Dispatcher(place, source, control, listener, shared).train())
    finally:
        lock.release()


class _Dispatcher:
    """A call of `train_on_workers`."""

    def __init__(
        self,
        place: TrainingPlace,
        source: JobSource,
        control: events.Control,
        listener: Listener,
        shared: str,
    ) -> None:
        self._place = place
        self._source = source
        self._control = control
        self._listener = listener
        self._shared = shared
        # Times are of the monotonic clock.
        self._heard: list[Any] = []  #: messages of workers that wait to be handled.
        self._news = asyncio.Event()  #: set when a message comes.
        self._paused = False  #: whether the workers have been asked to pause.
        self._is_connected = True  #: whether the client was connected at the last look.
        self._has_begun = False  #: whether runs are assigned, and states reported.
        self._note = ""  #: what the user waits for, such as `starting workers`.
        self._warned_at: dict[str, float] = {}  #: when each warning last came.
        self._stop_at = 0.0  #: when to stop waiting for checkpoints; 0 while not stopping.
        self._state_told_at = 0.0  #: when the state was last reported.
        self._no_room_since = 0.0  #: since when no run could be stored; 0 if it could.
        self._client: Client
        self._importer: Importer
        self._workers: ClusterWorkers
        self._runs: RemoteRuns

    async def train(self) -> None:
        """Train all runs of the source."""
        self._say("connecting" if self._place.kind == "address" else "starting workers")
        require_package("distributed", "cluster")
        from rnn_tui.sweeps.starting import connected

        async with connected(self._place) as self._client:
            self._workers = ClusterWorkers(self._client, self._warn)
            await self._workers.look()
            with Importer() as self._importer:
                self._runs = RemoteRuns(
                    self._client,
                    self._workers,
                    self._importer,
                    self._source,
                    self._warn,
                    shared=self._shared,
                )
                self._has_begun = True
                self._subscribe()
                try:
                    while await self._look_once():
                        with suppress(TimeoutError), awaiting("news of workers"):
                            await asyncio.wait_for(self._news.wait(), SECONDS_BETWEEN_LOOKS)
                        self._news.clear()
                finally:
                    await self._runs.close()

    def _subscribe(self) -> None:
        """Listen to the workers of these runs."""
        self._client.subscribe_topic(self._runs.topic, self._hear)

    def _hear(self, event: Any) -> None:
        """Queue a message of a worker; Dask passes the time of arrival and the message."""
        _, message = event
        if len(self._heard) < MOST_HEARD:
            self._heard.append(message)
            self._news.set()

    async def _look_once(self) -> bool:
        """Assign runs, pass on requests, handle messages and report; returns False at the end."""
        if self._client.status not in ("running", "connecting"):
            raise ClusterError(
                "The Dask scheduler is gone. What came home is stored; the rest can be trained "
                "later."
            )
        self._importer.check_in_place()
        was_connected = self._is_connected
        self._is_connected = self._client.status == "running"
        if self._is_connected:
            if not was_connected:  # a scheduler forgets its subscribers
                self._subscribe()
            await self._workers.look()
            if not self._control.stopping and not self._paused:
                self._say("" if self._workers.usable else "waiting for workers")
            self._hand_out()
        await self._pass_on_requests()
        messages = self._heard
        self._heard = []
        await self._runs.handle_messages(messages)
        for run in list(self._runs.all.values()):
            await self._runs.tend(run)
        self._tell_state()
        return self._is_to_go_on()

    def _is_to_go_on(self) -> bool:
        """Return whether there are runs to train, or checkpoints of stopped runs to wait for."""
        if not self._control.stopping:
            return bool(self._runs.all) or self._source.has_more
        if not self._stop_at:  # stopped since the last look; the workers have not been asked yet
            return True
        return bool(self._runs.all) and time.monotonic() < self._stop_at

    def _hand_out(self) -> None:
        """Assign a run to each idle worker."""
        if self._control.stopping or self._control.paused:
            return
        busy = sum(
            run.attempt is None or run.attempt.end is None for run in self._runs.all.values()
        )
        while busy < len(self._workers.usable):
            job = self._next_job()
            if job is None:
                return
            if is_held(job.run_id):  # another process has resumed it
                stopped = events.RunStopped(job.run_id, 0, 0.0, interrupted=True)
                self._source.handle_event(job, stopped)
                continue
            self._runs.begin(job)
            busy += 1

    def _next_job(self) -> Job | None:
        """Return the next run to train; None if there is none, or it can't be stored now.

        Raises:
            StoreError: if there has been no room for too long.
        """
        try:
            job = self._source.next_job()
        except StoreGoneError:
            raise
        except StoreError as error:
            self._no_room_since = self._no_room_since or time.monotonic()
            if time.monotonic() - self._no_room_since > SECONDS_OF_PATIENCE:
                raise
            self._warn(str(error))
            return None
        self._no_room_since = 0.0
        return job

    async def _pass_on_requests(self) -> None:
        """Pass requests on to the workers: by `control` for all runs, by files for single runs."""
        if self._control.stopping and not self._stop_at:
            await self._stop_all()
        elif self._control.paused is not self._paused and not self._control.stopping:
            await self._pause_or_unpause_all()
        fallen_behind = self._source.runs_to_stop()
        if fallen_behind:
            self._drop_unbegun(fallen_behind)
            await self._runs.request(fallen_behind, "stop")
        for run_id in requested_runs() & self._runs.all.keys():
            for request in take_requests(run_id):
                await self._runs.request([run_id], request)

    async def _stop_all(self) -> None:
        self._stop_at = time.monotonic() + SECONDS_TO_STOP
        self._runs.stopping = True
        self._say("stopping; checkpoints come home")
        run_ids = list(self._runs.all)
        self._drop_unbegun(run_ids)
        await self._runs.request(run_ids, "interrupt" if self._control.interrupted else "stop")

    async def _pause_or_unpause_all(self) -> None:
        self._paused = self._control.paused
        self._say("paused" if self._paused else "")
        await self._runs.request(list(self._runs.all), "pause" if self._paused else "unpause")

    def _drop_unbegun(self, run_ids: Sequence[str]) -> None:
        """Drop those of the runs that no worker has begun, and report them as stopped."""
        for run_id in run_ids:
            run = self._runs.all.get(run_id)
            if run is not None and run.attempt is None:
                self._runs.drop(run)
                self._source.handle_event(run.job, events.RunStopped(run_id, 0, 0.0))

    def _tell_state(self) -> None:
        """Report the state of all workers and runs, at most twice a second."""
        if time.monotonic() - self._state_told_at < SECONDS_BETWEEN_STATES:
            return
        self._state_told_at = time.monotonic()
        runs_of_worker: dict[str, list[str]] = {}
        for run_id, run in self._runs.all.items():
            runs_of_worker.setdefault(run.worker, []).append(run_id)
        progress = {run_id: run.progress for run_id, run in self._runs.all.items()}
        self._listener(ClusterState(self._workers.seen(runs_of_worker), progress, self._note))

    def _say(self, note: str) -> None:
        """Set the note on what is waited for.

        It is reported with the next state, which comes at once; before runs are assigned there are
        no states, and it is reported by itself.
        """
        if note == self._note:
            return
        self._note = note
        self._state_told_at = 0.0
        if not self._has_begun:
            self._listener(ClusterState(note=note))

    def _warn(self, text: str) -> None:
        """Warn the user, once as long as the cause goes on."""
        now = time.monotonic()
        if now - self._warned_at.get(text, -SECONDS_TO_FORGET) >= SECONDS_TO_FORGET:
            self._listener(events.LogLine("", text, "warning"))
        self._warned_at[text] = now
