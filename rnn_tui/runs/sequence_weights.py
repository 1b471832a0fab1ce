"""Which weights answer: those last trained, or those that ship."""

from __future__ import annotations

from collections.abc import Iterator

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.runs.weights import Source, runs, shipped
from rnn_tui.tasks.config import SequenceConfig


def pretrained(task: str) -> list[Source]:
    """The weights that ship for a task; recall has a file for each position."""
    if task != "recall":
        return [Source(shipped(task), "pretrained")]
    return [
        Source(path, "pretrained", int(path.stem.rpartition("-")[2]))
        for path in sorted(shipped("").parent.glob("recall-position-*.safetensors"))
    ]


def trained(task: str) -> Iterator[Source]:
    """The runs of a task that were trained to their end, the newest first."""
    for path, config in runs(task):
        if isinstance(config, SequenceConfig):
            yield Source(path, f"run {printable(path.parent.name)}", config.position)


def choose(task: str, position: int | None = None, *, only_pretrained: bool = False) -> Source:
    """The weights that answer unless a user names others.

    The last run trained to its end for this position, else those that ship for it, else the last
    run of the task or those that ship, whatever position they recall.

    Raises:
        CheckpointError: if there are none at all.
    """
    shipped = pretrained(task)
    runs = [] if only_pretrained else list(trained(task))
    fitting = [source for source in [*runs, *shipped] if source.position == position]
    # The default position first, then the others that ship.
    others = [*runs, *sorted(shipped, key=lambda source: source.position != 3)]
    for source in [*fitting, *others]:
        if source.path.is_file():
            return source
    raise CheckpointError(f"There are no weights for {task}; train some with rnn-tui train {task}.")
