"""Training that is kept: what the app and the command line share around the loop.

A run has a lock while it trains, a row in the database that follows its events, and a folder with
its last checkpoint. Each failure to write is reported once, and training goes on. What could not be
written by the end of the run stays in memory, and is passed to the caller (`unsaved`).

A run is finished in the database only when its weights are on the disk; until then it counts as
interrupted and can be resumed.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.archive.locks import RunLock, take_requests
from rnn_tui.archive.recorder import Recorder
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.turns import Turn
from rnn_tui.archive.unsaved import OnUnsaved, UnsavedRun
from rnn_tui.archive.words import automatic_name
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.events import Control
from rnn_tui.engine.files.atomic import remove_temporary
from rnn_tui.engine.files.paths import run_database, weights_of
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.training.resources import MachineWatch
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rnn_tui.engine.training.learning_rates import LearningRateTest
    from rnn_tui.engine.training.loop import Outcome
    from rnn_tui.engine.training.training_state import ResumePoint

Emit = Callable[[events.Event], object]
End = events.RunFinished | events.RunStopped


@dataclass(frozen=True)
class RequestedAction:
    """The requests of other processes to the process that trains a run."""

    apply: Callable[[Control], None]  #: does it.
    report: str  #: the line for the log; braces are replaced by the id of the run.


_ACTIONS = {  # actions by the words of `locks.REQUESTS`
    "pause": RequestedAction(
        Control.pause, "Another process paused this run; rnn-tui runs unpause {} lets it go on."
    ),
    "unpause": RequestedAction(Control.resume, "Another process let this run go on."),
    "stop": RequestedAction(Control.stop, "Another process stopped this run."),
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
    """Train a new run, and keep it.

    Args:
        config: its settings.
        emit: gets every event, in this thread.
        control: how others stop or pause it.
        run_id: its id.
        name: what to call it; by default task, cell, preset and what differs from the preset.
        on_unsaved: gets the run if it can't be written at its end; by default one more try is made.

    Returns:
        what `fit` returns; None if the run is stopped before its turn comes.
    """
    session = TrainingSession(
        run_id,
        name or automatic_name(config),
        config,
        RunLock.acquire(run_id),
        emit=emit,
        control=control,
        on_unsaved=on_unsaved,
    )
    return session.run()


def resume(
    run: RunRecord, emit: Emit, control: Control, *, on_unsaved: OnUnsaved = UnsavedRun.finish
) -> "Outcome | None":
    """Resume a run from its last checkpoint, or from the beginning if it has none.

    The arguments, and what is returned, are those of `train`.

    Raises:
        StoreError: it can't be resumed; nothing has changed.
        CheckpointError: its checkpoint can't be read; nothing has changed.
    """
    with RunStore() as store:
        lock = store.claim(run)
    session = TrainingSession(
        run.run_id,
        run.name,
        run.config,
        lock,
        resumed=run,
        emit=emit,
        control=control,
        on_unsaved=on_unsaved,
    )
    return session.run()


def try_learning_rates(config: RunConfig, progress: Progress) -> "LearningRateTest | None":
    """Run `find_learning_rate` for these settings, once it is the turn of this process to train.

    Nothing of it is kept. None if it is stopped.
    """
    with Turn() as turn:
        if not turn.take(progress.control, lambda _: None):
            return None
        # torch, on use only
        from rnn_tui.engine.training.learning_rates import find_learning_rate

        return find_learning_rate(TASKS[config.task].load(), config, progress)


class TrainingSession:
    """The training of one run by this process: it owns the run's lock, a turn and a recorder.

    The loop's events come to `handle`, in the thread that trains. There they are recorded and
    passed on; if nobody listens any more, the run is interrupted. What other processes ask for is
    done in the recorder's thread.
    """

    def __init__(
        self,
        run_id: str,
        name: str,
        config: RunConfig,
        lock: RunLock,
        *,
        resumed: RunRecord | None = None,
        emit: Emit,
        control: Control,
        on_unsaved: OnUnsaved,
    ) -> None:
        self._run_id = run_id
        self._name = name
        self._config = config
        #: given back at the end; an unsaved run keeps it, and leaves an empty one here.
        self._lock = lock
        #: the run as it was before, if it is not new.
        self._resumed = resumed
        self._emit = emit
        self._control = control
        self._on_unsaved = on_unsaved
        self._turn = Turn()
        self._recorder = Recorder(run_database(), run_id, config, name, resumed=resumed is not None)
        self._recorder.meanwhile = self._obey_requests
        self._watch = MachineWatch()
        #: the last event, once the run has finished or was stopped.
        self._end: End | None = None
        #: why `emit` failed, if it did: then nobody listens.
        self._emit_error: OSError | None = None
        #: warnings of failures to write; none is repeated.
        self._warnings: set[str] = set()
        #: log lines on requests that were done, from the recorder's thread.
        self._reports: deque[str] = deque()
        #: whether the last request was to pause.
        self._paused_by_request = False

    def run(self) -> "Outcome | None":
        """Train once it is this process's turn, and wait until all is written or passed on.

        Returns:
            what `fit` returns; None if the run is stopped before its turn comes.
        """
        try:
            if not self._take_turn():
                self._stop_before_turn()
                return None
            outcome = self._fit()
            self._save_rest(outcome)
        finally:
            self._recorder.close()
            self._forget_requests()
            self._lock.release()
            self._turn.give_back()
        if self._emit_error is not None:
            raise self._emit_error
        return outcome

    def handle(self, event: events.Event) -> None:
        """Record an event and pass it on, after log lines on the requests that were carried out."""
        while self._reports:
            self.handle(events.LogLine(self._run_id, self._reports.popleft(), "warning"))
        if isinstance(event, events.RunPaused):
            self._turn.give_back()
        elif isinstance(event, events.RunResumed):
            self._take_turn()  # if the run is stopped meanwhile, the loop ends it after this
        elif isinstance(event, End):
            self._end = event
        self._recorder.take(event)
        try:
            self._pass_on(event)
        except OSError as error:
            self._emit_error = error
            self._control.stop(interrupted=True)
        machine_seen = self._watch.after(event)
        if machine_seen is not None:
            self.handle(machine_seen)

    def _pass_on(self, event: events.Event) -> None:
        self._warn(self._recorder.problem)
        if isinstance(event, events.LogLine) and event.topic == "keeping":
            self._warn(event.text)
        else:
            self._emit(event)

    def _warn(self, text: str) -> None:
        """Say what can't be written, unless that was said before."""
        if text and text not in self._warnings:
            self._warnings.add(text)
            self._emit(events.LogLine(self._run_id, text, "warning", "keeping"))

    def _take_turn(self) -> bool:
        """Wait for the turn to train; False if the run is stopped before it comes."""
        return self._turn.take(self._control, self._report_place)

    def _report_place(self, before: int) -> None:
        self.handle(events.TurnAwaited(self._run_id, before))

    def _stop_before_turn(self) -> None:
        step, elapsed = 0, 0.0
        if self._resumed is not None:
            step, elapsed = self._resumed.step, self._resumed.elapsed
        self.handle(events.RunStopped(self._run_id, step, elapsed, self._control.interrupted))

    def _fit(self) -> "Outcome":
        problem = TASKS[self._config.task].load()  # if that fails, nothing has changed
        resume_point = None if self._resumed is None else self._resume_point()
        from rnn_tui.engine.training.loop import fit  # torch, on use only

        return fit(
            problem,
            self._config,
            self.handle,
            self._control,
            run_id=self._run_id,
            checkpoint_path=weights_of(self._run_id),
            resume=resume_point,
            before_checkpoint=self._recorder.flush,
        )

    def _resume_point(self) -> "ResumePoint | None":
        """Load the point from which the run is resumed; None if it has no checkpoint.

        Raises:
            CheckpointError: its checkpoint can't be read.
        """
        from rnn_tui.engine.training.training_state import load_resume_point  # torch

        path = weights_of(self._run_id)
        remove_temporary(path)
        if not path.exists():
            return None
        return load_resume_point(path, self._run_id, self._config)

    def _save_rest(self, outcome: "Outcome") -> None:
        """Write what is still to be written; what can't be goes to `on_unsaved`, with the lock."""
        recorder = self._recorder
        if not recorder.close():
            self._warn(recorder.problem or "The last values of the run could not be kept in time.")
        late_end = self._end if self._end is not None and not self._end.kept else None
        unsaved = UnsavedRun(
            self._run_id,
            self._name,
            recorder,
            checkpoint=outcome.unwritten,
            end=late_end,
            lock=self._lock,
            emit=self._emit,
        )
        if not unsaved.saved:
            self._lock = RunLock()
            unsaved.begin()
            self._on_unsaved(unsaved)

    def _obey_requests(self) -> None:
        """Do what other processes ask for; runs in the recorder's thread."""
        for word in take_requests(self._run_id):
            action = _ACTIONS[word]
            self._paused_by_request = word == "pause"
            self._reports.append(action.report.format(self._run_id))
            action.apply(self._control)

    def _forget_requests(self) -> None:
        """Drop requests that came too late, and end a pause that was requested.

        Otherwise an old pause would stop the run when it is resumed, and a paused control would
        stop the next run that is trained with it.
        """
        take_requests(self._run_id)
        if self._paused_by_request:
            self._control.resume()
