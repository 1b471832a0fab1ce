"""Runs as event files, which TensorBoard opens."""

from pathlib import Path
from typing import Any

from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.runs.comparison import settings_of
from rnn_tui.runs.export.formats import Export, file_name, imported
from rnn_tui.runs.records import Moment, RunRecord
from rnn_tui.runs.store import RunStore


def write_folder(export: Export) -> list[Path]:
    """Write a folder of event files for each run, which TensorBoard shows beside each other.

    Raises:
        ExportError: if TensorBoard is not installed, or there are event files already.
    """
    folder = export.folder
    for run in export.runs:
        inside = folder / file_name(run)
        if any(inside.glob("events.out.tfevents.*")):
            raise ExportError(
                f"{printable(inside, 200)} has event files already, which TensorBoard would mix "
                "with these; remove it, or choose another place with --output."
            )
        write_events(export.store, run, inside)
    return [folder]


def write_events(store: RunStore, run: RunRecord, folder: Path) -> None:
    """Write all values and the settings of a run into `folder`, which becomes a run of TensorBoard.

    A value of one of several networks has a tag such as `val_accuracy/H 5 ce/seed 3`.

    Raises:
        ExportError: if TensorBoard is not installed.
        OSError: as the file system does.
    """
    writers, summaries, protocol, texts, tensors, types = (
        imported(f"tensorboard.{module}", "tensorboard", "Event files")
        for module in (
            "summary.writer.event_file_writer", "compat.proto.summary_pb2",
            "compat.proto.event_pb2", "plugins.text.metadata", "compat.proto.tensor_pb2",
            "compat.proto.types_pb2",
        )
    )  # fmt: skip
    value_of = summaries.Summary.Value

    folder.mkdir(parents=True, exist_ok=True)
    writer = writers.EventFileWriter(str(folder))

    def add(elapsed: float, step: int, values: list[Any]) -> None:
        summary = summaries.Summary(value=values)
        event = protocol.Event(wall_time=run.created + elapsed, step=step, summary=summary)
        writer.add_event(event)

    try:
        lines = [f"|{name}|{value}|" for name, value in settings_of(run.config)]
        table = "\n".join(["|setting|value|", "|---|---|", *lines])
        text = tensors.TensorProto(dtype=types.DT_STRING, string_val=[table.encode()])
        kind = texts.create_summary_metadata("settings", "")
        add(0.0, 0, [value_of(tag="settings", metadata=kind, tensor=text)])
        for moment in store.moments(run.run_id):
            tagged = _tagged(run, moment)
            values = [value_of(tag=tag, simple_value=value) for tag, value in tagged]
            add(moment.elapsed, moment.step, values)
    finally:
        writer.close()


def _tagged(run: RunRecord, moment: Moment) -> list[tuple[str, float]]:
    tagged = [(_tag(name, moment), value) for name, value in moment.metrics.items()]
    for name, values in moment.replicas.items():
        for network, value in zip(run.config.replicas, values, strict=False):
            which = f"{network.variant.label}/seed {network.seed}"
            tagged.append((f"{_tag(name, moment)}/{which}", value))
    return tagged


def _tag(name: str, moment: Moment) -> str:
    # The training loss is logged by step; an epoch's mean must not mix with that.
    return f"{name} of the epoch" if moment.kind == "epoch" and name == "train_loss" else name
