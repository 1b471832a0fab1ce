"""Reading weights without torch: for answers at once, where loading torch would take seconds.

The files are safetensors, never pickle. Settings and figures of the run that made them travel in
the metadata, so that a file explains itself and is refused where it does not belong.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.config import RunConfig, config_from_dict
from rnn_tui.engine.errors import CheckpointError, SettingError, printable, why
from rnn_tui.engine.files import check_regular
from rnn_tui.engine.metrics import Figures

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

FORMAT = 1
METADATA_KEY = "rnn_tui"
MOST_STEPS = 2**53
# of a run that is not at its end, the file also has what training needs to go on
TRAINING_PREFIX = "training/"
FILM_PREFIX = "film/"  # and what was kept of moments of its training: see `film`
# Besides SafetensorError. AttributeError and TypeError: numbers of a kind that numpy does not have.
UNREADABLE = (OSError, AttributeError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True)
class WeightsFile:
    """Weights with what they are."""

    config: RunConfig  #: the settings of the run that made them.
    arrays: "Mapping[str, npt.NDArray[np.float32]]"  #: parameters by name.
    step: int  #: steps trained.
    metrics: Figures  #: what was measured with these weights, as far as known.


def read_weights(path: Path) -> WeightsFile:
    """Read a file of weights; `CheckpointError` if it is missing, damaged, or not one of ours."""
    about, arrays = contents(path, lambda name: not name.startswith((TRAINING_PREFIX, FILM_PREFIX)))
    config, step, metrics = described(about, printable(path, 200))
    return WeightsFile(config, arrays, step, metrics)


def read_description(path: Path) -> tuple[RunConfig, int, Figures]:
    """Settings, step and figures of such a file, without the weights; raises the same."""
    return described(contents(path, lambda _: False)[0], printable(path, 200))


def contents(
    path: Path,
    wanted: Callable[[str], bool],
    framework: str = "np",
    refusal: str = "The weights in {} can't be read ({}); train them again.",
) -> tuple[Any, dict[str, Any]]:
    """Metadata and the tensors wanted, as NumPy's or torch's (`pt`); `CheckpointError`, told by
    `refusal`, if unreadable.
    """
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - on use only

    try:
        check_regular(path)
        with safe_open(path, framework=framework) as file:
            about: Any = json.loads((file.metadata() or {}).get(METADATA_KEY, "null"))
            tensors = {name: file.get_tensor(name) for name in filter(wanted, file.keys())}
        # a library may add kinds
        if framework == "np" and any(one.dtype.isbuiltin != 1 for one in tensors.values()):
            raise TypeError("numbers of a kind that NumPy does not have")
        return about, tensors
    except (SafetensorError, *UNREADABLE) as error:
        raise CheckpointError(refusal.format(printable(path, 200), why(error))) from error


def described(about: Any, shown: str) -> tuple[RunConfig, int, Figures]:
    """Settings, step and figures from metadata; `CheckpointError`, naming `shown`, if they are not
    ours.
    """
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise CheckpointError(f"{shown} was not written by this version of rnn-tui.")
    try:
        config, step = config_from_dict(about["config"]), int(about["step"])
        metrics: Figures = {
            printable(name): tuple(map(float, value)) if isinstance(value, list) else float(value)
            for name, value in about["metrics"].items()
        }
        if not 0 <= step <= MOST_STEPS:
            raise ValueError("out of range")
        return config, step, metrics
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, SettingError) as error:
        raise CheckpointError(f"{shown} does not say how its weights were trained.") from error
