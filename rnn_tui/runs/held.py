"""What of a run could not be kept when it ended, as on a full disk: held in memory until there is
room, or the process ends.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.paths import data_dir, weights_of

if TYPE_CHECKING:
    from rnn_tui.engine import events
    from rnn_tui.engine.checkpoint import Checkpoint
    from rnn_tui.runs.locks import RunLock
    from rnn_tui.runs.recorder import Recorder, Spill

# for a command, which can't wait for long: how often, and how many seconds apart
TRIES, SECONDS_BETWEEN_TRIES = 3, 0.5
# for the app: seconds until the next try, doubled each time up to the longest
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
logger = logging.getLogger(__name__)


@dataclass
class HeldRun:
    """A run of which something is not on the disk; nobody else can go on with it meanwhile."""

    run_id: str  #: its id.
    name: str  #: what it is called.
    recorder: "Recorder"  #: has its values; closed.
    checkpoint: "Checkpoint | None"  #: its last weights, if they are not written.
    #: what says that it is over, if that must wait for its weights.
    end: "events.RunFinished | events.RunStopped | None"
    lock: "RunLock"  #: the right to write it.
    emit: "Callable[[events.Event], object]"  #: takes the news that its weights are written.
    _values: "Spill | None" = field(default=None, init=False)

    @property
    def complete(self) -> bool:
        """Whether there is nothing to keep."""
        return (
            self.checkpoint is None
            and self.end is None
            and not (self.recorder.lost or self.recorder.busy)
        )

    def keep(self) -> bool:
        """Try to keep it; returns whether all of it is on the disk now."""
        try:
            self._keep()
        except (StoreError, CheckpointError, OSError) as error:
            logger.info("run %s can't be kept yet: %s", self.run_id, error)
        if self.complete:
            self.lock.release()
        return self.complete

    def _keep(self) -> None:
        """Write values, then weights, then that it is over: what is there builds on the former."""
        from rnn_tui.engine import events  # noqa: PLC0415 - on use only
        from rnn_tui.engine.checkpoint import save_checkpoint  # noqa: PLC0415 - torch

        recorder = self.recorder
        recorder.close()
        if recorder.busy:
            return
        values = self._values or recorder.lacking()
        if recorder.lost:
            self._values = values = _recorded(values)
            recorder.lost, recorder.listed = False, True
        if self.checkpoint is not None:
            path, step = weights_of(self.run_id), self.checkpoint.step
            save_checkpoint(path, self.checkpoint)
            self.checkpoint = None
            self.emit(events.CheckpointSaved(self.run_id, step, str(path)))
        if self.end is not None:
            _recorded(replace(values, events=(*values.events, replace(self.end, kept=True))))
            self.end = None

    @property
    def hope(self) -> str:
        """While it is held: what the user can do."""
        where = f"free some space for {printable(data_dir(), 200)}, and it will be kept there"
        return f"Run {printable(self.name, 80)} is kept in memory, not yet on the disk: {where}."

    @property
    def loss(self) -> str:
        """Where it can't be held any longer: what is lost, and what the user can do."""
        name, path = printable(self.name, 80), weights_of(self.run_id)
        first = f"free some space for {printable(data_dir(), 200)}"
        if not self.recorder.listed:
            where = f"; weights of it are in {printable(path, 200)}" if path.is_file() else ""
            return f"Run {name} could not be kept; {first}, then train it again{where}."
        if self.checkpoint is not None:
            goes = (
                "goes on from its last checkpoint"
                if path.is_file()
                else "trains it from the beginning"
            )
            again = f"rnn-tui train --resume {self.run_id} {goes}"
            return f"The last weights of run {name} could not be kept; {first}, then {again}."
        return f"Values of run {name} could not be kept; {first} before others are lost as well."


def _recorded(values: "Spill") -> "Spill":
    """Bring values into the database, or else into a file; returns what the former lacks, or an
    OSError for neither.
    """
    from rnn_tui.runs.recorder import spill_file, write_spill  # noqa: PLC0415 - on use only
    from rnn_tui.runs.store import RunStore  # noqa: PLC0415

    with suppress(StoreError), RunStore() as store:
        store.record(values)
        spill_file(values.run_id).unlink(missing_ok=True)
        return replace(values, events=())
    write_spill(values)
    return values


class HeldRuns(list[HeldRun]):
    """The runs of this process that could not be kept so far; any thread may use it."""

    def __init__(self) -> None:
        super().__init__()
        self._keeping = threading.Lock()

    def __iter__(self) -> Iterator[HeldRun]:
        return iter(self[:])  # others may be added or removed meanwhile

    def keep(self) -> None:
        """Try once to keep each; those that are kept are let go of."""
        with self._keeping:
            for run in self:
                if run.keep():
                    logger.info("run %s is kept now", run.run_id)
                    self.remove(run)

    def keep_until(self, end: threading.Event) -> None:
        """Try to keep each until all are kept, and once more when `end` is set."""
        pause = FIRST_PAUSE
        while self:
            over = end.wait(pause)
            self.keep()
            if over:
                break
            pause = min(2 * pause, LONGEST_PAUSE)

    def insist(self) -> list[str]:
        """Try a few times, then let go of them; returns what is lost, a sentence for each."""
        for _ in range(TRIES):
            if self:
                time.sleep(SECONDS_BETWEEN_TRIES)
                self.keep()
        return self.let_go()

    def let_go(self) -> list[str]:
        """Hold nothing any more; returns what is lost, a sentence for each."""
        with self._keeping:
            runs = self[:]
            self.clear()
        for run in runs:
            run.lock.release()
        return [run.loss for run in runs]


HELD = HeldRuns()
