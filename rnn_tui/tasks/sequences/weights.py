"""Which weights answer: those last trained, or those that ship."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.config import SequenceConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.weights_file import read_description
from rnn_tui.paths import WEIGHTS_NAME, asset_dir, run_dir

# Looking into a run's file takes a fraction of a millisecond; older ones than these are not found.
RUNS_LOOKED_AT = 500


@dataclass(frozen=True)
class Source:
    """A file of weights that may answer.

    Attributes:
        path: where it lies.
        label: what to call it, such as `pretrained`.
        position: the position that it recalls; None for the adder.
    """

    path: Path
    label: str
    position: int | None = None


def pretrained(task: str) -> list[Source]:
    """The weights that ship for a task; recall has a file for each position."""
    folder = asset_dir() / "pretrained"
    if task != "recall":
        return [Source(folder / f"{task}.safetensors", "pretrained")]
    return [
        Source(path, "pretrained", int(path.stem.rpartition("-")[2]))
        for path in sorted(folder.glob("recall-position-*.safetensors"))
    ]


def trained(task: str) -> Iterator[Source]:
    """The runs of a task that were trained to their end, the newest first."""
    try:
        folders = sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return
    for name in folders[:RUNS_LOOKED_AT]:
        path = run_dir() / name / WEIGHTS_NAME
        try:
            config, _, metrics = read_description(path)
        except CheckpointError:
            continue
        if config.task == task and metrics and isinstance(config, SequenceConfig):
            yield Source(path, f"run {printable(name)}", config.position)


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
