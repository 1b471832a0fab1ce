"""Training that is kept: what the app and the command line share around the loop.

A run has a lock while it trains, a row in the database that follows its events, and a folder with
its last checkpoint. Each way in which that fails is told once, and training goes on; what could not
be kept when it is over is held in memory by whoever wants it (`held`).
"""

from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.files import remove_temporary
from rnn_tui.engine.paths import run_database, weights_of
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.resources import MachineWatch
from rnn_tui.runs.locks import RunLock, take_requests
from rnn_tui.runs.recorder import Recorder
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.turns import Turn
from rnn_tui.runs.unsaved import OnUnsaved, UnsavedRun
from rnn_tui.runs.words import automatic_name
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.engine.learning_rates import LearningRateTest
    from rnn_tui.engine.loop import Outcome
    from rnn_tui.engine.training_state import ResumePoint

Emit = Callable[[events.Event], object]
End = events.RunFinished | events.RunStopped
# what is done at another process's request, and said of it
OBEYED: dict[str, tuple[Callable[[Control], None], str]] = {
    "pause": (
        Control.pause,
        "Another process paused this run; rnn-tui runs unpause {} lets it go on.",
    ),
    "unpause": (Control.resume, "Another process let this run go on."),
    "stop": (Control.stop, "Another process stopped this run."),
}


def train(
    config: RunConfig,
    emit: Emit,
    control: Control,
    run_id: str,
    *,
    name: str | None = None,
    on_unsaved: OnUnsaved = UnsavedRun.finish,
) -> "Outcome | None":
    """Train a new run, and keep it; `emit` gets every event in this thread.

    `on_unsaved` takes it where it can't be kept at its end; by default one more try is made.

    Returns:
        what is left of it; None if it is stopped before its turn comes.
    """
    lock = RunLock.acquire(run_id)
    with Turn() as turn:
        return _fit(
            config,
            emit,
            control,
            run_id=run_id,
            name=name or automatic_name(config),
            lock=lock,
            turn=turn,
            on_unsaved=on_unsaved,
        )


def resume(
    run: RunRecord, emit: Emit, control: Control, *, on_unsaved: OnUnsaved = UnsavedRun.finish
) -> "Outcome | None":
    """Go on with a run from its last checkpoint, if it has one; `on_unsaved` is as in `train`.

    Raises:
        StoreError: it can't be gone on with; nothing has changed.
        CheckpointError: the same for its checkpoint.
    """
    with RunStore() as store:
        lock = store.claim(run)
    with Turn() as turn, ExitStack() as on_failure:
        on_failure.callback(lock.release)
        if not turn.take(control, lambda before: emit(events.TurnAwaited(run.run_id, before))):
            emit(events.RunStopped(run.run_id, run.step, run.elapsed, control.interrupted))
            return None
        point = _resume_point(run)
        on_failure.pop_all()  # `_fit` releases it
        return _fit(
            run.config,
            emit,
            control,
            run_id=run.run_id,
            name=run.name,
            lock=lock,
            turn=turn,
            on_unsaved=on_unsaved,
            resumed=True,
            point=point,
        )


def _resume_point(run: RunRecord) -> "ResumePoint | None":
    """Where a run goes on; None where it has no checkpoint, a CheckpointError for a bad one."""
    TASKS[run.config.task].load()  # where that fails, nothing has changed
    from rnn_tui.engine.training_state import load_resume_point  # noqa: PLC0415 - torch

    path = weights_of(run.run_id)
    remove_temporary(path)
    return load_resume_point(path, run.run_id, run.config) if path.exists() else None


def try_learning_rates(config: RunConfig, progress: Progress) -> "LearningRateTest | None":
    """`find_learning_rate` for a run, once it is the turn of this process to train; None if it is
    stopped. Nothing is kept.
    """
    with Turn() as turn:
        if not turn.take(progress.control, lambda _: None):
            return None
        # torch, on use only
        from rnn_tui.engine.learning_rates import find_learning_rate  # noqa: PLC0415

        return find_learning_rate(TASKS[config.task].load(), config, progress)


