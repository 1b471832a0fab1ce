"""Writing checkpoints beside training: a slow disk must not hold up the loop.

One is written at a time, in order; the loop waits only where it has the next one ready before the
last one is on disk.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.checkpoint import Checkpoint, save_checkpoint
from rnn_tui.engine.errors import CheckpointError


@dataclass(frozen=True)
class Written:
    """How writing a checkpoint ended.

    Attributes:
        step: the steps that were done.
        error: why it could not be written, or None.
    """

    step: int
    error: CheckpointError | None = None


class CheckpointWriter:
    """Writes one run's checkpoints to `path`.

    Args:
        path: the file, replaced by each.
        before: called in the writing thread before a file is replaced; what was logged up to that
            checkpoint must be on disk then, or a run resumed from it would miss that.
    """

    def __init__(self, path: Path, before: Callable[[], object]) -> None:
        self.path = path
        self._before = before
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._writing: Future[Written] | None = None
        self._news: list[Written] = []

    def submit(self, checkpoint: Checkpoint) -> None:
        """Begin to write a checkpoint, once the one before is written."""
        self.wait()
        self._writing = self._pool.submit(self._write, checkpoint)

    def wait(self) -> None:
        """Wait until all is written."""
        if self._writing is not None:
            self._news.append(self._writing.result())
            self._writing = None

    def news(self) -> list[Written]:
        """What has been written, or could not be, since the last call."""
        if self._writing is not None and self._writing.done():
            self.wait()
        news, self._news = self._news, []
        return news

    def close(self) -> None:
        """Wait, and end the thread."""
        self.wait()
        self._pool.shutdown()

    def _write(self, checkpoint: Checkpoint) -> Written:
        try:
            self._before()
            save_checkpoint(self.path, checkpoint)
        except CheckpointError as error:
            return Written(checkpoint.step, error)
        return Written(checkpoint.step)
