"""Trains runs on workers, from home: hands them out, listens, keeps what comes, goes on after a death.

A worker asks home how to begin each try of a run, and gets the last checkpoint that home has: so a
run whose worker died goes on elsewhere from there. Messages may be lost or dropped at any time; what
is missing is asked for, since workers keep all that home has not confirmed.
"""

import asyncio
import logging
import os
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from rnn_tui.engine import events
from rnn_tui.engine.errors import CheckpointError, ClusterError, StoreError, printable
from rnn_tui.engine.events import Control
from rnn_tui.engine.paths import WEIGHTS_NAME, lock_dir, weights_of
from rnn_tui.runs.locks import REQUESTS, RunLock, is_held, lock_of_sweep, take_requests
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.cluster import TrainingPlace, connected
from rnn_tui.sweeps.importer import EventBatch, Importer, Incoming, keep_checkpoint, packed, unpacked
from rnn_tui.sweeps.jobs import ClusterState, Job, JobSource, Tell
from rnn_tui.sweeps.workers import ClusterWorkers

if TYPE_CHECKING:
    from distributed import Client, Future

# Dead workers after which a run is taken for what kills them.
MOST_DEATHS = 3
# Messages that wait to be written; later ones are dropped, and asked for when there is time.
MOST_HEARD = 20_000
# One worker's message comes this often, and all of theirs together at most so many times a second.
SECONDS_BETWEEN_MESSAGES, MESSAGES_A_SECOND = 0.5, 400
SECONDS_BETWEEN_LOOKS, SECONDS_BETWEEN_STANDINGS, SECONDS_TO_STOP = 0.1, 0.5, 30.0
MOST_FETCHED = 16  # checkpoints on their way at once
logger = logging.getLogger(__name__)


Result = TypeVar("Result")


