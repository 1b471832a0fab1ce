"""What happens on a worker: it trains one run, tells home as it goes, and keeps all until home has
it.

Events are numbered, sent as they come, and held in memory until home has them with a checkpoint;
what is lost, and checkpoints, home asks for. Only the checkpoint is on the worker's disk, and where
there is no room for it, training waits. Nothing here is imported before there is something to do.
"""

import itertools
import json
import logging
import queue
import shutil
import socket
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rnn_tui.engine import events
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.devices import require_repeatable_cuda
from rnn_tui.engine.errors import CheckpointError, UserError
from rnn_tui.engine.files import write_file
from rnn_tui.engine.paths import WEIGHTS_NAME
from rnn_tui.engine.resources import MachineWatch
from rnn_tui.runs.database_rows import versions
from rnn_tui.runs.event_json import to_document
from rnn_tui.sweeps.jobs import END_EVENTS
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from distributed import Worker

SECONDS_TO_AN_ANSWER = 5.0  # a question that was lost is asked again after so long
MOST_SENT, MOST_ASKED = 500, 5000  # events of one message, and of one answer where some were lost
# compressing more costs ten times the time for a hundredth of the size: weights look random
COMPRESSION = 1
# how long a full disk of the worker's may last, and how often it is tried again
SECONDS_OF_PATIENCE, SECONDS_BETWEEN_TRIES = 300.0, 1.0
AT_ONCE = (
    events.RunStarted,
    events.CheckpointSaved,
    events.RunPaused,
    events.RunResumed,
    *END_EVENTS,
)
logger = logging.getLogger(__name__)


class _Training:
    """A run that this process trains or keeps until home has it; home is told now and then."""

    def __init__(self, worker: "Worker", run_id: str, topic: str, where: Path) -> None:
        self.topic, self.control = topic, events.Control()
        self.token = uuid4().hex  #: tells this try from others of the same run.
        self.folder = folder_of(where, run_id, self.token)
        self.answers: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self.every = 0.5  #: seconds between two messages; more where there are many workers.
        self.at_checkpoint = 0  #: how many events the checkpoint builds on.
        self.over = False
        self._worker, self._id, self._key = worker, run_id, worker.get_current_task()
        self._held: deque[str] = deque()  # events that home may ask for, as JSON
        self._first = 0  # the number of the first of them
        self._told = 0  # how many there have been
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._sent_at = 0.0

    def ask(self) -> Mapping[str, Any] | None:
        """Ask home how to begin; None if it is not to begin at all."""
        while self._wanted():
            self._send({"hello": {"worker": self._worker.address, **about()}})
            try:
                reply = self.answers.get(timeout=SECONDS_TO_AN_ANSWER)
            except queue.Empty:
                continue
            return reply if reply["begin"] else None
        return None

    def take(self, event: events.Event) -> None:
        """Take the next event, in the thread that trains."""
        document = to_document(event)
        with self._lock:
            self._held.append(json.dumps(document))
        self._told += 1
        self._waiting.append(document)
        if (
            isinstance(event, AT_ONCE)
            or len(self._waiting) >= MOST_SENT
            or time.monotonic() - self._sent_at >= self.every
        ):
            self._send({"first": self._told - len(self._waiting), "events": self._waiting})
            self._waiting, self._sent_at = [], time.monotonic()
            if not self._wanted():  # home is gone, or wants it no more
                self.control.stop(interrupted=True)

    def before_checkpoint(self) -> None:
        """A checkpoint is about to be written."""
        self.at_checkpoint = self._told

    def held(self, first: int) -> list[str]:
        """Events from a number on, a few thousand at the most; none where they are let go of."""
        with self._lock:
            start = first - self._first
            if start < 0:
                return []
            return list(itertools.islice(self._held, start, start + MOST_ASKED))

    def let_go(self, before: int) -> None:
        """Let go of the events before a number: home has them."""
        with self._lock:
            while self._held and self._first < before:
                self._held.popleft()
                self._first += 1

    def write(self, write: Callable[[], object]) -> None:
        """Write something; where the disk is full, wait for room as long as home wants the run.

        Raises:
            OSError: or what else `write` raises, if that takes too long, or for another fault.
        """
        give_up = time.monotonic() + SECONDS_OF_PATIENCE
        while True:
            try:
                write()
                return
            except (OSError, CheckpointError) as error:
                if time.monotonic() > give_up or not self._wanted():
                    raise
                logger.warning("%s waits for its disk: %s", self._id, error)
            time.sleep(SECONDS_BETWEEN_TRIES)

    def _send(self, words: Mapping[str, Any]) -> None:
        self._worker.log_event(self.topic, {"run": self._id, "token": self.token, **words})

    def _wanted(self) -> bool:
        task = self._worker.state.tasks.get(self._key)
        return task is not None and task.state in ("executing", "long-running")


