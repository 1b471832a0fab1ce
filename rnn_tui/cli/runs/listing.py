"""`rnn-tui runs` without an action: a table of runs."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.cli import output
from rnn_tui.engine.pace import duration
from rnn_tui.runs.export.documents import run_document
from rnn_tui.runs.run_record import RunRecord
from rnn_tui.runs.store import existing_store
from rnn_tui.runs.words import age, figure

COLUMNS = ("name", "task", "status", "progress", "best", "final", "trained", "age", "id")
#: columns whose cells end below each other.
NUMBERS = ("best", "final", "trained", "age")
#: columns that are left out on a narrow terminal, the first of them first.
SPARE = ("id", "trained", "best", "progress", "task")


@dataclass(frozen=True)
class ListRunsRequest:
    """List runs."""

    task: str | None  #: of this task only; None for all.
    deleted: bool  #: list deleted runs instead.
    as_json: bool


def read_list_request(options: argparse.Namespace) -> ListRunsRequest:
    """Read the options into a request."""
    return ListRunsRequest(options.only, options.list_deleted, options.json)


def list_runs(request: ListRunsRequest) -> int:
    """Print a table of runs; returns the exit code."""
    with existing_store() as store:
        runs = [] if store is None else store.runs(request.task, deleted=request.deleted)
    _show(runs, as_json=request.as_json)
    return output.OK


def _show(runs: Sequence[RunRecord], *, as_json: bool) -> None:
    if as_json:
        output.print_json({"runs": [run_document(run) for run in runs]})
    elif runs:
        output.print_table(COLUMNS, [_cells(run) for run in runs], NUMBERS, SPARE)
    else:
        output.say("There are no runs yet; rnn-tui train makes one.")


def _cells(run: RunRecord) -> list[str]:
    return [
        run.name,
        run.config.task,
        str(run.status),
        f"{run.progress:.0%}",
        figure(run, run.metric, run.best),
        figure(run, run.final_metric, run.final),
        duration(run.elapsed),
        age(time.time() - run.created),
        run.run_id,
    ]
