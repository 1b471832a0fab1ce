"""The table of all runs."""

import time

from rnn_tui.engine.errors import printable
from rnn_tui.engine.pace import duration
from rnn_tui.engine.state import Status
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.words import age, figure
from rnn_tui.ui.common.widgets.marked_table import (
    BY_AGE,
    STATUS_MARKS,
    Listing,
    MarkedTable,
    TableColumn,
)

LOSS = "#.3g"  # three digits, zeros at the end too, so that all losses have the same length


def variant(run: RunRecord) -> str:
    """Return which networks a run trains, in a few words."""
    config = run.config
    if not config.variants:
        size = f" {config.hidden_size}" if hasattr(config, "hidden_size") else ""
        return f"{config.name}{size} {config.preset}"
    sizes = sorted({variant.hidden_size for variant in config.variants})
    losses = dict.fromkeys(variant.loss for variant in config.variants)  # each once, in order
    seeds = len(config.replicas) // len(config.variants)
    text = f"H {','.join(map(str, sizes))} {','.join(losses)} {config.preset}"
    return f"{text} ×{seeds}" if seeds > 1 else text


def _sortable(value: float | None) -> tuple[bool, float]:
    """Return a sort key for figures: high ones first, runs without one last."""
    return value is None, -(value or 0.0)


COLUMNS: tuple[TableColumn[RunRecord], ...] = (
    TableColumn("name", lambda run: printable(run.name, 80), lambda run: run.name.casefold()),
    TableColumn("task", lambda run: run.config.task, lambda run: run.config.task),
    TableColumn("variant", variant, variant),
    TableColumn(
        "status",
        lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}",
        lambda run: list(Status).index(run.status),
        style=lambda run: STATUS_MARKS[run.status][1],
    ),
    TableColumn("done", lambda run: f"{run.progress:.0%}", lambda run: -run.progress, right=True),
    TableColumn(
        "best val",
        lambda run: figure(run, run.metric, run.best, LOSS),
        lambda run: _sortable(run.best),
        right=True,
    ),
    TableColumn(
        "test",
        lambda run: figure(run, run.final_metric, run.final, LOSS),
        lambda run: _sortable(run.final),
        right=True,
    ),
    TableColumn("trained", lambda run: duration(run.elapsed), lambda run: -run.elapsed, right=True),
    TableColumn(
        "age", lambda run: age(time.time() - run.created), lambda run: -run.created, right=True
    ),
    TableColumn("tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags)),
)


ALL_RUNS = Listing[RunRecord](COLUMNS, lambda run: run.run_id, lambda run: run.note)


class RunsTable(MarkedTable[RunRecord]):
    """A table of all runs, one a line."""

    def __init__(self) -> None:
        super().__init__(ALL_RUNS, BY_AGE)