class _Follower:
    """Records a run's events, passes them on, and obeys requests; where nobody listens any more, it
    interrupts the run.
    """

    def __init__(
        self, run_id: str, emit: Emit, control: Control, recorder: Recorder, turn: Turn
    ) -> None:
        self.end: End | None = None
        self.deaf: OSError | None = None  # why nobody listens, if nobody does
        self._id, self._emit, self._control, self._recorder, self._turn = (
            run_id,
            emit,
            control,
            recorder,
            turn,
        )
        self._told, self._watch = {""}, MachineWatch()
        self._obeyed: deque[str] = deque()
        self._paused = False
        recorder.meanwhile = self._obey

    def _obey(self) -> None:
        """In the recorder's thread: do what other processes ask for."""
        for what in take_requests(self._id):
            obey, words = OBEYED[what]
            self._paused = what == "pause"
            self._obeyed.append(words.format(self._id))
            obey(self._control)

    def close(self) -> None:
        """Forget requests that came too late: neither who goes on with the run nor what comes after
        it waits.
        """
        take_requests(self._id)
        if self._paused:
            self._control.resume()

    def take_turn(self) -> bool:
        """Wait for the turn to train; False if the run is stopped before it comes."""
        return self._turn.take(
            self._control, lambda before: self.take(events.TurnAwaited(self._id, before))
        )

    def warn(self, text: str) -> None:
        """Say what can't be kept, once."""
        if text not in self._told:
            self._told.add(text)
            self._emit(events.LogLine(self._id, text, "warning", "keeping"))

    def take(self, event: events.Event) -> None:
        """Take the next event."""
        while self._obeyed:
            self.take(events.LogLine(self._id, self._obeyed.popleft(), "warning"))
        if isinstance(event, events.RunPaused):
            self._turn.give_back()
        elif isinstance(event, events.RunResumed):
            self.take_turn()  # or the training, which has stopped then, ends behind this
        self._recorder.take(event)
        if isinstance(event, End):
            self.end = event
        try:
            self.warn(self._recorder.problem)
            if isinstance(event, events.LogLine) and event.topic == "keeping":
                self.warn(event.text)
            else:
                self._emit(event)
        except OSError as error:
            self.deaf = error
            self._control.stop(interrupted=True)
        if (seen := self._watch.after(event)) is not None:
            self.take(seen)


def _fit(
    config: RunConfig,
    emit: Emit,
    control: Control,
    *,
    run_id: str,
    name: str,
    lock: RunLock,
    turn: Turn,
    on_unsaved: OnUnsaved,
    resumed: bool = False,
    point: "ResumePoint | None" = None,
) -> "Outcome | None":
    """Train once it is its turn, None if it never comes; waits at the end until all is written, or
    held.
    """
    recorder = Recorder(run_database(), run_id, config, name, resumed=resumed)
    follower = _Follower(run_id, emit, control, recorder, turn)
    try:
        if not follower.take_turn():
            follower.take(events.RunStopped(run_id, 0, 0.0, control.interrupted))
            return None
        task = TASKS[config.task].load()
        from rnn_tui.engine.loop import fit  # noqa: PLC0415 - torch, on use only

        outcome = fit(
            task,
            config,
            follower.take,
            control,
            run_id=run_id,
            checkpoint_path=weights_of(run_id),
            resume=point,
            before_checkpoint=recorder.flush,
        )
        if not recorder.close():
            follower.warn(
                recorder.problem or "The last values of the run could not be kept in time."
            )
        late = follower.end if follower.end is not None and not follower.end.kept else None
        held = UnsavedRun(
            run_id,
            name,
            recorder,
            checkpoint=outcome.unwritten,
            end=late,
            lock=lock,
            emit=emit,
        )
        if not held.saved:
            lock = RunLock()  # what is held lets go of the other
            held.begin()
            on_unsaved(held)
    finally:
        recorder.close()
        follower.close()
        lock.release()
    if follower.deaf is not None:
        raise follower.deaf
    return outcome
