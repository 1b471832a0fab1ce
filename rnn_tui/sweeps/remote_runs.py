"""The runs that are handed out: how each begins, what comes of it, what happens when its worker is
gone.
"""

import asyncio
import logging
import time
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from rnn_tui.engine import events
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.paths import WEIGHTS_NAME, weights_of
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.cluster import ClusterWorkers
from rnn_tui.sweeps.importer import (
    EventBatch,
    Importer,
    Incoming,
    finished,
    keep_checkpoint,
    unpacked,
)
from rnn_tui.sweeps.jobs import Job, JobSource

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_DEATHS = 3  # dead workers after which a run is taken for what kills them
# of one worker; of all of them together, at most
SECONDS_BETWEEN_MESSAGES, MESSAGES_A_SECOND = 0.5, 400
SECONDS_TO_WAIT, SECONDS_OF_PATIENCE = 0.1, 60.0
MOST_FETCHED = 16  # checkpoints on their way at once
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass
class Flight:
    """A run that was handed out."""

    job: Job
    future: "Future[None]"
    incoming: Incoming | None = None  #: of the try that is listened to; None before a worker asked.
    worker: str = ""  #: where that trains.
    reply: Mapping[str, Any] = field(default_factory=dict)  #: what it was told.
    deaths: int = 0
    wants_checkpoint: bool = False
    total_steps: int = 0
    step: int = 0
    elapsed: float = 0.0
    filling: "asyncio.Task[None] | None" = None
    keeping: "asyncio.Task[Any] | None" = None

    def cancel(self) -> None:
        """End what is under way for it here."""
        for task in filter(None, (self.filling, self.keeping)):
            task.cancel()
        self.filling = self.keeping = None