@dataclass
class _Flight:
    """A run that was handed out."""

    job: Job
    future: "Future[None]"
    incoming: Incoming | None = None  #: of the try that is listened to; None before a worker asked.
    worker: str = ""  #: where that trains.
    deaths: int = 0
    wants_checkpoint: bool = False
    total_steps: int = 0
    step: int = 0
    filling: "asyncio.Task[None] | None" = None
    keeping: "asyncio.Task[Any] | None" = None

    @property
    def progress(self) -> float:
        """The share of its steps that is done."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else 0.0


def train_elsewhere(
    place: TrainingPlace, group: str, source: JobSource, control: Control, tell: Tell, *, shared: str = ""
) -> None:
    """Train all runs of a source on workers; blocks, in a thread without an event loop.

    Args:
        place: where to train.
        group: the sweep that the runs belong to; one process at a time trains its runs.
        source: has the runs, and hears of them.
        control: pauses, and stops: what was trained is kept.
        tell: called in this thread with how it stands, and with what the user must know.
        shared: a folder that all workers and this machine see, for checkpoints; none by default.

    Raises:
        ClusterError: if there are no workers to be had, or they do not fit, or all are gone.
        StoreError: if another process trains these runs, or the database can't be used.
    """
    lock = RunLock.acquire(lock_of_sweep(group), group)
    try:
        asyncio.run(_Elsewhere(place, source, control, tell, shared).train())
    finally:
        if lock is not None:
            lock.release()


class _Elsewhere:
    """One call of `train_elsewhere`."""

    def __init__(self, place: TrainingPlace, source: JobSource, control: Control, tell: Tell, shared: str) -> None:
        self._place, self._source, self._control, self._tell, self._shared = place, source, control, tell, shared
        self._topic = f"rnn-tui-{uuid4().hex}"
        self._flights: dict[str, _Flight] = {}
        self._heard: list[Any] = []
        self._batches: list[EventBatch] = []
        self._paused, self._note, self._warned, self._stop_at = False, "", "", 0.0
        self._told_at = 0.0
        self._fetching = asyncio.Semaphore(MOST_FETCHED)
        self._news = asyncio.Event()
        self._writer = ThreadPoolExecutor(1, "importer")
        self._client: Client
        self._workers: ClusterWorkers
        self._importer: Importer

    async def train(self) -> None:
        """Train all."""
        self._say("starting workers" if self._place.kind != "address" else "connecting")
        async with connected(self._place) as self._client:
            self._client.subscribe_topic(self._topic, self._hear)
            self._workers = ClusterWorkers(self._client, self._warn)
            await self._workers.look()
            with Importer() as self._importer:
                try:
                    while await self._once():
                        with suppress(TimeoutError):
                            await asyncio.wait_for(self._news.wait(), SECONDS_BETWEEN_LOOKS)
                        self._news.clear()
                finally:
                    await self._leave()
                    self._writer.shutdown()

    def _hear(self, event: Any) -> None:
        if len(self._heard) < MOST_HEARD:
            self._heard.append(event[1])
            self._news.set()

    async def _once(self) -> bool:
        """Do what there is to do now; False at the end."""
        if self._client.status not in ("running", "connecting"):
            raise ClusterError("The Dask scheduler is gone. What came home is kept, and --resume goes on with what is lacking.")
        await self._obey()
        if self._client.status == "running":
            await self._workers.look()
            if not self._control.stopping and not self._paused:
                self._say("" if self._workers.good else "waiting for workers")
            self._hand_out()
        await self._take_in()
        for flight in list(self._flights.values()):
            await self._tend(flight)
        self._tell_standing()
        if self._control.stopping:
            return bool(self._flights) and time.monotonic() < self._stop_at
        return bool(self._flights) or self._source.more

    # What goes out.

    def _hand_out(self) -> None:
        if self._control.stopping or self._control.paused:
            return
        training = sum(flight.incoming is None or flight.incoming.end is None for flight in self._flights.values())
        while training < len(self._workers.good) and (job := self._source.next()) is not None:
            if is_held(job.run_id):  # somebody resumed it by itself
                self._source.take(job, events.RunStopped(job.run_id, 0, 0.0, interrupted=True))
                continue
            self._flights[job.run_id] = _Flight(job, self._submit(job))
            training += 1

    def _submit(self, job: Job) -> "Future[None]":
        only = list(self._workers.good) if self._workers.refused else None
        return self._client.submit(
            worker.train_run, job.run_id, job.config.to_dict(), self._topic, self._shared,
            key=f"rnn-tui-{job.run_id}-{uuid4().hex[:8]}", pure=False, workers=only,
        )  # fmt: skip

    async def _obey(self) -> None:
        """Do what the user asked for, here or by another process for a single run."""
        if self._control.stopping and not self._stop_at:
            self._stop_at = time.monotonic() + SECONDS_TO_STOP
            self._say("stopping; checkpoints come home")
            for flight in [one for one in self._flights.values() if one.incoming is None]:
                self._drop(flight)
            await self._ask_all(list(self._flights), "interrupt" if self._control.interrupted else "stop")
        elif self._control.paused is not self._paused and not self._control.stopping:
            self._paused = self._control.paused
            self._say("paused" if self._paused else "")
            await self._ask_all(list(self._flights), "pause" if self._paused else "unpause")
        if unwanted := self._source.unwanted():
            await self._stop_some(unwanted)
        asked = Counter(name.rpartition(".")[0] for name in os.listdir(lock_dir()) if name.rpartition(".")[2] in REQUESTS)
        for run_id in asked.keys() & self._flights.keys():
            for what in take_requests(run_id):
                await self._ask_all([run_id], what)

    async def _stop_some(self, run_ids: Sequence[str]) -> None:
        for flight in filter(None, map(self._flights.get, run_ids)):
            if flight.incoming is None:
                self._drop(flight)
                self._source.take(flight.job, events.RunStopped(flight.job.run_id, 0, 0.0))
        await self._ask_all([one for one in run_ids if one in self._flights], "stop")

    async def _ask_all(self, run_ids: Sequence[str], what: str) -> None:
        places = {self._flights[one].worker for one in run_ids if self._flights[one].worker}
        await self._workers.tell(places, worker.obey, list(run_ids), what)

    # What comes in.

    async def _take_in(self) -> None:
        """Write what was heard."""
        heard, self._heard = self._heard, []
        batches, self._batches = self._batches, []
        for message in heard:
            with suppress(TypeError, ValueError, KeyError, AttributeError):  # from anybody who can reach the scheduler
                flight = self._flights.get(message["run"])
                if flight is None:
                    continue
                if "hello" in message:
                    await self._greet(flight, str(message["token"]), message["hello"])
                elif flight.incoming is not None and message["token"] == flight.incoming.token:
                    batches.append(EventBatch(flight.incoming, int(message["first"]), list(message["events"])))
        try:
            for incoming, new in await self._writing(self._importer.write, batches):
                flight = self._flights.get(incoming.run_id)
                if flight is not None and flight.incoming is incoming:
                    self._follow(flight, new)
        except StoreError as error:  # nothing of it is lost: workers have it all
            self._warn(str(error))
            await asyncio.sleep(1.0)
        for batch in batches:
            flight = self._flights.get(batch.run.run_id)
            lacks = batch.first > batch.run.next and batch.run.end is None
            if lacks and flight is not None and (flight.filling is None or flight.filling.done()):
                flight.filling = asyncio.create_task(self._fill(flight, batch.run))

    def _follow(self, flight: _Flight, new: Sequence[events.Event]) -> None:
        for event in new:
            if isinstance(event, events.RunStarted):
                flight.total_steps, flight.step = event.total_steps, event.first_step
            elif isinstance(event, events.StepLogged | events.EpochEnded):
                flight.step = event.step
            flight.wants_checkpoint |= isinstance(event, events.CheckpointSaved)
            self._source.take(flight.job, event)

    async def _fill(self, flight: _Flight, run: Incoming) -> None:
        """Ask for events that were lost on the way."""
        try:
            data = await self._workers.call(flight.worker, worker.told, run.run_id, run.token, run.next)
            self._batches.append(EventBatch(run, run.next, unpacked(data)))
        except (LookupError, StoreError) as error:
            logger.info("events of %s can't be asked for: %s", run.run_id, error)

    async def _greet(self, flight: _Flight, token: str, hello: Mapping[str, Any]) -> None:
        """Answer a worker that asks how to begin a run."""
        address, known = str(hello["worker"]), flight.incoming
        if known is not None and known.token == token:
            return  # it is answered, or will be
        if self._workers.greet(address, hello):
            await self._reply(address, flight, token, {"begin": False})
            self._again(flight)
            return
        if known is not None:
            flight.deaths += 1
            if flight.deaths >= MOST_DEATHS:
                await self._reply(address, flight, token, {"begin": False})
                await self._fail(flight, f"{MOST_DEATHS} workers died while they trained it.")
                return
            self._warn(f"The worker of {flight.job.name} is gone; another one goes on from the last checkpoint.")
        for task in filter(None, (flight.filling, flight.keeping)):
            task.cancel()
        flight.filling = flight.keeping = None
        flight.worker, flight.wants_checkpoint = address, False
        path = weights_of(flight.job.run_id)
        data = await asyncio.to_thread(packed, path) if path.exists() else None
        flight.incoming = self._importer.begin(flight.job.run_id, flight.job.config, token, hello)
        every = max(SECONDS_BETWEEN_MESSAGES, len(self._flights) / MESSAGES_A_SECOND)
        await self._reply(address, flight, token, {"begin": True, "every": every, "checkpoint": data})

    async def _reply(self, address: str, flight: _Flight, token: str, reply: Mapping[str, Any]) -> None:
        try:
            await self._workers.call(address, worker.answer, flight.job.run_id, token, reply)
        except LookupError as error:  # it asks again, if it is there
            logger.info("no answer reaches %s: %s", printable(address, 100), error)
            if reply["begin"] and flight.incoming is not None and flight.incoming.token == token:
                flight.incoming.token = ""

    # What becomes of a run.

    async def _tend(self, flight: _Flight) -> None:
        """See to a run: its checkpoints, its end, what happened to it on the way."""
        incoming, status = flight.incoming, flight.future.status
        if incoming is not None and incoming.wrong:
            await self._fail(flight, incoming.wrong)
        elif flight.keeping is not None and not flight.keeping.done():
            return
        elif flight.keeping is not None and (fault := flight.keeping.exception()) is not None:
            raise fault
        elif incoming is not None and incoming.end is not None:
            flight.keeping = asyncio.create_task(self._finish(flight, incoming, incoming.end))
        elif status == "error":
            await self._broke(flight)
        elif status in ("cancelled", "lost") and self._client.status == "running":
            self._again(flight)  # the connection was lost, and is there again
        elif incoming is not None and flight.wants_checkpoint:
            flight.wants_checkpoint = False
            flight.keeping = asyncio.create_task(self._keep_checkpoint(flight, incoming))
        elif status == "finished" and (flight.filling is None or flight.filling.done()):
            await self._ask_for_rest(flight)

    async def _ask_for_rest(self, flight: _Flight) -> None:
        """A run has ended there, and its last messages did not come."""
        incoming = flight.incoming
        if incoming is None:
            self._again(flight)
            return
        before = incoming.next
        await self._fill(flight, incoming)
        if not any(batch.run is incoming for batch in self._batches) and incoming.next == before:
            self._died(flight)

    async def _keep_checkpoint(self, flight: _Flight, incoming: Incoming) -> bool:
        """Bring a run's checkpoint home, once all that it builds on is here."""
        try:
            async with self._fetching:
                sent = not self._shared
                data, needs = await self._workers.call(flight.worker, worker.checkpoint, incoming.run_id, incoming.token, sent)
            while incoming.next < needs and incoming.end is None:
                await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            path = None if sent else worker.folder_of(Path(self._shared), incoming.run_id, incoming.token) / WEIGHTS_NAME
            await asyncio.to_thread(keep_checkpoint, incoming, data, path)
        except (LookupError, OSError, ValueError, TypeError, zlib.error, CheckpointError) as error:
            logger.info("the checkpoint of %s does not come home: %s", incoming.run_id, error)
            return False
        return True

    async def _finish(self, flight: _Flight, incoming: Incoming, end: events.Event) -> None:
        """Keep the last weights, then write that a run has ended."""
        kept = isinstance(end, events.RunFailed) or await self._keep_checkpoint(flight, incoming)
        if not kept and isinstance(end, events.RunFinished):
            self._died(flight)  # or it would have to be trained again by hand
            return
        while True:
            try:
                await self._writing(self._importer.record, [(incoming, [end])])
                break
            except StoreError as error:
                self._warn(str(error))
                await asyncio.sleep(1.0)
        with suppress(LookupError):
            await self._workers.call(flight.worker, worker.forget, incoming.run_id, incoming.token)
        self._drop(flight)
        self._source.take(flight.job, end)

    async def _fail(self, flight: _Flight, sentence: str) -> None:
        event = events.RunFailed(flight.job.run_id, flight.step, sentence)
        incoming = flight.incoming or self._importer.begin(flight.job.run_id, flight.job.config, "", {})
        await self._writing(self._importer.record, [(incoming, [event])])
        self._drop(flight)
        self._source.take(flight.job, event)

    async def _broke(self, flight: _Flight) -> None:
        """Dask gave a run up: too many workers died of it, or it can't be begun there."""
        error = await flight.future.exception()
        if type(error).__name__ == "KilledWorker":
            self._died(flight)
        else:
            logger.error("run %s can't be trained there", flight.job.run_id, exc_info=error)
            await self._fail(flight, f"It can't be trained there ({type(error).__name__}: {printable(error, 200)}).")

    def _died(self, flight: _Flight) -> None:
        """A worker is gone with what it had; the next one counts it."""
        if flight.incoming is not None:
            flight.incoming.token = ""
        self._again(flight)

    def _again(self, flight: _Flight) -> None:
        self._release(flight)
        flight.future = self._submit(flight.job)

    def _drop(self, flight: _Flight) -> None:
        self._release(flight)
        self._flights.pop(flight.job.run_id, None)

    def _release(self, flight: _Flight) -> None:
        with suppress(Exception):
            flight.future.release()

    async def _leave(self) -> None:
        """Write of what is still in training that it was interrupted; its last checkpoint is here."""
        for flight in list(self._flights.values()):
            for task in filter(None, (flight.filling, flight.keeping)):
                task.cancel()
            if flight.incoming is not None:
                stopped = events.RunStopped(flight.job.run_id, flight.step, 0.0, interrupted=True)
                with suppress(StoreError):
                    await self._writing(self._importer.record, [(flight.incoming, [stopped])])
            self._drop(flight)

    # What is seen.

    def _tell_standing(self) -> None:
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN_STANDINGS:
            self._told_at = time.monotonic()
            runs: dict[str, list[str]] = {}
            for run_id, flight in self._flights.items():
                runs.setdefault(flight.worker, []).append(run_id)
            progress = {run_id: flight.progress for run_id, flight in self._flights.items()}
            self._tell(ClusterState(self._workers.seen(runs), progress, self._note))

    async def _writing(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the importer does, off this thread, one call after another."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)

    def _say(self, note: str) -> None:
        if note != self._note:
            self._note = note
            self._told_at = 0.0
            if not self._flights:
                self._tell(ClusterState(note=note))

    def _warn(self, text: str) -> None:
        if text == self._warned:
            return
        self._warned = text
        self._tell(events.LogLine("", text, "warning"))
