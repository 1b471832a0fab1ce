"""Train one run on a worker, report home, and keep everything until home has it.

Events are numbered, sent as they come, and held in memory until home has them with a checkpoint.
Home asks for checkpoints, and for events that were lost. Only the checkpoint is on the worker's
disk; if there is no room for it, training waits. Nothing heavy is imported before there is
something to do.
"""

import itertools
import json
import logging
import queue
import shutil
import socket
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

from rnn_tui.archive.database_rows import versions
from rnn_tui.archive.event_json import to_document
from rnn_tui.engine import events, waits
from rnn_tui.engine.config import config_from_dict
from rnn_tui.engine.errors import CheckpointError, TaskError, UserError
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.files.paths import WEIGHTS_NAME
from rnn_tui.engine.process.preparing import require_repeatable_cuda
from rnn_tui.engine.training.resources import MachineWatch
from rnn_tui.sweeps.jobs import END_EVENTS
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from distributed import Worker

SECONDS_TO_AN_ANSWER = 5.0  # a question that was lost is asked again after so long
SECONDS_BETWEEN_MESSAGES = 0.5  # the default, until home says otherwise
MOST_SENT = 500  # events of one message
MOST_ASKED = 5000  # events of one answer, if some were lost
# Compressing more takes ten times as long and saves a hundredth of the size: weights look random.
COMPRESSION = 1
SECONDS_OF_PATIENCE = 300.0  # how long the worker's disk may be full
SECONDS_BETWEEN_TRIES = 1.0  # the time between two tries to write to it
SENT_AT_ONCE = (
    events.RunStarted,
    events.CheckpointSaved,
    events.RunPaused,
    events.RunResumed,
    *END_EVENTS,
)
logger = logging.getLogger(__name__)


class _Training:
    """An attempt to train a run, in this process; it is kept until home has all of it."""

    def __init__(self, worker: "Worker", run_id: str, topic: str, where: Path) -> None:
        """`topic` is Dask's, on which home listens; a folder in `where` has the checkpoint."""
        self.topic = topic
        self.control = events.Control()
        self.token = uuid4().hex  #: tells this attempt from others at the same run.
        self.folder = folder_of(where, run_id, self.token)
        self.answers: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()  #: from home.
        #: seconds between two messages; more if there are many workers.
        self.interval = SECONDS_BETWEEN_MESSAGES
        self.checkpoint_needs = 0  #: how many events the checkpoint builds on.
        self.is_over = False
        self.end: events.Event | None = None  #: reported once the weights are on the disk.
        self._worker = worker
        self._run_id = run_id
        self._task_key = worker.get_current_task()
        self._watch = MachineWatch()
        self._held: deque[str] = deque()  # events that home may ask for, as JSON
        self._first_held = 0  # the number of the first of them
        self._count = 0  # the number of all events so far
        self._lock = waits.Lock("the events that are held")  # guards what is held
        self._unsent: list[dict[str, Any]] = []
        self._sent_at = 0.0

    def ask(self) -> Mapping[str, Any] | None:
        """Ask home how to begin; None if this attempt is not to begin at all."""
        with waits.Waiting("the answer from home") as waiting:
            while self._is_wanted():
                self._send({"hello": {"worker": self._worker.address, **describe()}})
                try:
                    reply = self.answers.get(timeout=SECONDS_TO_AN_ANSWER)
                except queue.Empty:
                    waiting.tell_if_long()
                    continue
                return reply if reply["begin"] else None
        return None

    def emit(self, event: events.Event) -> None:
        """Report an event of the training loop, and how busy the machine is; keep its end."""
        if isinstance(event, END_EVENTS):
            self.end = event
            return
        self.report(event)
        machine_seen = self._watch.after(event)
        if machine_seen is not None:
            self.report(machine_seen)

    def report(self, event: events.Event) -> None:
        """Number an event, hold it, and send it soon; in the thread that trains."""
        document = to_document(event)
        with self._lock:
            self._held.append(json.dumps(document))
        self._count += 1
        self._unsent.append(document)
        due = time.monotonic() - self._sent_at >= self.interval
        if due or isinstance(event, SENT_AT_ONCE) or len(self._unsent) >= MOST_SENT:
            self._send_events()

    def _send_events(self) -> None:
        """Send what is not sent; stop training where home is gone, or wants it no more."""
        self._send({"first": self._count - len(self._unsent), "events": self._unsent})
        self._unsent = []
        self._sent_at = time.monotonic()
        if not self._is_wanted():
            self.control.stop(interrupted=True)

    def before_checkpoint(self) -> None:
        """Note on which events the checkpoint builds that is about to be written."""
        self.checkpoint_needs = self._count

    def held_events(self, first: int) -> list[str]:
        """Return events from a number on, at most `MOST_ASKED`; none if they were dropped."""
        with self._lock:
            start = first - self._first_held
            if start < 0:
                return []
            return list(itertools.islice(self._held, start, start + MOST_ASKED))

    def let_go(self, end: int) -> None:
        """Drop the events below a number, which home has."""
        with self._lock:
            while self._held and self._first_held < end:
                self._held.popleft()
                self._first_held += 1

    def write(self, write: Callable[[], object]) -> None:
        """Write something; if the disk is full, wait for room as long as home wants the run.

        Raises:
            OSError: if `write` raises it for too long, or home wants the run no more; so does
                CheckpointError.
        """
        with waits.Waiting(f"room for {self._run_id}", SECONDS_OF_PATIENCE) as waiting:
            while True:
                try:
                    write()
                    return
                except (OSError, CheckpointError) as error:
                    if waiting.is_over or not self._is_wanted():
                        raise
                    logger.warning("%s waits for its disk: %s", self._run_id, error)
                waiting.pause(SECONDS_BETWEEN_TRIES)

    def _send(self, words: Mapping[str, Any]) -> None:
        self._worker.log_event(self.topic, {"run": self._run_id, "token": self.token, **words})

    def _is_wanted(self) -> bool:
        """Return whether home still needs this task of Dask's."""
        task = self._worker.state.tasks.get(self._task_key)
        return task is not None and task.state in ("executing", "long-running")


