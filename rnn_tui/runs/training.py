"""Training that is kept: what the app and the command line share around the loop.

A run has a lock while it trains, a row in the database that follows its events, and a folder with
its last checkpoint. Each way in which that fails is told once, and training goes on; what could
not be kept when it is over is held in memory (`held`).
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.files import remove_temporary
from rnn_tui.engine.machine import MachineWatch
from rnn_tui.engine.paths import run_database, weights_of
from rnn_tui.runs.held import HELD, HeldRun
from rnn_tui.runs.locks import RunLock, take_requests
from rnn_tui.runs.recorder import Recorder
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import automatic_name
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.engine.loop import Outcome
    from rnn_tui.engine.training_state import ResumePoint

Emit = Callable[[events.Event], object]
End = events.RunFinished | events.RunStopped
# What is done where another process asks for it, and what is said of that with the run's id.
OBEYED: dict[str, tuple[Callable[[Control], None], str]] = {
    "pause": (Control.pause, "Another process paused this run; rnn-tui runs unpause {} lets it go on."),
    "unpause": (Control.resume, "Another process let this run go on."),
    "stop": (Control.stop, "Another process stopped this run."),
}


def train(config: RunConfig, emit: Emit, control: Control, run_id: str, *, name: str | None = None) -> "Outcome":
    """Train from the beginning, and keep it.

    Args:
        config: the settings.
        emit: called with every event, in this thread.
        control: how others stop or pause the run.
        run_id: a new id.
        name: what to call the run; by default what distinguishes it.
    """
    lock = RunLock.acquire(run_id)
    name = name or automatic_name(config)
    recorder = Recorder(run_database(), run_id, config, name)
    return _fit(config, emit, control, run_id=run_id, name=name, recorder=recorder, lock=lock)


def resume(run: RunRecord, emit: Emit, control: Control) -> "Outcome":
    """Go on with a run from its last checkpoint, or from the beginning where it has none.

    Args:
        run: what to go on with.
        emit: called with every event, in this thread.
        control: how others stop or pause the run.

    Raises:
        StoreError: if it is in training, finished or deleted.
        CheckpointError: if its checkpoint can't be used. Nothing has changed then.
    """
    with RunStore() as store:
        lock = store.claim(run)
    try:
        TASKS[run.config.task].load()  # where that fails, nothing has changed
        from rnn_tui.engine.training_state import load_resume_point  # noqa: PLC0415 - torch

        path = weights_of(run.run_id)
        remove_temporary(path)
        point = load_resume_point(path, run.run_id, run.config) if path.exists() else None
    except BaseException:
        if lock is not None:
            lock.release()
        raise
    recorder = Recorder(run_database(), run.run_id, run.config, run.name, resumed=True)
    return _fit(
        run.config, emit, control, run_id=run.run_id, name=run.name, recorder=recorder, lock=lock,
        point=point,
    )  # fmt: skip


class _Requests:
    """What other processes ask of a run in training; `told` has a sentence of each for the log."""

    def __init__(self, run_id: str, control: Control) -> None:
        self._id, self._control, self._paused = run_id, control, False
        self.told: deque[str] = deque()

    def obey(self) -> None:
        """Look for requests, and do what they ask for; in any thread."""
        for what in take_requests(self._id):
            obey, words = OBEYED[what]
            self._paused = what == "pause"
            self.told.append(words.format(self._id))
            obey(self._control)

    def end(self) -> None:
        """Forget what came too late: neither who goes on with the run nor what comes after it waits."""
        take_requests(self._id)
        if self._paused:
            self._control.resume()


def _fit(
    config: RunConfig, emit: Emit, control: Control,
    *, run_id: str, name: str, recorder: Recorder, lock: RunLock | None,
    point: "ResumePoint | None" = None,
) -> "Outcome":  # fmt: skip
    """Train, record the events and pass them on; waits at the end until all is written, or held.

    Where nobody listens any more (a closed pipe or terminal), the run is interrupted.
    """
    told, watch = {""}, MachineWatch()
    requests = _Requests(run_id, control)
    recorder.meanwhile = requests.obey
    deaf: OSError | None = None
    end: End | None = None

    def warn(text: str) -> None:
        if text not in told:
            told.add(text)
            emit(events.LogLine(run_id, text, "warning", "keeping"))

    def tell(event: events.Event) -> None:
        nonlocal deaf, end
        while requests.told:
            tell(events.LogLine(run_id, requests.told.popleft(), "warning"))
        recorder.take(event)
        if isinstance(event, End):
            end = event
        try:
            warn(recorder.problem)
            if isinstance(event, events.LogLine) and event.topic == "keeping":
                warn(event.text)
            else:
                emit(event)
        except OSError as error:
            deaf = error
            control.stop(interrupted=True)
        if (seen := watch.after(event)) is not None:
            tell(seen)

    try:
        task = TASKS[config.task].load()
        from rnn_tui.engine.loop import fit  # noqa: PLC0415 - torch, on use only

        outcome = fit(
            task, config, tell, control, run_id=run_id, checkpoint_path=weights_of(run_id),
            resume=point, before_checkpoint=recorder.flush,
        )  # fmt: skip
        if not recorder.close():
            warn(recorder.problem or "The last values of the run could not be kept in time.")
        late = end if end is not None and not end.kept else None
        held = HeldRun(run_id, name, recorder, outcome.unwritten, late, lock, emit)
        if not held.complete:
            HELD.add(held)
            lock = None
    finally:
        recorder.close()
        requests.end()
        if lock is not None:
            lock.release()
    if deaf is not None:
        raise deaf
    return outcome
