"""Follows the runs that are assigned to workers, from beginning to end.

If the worker of a run is gone, the run is assigned again.
"""

import asyncio
import logging
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from rnn_tui.engine import awaits, events, waits
from rnn_tui.engine.awaits import awaiting
from rnn_tui.engine.errors import CheckpointError, StoreError, StoreGoneError, printable
from rnn_tui.engine.files.paths import WEIGHTS_NAME, weights_of
from rnn_tui.sweeps import worker
from rnn_tui.sweeps.cluster import ClusterWorkers
from rnn_tui.sweeps.importer import (
    Attempt,
    EventBatch,
    Importer,
    store_checkpoint,
    unpack_events,
    unreported_end,
)
from rnn_tui.sweeps.jobs import Job, JobSource

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_DEATHS = 3  # after so many dead workers, a run is assumed to be what kills them
MESSAGES_A_SECOND = 400  # the most messages of all workers together
# A write to a database that is locked or has no room is repeated this often, for this long.
SECONDS_BETWEEN_TRIES = 1.0
SECONDS_OF_PATIENCE = 60.0
SECONDS_TO_WAIT = 0.1  # the time between two looks for a checkpoint's events
MOST_FETCHED = 16  # checkpoints that are transferred at the same time
REFUSAL: Mapping[str, Any] = {"begin": False}
Result = TypeVar("Result")
logger = logging.getLogger(__name__)


@dataclass
class RemoteRun:
    """A run that was assigned to the cluster."""

    job: Job
    future: "Future[None]"  #: Dask's future of the task that trains it.
    attempt: Attempt | None = None  #: the current attempt; None before a worker has asked.
    worker: str = ""  #: the address of the worker that trains it.
    reply: Mapping[str, Any] = field(default_factory=dict)  #: the answer to that worker's question.
    deaths: int = 0  #: how many workers have died while training it.
    wants_checkpoint: bool = False  #: whether its worker has a newer checkpoint than home.
    total_steps: int = 0
    step: int = 0
    elapsed: float = 0.0  #: seconds of training.
    refetching: "asyncio.Task[None] | None" = None  #: asks for events that were lost.
    saving: "asyncio.Task[Any] | None" = None  #: fetches a checkpoint, or ends the run.

    @property
    def is_refetching(self) -> bool:
        """Whether lost events were requested and have not come yet."""
        return self.refetching is not None and not self.refetching.done()

    @property
    def progress(self) -> float:
        """The share of its steps that is done, 0 … 1."""
        return min(1.0, self.step / max(1, self.total_steps))

    def cancel(self) -> None:
        """Cancel the tasks at home that work for it."""
        for task in (self.refetching, self.saving):
            if task is not None:
                task.cancel()
        self.refetching = None
        self.saving = None


