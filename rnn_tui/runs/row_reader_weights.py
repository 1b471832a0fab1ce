"""Which weights read photos and drawings: those that ship, made for that, or a run's."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.runs.weights import Source, runs, shipped
from rnn_tui.tasks.config import ImageConfig


def pretrained(model: str = "lstm") -> Source:
    """The weights that ship for a model, trained for photos."""
    return Source(shipped(f"mnist-{model}"), f"pretrained {model}")


def trained() -> Iterator[Source]:
    """The runs on MNIST that were trained to their end, the newest first."""
    for path, config in runs("mnist"):
        if isinstance(config, ImageConfig):
            yield Source(path, f"run {printable(path.parent.name)}")


def choose(model: str = "lstm") -> Source:
    """The weights that read photos unless a user names others: those that ship for the model.

    A run of the report's recipe reads MNIST well and photos badly, so it does not replace them.

    Raises:
        CheckpointError: if they are missing.
    """
    source = pretrained(model)
    if not source.path.is_file():
        raise CheckpointError(
            f"The weights for {model} that ship with rnn-tui are missing; install it anew, or name "
            "others."
        )
    return source
