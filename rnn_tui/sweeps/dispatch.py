"""Trains runs on workers, from home: hands them out, listens, keeps what comes, goes on after a
death.

A worker asks home how to begin each try of a run, and gets home's last checkpoint: so a run whose
worker died goes on elsewhere. Messages may be lost at any time; what is missing is asked for, since
workers keep all that is not confirmed.
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
from rnn_tui.sweeps.jobs import ClusterState, Job, JobSource, Tell
from rnn_tui.sweeps.places import TrainingPlace
from rnn_tui.sweeps.remote_runs import SECONDS_OF_PATIENCE, Flights
from rnn_tui.sweeps.starting import connected

if TYPE_CHECKING:
    from distributed import Client

# messages that wait to be written; later ones are dropped, and asked for when there is time
MOST_HEARD = 20_000
SECONDS_TO_FORGET = 60.0  # a warning, after it was last heard
SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_STATES, SECONDS_TO_STOP = 0.1, 0.5, 30.0


def train_on_workers(
    place: TrainingPlace,
    group: str,
    source: JobSource,
    control: events.Control,
    tell: Tell,
    *,
    shared: str = "",
) -> None:
    """Train all runs of a source on workers; blocks, in a thread without an event loop.

    One process at a time trains the runs of a `group`, a sweep. `tell` is called in this thread,
    with how it stands and what the user must know. `shared` is a folder for checkpoints that all
    machines see. ClusterError says that there are no fitting workers, or all are gone, StoreError
    that another process trains these runs, or the database can't be used.
    """
    lock = RunLock.acquire(lock_of_sweep(group), group)
    try:
        asyncio.run(_Elsewhere(place, source, control, tell, shared).train())
    finally:
        lock.release()


class _Elsewhere:
    """One call of `train_on_workers`."""

    def __init__(
        self,
        place: TrainingPlace,
        source: JobSource,
        control: events.Control,
        tell: Tell,
        shared: str,
    ) -> None:
        self._place, self._source, self._control, self._tell, self._shared = (
            place,
            source,
            control,
            tell,
            shared,
        )
        self._heard: list[Any] = []
        self._news = asyncio.Event()
        self._paused, self._connected, self._note = False, True, ""
        self._warned_at: dict[str, float] = {}
        self._stop_at = self._told_at = self._no_room_since = 0.0
        self._client: Client
        self._workers: ClusterWorkers
        self._flights: Flights

    async def train(self) -> None:
        """Train all."""
        self._say("connecting" if self._place.kind == "address" else "starting workers")
        async with connected(self._place) as self._client:
            self._workers = ClusterWorkers(self._client, self._warn)
            await self._workers.look()
            with Importer() as importer:
                self._flights = Flights(
                    self._client,
                    self._workers,
                    importer,
                    self._source,
                    self._warn,
                    shared=self._shared,
                )
                self._client.subscribe_topic(self._flights.topic, self._hear)
                try:
                    while await self._once():
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._news.wait(), SECONDS_BETWEEN_LOOKS)
                        self._news.clear()
                finally:
                    await self._flights.leave()

    def _hear(self, event: Any) -> None:
        if len(self._heard) < MOST_HEARD:
            self._heard.append(event[1])
            self._news.set()

    async def _once(self) -> bool:
        """Do what there is to do now; False at the end."""
        if self._client.status not in ("running", "connecting"):
            raise ClusterError(
                "The Dask scheduler is gone. What came home is kept; what is lacking can be "
                "trained later."
            )
        before, self._connected = self._connected, self._client.status == "running"
        if self._connected:
            if not before:  # a scheduler forgets who listened
                self._client.subscribe_topic(self._flights.topic, self._hear)
            await self._workers.look()
            if not self._control.stopping and not self._paused:
                self._say("" if self._workers.good else "waiting for workers")
            self._hand_out()
        await self._obey()
        heard, self._heard = self._heard, []
        await self._flights.take(heard)
        for flight in list(self._flights.all.values()):
            await self._flights.tend(flight)
        self._tell_state()
        if self._control.stopping:  # perhaps since a moment ago: then workers are to be asked first
            return not self._stop_at or (
                bool(self._flights.all) and time.monotonic() < self._stop_at
            )
        return bool(self._flights.all) or self._source.has_more

    def _hand_out(self) -> None:
        if self._control.stopping or self._control.paused:
            return
        training = sum(
            one.incoming is None or one.incoming.end is None for one in self._flights.all.values()
        )
        while training < len(self._workers.good) and (job := self._next()) is not None:
            if is_held(job.run_id):  # somebody resumed it by itself
                self._source.handle_event(
                    job, events.RunStopped(job.run_id, 0, 0.0, interrupted=True)
                )
                continue
            self._flights.begin(job)
            training += 1

    def _next(self) -> Job | None:
        """The next run to train; None where there is none, or now no room to keep that it begins.

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

    async def _obey(self) -> None:
        """Do what the user asked for, here or by another process for a single run."""
        flights, everything = self._flights, list(self._flights.all)
        if self._control.stopping and not self._stop_at:
            self._stop_at, flights.stopping = time.monotonic() + SECONDS_TO_STOP, True
            self._say("stopping; checkpoints come home")
            self._drop_unbegun(everything)
            await flights.ask(everything, "interrupt" if self._control.interrupted else "stop")
        elif self._control.paused is not self._paused and not self._control.stopping:
            self._paused = self._control.paused
            self._say("paused" if self._paused else "")
            await flights.ask(everything, "pause" if self._paused else "unpause")
        if unwanted := self._source.runs_to_stop():
            self._drop_unbegun(unwanted)
            await flights.ask(unwanted, "stop")
        asked = {
            name.rpartition(".")[0]
            for name in os.listdir(lock_dir())
            if name.rpartition(".")[2] in REQUESTS
        }
        for run_id in asked & flights.all.keys():
            for what in take_requests(run_id):
                await flights.ask([run_id], what)

    def _drop_unbegun(self, run_ids: Sequence[str]) -> None:
        """Let go of runs that no worker has asked for yet."""
        for flight in filter(None, map(self._flights.all.get, run_ids)):
            if flight.incoming is None:
                self._flights.drop(flight)
                self._source.handle_event(flight.job, events.RunStopped(flight.job.run_id, 0, 0.0))

    def _tell_state(self) -> None:
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN_STATES:
            self._told_at = time.monotonic()
            runs: dict[str, list[str]] = {}
            progress: dict[str, float] = {}
            for run_id, flight in self._flights.all.items():
                runs.setdefault(flight.worker, []).append(run_id)
                progress[run_id] = min(1.0, flight.step / max(1, flight.total_steps))
            self._tell(ClusterState(self._workers.seen(runs), progress, self._note))

    def _say(self, note: str) -> None:
        """Tell what is waited for, soon; at once as long as nothing else is told."""
        if note != self._note:
            self._note, self._told_at = note, 0.0
            if not hasattr(self, "_flights"):
                self._tell(ClusterState(note=note))

    def _warn(self, text: str) -> None:
        """Tell the user something, once as long as it goes on."""
        now = time.monotonic()
        if now - self._warned_at.get(text, -SECONDS_TO_FORGET) >= SECONDS_TO_FORGET:
            self._tell(events.LogLine("", text, "warning"))
        self._warned_at[text] = now
