"""What of a run could not be kept when it ended, as on a full disk: held in memory until there is
room, or until nobody waits for that any longer.

Whoever has a run trained says who holds it; each one that is held has a thread that tries to keep
it.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.paths import data_dir, weights_of

if TYPE_CHECKING:
    from rnn_tui.engine import events
    from rnn_tui.engine.checkpoint import Checkpoint
    from rnn_tui.runs.locks import RunLock
    from rnn_tui.runs.recorder import Recorder, Spill

# seconds until the next try, doubled each time up to the longest
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
PATIENCE = 1.5  # of a command, in seconds: time for three tries
SECONDS_FOR_LAST_TRY = 15.0
logger = logging.getLogger(__name__)


class UnsavedRun:
    """A run of which something is not on the disk; nobody else can go on with it meanwhile.

    Args:
        run_id: its id.
        name: what it is called.
        recorder: has its values; closed.
        checkpoint: its last weights, if they are not written.
        end: what says that it is over, if that must wait for its weights.
        lock: the right to write it.
        emit: takes the news that its weights are written.
    """

    def __init__(
        self,
        run_id: str,
        name: str,
        recorder: "Recorder",
        *,
        checkpoint: "Checkpoint | None",
        end: "events.RunFinished | events.RunStopped | None",
        lock: "RunLock",
        emit: "Callable[[events.Event], object]",
    ) -> None:
        self.run_id = run_id
        self.name = name
        self._recorder = recorder
        self._checkpoint = checkpoint
        self._end = end
        self._lock = lock
        self._emit = emit
        self._values: Spill | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep_trying, name="keeping", daemon=True)

    @property
    def saved(self) -> bool:
        """Whether all of it is on the disk."""
        lacks_weights = self._checkpoint is not None or self._end is not None
        return not (lacks_weights or self._recorder.lost or self._recorder.busy)

    def begin(self) -> None:
        """Try to keep it, again and again, in a thread."""
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until it is kept, but no longer than this."""
        self._thread.join(max(0.0, seconds))

    def finish(self, seconds: float = SECONDS_FOR_LAST_TRY) -> bool:
        """Try a last time, for so long, and let go of it; returns whether it is kept."""
        self._over.set()
        self.wait(seconds)
        return self.saved

    def _keep_trying(self) -> None:
        """In the thread: try until it is kept, and once more when it is over."""
        pause = FIRST_PAUSE
        try:
            while not self.saved:
                over = self._over.wait(pause)
                self._try_to_keep()
                if over:
                    break
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._lock.release()

    def _try_to_keep(self) -> None:
        try:
            self._keep()
        except (StoreError, CheckpointError, OSError) as error:
            logger.info("run %s can't be kept yet: %s", self.run_id, error)
        if self.saved:
            logger.info("run %s is kept now", self.run_id)

    def _keep(self) -> None:
        """Write values, then weights, then that it is over: what is there builds on the former."""
        from rnn_tui.engine import events  # noqa: PLC0415 - on use only
        from rnn_tui.engine.checkpoint import save_checkpoint  # noqa: PLC0415 - torch

        recorder = self._recorder
        recorder.close()
        if recorder.busy:
            return
        values = self._values or recorder.lacking()
        if recorder.lost:
            values = _recorded(values)
            self._values = values
            recorder.lost = False
            recorder.listed = True
        if self._checkpoint is not None:
            path = weights_of(self.run_id)
            step = self._checkpoint.step
            save_checkpoint(path, self._checkpoint)
            self._checkpoint = None
            self._emit(events.CheckpointSaved(self.run_id, step, str(path)))
        if self._end is not None:
            _recorded(replace(values, events=(*values.events, replace(self._end, kept=True))))
            self._end = None

    @property
    def waiting_sentence(self) -> str:
        """While it is held: what the user can do."""
        where = f"free some space for {printable(data_dir(), 200)}, and it will be kept there"
        return f"Run {printable(self.name, 80)} is kept in memory, not yet on the disk: {where}."

    @property
    def loss_sentence(self) -> str:
        """Where it can't be held any longer: what is lost, and what the user can do."""
        name = printable(self.name, 80)
        path = weights_of(self.run_id)
        remedy = f"free some space for {printable(data_dir(), 200)}"
        if not self._recorder.listed:
            weights = f"; weights of it are in {printable(path, 200)}" if path.is_file() else ""
            return f"Run {name} could not be kept; {remedy}, then train it again{weights}."
        if self._checkpoint is None:
            return (
                f"Values of run {name} could not be kept; {remedy} before others are lost as well."
            )
        command = f"rnn-tui train --resume {self.run_id}"
        if path.is_file():
            again = f"{command} goes on from its last checkpoint"
        else:
            again = f"{command} trains it from the beginning"
        return f"The last weights of run {name} could not be kept; {remedy}, then {again}."


# takes a run that can't be kept for now, in the thread that trained it
OnUnsaved = Callable[[UnsavedRun], object]


def give_up(runs: Sequence[UnsavedRun]) -> list[str]:
    """Wait for runs as long as a command may, then let go of them; a sentence for each lost one."""
    until = time.monotonic() + PATIENCE
    for run in runs:
        run.wait(until - time.monotonic())
    return [run.loss_sentence for run in runs if not run.finish()]


def _recorded(values: "Spill") -> "Spill":
    """Bring values into the database, or else into a file.

    Returns:
        what the database lacks then.

    Raises:
        OSError: neither can be written.
    """
    from rnn_tui.runs.recorder import spill_file, write_spill  # noqa: PLC0415 - on use only
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415

    with suppress(StoreError), RunStore() as store:
        store.record(values)
        spill_file(values.run_id).unlink(missing_ok=True)
        return replace(values, events=())
    write_spill(values)
    return values
