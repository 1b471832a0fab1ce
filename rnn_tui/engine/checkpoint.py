"""Weights on disk: safetensors, never pickle; a crash leaves the old file or the new one.

`weights_file` reads them without torch.
"""

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.metrics import Figures
from rnn_tui.engine.weights_file import FORMAT, METADATA_KEY, read_weights


@dataclass(frozen=True)
class Checkpoint:
    """Weights with what they are.

    Attributes:
        config: the settings of the run that made them.
        weights: parameters by name, on the CPU.
        step: steps trained.
        metrics: what was measured with these weights, as far as known.
    """

    config: RunConfig
    weights: Mapping[str, Tensor]
    step: int
    metrics: Figures


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`, by way of a temporary file in the same folder.

    Raises:
        CheckpointError: if the file can't be written.
    """
    about = {
        "format": FORMAT,
        "config": checkpoint.config.to_dict(),
        "step": checkpoint.step,
        "metrics": dict(checkpoint.metrics),
    }
    data = save(
        {name: tensor.contiguous() for name, tensor in checkpoint.weights.items()},
        metadata={METADATA_KEY: json.dumps(about)},
    )
    try:
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
        temporary.unlink(missing_ok=True)
        raise


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if it is missing, damaged, or not one of ours.
    """
    file = read_weights(path)
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    return Checkpoint(file.config, weights, file.step, file.metrics)
