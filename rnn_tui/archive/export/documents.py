"""Runs and their values for other programs, as CSV, JSON and TensorBoard's event files.

Times are in seconds, dates in ISO 8601 and UTC, accuracies in percent.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from rnn_tui.archive.export.formats import Export, file_name, imported
from rnn_tui.archive.logged_values import LoggedValues
from rnn_tui.archive.run_columns import run_document
from rnn_tui.archive.run_record import RunRecord, Session
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import settings_of
from rnn_tui.data import store as data_sets
from rnn_tui.engine.config import Replica
from rnn_tui.engine.errors import DataError, ExportError, as_cell, printable
from rnn_tui.engine.files.atomic import make_folder, whole_folder, write_file
from rnn_tui.engine.json_values import date, finite

# rows of a table, each as long as there are columns
Rows = Iterable[Sequence[object]]
# the columns of the table of values
VALUE_COLUMNS = (
    "run",
    "name",
    "task",
    "kind",
    "step",
    "epoch",
    "seconds",
    "metric",
    "hidden_size",
    "loss",
    "seed",
    "value",
)
# the fields of a metric's definition that a document has
METRIC_FIELDS = ("name", "label", "unit", "higher_is_better")


def full_document(run: RunRecord, store: RunStore) -> dict[str, Any]:
    """Return a run with its metrics, networks, sessions, log and logged values."""
    return {
        **run_document(run),
        #: what the run measures; this and the fields below only in `runs show` and `runs export`.
        "metrics": [{name: getattr(spec, name) for name in METRIC_FIELDS} for spec in run.specs],
        #: the networks that train side by side, in the order of the lists in `values`; empty if
        #: there is only one.
        "networks": [
            asdict(replica.variant) | {"seed": replica.seed} for replica in run.config.replicas
        ],
        #: the periods of training without a break.
        "sessions": [_session_document(session) for session in store.sessions(run.run_id)],
        #: log messages of the run.
        "log": [
            {
                "time": date(at),  #: when.
                "level": level,  #: `info`, `warning`, `error`.
                "text": text,  #: in words.
            }
            for at, level, text in store.log(run.run_id)
        ],
        #: every logged value, in the order of the steps; each further field is a metric: one
        #: number, or a list with one number for each of `networks`.
        "values": [_values_document(values) for values in store.logged_values(run.run_id)],
    }


def _session_document(session: Session) -> dict[str, Any]:
    """Return a session without the numbers by which this computer knows its process."""
    document = asdict(session)
    document["started"] = date(session.started)  #: when it started.
    document["load"] = finite(session.load)
    del document["pid"]
    del document["process_started"]
    return document


def _values_document(values: LoggedValues) -> dict[str, Any]:
    """Return the values logged at a step; fields without a known value are left out."""
    fields = {
        #: `step` for means since the previous entry, `epoch` for the figures of an epoch, `test`
        #: for those at the end.
        "kind": values.kind,
        "step": values.step,  #: optimiser steps done.
        "epoch": values.epoch,  #: the epoch that ended.
        "seconds": values.elapsed,  #: training time so far.
        "samples_per_second": values.rate,  #: samples per second since the previous entry.
    }
    document = {name: finite(value) for name, value in fields.items() if value is not None}
    for name, figure in values.figures.items():
        document[name] = finite(figure)
    return document


def write_csv(export: Export) -> list[Path]:
    """Write every logged value in a row of its own, to the last bit.

    The columns are `VALUE_COLUMNS`. `kind` is `step` for means since the previous row of that
    metric, `epoch` for an epoch's figures and `test` for those at the end. `seconds` is training
    time. `hidden_size`, `loss` and `seed` say which network it is.
    """
    return export.write_text("".join(_csv_parts(VALUE_COLUMNS, _value_rows(export))))


def write_tables(export: Export) -> list[Path]:
    """Write two tables into a folder, as CSV or as JSON records.

    `runs` has a row a run, in the order of `export`, and `values` the rows of `write_csv`.
    """
    run_rows = [_run_row(run) for run in export.runs]
    run_columns = list(dict.fromkeys(chain.from_iterable(run_rows)))  # all runs' columns
    run_table = [[row.get(name) for name in run_columns] for row in run_rows]
    folder = export.folder
    names = (f"runs{export.form.suffix}", f"values{export.form.suffix}")
    with whole_folder(folder) as place:
        _write_table(place / names[0], run_columns, [run_table])
        _write_table(place / names[1], VALUE_COLUMNS, _value_rows(export))
    return [folder / name for name in names]


def _run_row(run: RunRecord) -> dict[str, Any]:
    """Return a run's row by column: `run_document`, then those settings whose names it has not yet.

    So `device` is the one that was in use, not the one that was asked for.
    """
    row = run_document(run)
    del row["variants"]  # the table of values has those of each seed
    settings = row.pop("settings")
    recipe = settings.pop("recipe")
    for name, value in (settings | recipe).items():
        row.setdefault(name, value)
    return row


def _write_table(path: Path, columns: Sequence[str], blocks: Iterable[Rows]) -> None:
    """Write rows, a block of them at a time, as CSV or JSON by the path's suffix."""
    parts = _csv_parts if path.suffix == ".csv" else _json_parts
    write_file(path, (part.encode() for part in parts(columns, blocks)))


