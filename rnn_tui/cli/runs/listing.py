"""`rnn-tui runs` without an action: a table of runs, with a line for each of their networks."""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.cli import output
from rnn_tui.engine.pace import duration
from rnn_tui.runs.export.documents import run_document
from rnn_tui.runs.run_record import NetworkFigures, RunRecord
from rnn_tui.runs.store import existing_store
from rnn_tui.runs.words import NOTHING, age, spread_figure

COLUMNS = (
    "name",
    "task",
    "status",
    "progress",
    "network",
    "n",
    "validation",
    "test",
    "trained",
    "age",
    "id",
)
#: columns whose cells end below each other.
NUMBERS = ("n", "validation", "test", "trained", "age")
#: columns that are left out on a narrow terminal, the first of them first.
SPARE = ("id", "trained", "validation", "progress", "task", "age", "status")


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
        rows = [_cells(run, network) for run in runs for network in run.networks]
        output.print_table(COLUMNS, rows, NUMBERS, SPARE)
    else:
        output.say("There are no runs yet; rnn-tui train makes one.")


def _cells(run: RunRecord, network: NetworkFigures) -> list[str]:
    """Return the cells of a network of a run: the run's own, and its figures over seeds."""
    return [
        run.name,
        run.config.task,
        str(run.status),
        f"{run.progress:.0%}",
        network.label or NOTHING,
        str(network.n),
        spread_figure(run, run.metric, network.last),
        spread_figure(run, run.final_metric, network.final),
        duration(run.elapsed),
        age(time.time() - run.created),
        run.run_id,
    ]
