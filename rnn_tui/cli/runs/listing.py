"""`rnn-tui runs` or `rnn-tui runs list`: a table of runs, a line for each of their networks."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.archive.run_columns import NETWORK_COLUMNS, RunNetwork, run_document
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import existing_store
from rnn_tui.cli import output
from rnn_tui.cli.runs.action import Action
from rnn_tui.engine.tables import chosen
from rnn_tui.tasks import TASKS

SHOWN = chosen(
    NETWORK_COLUMNS,
    (
        "name",
        "task",
        "status",
        "progress",
        "network",
        "n",
        "validation",
        "test",
        "seconds",
        "created",
        "id",
    ),
    spare=("id", "seconds", "validation", "progress", "task", "created", "status"),
)


@dataclass(frozen=True)
class ListRunsRequest:
    """List runs."""

    task: str | None  #: of this task only; None for all.
    deleted: bool  #: list deleted runs instead.
    as_json: bool


def add_list_arguments(parser: argparse.ArgumentParser, unset: str | None = None) -> None:
    """Say which runs can be listed, and how; `unset` is the default of each option."""
    parser.add_argument(
        "--task",
        dest="only",
        choices=TASKS,
        metavar="TASK",
        default=unset,
        help="list runs of this task only",
    )
    parser.add_argument(
        "--deleted",
        action="store_true",
        dest="list_deleted",
        default=unset,
        help="list deleted runs instead",
    )
    parser.add_argument(
        "--json", action="store_true", default=unset, help="print one JSON document"
    )


def _add_action_arguments(parser: argparse.ArgumentParser) -> None:
    """Say the same of the action; what is not said after it holds as said before it."""
    add_list_arguments(parser, argparse.SUPPRESS)


def read_list_request(options: argparse.Namespace) -> ListRunsRequest:
    """Read the options into a request."""
    return ListRunsRequest(options.only, bool(options.list_deleted), bool(options.json))


def list_runs(request: ListRunsRequest) -> int:
    """Print a table of runs; returns the exit code."""
    with existing_store() as store:
        runs = [] if store is None else store.runs(request.task, deleted=request.deleted)
    _show(runs, as_json=request.as_json)
    return output.OK


LIST = Action(
    name="list",
    help="list runs, as without an action",
    examples=("--task recall", "--json"),
    add_arguments=_add_action_arguments,
    read=read_list_request,
    perform=list_runs,
)


def _show(runs: Sequence[RunRecord], *, as_json: bool) -> None:
    if as_json:
        output.print_json({"runs": [run_document(run) for run in runs]})  #: the newest first.
    elif runs:
        rows = [RunNetwork(run, network) for run in runs for network in run.networks]
        output.print_table(SHOWN, rows)
    else:
        output.say("There are no runs yet; rnn-tui train makes one.")
