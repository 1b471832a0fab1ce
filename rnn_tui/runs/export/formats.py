"""What `rnn-tui runs export` can write, and to where."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from rnn_tui.engine.errors import CheckpointError, ExportError, printable
from rnn_tui.engine.files import write_atomically
from rnn_tui.runs.comparison import Against
from rnn_tui.runs.export import tables
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore

_NOT_IN_FILE_NAMES = re.compile(r"[^\w.,+-]+")


def write(
    store: RunStore,
    runs: Sequence[RunRecord],
    form: str,
    output: Path | None,
    *,
    metrics: Sequence[str] | None = None,
    against: Against = "epoch",
    out: TextIO,
) -> list[Path]:
    """Export runs; returns the files and folders that were written.

    Args:
        store: where they are.
        runs: which, at least one.
        form: `csv`, `json`, `png`, `svg`, `tensorboard`, `onnx` or `safetensors`.
        output: a file, or a folder for what becomes several files; by default csv and json go to
            `out`, all else to new files in the working directory.
        metrics: what a chart shows.
        against: what a chart's x axis counts.
        out: where text goes.

    Raises:
        ExportError: if it can't be written, or an optional package is missing.
        CheckpointError: if weights that are needed can't be read.
    """
    try:
        match form:
            case "csv" | "json":
                text = (tables.as_csv if form == "csv" else tables.as_json)(store, runs)
                if output is None:
                    out.write(text)
                    return []
                write_atomically(output, text.encode())
                return [output]
            case "png" | "svg":
                from rnn_tui.runs.export.plots import chart  # noqa: PLC0415 - on use only, as below

                data = chart(store, runs, "png" if form == "png" else "svg", metrics, against)
                path = output or _new(f"{name_for(runs)}.{form}")
                write_atomically(path, data)
                return [path]
            case "tensorboard":
                return _tensorboard(store, runs, output)
            case "onnx":
                from rnn_tui.runs.export.onnx_models import models_of  # noqa: PLC0415

                parts = {
                    f"{_file_name(run)}{model.suffix}.onnx": model.data
                    for run in runs
                    for model in models_of(_weights(run))
                }
            case _:
                parts = {f"{_file_name(run)}.safetensors": _plain_weights(run) for run in runs}
        return _write_parts(parts, output, name_for(runs))
    except OSError as error:
        where = output or Path.cwd()
        raise ExportError(
            f"{printable(error.filename or where, 200)} can't be written "
            f"({printable(error.strerror or error)}); choose another place with --output."
        ) from error


def _write_parts(parts: dict[str, bytes], output: Path | None, called: str) -> list[Path]:
    """Write one file, or several into a folder."""
    if len(parts) == 1:
        ((name, data),) = parts.items()
        path = output or _new(name)
        if path.is_dir():
            path /= name
        write_atomically(path, data)
        return [path]
    folder = output or _new(called)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in parts.items():
        write_atomically(folder / name, data)
    return [folder]


def _tensorboard(store: RunStore, runs: Sequence[RunRecord], output: Path | None) -> list[Path]:
    from rnn_tui.runs.export.events import write_events  # noqa: PLC0415

    folder = output or _new(f"{name_for(runs)}-tensorboard")
    for run in runs:
        inside = folder / _file_name(run)
        if any(inside.glob("events.out.tfevents.*")):
            raise ExportError(
                f"{printable(inside, 200)} has event files already, which TensorBoard would mix "
                "with these; remove it, or choose another place with --output."
            )
        write_events(store, run, inside)
    return [folder]


def _plain_weights(run: RunRecord) -> bytes:
    """The weights with their settings, without what only training needs."""
    from rnn_tui.engine.checkpoint import checkpoint_bytes, load_checkpoint  # noqa: PLC0415 - torch

    return checkpoint_bytes(load_checkpoint(_weights(run)))


def _weights(run: RunRecord) -> Path:
    if not run.weights.is_file():
        raise CheckpointError(f"Run {printable(run.name, 80)} has no weights yet.")
    return run.weights


def name_for(runs: Sequence[RunRecord]) -> str:
    """What to call a file of these runs, without a suffix."""
    return _file_name(runs[0]) if len(runs) == 1 else f"{len(runs)}-runs"


def _file_name(run: RunRecord) -> str:
    """The run's name, without what means something in a path."""
    return _NOT_IN_FILE_NAMES.sub("_", run.name).strip("._") or run.run_id


def _new(name: str) -> Path:
    """A path in the working directory where nothing is yet: nobody named it, so nobody agreed.

    Raises:
        ExportError: if there is something.
    """
    path = Path(name)
    if path.exists():
        raise ExportError(
            f"{printable(path, 200)} exists already; remove it, or choose another place with "
            "--output."
        )
    return path
