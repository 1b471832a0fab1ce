"""Runs as event files, which TensorBoard opens."""

from pathlib import Path

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
    writers = imported("tensorboard.summary.writer.event_file_writer", "tensorboard", "Event files")
    summaries = imported("tensorboard.compat.proto.summary_pb2", "tensorboard", "Event files")
    protocol = imported("tensorboard.compat.proto.event_pb2", "tensorboard", "Event files")
    texts = imported("tensorboard.plugins.text.metadata", "tensorboard", "Event files")
    tensors = imported("tensorboard.compat.proto.tensor_pb2", "tensorboard", "Event files")
    types = imported("tensorboard.compat.proto.types_pb2", "tensorboard", "Event files")

    folder.mkdir(parents=True, exist_ok=True)
    writer = writers.EventFileWriter(str(folder))
    try:
        table = "\n".join(
            ["|setting|value|", "|---|---|", *(f"|{n}|{v}|" for n, v in settings_of(run.config))]
        )
        text = tensors.TensorProto(dtype=types.DT_STRING, string_val=[table.encode()])
        summary = summaries.Summary(
            value=[
                summaries.Summary.Value(
                    tag="settings",
                    metadata=texts.create_summary_metadata("settings", ""),
                    tensor=text,
                )
            ]
        )
        writer.add_event(protocol.Event(wall_time=run.created, step=0, summary=summary))
        for moment in store.moments(run.run_id):
            values = [
                summaries.Summary.Value(tag=tag, simple_value=value)
                for tag, value in _tagged(run, moment)
            ]
            writer.add_event(
                protocol.Event(
                    wall_time=run.created + moment.elapsed,
                    step=moment.step,
                    summary=summaries.Summary(value=values),
                )
            )
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
