"""Which network reads photos: one that ships, a run's, or a file's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.weights_file import read_weights
from rnn_tui.runs.row_reader_weights import choose
from rnn_tui.runs.weights import Source, run_weights
from rnn_tui.tasks.mnist.inference import RowReaderNetwork


def source_of(weights: Path | None = None, run: str | None = None, model: str = "lstm") -> Source:
    """The file of weights that was asked for: `weights`, or a run's, or those that ship.

    Raises:
        CheckpointError: if there is no such run, or nothing ships for the model.
    """
    if weights is not None:
        return Source(weights, printable(weights, 200))
    if run is not None:
        return run_weights("mnist", run)
    return choose(model)


def network_of(source: Source) -> RowReaderNetwork:
    """The network in a file.

    Raises:
        CheckpointError: if it can't be read, or is another task's.
    """
    try:
        return RowReaderNetwork(read_weights(source.path))
    except CheckpointError as error:
        shown = printable(source.path, 200)
        raise CheckpointError(str(error) if shown in str(error) else f"{shown}: {error}") from error


def described(source: Source, network: RowReaderNetwork) -> dict[str, Any]:
    """What `--json` tells of the weights."""
    config = network.config
    return {
        "source": source.label,
        "path": str(source.path),
        "task": config.task,
        "preset": config.preset,
        "model": config.cell,
        "hidden_size": config.hidden_size,
        "layers": config.layers,
        "seed": config.seed,
        "metrics": dict(network.metrics),
    }