class RemoteRuns:
    """The runs that are assigned; writes their events, and then passes them to the source."""

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
        """`shared` is a folder for checkpoints that all machines can read, or empty."""
        self.topic = f"rnn-tui-{uuid4().hex}"  #: the Dask topic on which the workers report.
        self.all: dict[str, RemoteRun] = {}  #: all runs by id.
        self.stopping = False  #: whether home has asked them to be interrupted.
        self._client = client
        self._workers = workers
        self._importer = importer
        self._source = source
        self._warn = warn
        self._shared = shared
        self._refetched: list[EventBatch] = []  #: lost events that workers have sent again.
        self._fetching = awaits.Places("the fetching of checkpoints", MOST_FETCHED)
        self._writer = ThreadPoolExecutor(1, "importer")

    def begin(self, job: Job) -> None:
        """Assign a run to the cluster."""
        self.all[job.run_id] = RemoteRun(job, self._submit(job))

    def drop(self, run: RemoteRun) -> None:
        """Cancel a run, and forget it."""
        run.cancel()
        run.future.release()
        self.all.pop(run.job.run_id, None)

    async def request(self, run_ids: Iterable[str], request: str) -> None:
        """Ask workers to `pause`, `unpause`, `stop` or `interrupt` their runs."""
        own_ids = [run_id for run_id in run_ids if run_id in self.all]
        addresses = {self.all[run_id].worker for run_id in own_ids}
        addresses.discard("")  # the address of a run that no worker has yet
        await self._workers.call_all(addresses, worker.control, own_ids, request)

    async def handle_messages(self, messages: Iterable[Any]) -> None:
        """Handle messages of workers: tell them how to begin, write events, ask for lost ones."""
        batches = self._refetched
        self._refetched = []
        for message in messages:
            # Anybody who can reach the scheduler may have sent it.
            with suppress(TypeError, ValueError, KeyError, AttributeError):
                run = self.all.get(message["run"])
                if run is None:
                    continue
                if "hello" in message:
                    await self._greet(run, str(message["token"]), message["hello"])
                elif run.attempt is not None and message["token"] == run.attempt.token:
                    first = int(message["first"])
                    batches.append(EventBatch(run.attempt, first, list(message["events"])))
        await self._write(batches)
        for batch in batches:
            self._refetch_before(batch)

    async def _write(self, batches: Sequence[EventBatch]) -> None:
        """Write batches; if they can't be, warn and wait: workers still have all of it."""
        try:
            for attempt, new in await self._in_writer(self._importer.write, batches):
                run = self.all.get(attempt.run_id)
                if run is not None and run.attempt is attempt:
                    self._follow(run, new)
        except StoreGoneError:
            raise
        except StoreError as error:
            self._warn(str(error))
            with awaiting("the next try to write"):
                await asyncio.sleep(SECONDS_BETWEEN_TRIES)

    def _refetch_before(self, batch: EventBatch) -> None:
        """Ask for the events before a batch if they were lost, unless that is under way."""
        attempt = batch.attempt
        run = self.all.get(attempt.run_id)
        is_lacking = batch.first > attempt.next_number and attempt.end is None
        if is_lacking and run is not None and not run.is_refetching:
            run.refetching = asyncio.create_task(self._refetch(run, attempt))

    async def tend(self, run: RemoteRun) -> None:
        """Handle the checkpoints of a run, its end, and the loss of its worker."""
        attempt = run.attempt
        status = run.future.status
        if attempt is not None and attempt.fault:
            await self._end(run, events.RunFailed(run.job.run_id, run.step, attempt.fault))
            return
        if run.saving is not None:
            if not run.saving.done():
                return
            fault = run.saving.exception()
            if fault is not None:
                raise fault
        if attempt is not None and attempt.end is not None:
            run.saving = asyncio.create_task(self._finish(run, attempt, attempt.end))
        elif status == "error":
            await self._handle_error(run)
        elif status in ("cancelled", "lost") and self._client.status == "running":
            self._hand_out_again(run)  # the connection was lost and is restored
        elif attempt is not None and run.wants_checkpoint:
            run.wants_checkpoint = False
            run.saving = asyncio.create_task(self._fetch_checkpoint(run, attempt))
        elif status == "finished" and attempt is None:  # trained by a worker that was refused
            self._hand_out_again(run)
        elif status == "finished" and attempt is not None and not run.is_refetching:
            await self._refetch(run, attempt)  # its last messages were lost
            if not any(batch.attempt is attempt for batch in self._refetched):
                self._hand_out_again(run, died=True)

    async def close(self) -> None:
        """Record runs that are still in training as interrupted; their checkpoints are at home."""
        for run in list(self.all.values()):
            run.cancel()
            if run.attempt is not None:
                stopped = events.RunStopped(run.job.run_id, run.step, run.elapsed, interrupted=True)
                with suppress(StoreError):
                    await self._in_writer(self._importer.record, [(run.attempt, [stopped])])
            self.drop(run)
        with waits.Waiting("the last write of the importer"):
            self._writer.shutdown()

    def _submit(self, job: Job) -> "Future[None]":
        """Have Dask train a run, on any worker that is not refused."""
        return self._client.submit(
            worker.train_run,
            job.run_id,
            job.config.to_dict(),
            self.topic,
            self._shared,
            key=f"rnn-tui-{job.run_id}-{uuid4().hex[:8]}",
            pure=False,
            workers=list(self._workers.usable) if self._workers.refused else None,
        )

    def _hand_out_again(self, run: RemoteRun, *, died: bool = False) -> None:
        """Assign a run again, and ignore the worker that had it from now on.

        Args:
            run: the run.
            died: whether that worker is gone.
        """
        run.attempt = None
        run.deaths += died
        run.future.release()
        run.future = self._submit(run.job)

    async def _handle_error(self, run: RemoteRun) -> None:
        """Assign a run again after its workers died; record its failure if it can't be started."""
        error = await run.future.exception()
        if type(error).__name__ == "KilledWorker":
            self._hand_out_again(run, died=True)
            return
        where = await run.future.traceback()  # in the worker, which the error alone lacks
        logger.error(
            "run %s can't be trained there", run.job.run_id, exc_info=(type(error), error, where)
        )
        sentence = f"It can't be trained there ({type(error).__name__}: {printable(error, 200)})."
        await self._end(run, events.RunFailed(run.job.run_id, run.step, sentence))

    async def _greet(self, run: RemoteRun, token: str, hello: Mapping[str, Any]) -> None:
        """Answer a worker that asks how to begin an attempt at a run."""
        address = str(hello["worker"])
        attempt = run.attempt
        if attempt is not None and attempt.token == token:  # it asks again, as the answer was lost
            await self._reply(address, run, token, run.reply)
            return
        if attempt is not None and attempt.end is not None:
            await self._reply(address, run, token, REFUSAL)
            return
        misfit = self._workers.admit(address, hello)
        if misfit:
            logger.info("%s: %s", printable(address, 100), misfit)
            await self._reply(address, run, token, REFUSAL)
            self._hand_out_again(run)
            return
        if attempt is not None:  # another worker asks, so the previous one is gone
            run.deaths += 1
        end = await self._known_end(run)
        if end is not None:
            await self._reply(address, run, token, REFUSAL)
            await self._end(run, end)
            return
        if attempt is not None:
            self._warn(
                f"The worker of {run.job.name} is gone; another one resumes it from its last "
                "checkpoint."
            )
        await self._begin_attempt(run, address, token, hello)

    async def _known_end(self, run: RemoteRun) -> events.Event | None:
        """Return the end of a run that was not reported; None if the run is to be trained."""
        path = weights_of(run.job.run_id)
        end = await asyncio.to_thread(unreported_end, path, run.job.run_id, run.elapsed)
        if end is None and run.deaths >= MOST_DEATHS:
            sentence = f"{MOST_DEATHS} workers died while they trained it."
            return events.RunFailed(run.job.run_id, run.step, sentence)
        return end

    async def _begin_attempt(
        self, run: RemoteRun, address: str, token: str, hello: Mapping[str, Any]
    ) -> None:
        """Tell a worker to begin, from the last checkpoint at home if there is one."""
        run.cancel()
        run.worker = address
        run.wants_checkpoint = False
        run.attempt = self._importer.begin(run.job.run_id, run.job.config, token, hello)
        path = weights_of(run.job.run_id)
        checkpoint = await asyncio.to_thread(worker.pack, path) if path.exists() else None
        every = max(worker.SECONDS_BETWEEN_MESSAGES, len(self.all) / MESSAGES_A_SECOND)
        run.reply = {"begin": True, "every": every, "checkpoint": checkpoint}
        await self._reply(address, run, token, run.reply)

    async def _reply(
        self, address: str, run: RemoteRun, token: str, reply: Mapping[str, Any]
    ) -> None:
        try:
            await self._workers.call(address, worker.answer, run.job.run_id, token, reply)
        except LookupError as error:  # if the worker still exists, it asks again
            logger.info("no answer reaches %s: %s", printable(address, 100), error)

    def _follow(self, run: RemoteRun, new: Sequence[events.Event]) -> None:
        """Update the progress of a run from its new events, and pass these to the source."""
        for event in new:
            match event:
                case events.RunStarted():
                    run.total_steps = event.total_steps
                    run.step = event.first_step
                    run.reply = {}  # it has reached the worker: the checkpoint need not be held
                case events.StepLogged() | events.EpochEnded():
                    run.step = event.step
                    run.elapsed = event.elapsed
                case events.CheckpointSaved():
                    run.wants_checkpoint = True
            self._source.handle_event(run.job, event)

    async def _refetch(self, run: RemoteRun, attempt: Attempt) -> None:
        """Ask the worker for events that were lost."""
        try:
            answer = await self._workers.call(
                run.worker,
                worker.events_from,
                attempt.run_id,
                attempt.token,
                attempt.next_number,
            )
            documents = unpack_events(answer)
        except (LookupError, StoreError) as error:
            logger.info("events of %s can't be asked for: %s", attempt.run_id, error)
            return
        if documents:
            self._refetched.append(EventBatch(attempt, attempt.next_number, documents))

    async def _fetch_checkpoint(self, run: RemoteRun, attempt: Attempt) -> bool:
        """Fetch a run's checkpoint, once all events before it are at home.

        Returns:
            Whether it is here now.
        """
        path: Path | None = None
        if self._shared:
            folder = worker.folder_of(Path(self._shared), attempt.run_id, attempt.token)
            path = folder / WEIGHTS_NAME
        try:
            async with self._fetching:
                data, needs = await self._workers.call(
                    run.worker,
                    worker.last_checkpoint,
                    attempt.run_id,
                    attempt.token,
                    path is None,
                    attempt.next_number,
                )
            with awaiting(f"the values before the checkpoint of {attempt.run_id}"):
                while attempt.next_number < needs and attempt.end is None:
                    await asyncio.sleep(SECONDS_TO_WAIT)
            await self._patiently(asyncio.to_thread, store_checkpoint, attempt, data, path)
        except (LookupError, OSError, ValueError, TypeError, zlib.error, CheckpointError) as error:
            logger.info("the checkpoint of %s does not come home: %s", attempt.run_id, error)
            return False
        return True

    async def _finish(self, run: RemoteRun, attempt: Attempt, end: events.Event) -> None:
        """Fetch the last weights, then write that a run has ended.

        If its worker has to go, or its last weights are lost with it, it is handed out again.
        """
        finished = isinstance(end, events.RunFinished)
        are_lost = isinstance(end, events.RunFinished) and not end.kept  # no room there
        if not are_lost and not isinstance(end, events.RunFailed):
            are_here = await self._fetch_checkpoint(run, attempt)
            are_lost = finished and not are_here
        if isinstance(end, events.RunStopped) and end.interrupted and not self.stopping:
            self._hand_out_again(run)
            return
        if are_lost:
            self._hand_out_again(run, died=True)
            return
        await self._end(run, end)
        with suppress(LookupError):
            await self._workers.call(run.worker, worker.forget, attempt.run_id, attempt.token)

    async def _end(self, run: RemoteRun, end: events.Event) -> None:
        """Write that a run has ended, however long the database takes, and drop it."""
        if isinstance(end, events.RunFailed) and end.traceback:
            where = printable(run.worker, 100)
            logger.error("run %s failed at %s:\n%s", end.run_id, where, end.traceback)
        attempt = run.attempt
        if attempt is None:
            attempt = self._importer.begin(run.job.run_id, run.job.config, "", {})
        await self._patiently(self._in_writer, self._importer.record, [(attempt, [end])])
        run.saving = None  # this may run in that task, which must not cancel itself
        self.drop(run)
        self._source.handle_event(run.job, end)

    async def _patiently(self, work: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Call a function again and again while home has no room, as on a full disk.

        Raises:
            StoreError: if that takes too long.
        """
        with awaiting("room at home for what came", SECONDS_OF_PATIENCE) as waiting:
            while True:
                try:
                    return await work(*arguments)
                except StoreGoneError:
                    raise
                except StoreError as error:
                    if waiting.is_over:
                        raise
                    self._warn(str(error))
                    await asyncio.sleep(SECONDS_BETWEEN_TRIES)

    async def _in_writer(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call the importer off this thread, one call after another."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, function, *arguments)
