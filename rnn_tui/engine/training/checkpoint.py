"""Weights on disk: safetensors, never pickle; a crash leaves the old file or the new one.

`weights_file` reads them without torch. A slow disk must not hold up the loop: while a run trains,
its checkpoints are written by a thread of their own, one at a time and in order.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from rnn_tui.engine import waits
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.files.atomic import write_file
from rnn_tui.engine.files.weights_file import (
    FORMAT,
    HISTORY_PREFIX,
    TRAINING_PREFIX,
    read_weights,
    sealed,
)
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training.training_state import TrainingState


@dataclass(frozen=True)
class Checkpoint:
    """Weights with the settings and figures that describe them."""

    config: RunConfig  #: the settings of the run that made them.
    weights: Mapping[str, Tensor]  #: parameters by name, on the CPU.
    step: int  #: steps trained.
    metrics: Figures  #: what was measured with these weights, as far as known.
    #: the state from which an unfinished run is resumed.
    training: TrainingState | None = None
    #: the tensors of `history.TrainingHistory`, by name, on the CPU.
    snapshots: Mapping[str, Tensor] = field(default_factory=dict)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        CheckpointError: if that can't be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, checkpoint_bytes(checkpoint))
    except OSError as error:
        raise CheckpointError(
            f"The weights can't be written to {printable(path, 200)} ({error.strerror}); "
            "free some space there, or choose another place (RNN_TUI_HOME moves all runs)."
        ) from error


def checkpoint_bytes(checkpoint: Checkpoint) -> bytes:
    """Return the contents of a checkpoint's file."""
    tensors = dict(checkpoint.weights)
    for name, tensor in checkpoint.snapshots.items():
        tensors[f"{HISTORY_PREFIX}{name}"] = tensor
    if checkpoint.training is not None:
        for name, tensor in checkpoint.training.tensors.items():
            tensors[f"{TRAINING_PREFIX}{name}"] = tensor
    tensors = {name: tensor.contiguous() for name, tensor in tensors.items()}
    metadata: dict[str, Any] = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "step": checkpoint.step,
        "metrics": dict(checkpoint.metrics),
    }
    if checkpoint.training is not None:
        metadata["training"] = checkpoint.training.to_dict()
    return save(tensors, metadata=sealed(metadata, tensors))


def load_checkpoint(path: Path) -> Checkpoint:
    """Read the weights of a checkpoint, and what they are.

    Raises:
        CheckpointError: if it is missing, damaged, or not one of ours.
    """
    file = read_weights(path)
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    return Checkpoint(file.config, weights, file.step, file.metrics)


# The step of a checkpoint, and why it could not be written; None if it was.
WriteResult = tuple[int, CheckpointError | None]


class CheckpointWriter:
    """Writes one run's checkpoints in a thread, each in the place of the previous one."""

    def __init__(self, path: Path, before: Callable[[], object]) -> None:
        """Write to `path`.

        `before` is called in the writing thread before a file is replaced: what was logged up to
        that checkpoint must be on disk then, or a run that is resumed from it would miss that.
        """
        self.path = path
        self._before = before
        self._pool = ThreadPoolExecutor(1, "checkpoint")
        self._pending: list[Future[WriteResult]] = []
        #: the last checkpoint, if it could not be written.
        self.unwritten: Checkpoint | None = None

    def submit(self, checkpoint: Checkpoint) -> None:
        """Begin to write a checkpoint, once the previous one is written."""
        self.wait_until_written()
        self._pending.append(self._pool.submit(self._write, checkpoint))

    def wait_until_written(self) -> None:
        """Wait until all is written."""
        waits.wait(
            lambda seconds: not wait(self._pending, seconds).not_done, f"the disk of {self.path}"
        )

    def take_results(self) -> list[WriteResult]:
        """Return what has been written, or could not be, since the last call."""
        done = [future for future in self._pending if future.done()]
        self._pending = self._pending[len(done) :]  # only the last may not be done
        return [future.result(0) for future in done]

    def close(self) -> None:
        """Wait, and end the thread."""
        with waits.Waiting(f"the last write of {self.path}"):
            self._pool.shutdown()

    def _write(self, checkpoint: Checkpoint) -> WriteResult:
        try:
            self._before()
            save_checkpoint(self.path, checkpoint)
        except CheckpointError as error:
            self.unwritten = checkpoint
            return checkpoint.step, error
        self.unwritten = None
        return checkpoint.step, None