class Flights:
    """All of them, by the ids of their runs: what comes is written, then the source hears of it;
    `shared` may be a folder.
    """

    def __init__(
        self,
        client: "Client",
        workers: ClusterWorkers,
        importer: Importer,
        source: JobSource,
        warn: Callable[[str], object],
        *,
        shared: str,
    ) -> None:
        self.topic = f"rnn-tui-{uuid4().hex}"  #: what their workers tell on.
        self.all: dict[str, Flight] = {}
        self.stopping = False  #: whether home has asked them to be interrupted.
        self._client, self._workers, self._importer, self._source = (
            client,
            workers,
            importer,
            source,
        )
        self._warn, self._shared = warn, shared
        self._lacking: list[EventBatch] = []  # what was asked for, and came
        self._fetching = asyncio.Semaphore(MOST_FETCHED)
        self._writer = ThreadPoolExecutor(1, "importer")

    def begin(self, job: Job) -> None:
        """Hand a run out."""
        self.all[job.run_id] = Flight(job, self._submitted(job))

    def drop(self, flight: Flight) -> None:
        """Let go of a run."""
        flight.cancel()
        flight.future.release()
        self.all.pop(flight.job.run_id, None)

    async def ask(self, run_ids: Iterable[str], what: str) -> None:
        """Have the workers pause runs, let them go on, or stop them."""
        mine = [one for one in run_ids if one in self.all]
        await self._workers.tell(
            {self.all[one].worker for one in mine} - {""}, worker.obey, mine, what
        )

    async def take(self, messages: Iterable[Any]) -> None:
        """Take what was heard of workers."""
        batches, self._lacking = self._lacking, []
        for message in messages:
            # from anybody who can reach the scheduler
            with suppress(TypeError, ValueError, KeyError, AttributeError):
                flight = self.all.get(message["run"])
                if flight is not None and "hello" in message:
                    await self._greet(flight, str(message["token"]), message["hello"])
                elif (
                    flight is not None
                    and flight.incoming is not None
                    and message["token"] == flight.incoming.token
                ):
                    batches.append(
                        EventBatch(flight.incoming, int(message["first"]), list(message["events"]))
                    )
        try:
            for incoming, new in await self._written(self._importer.write, batches):
                flight = self.all.get(incoming.run_id)
                if flight is not None and flight.incoming is incoming:
                    self._follow(flight, new)
        except StoreError as error:  # nothing of it is lost: workers have it all
            self._warn(str(error))
            await asyncio.sleep(1.0)
        for batch in batches:
            flight = self.all.get(batch.run.run_id)
            lacks = batch.first > batch.run.next and batch.run.end is None
            if lacks and flight is not None and (flight.filling is None or flight.filling.done()):
                flight.filling = asyncio.create_task(self._fill(flight, batch.run))

    async def tend(self, flight: Flight) -> None:
        """See to a run: its checkpoints, its end, what happened to it on the way."""
        incoming, status = flight.incoming, flight.future.status
        if incoming is not None and incoming.wrong:
            await self._end(
                flight, events.RunFailed(flight.job.run_id, flight.step, incoming.wrong)
            )
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
        elif status == "finished" and incoming is None:  # a worker that does not fit
            self._again(flight)
        elif (
            status == "finished"
            and incoming is not None
            and (flight.filling is None or flight.filling.done())
        ):
            await self._fill(flight, incoming)  # its last messages did not come
            if not any(batch.run is incoming for batch in self._lacking):
                self._again(flight, died=True)

    async def leave(self) -> None:
        """Write of what is still in training that it was interrupted; its last checkpoint is
        here.
        """
        for flight in list(self.all.values()):
            flight.cancel()
            if flight.incoming is not None:
                stopped = events.RunStopped(
                    flight.job.run_id, flight.step, flight.elapsed, interrupted=True
                )
                with suppress(StoreError):
                    await self._written(self._importer.record, [(flight.incoming, [stopped])])
            self.drop(flight)
        self._writer.shutdown()

    def _submitted(self, job: Job) -> "Future[None]":
        only = list(self._workers.good) if self._workers.refused else None
        return self._client.submit(
            worker.train_run,
            job.run_id,
            job.config.to_dict(),
            self.topic,
            self._shared,
            key=f"rnn-tui-{job.run_id}-{uuid4().hex[:8]}",
            pure=False,
            workers=only,
        )

    def _again(self, flight: Flight, died: bool = False) -> None:
        """Hand a run out once more, and listen no longer to who had it; `died` if that worker is
        gone.
        """
        flight.incoming, flight.deaths = None, flight.deaths + died
        flight.future.release()
        flight.future = self._submitted(flight.job)

    async def _broke(self, flight: Flight) -> None:
        """Dask gave a run up: too many workers died of it, or it can't be begun there."""
        error = await flight.future.exception()
        if type(error).__name__ == "KilledWorker":
            self._again(flight, died=True)
            return
        logger.error("run %s can't be trained there", flight.job.run_id, exc_info=error)
        sentence = f"It can't be trained there ({type(error).__name__}: {printable(error, 200)})."
        await self._end(flight, events.RunFailed(flight.job.run_id, flight.step, sentence))

    async def _greet(self, flight: Flight, token: str, hello: Mapping[str, Any]) -> None:
        """Answer a worker that asks how to begin a run."""
        address, known = str(hello["worker"]), flight.incoming
        reply: dict[str, Any] = {"begin": False}
        # the answer was lost; or it has ended
        if known is not None and (known.token == token or known.end is not None):
            await self._reply(
                address, flight, token, flight.reply if known.token == token else reply
            )
            return
        if misfit := self._workers.greet(address, hello):
            logger.info("%s: %s", printable(address, 100), misfit)
            await self._reply(address, flight, token, reply)
            self._again(flight)
            return
        path, flight.deaths = weights_of(flight.job.run_id), flight.deaths + (known is not None)
        end: events.Event | None = await asyncio.to_thread(
            finished, path, flight.job.run_id, flight.elapsed
        )
        if end is None and flight.deaths >= MOST_DEATHS:
            end = events.RunFailed(
                flight.job.run_id, flight.step, f"{MOST_DEATHS} workers died while they trained it."
            )
        if end is not None:
            await self._reply(address, flight, token, reply)
            await self._end(flight, end)
            return
        if known is not None:
            self._warn(
                f"The worker of {flight.job.name} is gone; another one goes on from the last "
                "checkpoint."
            )
        flight.cancel()
        flight.worker, flight.wants_checkpoint = address, False
        flight.incoming = self._importer.begin(flight.job.run_id, flight.job.config, token, hello)
        every = max(SECONDS_BETWEEN_MESSAGES, len(self.all) / MESSAGES_A_SECOND)
        checkpoint = await asyncio.to_thread(worker.packed, path) if path.exists() else None
        flight.reply = {"begin": True, "every": every, "checkpoint": checkpoint}
        await self._reply(address, flight, token, flight.reply)

    async def _reply(
        self, address: str, flight: Flight, token: str, reply: Mapping[str, Any]
    ) -> None:
        try:
            await self._workers.call(address, worker.answer, flight.job.run_id, token, reply)
        except LookupError as error:  # it asks again, if it is there
            logger.info("no answer reaches %s: %s", printable(address, 100), error)

    def _follow(self, flight: Flight, new: Sequence[events.Event]) -> None:
        for event in new:
            if isinstance(event, events.RunStarted):
                flight.total_steps, flight.step, flight.reply = (
                    event.total_steps,
                    event.first_step,
                    {},
                )
            elif isinstance(event, events.StepLogged | events.EpochEnded):
                flight.step, flight.elapsed = event.step, event.elapsed
            flight.wants_checkpoint |= isinstance(event, events.CheckpointSaved)
            self._source.handle_event(flight.job, event)

    async def _fill(self, flight: Flight, run: Incoming) -> None:
        """Ask for events that were lost on the way."""
        try:
            found = unpacked(
                await self._workers.call(
                    flight.worker, worker.told, run.run_id, run.token, run.next
                )
            )
        except (LookupError, StoreError) as error:
            logger.info("events of %s can't be asked for: %s", run.run_id, error)
        else:
            self._lacking += [EventBatch(run, run.next, found)] if found else []

    async def _keep_checkpoint(self, flight: Flight, run: Incoming) -> bool:
        """Bring a run's checkpoint home, once all that it builds on is here."""
        path = (
            worker.folder_of(Path(self._shared), run.run_id, run.token) / WEIGHTS_NAME
            if self._shared
            else None
        )
        try:
            async with self._fetching:
                data, needs = await self._workers.call(
                    flight.worker, worker.checkpoint, run.run_id, run.token, path is None, run.next
                )
            while run.next < needs and run.end is None:
                await asyncio.sleep(SECONDS_TO_WAIT)
            await self._patiently(asyncio.to_thread, keep_checkpoint, run, data, path)
        except (LookupError, OSError, ValueError, TypeError, zlib.error, CheckpointError) as error:
            logger.info("the checkpoint of %s does not come home: %s", run.run_id, error)
            return False
        return True

    async def _finish(self, flight: Flight, run: Incoming, end: events.Event) -> None:
        """Keep the last weights, then write that a run has ended."""
        no_room = isinstance(end, events.RunFinished) and not end.kept
        kept = isinstance(end, events.RunFailed) or (
            not no_room and await self._keep_checkpoint(flight, run)
        )
        # a worker that has to go
        leaves = isinstance(end, events.RunStopped) and end.interrupted and not self.stopping
        # or its weights are gone with it
        if leaves or (not kept and isinstance(end, events.RunFinished)):
            self._again(flight, died=not leaves)
            return
        await self._end(flight, end)
        with suppress(LookupError):
            await self._workers.call(flight.worker, worker.forget, run.run_id, run.token)

    async def _end(self, flight: Flight, end: events.Event) -> None:
        """Write that a run has ended, however long the database takes, and let go of it."""
        run = flight.incoming or self._importer.begin(flight.job.run_id, flight.job.config, "", {})
        await self._patiently(self._written, self._importer.record, [(run, [end])])
        flight.keeping = None  # or it would end itself
        self.drop(flight)
        self._source.handle_event(flight.job, end)

    async def _patiently(self, work: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """What comes of some work, tried again where home has no room for it, as on a full disk.

        Raises:
            StoreError: if that takes too long.
        """
        give_up = time.monotonic() + SECONDS_OF_PATIENCE
        while True:
            try:
                return await work(*arguments)
            except StoreError as error:
                if time.monotonic() > give_up:
                    raise
                self._warn(str(error))
                await asyncio.sleep(1.0)

    async def _written(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """What the importer does, off this thread, one call after another."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)
