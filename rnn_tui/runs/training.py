"""Training that is kept: what the app and the command line share around the loop.

A run has a lock while it trains, a row in the database that follows its events, and a folder with
its last checkpoint. Each way in which that fails is told once, and training goes on; what could
not be kept when it is over is held in memory (`held`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.files import remove_temporary
from rnn_tui.engine.machine import MachineWatch
from rnn_tui.engine.paths import run_database, weights_of
from rnn_tui.runs.held import HELD, HeldRun
from rnn_tui.runs.locks import RunLock
from rnn_tui.runs.recorder import Recorder
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.turns import Turn
from rnn_tui.runs.words import automatic_name
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.engine.loop import Outcome
    from rnn_tui.engine.training_state import ResumePoint

Emit = Callable[[events.Event], object]
End = events.RunFinished | events.RunStopped


def train(config: RunConfig, emit: Emit, control: Control, run_id: str, *, name: str | None = None) -> "Outcome | None":
    """Train from the beginning, and keep it; None if it is stopped while it waits for its turn.

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
    return _fit(config, emit, control, run_id=run_id, name=name, recorder=recorder, lock=lock, turn=Turn())


def resume(run: RunRecord, emit: Emit, control: Control) -> "Outcome | None":
    """Go on with a run from its last checkpoint, or from the beginning where it has none.

    None if it is stopped while it waits for its turn.

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
    turn = Turn()
    try:
        if not turn.take(control, lambda before: emit(events.TurnAwaited(run.run_id, before))):
            emit(events.RunStopped(run.run_id, run.step, run.elapsed, control.interrupted))
            if lock is not None:
                lock.release()
            return None
        TASKS[run.config.task].load()  # where that fails, nothing has changed
        from rnn_tui.engine.training_state import load_resume_point  # noqa: PLC0415 - torch

        path = weights_of(run.run_id)
        remove_temporary(path)
        point = load_resume_point(path, run.run_id, run.config) if path.exists() else None
    except BaseException:
        turn.give_back()
        if lock is not None:
            lock.release()
        raise
    recorder = Recorder(run_database(), run.run_id, run.config, run.name, resumed=True)
    return _fit(
        run.config, emit, control, run_id=run.run_id, name=run.name, recorder=recorder, lock=lock,
        turn=turn, point=point,
    )  # fmt: skip


def _fit(
    config: RunConfig, emit: Emit, control: Control,
    *, run_id: str, name: str, recorder: Recorder, lock: RunLock | None,
    turn: Turn, point: "ResumePoint | None" = None,
) -> "Outcome | None":  # fmt: skip
    """Train, record the events and pass them on; waits at the end until all is written, or held.

    A pause gives the turn back. None if there was none before the stop.

    Where nobody listens any more (a closed pipe or terminal), the run is interrupted.
    """
    told, watch = {""}, MachineWatch()
    deaf: OSError | None = None
    end: End | None = None

    def warn(text: str) -> None:
        if text not in told:
            told.add(text)
            emit(events.LogLine(run_id, text, "warning", "keeping"))

    def take_turn() -> bool:
        return turn.take(control, lambda before: tell(events.TurnAwaited(run_id, before)))

    def tell(event: events.Event) -> None:
        nonlocal deaf, end
        if isinstance(event, events.RunPaused):
            turn.give_back()
        elif isinstance(event, events.RunResumed):
            take_turn()  # or the training, which has stopped then, ends behind this
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
        if not take_turn():
            tell(events.RunStopped(run_id, 0, 0.0, control.interrupted))
            return None
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
        turn.give_back()
        recorder.close()
        if lock is not None:
            lock.release()
    if deaf is not None:
        raise deaf
    return outcome
