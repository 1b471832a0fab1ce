"""Values of runs for other programs: times in seconds, dates as ISO 8601 in UTC, accuracies in
percent.
"""

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import ExportError, as_cell, printable
from rnn_tui.engine.files import make_folder, write_file
from rnn_tui.runs.export.formats import Export, file_name, imported
from rnn_tui.runs.logged_values import LoggedValues
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import settings_of

HEADS = (
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
TOLD_OF_METRICS = ("name", "label", "unit", "higher_is_better")


def date(seconds: float) -> str:
    """A moment as ISO 8601 has it, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def run_document(run: RunRecord) -> dict[str, Any]:
    """What a list tells of a run."""
    config = run.config
    called = {
        "id": run.run_id,
        "name": run.name,
        "task": config.task,
        "model": config.cell,
        "preset": config.preset,
    }
    stands = {
        "status": run.status.value,
        "created": date(run.created),
        "updated": date(run.updated),
    }
    done = {
        "step": run.step,
        "total_steps": run.total_steps,
        "epoch": run.epoch,
        "epochs": config.epochs,
    }
    done |= {"progress": run.progress, "seconds": run.elapsed}
    figures = {"metric": run.metric or None, "best": finite(run.best), "last": finite(run.last)}
    figures |= {"final_metric": run.final_metric or None, "final": finite(run.final)}
    network = {"device": run.device or None, "parameters": run.parameters}
    words = {"message": run.message or None, "note": run.note, "tags": list(run.tags)}
    return (
        called
        | stands
        | done
        | figures
        | network
        | words
        | {"weights": run.weights_shown, "settings": config.to_dict()}
    )


def full_document(run: RunRecord, store: RunStore) -> dict[str, Any]:
    """All that is known of a run."""
    sessions = [
        asdict(one) | {"started": date(one.started), "load": finite(one.load)}
        for one in store.sessions(run.run_id)
    ]
    return {
        **run_document(run),
        "metrics": [{name: getattr(spec, name) for name in TOLD_OF_METRICS} for spec in run.specs],
        "networks": [
            asdict(replica.variant) | {"seed": replica.seed} for replica in run.config.replicas
        ],
        "sessions": [
            {name: one[name] for name in one if name not in ("pid", "process_started")}
            for one in sessions
        ],
        "log": [
            {"time": date(at), "level": level, "text": text}
            for at, level, text in store.log(run.run_id)
        ],
        "values": [_moment(moment) for moment in store.logged_values(run.run_id)],
    }


def _moment(moment: LoggedValues) -> dict[str, Any]:
    about = {
        "kind": moment.kind,
        "step": moment.step,
        "epoch": moment.epoch,
        "seconds": moment.elapsed,
    }
    about["samples_per_second"] = moment.rate
    known = {name: finite(value) for name, value in about.items() if value is not None}
    return known | {name: finite(value) for name, value in moment.figures.items()}


def finite(value: Any) -> Any:
    """The same with None for what JSON does not have, NaN and infinity."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: finite(one) for name, one in value.items()}
    return [finite(one) for one in value] if isinstance(value, list | tuple) else value


def write_csv(export: Export) -> list[Path]:
    """Write every logged value in a row of its own, to the last bit.

    `kind` is `step` for means since the row before, `epoch` for an epoch's figures, `test` for
    those at the end; `seconds` is training time; `hidden_size`, `loss`, `seed` tell the network.
    Names that look like formulas have an apostrophe before them.
    """
    return export.write_text("".join(_as_csv(HEADS, _values(export))))


def write_tables(export: Export) -> list[Path]:
    """Write CSV or JSON records into a folder: `runs`, a row a run in the order given, and `values`
    as in `write_csv`.
    """
    known = [_about_run(run) for run in export.runs]
    columns = list(dict.fromkeys(name for one in known for name in one))
    rows = [[one.get(name) for name in columns] for one in known]
    table = _as_csv if export.form.suffix == ".csv" else _as_records
    folder, paths = export.folder, []
    make_folder(folder)
    for name, heads, blocks in (
        ("runs", columns, iter([rows])),
        ("values", HEADS, _values(export)),
    ):
        paths.append(folder / f"{name}{export.form.suffix}")
        write_file(paths[-1], (part.encode() for part in table(heads, blocks)))
    return paths


def _about_run(run: RunRecord) -> dict[str, Any]:
    """A run's row: what a list tells of it, such as the device that was in use, then its
    settings.
    """
    about = run_document(run)
    settings = about.pop("settings")
    recipe = settings.pop("recipe")
    return about | {name: value for name, value in (settings | recipe).items() if name not in about}


def _as_csv(heads: Sequence[str], blocks: Iterable[Iterable[Sequence[object]]]) -> Iterator[str]:
    """Rows with commas, a block at a time; words that look like a formula have an apostrophe."""
    for block in chain([[heads]], blocks):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(map(_cell, row) for row in block)
        yield text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list | tuple):
        value = ",".join(map(str, value))
    return as_cell(value.replace("\n", " ")) if isinstance(value, str) else value


