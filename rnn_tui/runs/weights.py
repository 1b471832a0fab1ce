"""Where weights are found: those that ship, and those of runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import CheckpointError, StoreError, printable
from rnn_tui.engine.paths import WEIGHTS_NAME, asset_dir, run_database, run_dir
from rnn_tui.engine.weights_file import read_description
from rnn_tui.runs import LAST
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore

# Looking into a run's file takes a fraction of a millisecond; older ones than these are not found.
RUNS_LOOKED_AT = 500


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
    deleted = _deleted()
    for name in _names()[:RUNS_LOOKED_AT]:
        if name in deleted:
            continue
        path = run_dir() / name / WEIGHTS_NAME
        try:
            config, _, metrics = read_description(path)
        except CheckpointError:
            continue
        if config.task == task and metrics:
            yield path, config


def run_weights(task: str, run: str) -> Source:
    """The weights of a run: by its id or the beginning of it, its name, or `last`.

    `last` is the newest of the task that was trained to its end.

    Raises:
        CheckpointError: if there is no such run, or several, or it has no weights yet.
    """
    if run == LAST:
        for path, _ in runs(task):
            return Source(path, f"run {printable(path.parent.name)}")
        raise CheckpointError(f"No run of {task} is finished; train one with rnn-tui train {task}.")
    names = _names()
    exact = [name for name in names if name == run] or _named(run)
    found = exact or [name for name in names if run and name.startswith(run)]
    if len(found) != 1:
        what = "No run begins" if not found else f"{len(found)} runs begin"
        raise CheckpointError(
            f"{what} with “{printable(run)}”, nor is one called that; rnn-tui runs lists them."
        )
    path = run_dir() / found[0] / WEIGHTS_NAME
    if not path.is_file():
        raise CheckpointError(
            f"Run {printable(found[0])} has no weights: it ended before they were first kept."
        )
    return Source(path, f"run {printable(found[0])}")


def _names() -> list[str]:
    """The folders of runs, the newest first."""
    try:
        return sorted((path.name for path in run_dir().iterdir()), reverse=True)
    except OSError:
        return []


def _named(name: str) -> list[str]:
    """The id of the run of that name; none where the database can't tell."""
    return [run.run_id for run in _listed(deleted=False) if run.name == name]


def _deleted() -> set[str]:
    """The ids of runs that were deleted and lie there still."""
    return {run.run_id for run in _listed(deleted=True)}


def _listed(*, deleted: bool) -> list[RunRecord]:
    """The runs in the database; none where there is no database, or none that can be used."""
    if not run_database().exists():
        return []
    try:
        with RunStore() as store:
            return store.runs(deleted=deleted)
    except StoreError:
        return []
