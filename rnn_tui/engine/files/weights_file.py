"""Reading weights without torch: for answers at once, where loading torch would take seconds.

The files are safetensors, never pickle. Settings and figures of the run that made them travel in
the metadata, so that a file explains itself and is refused if it does not belong. A seal finds what
was changed since it was written; files of earlier versions have none.
"""

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import CheckpointError, SettingError, printable, why
from rnn_tui.engine.files.atomic import check_regular
from rnn_tui.engine.files.seal import check_seal, seal_of
from rnn_tui.engine.files.tensor_header import read_header
from rnn_tui.engine.metrics import Figures

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FORMAT = 1
METADATA_KEY = "rnn_tui"
SEAL = "seal"  # entry of the metadata
SEALED = "sealed"  # entry of the metadata: a file whose seal is gone is none of an earlier version
MOST_STEPS = 2**53
MOST_BYTES = 8 * 2**30  # of the tensors that are read at a time
# What the names of other arrays in the file begin with.
TRAINING_PREFIX = "training/"  # what a run that is not at its end needs to be resumed
HISTORY_PREFIX = "film/"  # snapshots of the training: see `history`
# Besides SafetensorError. AttributeError and TypeError: numbers of a kind that NumPy does not have.
UNREADABLE = (OSError, AttributeError, TypeError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True)
class WeightsFile:
    """Weights with what they are."""

    config: RunConfig  #: the settings of the run that made them.
    arrays: "Mapping[str, npt.NDArray[np.float32]]"  #: parameters by name.
    step: int  #: steps trained.
    metrics: Figures  #: what was measured with these weights, as far as known.


def read_weights(path: Path) -> WeightsFile:
    """Read a file of weights.

    Raises:
        CheckpointError: if it is missing, damaged, or not one of ours.
    """
    metadata, arrays = read_tensors(path, _is_weight)
    config, step, metrics = parse_metadata(metadata, printable(path, 200))
    return WeightsFile(config, arrays, step, metrics)


def read_description(path: Path) -> tuple[RunConfig, int, Figures]:
    """Read settings, step and figures of a file of weights, without the weights.

    Raises the same errors.
    """
    metadata, _ = read_tensors(path, lambda _: False)
    return parse_metadata(metadata, printable(path, 200))


def _is_weight(name: str) -> bool:
    return not name.startswith((TRAINING_PREFIX, HISTORY_PREFIX))


def sealed(metadata: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, str]:
    """Return the text in the header of a file of tensors: its metadata, with a seal on all of it.

    It is one text, since safetensors writes several in any order.

    Args:
        metadata: JSON-ready values.
        tensors: all that are written, of NumPy, or of torch on the CPU.
    """
    sealed_metadata = {SEALED: True, **metadata}
    seal = seal_of(sealed_metadata, tensors)
    return {METADATA_KEY: json.dumps({**sealed_metadata, SEAL: seal})}


def read_tensors(
    path: Path,
    wanted: Callable[[str], bool],
    framework: str = "np",
    refusal: str = "The weights in {} can't be read ({}); train them again.",
) -> tuple[Any, dict[str, Any]]:
    """Read a file of weights as it is.

    Args:
        path: the file.
        wanted: whether the tensor of a name is to be read.
        framework: whose the tensors are to be: NumPy's (`np`) or torch's (`pt`).
        refusal: what an error says, with braces for path and reason.

    Returns:
        The metadata, JSON-ready, and the tensors by name.

    Raises:
        CheckpointError: if it can't be read, or is not as it was written.
    """
    from safetensors import SafetensorError, safe_open  # on use only

    try:
        check_regular(path)
        _check_header(path, wanted)
        with safe_open(path, framework=framework) as file:
            texts = file.metadata() or {}
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names if wanted(name)}
        metadata: Any = json.loads(texts.get(METADATA_KEY, "null"))
        if is_sealed(metadata):
            check_seal(metadata.pop(SEAL, None), metadata, names, tensors)
        if framework == "np":
            _check_kinds(tensors.values())
        return metadata, tensors
    except (SafetensorError, *UNREADABLE) as error:
        raise CheckpointError(refusal.format(printable(path, 200), why(error))) from error


def _check_header(path: Path, wanted: Callable[[str], bool]) -> None:
    """Raise `ValueError` unless a file's header fits it, and what is wanted fits into memory."""
    with path.open("rb") as file:
        header = read_header(file, os.fstat(file.fileno()).st_size)
    size = sum(entry.end - entry.start for entry in header.tensors if wanted(entry.name))
    if size > MOST_BYTES:
        raise ValueError(f"they are larger than {MOST_BYTES // 2**30} GiB")


def is_sealed(metadata: Any) -> bool:
    """Return whether a file's metadata says that the file has a seal, or has one."""
    return isinstance(metadata, dict) and (SEALED in metadata or SEAL in metadata)


def _check_kinds(arrays: "Iterable[npt.NDArray[Any]]") -> None:
    """Raise `TypeError` for numbers of a kind that a library has added to NumPy's."""
    if any(array.dtype.isbuiltin != 1 for array in arrays):
        raise TypeError("numbers of a kind that NumPy does not have")


def parse_metadata(metadata: Any, file_name: str) -> tuple[RunConfig, int, Figures]:
    """Read settings, step and figures from a file's metadata.

    Args:
        metadata: JSON-ready values.
        file_name: what errors call the file.

    Raises:
        CheckpointError: if it is none of ours.
    """
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise CheckpointError(f"{file_name} was not written by this version of rnn-tui.")
    try:
        config = config_from_dict(metadata["config"])
        step = int(metadata["step"])
        if not 0 <= step <= MOST_STEPS:
            raise ValueError("out of range")
        metrics: Figures = {
            printable(name): _figure(value) for name, value in metadata["metrics"].items()
        }
        return config, step, metrics
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, SettingError) as error:
        raise CheckpointError(f"{file_name} does not say how its weights were trained.") from error


def _figure(value: Any) -> float | tuple[float, ...]:
    """Return a figure from JSON: one number, or one a replica."""
    return tuple(map(float, value)) if isinstance(value, list) else float(value)
