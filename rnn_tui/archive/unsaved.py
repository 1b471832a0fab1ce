"""Runs that could not be saved when they ended, as on a full disk.

Such a run stays in memory, and a thread of its own tries to save it until there is room, or until
the command or the app ends.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import replace
from typing import TYPE_CHECKING

from rnn_tui.engine import waits
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.files.paths import data_dir, weights_of

if TYPE_CHECKING:
    from rnn_tui.archive.locks import RunLock
    from rnn_tui.archive.recorder import Recorder, Spill
    from rnn_tui.engine import events
    from rnn_tui.engine.training.checkpoint import Checkpoint

FIRST_PAUSE = 0.5  # seconds before the next try, doubled after each
LONGEST_PAUSE = 15.0  # seconds
PATIENCE = 1.5  # seconds that a command waits at its end: time for three tries
SECONDS_FOR_LAST_TRY = 15.0
logger = logging.getLogger(__name__)


class UnsavedRun:
    """A run of which something is not on the disk; nobody else can resume it meanwhile.

    Args:
        run_id: its id.
        name: its name.
        recorder: has its values; closed.
        checkpoint: its last weights, if they are not written.
        end: the event of its end, if it must not be written before the weights.
        lock: the run's lock, released once it is saved or given up.
        emit: gets the event that its weights are written.
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
        self._values: Spill | None = None  #: what the database lacks, once that was asked for.
        self._over = threading.Event()  #: set before the last try.
        self._thread = threading.Thread(
            target=copy_context().run, args=(self._keep_trying,), name="keeping", daemon=True
        )

    @property
    def saved(self) -> bool:
        """Whether everything is on the disk."""
        if self._checkpoint is not None or self._end is not None:
            return False
        return not (self._recorder.lost or self._recorder.busy)

    def begin(self) -> None:
        """Start the thread that tries to save it, again and again."""
        self._thread.start()

    def wait_until_saved(self, seconds: float) -> None:
        """Wait until it is saved, but no longer than so many seconds."""
        waits.join(self._thread, seconds)

    def finish(self, seconds: float = SECONDS_FOR_LAST_TRY) -> bool:
        """Try a last time, for so many seconds, then give up; returns whether it is saved."""
        self._over.set()
        self.wait_until_saved(seconds)
        return self.saved

    def _keep_trying(self) -> None:
        """Try until the weights are saved, and a last time after `finish`; runs in the thread."""
        pause = FIRST_PAUSE
        try:
            while not self.saved:
                over = waits.wait(
                    self._over.wait, "the next try to keep a run", pause, by_design=True
                )
                self._try_to_save()
                if over:
                    break
                pause = min(2 * pause, LONGEST_PAUSE)
        finally:
            self._lock.release()

    def _try_to_save(self) -> None:
        try:
            self._save()
        except (StoreError, CheckpointError, OSError) as error:
            logger.info("run %s can't be kept yet: %s", self.run_id, error)
        if self.saved:
            logger.info("run %s is kept now", self.run_id)

    def _save(self) -> None:
        """Write the values, then the weights, then the end: each is of use only after the former.

        Raises:
            CheckpointError, OSError, StoreError: one can't be written; those before it are.
        """
        from rnn_tui.engine import events  # on use only
        from rnn_tui.engine.training.checkpoint import save_checkpoint  # torch

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
            end = replace(self._end, kept=True)
            _recorded(replace(values, events=(*values.events, end)))
            self._end = None

    @property
    def waiting_sentence(self) -> str:
        """While it is only in memory: what the user can do."""
        return (
            f"Run {printable(self.name, 80)} is kept in memory, not yet on the disk: free some "
            f"space for {printable(data_dir(), 200)}, and it will be kept there."
        )

    @property
    def loss_sentence(self) -> str:
        """A sentence on what is lost after giving up, and on what the user can do."""
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


# gets a run that can't be saved for now, in the thread that trained it
OnUnsaved = Callable[[UnsavedRun], object]


def give_up(runs: Sequence[UnsavedRun]) -> list[str]:
    """Wait for runs as long as a command may, then give up; a sentence for each lost run."""
    deadline = time.monotonic() + PATIENCE
    for run in runs:
        run.wait_until_saved(deadline - time.monotonic())
    return [run.loss_sentence for run in runs if not run.finish()]


def _recorded(values: "Spill") -> "Spill":
    """Write values into the database, or else into a file.

    Returns:
        The values that the database lacks then.

    Raises:
        OSError: neither can be written.
    """
    from rnn_tui.archive.recorder import spill_file, write_spill  # on use only
    from rnn_tui.archive.store import RunStore

    with suppress(StoreError), RunStore() as store:
        store.record(values)
        spill_file(values.run_id).unlink(missing_ok=True)
        return replace(values, events=())
    write_spill(values)
    return values
