"""Trains runs on workers, from home: hands them out, listens, and stores what comes.

A worker asks home how to begin each attempt at a run, and gets home's last checkpoint: so a run
whose worker died is resumed on another. Messages may be lost at any time; what is missing is asked
for, since workers keep all that is not confirmed.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rnn_tui.engine import events
from rnn_tui.engine.errors import ClusterError, StoreError
from rnn_tui.engine.paths import lock_dir
from rnn_tui.runs.locks import REQUESTS, RunLock, is_held, lock_of_sweep, take_requests
from rnn_tui.sweeps.cluster import ClusterWorkers
from rnn_tui.sweeps.importer import Importer
from rnn_tui.sweeps.jobs import ClusterState, Job, JobSource, Listener
from rnn_tui.sweeps.places import TrainingPlace
from rnn_tui.sweeps.remote_runs import SECONDS_OF_PATIENCE, RemoteRuns
from rnn_tui.sweeps.starting import connected

if TYPE_CHECKING:
    from distributed import Client

# Messages that wait to be written; later ones are dropped, and asked for when there is time.
MOST_HEARD = 20_000
SECONDS_TO_FORGET = 60.0  # a warning, after it was last heard
SECONDS_BETWEEN_LOOKS = 0.1  # at the workers, if no message comes before
SECONDS_BETWEEN_STATES = 0.5
SECONDS_TO_STOP = 30.0  # for checkpoints to come home


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
        group: what the runs belong to, as a sweep; one process at a time trains those of a group.
        source: has the runs, and hears what becomes of them.
        control: pauses or stops all runs.
        listener: hears how it stands, and what the user must know; called in this thread.
        shared: a folder for checkpoints that all machines see; empty if they are to be sent.

    Raises:
        ClusterError: if there are no usable workers, or the scheduler is gone.
        StoreError: if another process trains these runs, or the database can't be used.
    """
    lock = RunLock.acquire(lock_of_sweep(group), group)
    try:
        asyncio.run(_Dispatcher(place, source, control, listener, shared).train())
    finally:
        lock.release()


class _Dispatcher:
    """One call of `train_on_workers`."""

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
        self._heard: list[Any] = []  # messages of workers that wait
        self._news = asyncio.Event()  # set when one comes
        self._paused = False
        self._is_connected = True
        self._has_begun = False  # to hand out runs, and to tell how they are
        self._note = ""  # what is waited for
        self._warned_at: dict[str, float] = {}  # by warning, on the monotonic clock
        self._stop_at = 0.0  # when to wait no longer for checkpoints; 0 while nobody stops
        self._state_told_at = 0.0
        self._no_room_since = 0.0  # since when no run could be stored; 0 if it could
        self._client: Client
        self._workers: ClusterWorkers
        self._runs: RemoteRuns

    async def train(self) -> None:
        """Train all runs of the source."""
        self._say("connecting" if self._place.kind == "address" else "starting workers")
        async with connected(self._place) as self._client:
            self._workers = ClusterWorkers(self._client, self._warn)
            await self._workers.look()
            with Importer() as importer:
                self._runs = RemoteRuns(
                    self._client,
                    self._workers,
                    importer,
                    self._source,
                    self._warn,
                    shared=self._shared,
                )
                self._has_begun = True
                self._subscribe()
                try:
                    while await self._look_once():
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._news.wait(), SECONDS_BETWEEN_LOOKS)
                        self._news.clear()
                finally:
                    await self._runs.close()

    def _subscribe(self) -> None:
        """Listen to the workers of these runs."""
        self._client.subscribe_topic(self._runs.topic, self._hear)

    def _hear(self, event: Any) -> None:
        """Keep a message of a worker, which Dask hands over with the time it came."""
        _, message = event
        if len(self._heard) < MOST_HEARD:
            self._heard.append(message)
            self._news.set()

    async def _look_once(self) -> bool:
        """Do what there is to do now; False at the end."""
        if self._client.status not in ("running", "connecting"):
            raise ClusterError(
                "The Dask scheduler is gone. What came home is stored; the rest can be trained "
                "later."
            )
        was_connected = self._is_connected
        self._is_connected = self._client.status == "running"
        if self._is_connected:
            if not was_connected:  # a scheduler forgets who listened
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
        if not self._control.stopping:
            return bool(self._runs.all) or self._source.has_more
        if not self._stop_at:  # asked for a moment ago: the workers do not know yet
            return True
        return bool(self._runs.all) and time.monotonic() < self._stop_at

    def _hand_out(self) -> None:
        """Give each worker that has none a run."""
        if self._control.stopping or self._control.paused:
            return
        busy = sum(
            run.attempt is None or run.attempt.end is None for run in self._runs.all.values()
        )
        while busy < len(self._workers.usable):
            job = self._next_job()
            if job is None:
                return
            if is_held(job.run_id):  # some process resumed it by itself
                stopped = events.RunStopped(job.run_id, 0, 0.0, interrupted=True)
                self._source.handle_event(job, stopped)
                continue
            self._runs.begin(job)
            busy += 1

    def _next_job(self) -> Job | None:
        """The next run to train; None where there is none, or now no room to store that it begins.

        Raises:
            StoreError: if there has been no room for too long.
        """
        try:
            job = self._source.next_job()
        except StoreError as error:
            self._no_room_since = self._no_room_since or time.monotonic()
            if time.monotonic() - self._no_room_since > SECONDS_OF_PATIENCE:
                raise
            self._warn(str(error))
            return None
        self._no_room_since = 0.0
        return job

    async def _pass_on_requests(self) -> None:
        """Have workers do what was asked for: here of all runs, or elsewhere of single ones."""
        if self._control.stopping and not self._stop_at:
            await self._stop_all()
        elif self._control.paused is not self._paused and not self._control.stopping:
            await self._pause_or_unpause_all()
        fallen_behind = self._source.runs_to_stop()
        if fallen_behind:
            self._drop_unbegun(fallen_behind)
            await self._runs.request(fallen_behind, "stop")
        requested = {
            name.rpartition(".")[0]
            for name in os.listdir(lock_dir())
            if name.rpartition(".")[2] in REQUESTS
        }
        for run_id in requested & self._runs.all.keys():
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
        """Let go of those runs that no worker has asked for yet."""
        for run_id in run_ids:
            run = self._runs.all.get(run_id)
            if run is not None and run.attempt is None:
                self._runs.drop(run)
                self._source.handle_event(run.job, events.RunStopped(run_id, 0, 0.0))

    def _tell_state(self) -> None:
        """Tell how all workers and runs are, twice a second at most."""
        if time.monotonic() - self._state_told_at < SECONDS_BETWEEN_STATES:
            return
        self._state_told_at = time.monotonic()
        runs_of_worker: dict[str, list[str]] = {}
        for run_id, run in self._runs.all.items():
            runs_of_worker.setdefault(run.worker, []).append(run_id)
        progress = {run_id: run.progress for run_id, run in self._runs.all.items()}
        self._listener(ClusterState(self._workers.seen(runs_of_worker), progress, self._note))

    def _say(self, note: str) -> None:
        """Tell what is waited for: with the next state, or at once before there are any."""
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
