"""Train a run in this process until its end, with a bar, for scripts and notebooks."""

import signal

from rnn_tui.api.progress import TrainingProgress, say
from rnn_tui.archive import training
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.unsaved import UnsavedRun, give_up
from rnn_tui.engine.errors import TrainingError
from rnn_tui.engine.events import Control, Event, LogLine
from rnn_tui.engine.files.paths import is_unstored
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.state import RunState, Status


class WatchedTraining:
    """The training of one run in this process, watched until it ends.

    Args:
        state: how far the run is.
        name: what to call a new run; None for an automatic name.
        resumed: the run to resume; None for a new one.
        progress: whether to show a bar.
    """

    def __init__(
        self,
        state: RunState,
        *,
        name: str | None = None,
        resumed: RunRecord | None = None,
        progress: bool,
    ) -> None:
        self._state = state
        self._name = name
        self._resumed = resumed
        self._bar = TrainingProgress(shown=progress)
        self._control = Control()
        #: warnings, said once the bar is gone.
        self._warnings: list[str] = []

    def run(self) -> None:
        """Train until the end, and store the run.

        Raises:
            TrainingError: the training failed, or the run could not be stored.
            KeyboardInterrupt: Ctrl-C, once the checkpoint is kept.
        """
        unsaved: list[UnsavedRun] = []
        interrupts = [signal.SIGINT]
        with stopping_on_signals(self._control.stop_by_signal, interrupts) as received, self._bar:
            if self._resumed is None:
                training.train(
                    self._state.config,
                    self._take,
                    self._control,
                    self._state.run_id,
                    name=self._name,
                    on_unsaved=unsaved.append,
                )
            else:
                training.resume(self._resumed, self._take, self._control, on_unsaved=unsaved.append)
        for warning in dict.fromkeys(self._warnings):
            say(warning)
        losses = give_up(unsaved)
        if losses:
            raise TrainingError(" ".join(losses))
        if self._state.status is Status.FAILED:
            raise TrainingError(self._state.message)
        if received and self._state.status is Status.STOPPED:
            with RunStore() as store:
                run = store.find(self._state.run_id)
            kept = "kept until this process ends" if is_unstored(run.run_id) else "stored"
            say(
                f"Run {run.name} is stopped at step {self._state.step:,} and {kept}; "
                f'rnn_tui.Run("{run.run_id}").resume() goes on.'
            )
            raise KeyboardInterrupt

    def _take(self, event: Event) -> None:
        """Take an event of the training loop."""
        self._state = self._state.apply(event)
        if isinstance(event, LogLine) and event.level == "warning":
            self._warnings.append(event.text)
        self._bar.show(self._state)
