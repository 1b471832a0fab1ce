"""Weights on disk: safetensors, never pickle; a crash leaves the old file or the new one.

`weights_file` reads them without torch.
"""

import glob
import json
import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.training_state import TrainingState, digest
from rnn_tui.engine.weights_file import FORMAT, METADATA_KEY, TRAINING_PREFIX, read_weights


@dataclass(frozen=True)
class Checkpoint:
    """Weights with what they are.

    Attributes:
        config: the settings of the run that made them.
        weights: parameters by name, on the CPU.
        step: steps trained.
        metrics: what was measured with these weights, as far as known.
        training: what a run that is not at its end needs to go on from here.
    """

    config: RunConfig
    weights: Mapping[str, Tensor]
    step: int
    metrics: Figures
    training: TrainingState | None = None


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`, by way of a temporary file in the same folder.

    Raises:
        CheckpointError: if the file can't be written.
    """
    tensors = {name: tensor.contiguous() for name, tensor in checkpoint.weights.items()}
    if checkpoint.training is not None:
        for name, tensor in checkpoint.training.tensors.items():
            tensors[f"{TRAINING_PREFIX}{name}"] = tensor.contiguous()
    about: dict[str, Any] = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "step": checkpoint.step,
        "metrics": dict(checkpoint.metrics),
    }
    if checkpoint.training is not None:
        about |= {"training": checkpoint.training.to_dict(), "digest": digest(tensors)}
    try:
        data = save(tensors, metadata={METADATA_KEY: json.dumps(about)})
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise CheckpointError(
            f"The weights can't be written to {printable(path, 200)} ({error.strerror}); "
            "free some space there, or choose another place (RNN_TUI_HOME moves all runs)."
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`: readers see the old contents or the new, never a part.

    Raises:
        OSError: as the file system does; no temporary file is left then.
    """
    # Not by `tempfile`, whose files nobody else may read: these are ordinary ones.
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        with suppress(OSError):  # what went wrong first is what the caller must know
            temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def remove_temporary(path: Path) -> None:
    """Remove what a process left that was killed while it wrote `path`."""
    with suppress(OSError):
        for temporary in path.parent.glob(f".{glob.escape(path.name)}.*"):
            temporary.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Bring a new name in a folder to the disk, where the system can: the file is there already."""
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if it is missing, damaged, or not one of ours.
    """
    file = read_weights(path)
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    return Checkpoint(file.config, weights, file.step, file.metrics)