def _as_records(
    heads: Sequence[str], blocks: Iterable[Iterable[Sequence[object]]]
) -> Iterator[str]:
    """The same as one JSON document."""
    before = "[\n"
    for row in chain.from_iterable(blocks):
        yield before + json.dumps(dict(zip(heads, map(finite, row), strict=True)), allow_nan=False)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _values(export: Export) -> Iterator[Iterator[Sequence[object]]]:
    """The rows of what was logged, run by run: only one's values are in memory."""
    for run in export.each():
        yield chain.from_iterable(
            _rows(run, moment) for moment in export.store.logged_values(run.run_id)
        )


def _rows(run: RunRecord, moment: LoggedValues) -> Iterator[Sequence[object]]:
    epoch = moment.step / max(1, run.steps_per_epoch)
    head = (
        run.run_id,
        run.name,
        run.config.task,
        moment.kind,
        moment.step,
        epoch,
        round(moment.elapsed, 6),
    )
    networks = run.config.replicas
    size = getattr(run.config, "hidden_size", None)
    for name, value in moment.metrics.items():
        # one value for all networks
        yield *head, name, size, None, None if networks else run.config.seed, value
    for name, values in moment.replicas.items():
        for network, value in zip(networks, values, strict=False):
            yield (
                *head,
                name,
                network.variant.hidden_size,
                network.variant.loss,
                network.seed,
                value,
            )


def write_json(export: Export) -> list[Path]:
    """Write one document of all that is known of the runs."""
    document = {"runs": [full_document(run, export.store) for run in export.each()]}
    return export.write_text(json.dumps(document, indent=1, allow_nan=False) + "\n")


def write_folder(export: Export) -> list[Path]:
    """Write a folder of event files for each run, for TensorBoard; an ExportError if that is
    missing, or files are there.
    """
    folder = export.folder
    for run in export.each():
        inside = folder / file_name(run)
        if any(inside.glob("events.out.tfevents.*")):
            what = "has event files already, which TensorBoard would mix with these; remove it"
            raise ExportError(
                f"{printable(inside, 200)} {what}, or choose another place with --output."
            )
        _write_events(export.store, run, inside)
    return [folder]


def _write_events(store: RunStore, run: RunRecord, folder: Path) -> None:
    """Write all values and the settings of a run into `folder`; one of several networks' is
    `val_accuracy/H 5 ce/seed 3`.
    """
    records, summaries, protocol, texts, tensors, types = (
        imported(f"tensorboard.{module}", "tensorboard", "Event files")
        for module in (
            "summary.writer.record_writer",
            "compat.proto.summary_pb2",
            "compat.proto.event_pb2",
            "plugins.text.metadata",
            "compat.proto.tensor_pb2",
            "compat.proto.types_pb2",
        )
    )
    value_of = summaries.Summary.Value
    # not by TensorBoard's own writer of files, which leaves a part of one on a full disk
    data = io.BytesIO()
    writer = records.RecordWriter(data)

    def add(elapsed: float, **what: Any) -> None:
        writer.write(protocol.Event(wall_time=run.created + elapsed, **what).SerializeToString())

    add(0.0, file_version="brain.Event:2")
    table = "\n".join(
        [
            "|setting|value|",
            "|---|---|",
            *(f"|{name}|{value}|" for name, value in settings_of(run.config)),
        ]
    )
    text = tensors.TensorProto(dtype=types.DT_STRING, string_val=[table.encode()])
    settings = value_of(
        tag="settings", metadata=texts.create_summary_metadata("settings", ""), tensor=text
    )
    add(0.0, step=0, summary=summaries.Summary(value=[settings]))
    for moment in store.logged_values(run.run_id):
        values = [value_of(tag=tag, simple_value=value) for tag, value in _tagged(run, moment)]
        add(moment.elapsed, step=moment.step, summary=summaries.Summary(value=values))
    make_folder(folder)
    write_file(folder / f"events.out.tfevents.{run.created:010.0f}.{run.run_id}", data.getvalue())


def _tagged(run: RunRecord, moment: LoggedValues) -> list[tuple[str, float]]:
    # The training loss is logged by step; an epoch's mean must not mix with that.
    tags = {"train_loss": "train_loss of the epoch"} if moment.kind == "epoch" else {}
    tagged = [(tags.get(name, name), value) for name, value in moment.metrics.items()]
    for name, values in moment.replicas.items():
        for network, value in zip(run.config.replicas, values, strict=False):
            tagged.append(
                (f"{tags.get(name, name)}/{network.variant.label}/seed {network.seed}", value)
            )
    return tagged
