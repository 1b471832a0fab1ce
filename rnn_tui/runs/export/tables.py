"""All values as rows, for spreadsheets and data frames."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rnn_tui.runs import documents
from rnn_tui.runs.export.formats import Export
from rnn_tui.runs.records import Moment, RunRecord
from rnn_tui.runs.store import RunStore

HEADS = (
    "run", "name", "task", "kind", "step", "epoch", "seconds", "metric", "hidden_size", "loss",
    "seed", "value",
)  # fmt: skip


def write_csv(export: Export) -> list[Path]:
    """Write every value as a row of a table."""
    return export.write_text(as_csv(export.store, export.runs))


def write_json(export: Export) -> list[Path]:
    """Write one document of all that is known."""
    return export.write_text(as_json(export.store, export.runs))


def as_csv(store: RunStore, runs: Sequence[RunRecord]) -> str:
    """Every logged value in a row of its own, to the last bit.

    `kind` is `step` for means since the row before, `epoch` for an epoch's figures, `test` for
    those at the end; `seconds` is training time. Of a run with several networks, `hidden_size`,
    `loss` and `seed` tell which one a value is of.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(HEADS)
    for run in runs:
        for moment in store.moments(run.run_id):
            table.writerows(_rows(run, moment))
    return text.getvalue()


def _rows(run: RunRecord, moment: Moment) -> Iterator[Sequence[object]]:
    epoch = moment.step / max(1, run.steps_per_epoch)
    head = (run.run_id, run.name, run.config.task, moment.kind, moment.step, repr(epoch),
            f"{moment.elapsed:.6f}")  # fmt: skip
    networks = run.config.replicas
    size = getattr(run.config, "hidden_size", "")
    for name, value in moment.metrics.items():
        yield *head, name, size, "", run.config.seed, repr(value)
    for name, values in moment.replicas.items():
        for network, value in zip(networks, values, strict=False):
            variant = network.variant
            yield *head, name, variant.hidden_size, variant.loss, network.seed, repr(value)


def as_json(store: RunStore, runs: Sequence[RunRecord]) -> str:
    """All that is known of runs, in one document."""
    document = {"runs": [documents.in_full(run, store) for run in runs]}
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
