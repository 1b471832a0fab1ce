"""Weights on disk: safetensors, never pickle; a crash leaves the old file or the new one.

The settings and figures of the run travel in the file's metadata, so that a checkpoint explains
itself and is refused where it does not belong.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, SettingError, printable

FORMAT = 1
_KEY = "rnn_tui"


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
    metrics: Mapping[str, float]


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
        metadata={_KEY: json.dumps(about)},
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)
    except OSError as error:
        raise CheckpointError(
            f"The weights can't be written to {printable(path, 200)} ({error.strerror}); "
            "free some space there or set RNN_TUI_HOME to another folder."
        ) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path`: readers see the old contents or the new, never a part.

    Raises:
        OSError: as the file system does; no temporary file is left then.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: if it is missing, damaged, or not one of ours.
    """
    shown = printable(path, 200)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            about: Any = json.loads((file.metadata() or {}).get(_KEY, "null"))
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, RecursionError) as error:
        raise CheckpointError(
            f"The weights in {shown} can't be read ({printable(error, 100)}); train them anew."
        ) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(f"{shown} was not written by this version of rnn-tui.")
    try:
        config = RunConfig.from_dict(about["config"])
        return Checkpoint(config, weights, int(about["step"]), dict(about["metrics"]))
    except (KeyError, TypeError, ValueError, OverflowError, SettingError) as error:
        raise CheckpointError(f"{shown} does not say how its weights were trained.") from error