def _csv_parts(columns: Sequence[str], blocks: Iterable[Rows]) -> Iterator[str]:
    """Yield the parts of a CSV file: the line of column names, then the lines of each block."""
    yield _csv_text([columns])
    for rows in blocks:
        yield _csv_text(rows)


def _csv_text(rows: Rows) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(map(_csv_cell, row) for row in rows)
    return text.getvalue()


def _csv_cell(value: object) -> object:
    """Return a value on one line; a text that looks like a formula gets an apostrophe in front."""
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    if isinstance(value, str):
        return as_cell(value.replace("\n", " "))
    return value


def _json_parts(columns: Sequence[str], blocks: Iterable[Rows]) -> Iterator[str]:
    """Yield the parts of a JSON array: an object for each row of each block, one a line."""
    first = True
    for row in chain.from_iterable(blocks):
        record = dict(zip(columns, map(finite, row), strict=True))
        yield "[\n" if first else ",\n"
        yield json.dumps(record, allow_nan=False)
        first = False
    yield "[]\n" if first else "\n]\n"


def _value_rows(export: Export) -> Iterator[Rows]:
    """Yield a block of rows for each run, so that the values of one run are in memory at a time."""
    for run in export.each():
        logged = export.store.logged_values(run.run_id)
        yield chain.from_iterable(_rows_at_step(run, values) for values in logged)


def _rows_at_step(run: RunRecord, values: LoggedValues) -> Iterator[Sequence[object]]:
    """Yield the rows of `VALUE_COLUMNS` of a step: one a metric and a replica."""
    shared_cells = (
        run.run_id,
        run.name,
        run.config.task,
        values.kind,
        values.step,
        values.step / max(1, run.steps_per_epoch),
        round(values.elapsed, 6),
    )
    replicas = run.config.replicas
    hidden_size = getattr(run.config, "hidden_size", None)
    seed = None if replicas else run.config.seed  # None: the value is one for all replicas
    for metric, figure in values.metrics.items():
        yield *shared_cells, metric, hidden_size, None, seed, figure
    for metric, figures in values.replicas.items():
        for replica, figure in zip(replicas, figures, strict=False):
            variant = replica.variant
            yield (
                *shared_cells,
                metric,
                variant.hidden_size,
                variant.loss,
                replica.seed,
                figure,
            )


def write_json(export: Export) -> list[Path]:
    """Write one document with the `full_document` of each run, and the parts of its sequences."""
    #: with all fields.
    document = {"runs": [_with_parts(run, export.store) for run in export.each()]}
    return export.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def _with_parts(run: RunRecord, store: RunStore) -> dict[str, Any]:
    """Return the `full_document` of a run with its sequences, if they are of a file."""
    return {
        **full_document(run, store),
        #: of data of your own, all sequences with the parts that they are in, in the order of the
        #: data set; null of other tasks, and if the data set can't be read any more. This field
        #: only in `runs export`.
        "sequences": _placed_sequences(run),
    }


def _placed_sequences(run: RunRecord) -> list[dict[str, str]] | None:
    """Return the sequences of a run's data set with their parts; None without one."""
    from rnn_tui.data.summary import placed_sequences  # numpy

    task = run.config.task
    if not data_sets.is_kept(task):
        return None
    try:
        data_set = data_sets.load(task)
    except DataError:
        return None
    return [placed._asdict() for placed in placed_sequences(data_set)]


def write_folder(export: Export) -> list[Path]:
    """Write a folder for each run with event files for TensorBoard, one for each network.

    Raises:
        ExportError: TensorBoard is not installed, or a folder has event files already.
    """
    folder = export.folder
    with whole_folder(folder) as place:
        for run in export.each():
            _write_run(export.store, run, folder / file_name(run), place / file_name(run))
    return [folder]


