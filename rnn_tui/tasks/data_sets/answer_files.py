"""Write answers to a new file: CSV, JSON lines or NPZ, by the ending of the file's name."""

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rnn_tui.engine.errors import ExportError, printable, why
from rnn_tui.engine.files import outside
from rnn_tui.engine.files.atomic import why_unwritable, write_file
from rnn_tui.engine.json_values import finite
from rnn_tui.tasks.data_sets.application import Application
from rnn_tui.tasks.data_sets.applying import NewAnswers

Parts = Iterator[bytes]


def csv_parts(application: Application) -> Parts:
    """Yield answers as comma-separated values, with a head."""
    head = False
    for answers in application.answers():
        rows = application.rows(with_right=answers.targets is not None)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not head:
            writer.writerow(rows.names)
            head = True
        writer.writerows(rows.cells(answers))
        yield text.getvalue().encode()


def json_line_parts(application: Application) -> Parts:
    """Yield answers as JSON, one a line."""
    for answers in application.answers():
        documents = application.documents(answers)
        lines = [json.dumps(finite(document), ensure_ascii=False) for document in documents]
        yield "".join(f"{line}\n" for line in lines).encode()


def npz_parts(application: Application) -> Parts:
    """Yield answers as arrays, which are held until the last of them is there.

    `sequences` has the names of sequences, and `sequence` (n,) the place there of each answer;
    `names` those of the O outputs; `steps`, `answers`, `outputs` (n, O), `spread` and `right` are
    as `NewAnswers` has them. `low` and `high` (n, O) are the ends of intervals that are to hold the
    share `level` of numbers.
    """
    parts = list(application.answers())
    description = application.description
    ids = {name: place for place, name in enumerate(dict.fromkeys(_all(parts, "ids")))}
    arrays: dict[str, Any] = {
        "sequences": np.array(list(ids)),
        "sequence": np.array([ids[name] for name in _all(parts, "ids")], np.int64),
        "names": np.array(description.outputs),
        "outputs": np.concatenate([part.outputs for part in parts]),
    }
    if description.goal.every_step:
        arrays["steps"] = np.array(_all(parts, "steps"))
    if description.classifies:
        arrays["answers"] = arrays["outputs"].argmax(axis=1)
    for name, attribute in (("spread", "spread"), ("right", "targets")):
        columns = [getattr(part, attribute) for part in parts]
        if all(column is not None for column in columns):
            arrays[name] = np.concatenate(columns)
    ends = [part.ends for part in parts if part.ends is not None]
    if ends:
        arrays["low"], arrays["high"] = map(np.concatenate, zip(*ends, strict=True))
        arrays["level"] = np.array(application.level)
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    yield file.getvalue()


def _all(parts: list[NewAnswers], attribute: str) -> list[str]:
    return [text for part in parts for text in getattr(part, attribute)]


#: what writes a file, by the ending of its name.
WRITERS: dict[str, Callable[[Application], Parts]] = {
    ".csv": csv_parts,
    ".jsonl": json_line_parts,
    ".ndjson": json_line_parts,
    ".npz": npz_parts,
}


def writer_of(path: Path, source: Any) -> Callable[[Application], Parts]:
    """Return what writes answers to a path, before work that takes long.

    Args:
        path: of the file of answers.
        source: what is answered, which must not be written over.

    Raises:
        ExportError: if it can't be written, or is no file of answers.
    """
    writer = WRITERS.get(path.suffix.lower())
    shown = printable(path, 200)
    if writer is None:
        endings = ", ".join(WRITERS)
        raise ExportError(f"Answers are written to a file that ends in {endings}, not to {shown}.")
    is_there = isinstance(source, Path) and outside.exists(path) and outside.exists(source)
    if is_there and os.path.samefile(path, source):
        raise ExportError(f"Answers can't be written over the file that is answered, {shown}.")
    reason = why_unwritable(path)
    if reason:
        raise ExportError(f"Answers can't be written to {shown} ({reason}).")
    return writer


def write_answers(path: Path, parts: Parts) -> None:
    """Write answers, the whole file or nothing.

    Raises:
        ExportError: if the file can't be written.
        DataError: if what is answered can't be read, or it is stopped.
    """
    try:
        write_file(path, parts)
    except OSError as error:
        raise ExportError(
            f"Answers can't be written to {printable(path, 200)} ({why(error)})."
        ) from error
