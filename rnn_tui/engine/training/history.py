"""Keep snapshots of a network's training beside its weights, within a limit of size.

There is a snapshot before the first step, then at steps spaced like powers of ten in the first
epoch, and at the end of every epoch. What is kept of each is the problem's to say
(`Problem.snapshot`). If all would take more than `MOST_BYTES`, epochs in between are left out,
evenly spread. Torch is not loaded here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.files.weights_file import HISTORY_PREFIX, read_tensors

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_BYTES = 4_500_000  # the size of all snapshots of a run
MOST_SNAPSHOTS = 1000
FEWEST = 4  # with fewer snapshots there is nothing to see
SPACED = (1, 3)  # the multiples of each power of ten


def snapshot_steps(
    epochs: int, steps_per_epoch: int, size: int, spaced: tuple[int, ...] = SPACED
) -> frozenset[int]:
    """Return the numbers of steps after which a snapshot is kept.

    Args:
        epochs: of the run.
        steps_per_epoch: of the run.
        size: bytes of a snapshot.
        spaced: at which multiples of each power of ten there is one in the first epoch.

    Returns:
        None at all if even a few snapshots would take too much room.
    """
    most = min(MOST_BYTES // max(1, size), MOST_SNAPSHOTS)
    if most < FEWEST:
        return frozenset()
    multiples = [first * 10**power for power in range(9) for first in spaced]
    early = [0, *(step for step in multiples if step < steps_per_epoch)]
    stride = math.ceil(len(early) / max(1, most // 2))
    early = early[::stride]
    steps = set(early)
    room = min(epochs, most - len(early))
    for number in range(room):  # from the last epoch backwards
        epoch = epochs - round(number * epochs / room)
        steps.add(epoch * steps_per_epoch)
    return frozenset(steps)


@dataclass(frozen=True)
class TrainingHistory:
    """The snapshots of a run, in order."""

    epochs: tuple[float, ...]  #: (F,) when each was, in epochs.
    #: (F, …) what was kept of each, by name.
    snapshots: "Mapping[str, npt.NDArray[np.floating[Any]]]"

    def __len__(self) -> int:
        return len(self.epochs)


def read_history(path: Path) -> TrainingHistory | None:
    """Return the training history in a file of weights; None if it has none.

    Raises:
        CheckpointError: if it can't be read, or is damaged.
    """
    _, arrays = read_tensors(path, lambda name: name.startswith(HISTORY_PREFIX))
    snapshots = {name.removeprefix(HISTORY_PREFIX): values for name, values in arrays.items()}
    epochs = snapshots.pop("epochs", None)
    if epochs is None or not snapshots:
        return None
    is_valid = epochs.ndim == 1 and len(epochs) > 0 and bool((epochs >= 0).all())  # NaN is not
    if not is_valid or any(values.shape[:1] != epochs.shape for values in snapshots.values()):
        raise CheckpointError(
            "What was kept of the training beside these weights is damaged; train the network "
            "again."
        )
    return TrainingHistory(tuple(map(float, epochs)), snapshots)