def _write_run(store: RunStore, run: RunRecord, goal: Path, folder: Path) -> None:
    """Write the event files of a run into `folder`, which is moved to `goal` later."""
    if any(goal.rglob("events.out.tfevents.*")):
        raise ExportError(
            f"{printable(goal, 200)} has event files already, which TensorBoard would "
            "mix with these; remove it, or choose another place."
        )
    _write_events(store, run, folder)


class _EventFile:
    """The bytes of an event file of TensorBoard.

    TensorBoard's own writer of files is not used: on a full disk it leaves a part of one.

    Raises:
        ExportError: TensorBoard is not installed.
    """

    def __init__(self, created: float) -> None:
        self._created = created  #: when the run was, in seconds since 1970.
        self._event = _tensorboard("compat.proto.event_pb2").Event
        self._summary = _tensorboard("compat.proto.summary_pb2").Summary
        self._bytes = io.BytesIO()
        writer = _tensorboard("summary.writer.record_writer")
        self._records = writer.RecordWriter(self._bytes)
        self._add(0.0, file_version="brain.Event:2")

    def _add(self, elapsed: float, **content: Any) -> None:
        """Add an event that happened after so many seconds of training."""
        event = self._event(wall_time=self._created + elapsed, **content)
        self._records.write(event.SerializeToString())

    def add_text(self, tag: str, text: str) -> None:
        """Add a text in Markdown, which TensorBoard shows under Text."""
        types = _tensorboard("compat.proto.types_pb2")
        tensor = _tensorboard("compat.proto.tensor_pb2").TensorProto(
            dtype=types.DT_STRING, string_val=[text.encode()]
        )
        metadata = _tensorboard("plugins.text.metadata").create_summary_metadata(tag, "")
        value = self._summary.Value(tag=tag, metadata=metadata, tensor=tensor)
        self._add(0.0, step=0, summary=self._summary(value=[value]))

    def add_figures(self, elapsed: float, step: int, figures: Iterable[tuple[str, float]]) -> None:
        """Add figures with their tags, logged at a step after so many seconds of training."""
        values = [self._summary.Value(tag=tag, simple_value=figure) for tag, figure in figures]
        self._add(elapsed, step=step, summary=self._summary(value=values))

    @property
    def data(self) -> bytes:
        """The bytes of the whole file."""
        return self._bytes.getvalue()


def _tensorboard(module: str) -> Any:
    return imported(f"tensorboard.{module}", "tensorboard", "Event files")


def _write_events(store: RunStore, run: RunRecord, folder: Path) -> None:
    """Write all logged values of a run into event files below `folder`, a folder a network.

    Each of them is a run to TensorBoard. Their tags are the same, so that networks, seeds and runs
    share charts. What all networks of a run have in common lies in `folder` itself, with the
    settings.
    """
    shared = _EventFile(run.created)
    settings = [f"|{name}|{value}|" for name, value in settings_of(run.config)]
    shared.add_text("settings", "\n".join(["|setting|value|", "|---|---|", *settings]))
    files = [_EventFile(run.created) for _ in run.config.replicas]
    for values in store.logged_values(run.run_id):
        tags = {metric: _tag(metric, values) for metric in (*values.metrics, *values.replicas)}
        if values.metrics:
            figures = [(tags[metric], figure) for metric, figure in values.metrics.items()]
            shared.add_figures(values.elapsed, values.step, figures)
        for number, file in enumerate(files):
            figures = [
                (tags[metric], of_replicas[number])
                for metric, of_replicas in values.replicas.items()
                if number < len(of_replicas)
            ]
            if figures:
                file.add_figures(values.elapsed, values.step, figures)
    name = f"events.out.tfevents.{run.created:010.0f}.{run.run_id}"
    _write_event_file(folder / name, shared)
    for replica, file in zip(run.config.replicas, files, strict=True):
        _write_event_file(folder / _folder_of(replica) / name, file)


def _write_event_file(path: Path, file: _EventFile) -> None:
    make_folder(path.parent)
    write_file(path, file.data)


def _folder_of(replica: Replica) -> Path:
    """Return the folder of a replica in that of its run, such as `H5-bce/seed-3`."""
    return Path(f"H{replica.variant.hidden_size}-{replica.variant.loss}", f"seed-{replica.seed}")


def _tag(metric: str, values: LoggedValues) -> str:
    """Return a metric's tag. The training loss of an epoch must not mix with those of its steps."""
    if metric == "train_loss" and values.kind == "epoch":
        return "train_loss of the epoch"
    return metric