_TRAININGS: dict[str, _Training] = {}


def train_run(run_id: str, settings: Mapping[str, Any], topic: str, shared: str = "") -> None:
    """Train a run, or go on with it, as home says; it tells on Dask's `topic`. Files lie in the
    worker's folder or `shared`.
    """
    from distributed import get_worker  # noqa: PLC0415 - of the extra `cluster`

    require_repeatable_cuda()  # a worker on another machine is no `rnn-tui`
    worker = get_worker()
    for old, one in list(_TRAININGS.items()):
        if one.over and one.topic != topic:
            forget(old, one.token)
    training = _TRAININGS[run_id] = _Training(
        worker, run_id, topic, Path(shared or worker.local_directory)
    )
    try:
        if (begun := training.ask()) is not None:
            training.every = float(begun["every"])
            _train(run_id, settings, training, begun["checkpoint"])
    finally:
        training.over = True


def folder_of(where: Path, run_id: str, token: str) -> Path:
    """Where a try of a run is kept."""
    return where / "rnn-tui" / run_id / token


def _train(
    run_id: str, settings: Mapping[str, Any], training: _Training, checkpoint: bytes | None
) -> None:
    path, watch = training.folder / WEIGHTS_NAME, MachineWatch()
    ends: list[events.Event] = []

    def emit(event: events.Event) -> None:
        if isinstance(event, END_EVENTS):  # told when its weights are on the disk
            ends.append(event)
            return
        training.take(event)
        if (seen := watch.after(event)) is not None:
            training.take(seen)

    try:
        config = config_from_dict(settings)
        task = TASKS[config.task].load()
        from rnn_tui.engine.checkpoint import save_checkpoint  # noqa: PLC0415
        from rnn_tui.engine.loop import fit  # noqa: PLC0415 - torch, on use only
        from rnn_tui.engine.training_state import load_resume_point  # noqa: PLC0415

        point = None
        training.write(partial(training.folder.mkdir, parents=True, exist_ok=True))
        if checkpoint is not None:
            training.write(partial(write_file, path, zlib.decompress(checkpoint)))
            point = load_resume_point(path, run_id, config)
    except (UserError, KeyError, OSError) as error:
        training.take(events.RunFailed(run_id, 0, str(error)))
        return
    outcome = fit(
        task,
        config,
        emit,
        training.control,
        run_id=run_id,
        checkpoint_path=path,
        resume=point,
        before_checkpoint=training.before_checkpoint,
    )
    (end,) = ends
    if outcome.unwritten is not None and isinstance(end, events.RunFinished | events.RunStopped):
        training.before_checkpoint()
        with suppress(OSError, CheckpointError):  # then home trains it again from what it has
            training.write(partial(save_checkpoint, path, outcome.unwritten))
            end = replace(end, kept=True)
    training.take(end)


def packed(path: Path) -> bytes:
    """A checkpoint as it is sent."""
    return zlib.compress(path.read_bytes(), COMPRESSION)


# What home calls on a worker, by Dask's `Client.run`; each must be quick.


def about() -> dict[str, Any]:
    """What this worker is: versions that must agree with those at home."""
    return {"host": socket.gethostname(), "versions": versions()}


def answer(run_id: str, token: str, reply: Mapping[str, Any]) -> None:
    """Answer the question how to begin."""
    _kept(run_id, token).answers.put(reply)


def obey(run_ids: Sequence[str], what: str) -> None:
    """Pause runs of this process, let them go on, or stop them."""
    for training in filter(None, map(_TRAININGS.get, run_ids)):
        if what == "pause":
            training.control.pause()
        elif what == "unpause":
            training.control.resume()
        else:
            training.control.stop(interrupted=what == "interrupt")


def told(run_id: str, token: str, first: int) -> bytes:
    """Events of a run from a number on, a few thousand at the most, as compressed JSON."""
    events_json = ",".join(_kept(run_id, token).held(first))
    return zlib.compress(f"[{events_json}]".encode(), COMPRESSION)


def checkpoint(run_id: str, token: str, sent: bool, known: int) -> tuple[bytes, int]:
    """A run's last checkpoint, compressed, unless home reads it itself; and how many events it
    needs. Home has `known` of them.
    """
    training = _kept(run_id, token)
    training.let_go(known)
    data = packed(training.folder / WEIGHTS_NAME) if sent else b""
    return data, training.at_checkpoint  # the number last: it may be too high, never too low


def forget(run_id: str, token: str) -> None:
    """Remove what is kept of a run: home has it."""
    training = _kept(run_id, token)
    del _TRAININGS[run_id]
    shutil.rmtree(training.folder, ignore_errors=True)


def _kept(run_id: str, token: str) -> _Training:
    training = _TRAININGS.get(run_id)
    if training is None or training.token != token:
        raise LookupError("another process trained it")
    return training