_TRAININGS: dict[str, _Training] = {}  # trainings by run


def train_run(run_id: str, settings: Mapping[str, Any], topic: str, shared: str = "") -> None:
    """Train a run, or resume it, as home says.

    Args:
        run_id: the run.
        settings: its configuration, as in JSON.
        topic: Dask's, on which home listens.
        shared: the folder for checkpoints; empty for the worker's own.
    """
    from distributed import get_worker  # of the extra `cluster`

    require_repeatable_cuda()  # a worker on another machine is no `rnn-tui`
    worker = get_worker()
    for other_id, other in list(_TRAININGS.items()):
        if other.is_over and other.topic != topic:  # its sweep has no listener any more
            forget(other_id, other.token)
    training = _Training(worker, run_id, topic, Path(shared or worker.local_directory))
    _TRAININGS[run_id] = training
    try:
        reply = training.ask()
        if reply is not None:
            training.interval = float(reply["every"])
            _train(run_id, settings, training, reply["checkpoint"])
    finally:
        training.is_over = True


def folder_of(where: Path, run_id: str, token: str) -> Path:
    """Return the folder of an attempt's checkpoint."""
    return where / "rnn-tui" / run_id / token


def _train(
    run_id: str, settings: Mapping[str, Any], training: _Training, checkpoint: bytes | None
) -> None:
    """Train a run from its first step, or from home's `checkpoint`, compressed."""
    path = training.folder / WEIGHTS_NAME
    try:
        config = config_from_dict(settings)
        if config.task not in TASKS:
            raise TaskError(
                f"{socket.gethostname()} has no task or data set called {config.task}; sweep on "
                "the cores of a machine that has it."
            )
        problem = TASKS[config.task].load()
        from rnn_tui.engine.training.checkpoint import save_checkpoint
        from rnn_tui.engine.training.loop import fit  # torch, on use only
        from rnn_tui.engine.training.training_state import load_resume_point

        resume_point = None
        training.write(partial(training.folder.mkdir, parents=True, exist_ok=True))
        if checkpoint is not None:
            training.write(partial(write_file, path, zlib.decompress(checkpoint)))
            resume_point = load_resume_point(path, run_id, config)
    except (UserError, KeyError, OSError) as error:
        training.report(events.RunFailed(run_id, 0, str(error)))
        return
    outcome = fit(
        problem,
        config,
        training.emit,
        training.control,
        run_id=run_id,
        checkpoint_path=path,
        resume=resume_point,
        before_checkpoint=training.before_checkpoint,
    )
    end = training.end
    assert end is not None  # `fit` emits one, whatever happens
    if outcome.unwritten is not None and isinstance(end, events.RunFinished | events.RunStopped):
        training.before_checkpoint()
        with suppress(OSError, CheckpointError):  # then home trains it again from what it has
            training.write(partial(save_checkpoint, path, outcome.unwritten))
            end = replace(end, kept=True)
    training.report(end)


def pack(path: Path) -> bytes:
    """Return a checkpoint as it is sent."""
    return zlib.compress(path.read_bytes(), COMPRESSION)


# What home calls on a worker, by Dask's `Client.run`; each must be quick.


def describe() -> dict[str, Any]:
    """Describe this worker: its host, and versions, some of which must be those at home."""
    return {"host": socket.gethostname(), "versions": versions()}


def answer(run_id: str, token: str, reply: Mapping[str, Any]) -> None:
    """Answer the question how to begin."""
    _training(run_id, token).answers.put(reply)


def control(run_ids: Sequence[str], request: str) -> None:
    """Ask runs of this process to `pause`, `unpause`, `stop` or `interrupt`."""
    for run_id in run_ids:
        training = _TRAININGS.get(run_id)
        if training is None:
            continue
        if request == "pause":
            training.control.pause()
        elif request == "unpause":
            training.control.resume()
        else:
            training.control.stop(interrupted=request == "interrupt")


def events_from(run_id: str, token: str, first: int) -> bytes:
    """Return the events of a run from a number on, at most `MOST_ASKED`, as compressed JSON."""
    events_json = ",".join(_training(run_id, token).held_events(first))
    return zlib.compress(f"[{events_json}]".encode(), COMPRESSION)


def last_checkpoint(run_id: str, token: str, is_sent: bool, known: int) -> tuple[bytes, int]:
    """Return a run's last checkpoint, and how many events it builds on.

    Args:
        run_id: the run.
        token: of the attempt.
        is_sent: whether to send it; else it is left out, since home reads the shared folder.
        known: how many events home has; these are dropped here.

    Returns:
        The checkpoint, compressed, and the number. The number is read last: it may be too high,
        and never too low.
    """
    training = _training(run_id, token)
    training.let_go(known)
    data = pack(training.folder / WEIGHTS_NAME) if is_sent else b""
    return data, training.checkpoint_needs


def forget(run_id: str, token: str) -> None:
    """Remove everything kept of a run, since home has it."""
    training = _training(run_id, token)
    del _TRAININGS[run_id]
    shutil.rmtree(training.folder, ignore_errors=True)


def _training(run_id: str, token: str) -> _Training:
    """Return an attempt in this process; raises LookupError if another one trained the run."""
    training = _TRAININGS.get(run_id)
    if training is None or training.token != token:
        raise LookupError("another process trained it")
    return training
