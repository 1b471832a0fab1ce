"""How a network came to be: snapshots of its training, kept beside its weights and small enough to
stay there.

There is a snapshot before the first step, then at steps spaced like powers of ten in the first
epoch, and at the end of every epoch. What is kept of each is the problem's to say
(`Problem.moment`). Where all would take more than `MOST_BYTES`, epochs in between are left out,
evenly spread. Torch is not loaded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnn_tui.engine.errors import CheckpointError
from rnn_tui.engine.weights_file import FILM_PREFIX, read_tensors

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MOST_BYTES = 4_500_000
FEWEST = 4  # of fewer snapshots nothing is to be seen
SPACED = (1, 3)  # within each power of ten


def moments_of(
    epochs: int, steps_per_epoch: int, size: int, spaced: tuple[int, ...] = SPACED
) -> frozenset[int]:
    """After how many steps a snapshot is kept, each of so many bytes; none where even a few would
    take too much.
    """
    most = min(MOST_BYTES // max(1, size), 1000)
    if most < FEWEST:
        return frozenset()
    early = [
        0,
        *(
            first * 10**power
            for power in range(9)
            for first in spaced
            if first * 10**power < steps_per_epoch
        ),
    ]
    early = early[:: -(-len(early) // max(1, most // 2))]
    room = min(epochs, most - len(early))
    # the last one is always among them
    kept = {epochs - round(at * epochs / room) for at in range(room)} if room else set()
    return frozenset([*early, *(epoch * steps_per_epoch for epoch in kept)])


@dataclass(frozen=True)
class TrainingHistory:
    """The snapshots of a run, in order."""

    epochs: tuple[float, ...]  #: (F,) when each was, in epochs.
    #: (F, …) what was kept of each, by name.
    snapshots: "Mapping[str, npt.NDArray[np.floating[Any]]]"

    def __len__(self) -> int:
        return len(self.epochs)


def read_history(path: Path) -> TrainingHistory | None:
    """The training history in a file of weights; None where it has none, `CheckpointError` where it
    can't be read or fits nothing.
    """
    _, found = read_tensors(path, lambda name: name.startswith(FILM_PREFIX))
    snapshots = {name.removeprefix(FILM_PREFIX): values for name, values in found.items()}
    epochs = snapshots.pop("epochs", None)
    if epochs is None or not snapshots:
        return None
    # as what is no number is not
    fits = epochs.ndim == 1 and len(epochs) > 0 and bool((epochs >= 0).all())
    if not fits or any(values.shape[:1] != epochs.shape for values in snapshots.values()):
        raise CheckpointError(
            "What was kept of the training beside these weights is damaged; train the network "
            "again."
        )
    return TrainingHistory(tuple(map(float, epochs)), snapshots)
