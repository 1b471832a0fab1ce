"""Where weights are found: those that ship, and those of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.weights_file import read_description
from rnn_tui.paths import WEIGHTS_NAME, asset_dir, run_dir

# Looking into a run's file takes a fraction of a millisecond; older ones than these are not found.
RUNS_LOOKED_AT = 500
LAST = "last"


@dataclass(frozen=True)
class Source:
    """A file of weights that may answer.

    Attributes:
        path: where it lies.
        label: what to call it, such as `pretrained`.
        position: the position that it recalls; None where nothing is recalled.
    """

    path: Path
    label: str
    position: int | None = None


def shipped(name: str) -> Path:
    """The file of weights of that name that ships."""
    return asset_dir() / "pretrained" / f"{name}.safetensors"


def runs(task: str) -> Iterator[tuple[Path, RunConfig]]:
    """Weights and settings of a task's runs that were trained to their end, the newest first."""
    for name in _names()[:RUNS_LOOKED_AT]:
        path = run_dir() / name / WEIGHTS_NAME
        try:
            config, _, metrics = read_description(path)
        except CheckpointError:
            continue
        if config.task == task and metrics:
            yield path, config


def run_weights(task: str, run: str) -> Source:
    """The weights of a run: by its id, the beginning of it, or `last` for the newest of the task.

    Raises:
        CheckpointError: if there is no such run, or several.
    """
    if run == LAST:
        for path, _ in runs(task):
            return Source(path, f"run {printable(path.parent.name)}")
        raise CheckpointError(f"No run of {task} is finished; train one with rnn-tui train {task}.")
    found = [name for name in _names() if name == run] or [
        name for name in _names() if name.startswith(run)
    ]
    if len(found) != 1:
        what = "No run begins" if not found else f"{len(found)} runs begin"
        raise CheckpointError(
            f"{what} with “{printable(run)}”; the runs are the folders in "
            f"{printable(run_dir(), 200)}."
        )
    return Source(run_dir() / found[0] / WEIGHTS_NAME, f"run {printable(found[0])}")


def _names() -> list[str]:
    """The folders of runs, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []
