"""`rnn-tui runs show`: all about one run."""

import argparse
from dataclasses import dataclass

from rnn_tui.archive.export.documents import full_document
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import run_summary, session_summary, settings_of
from rnn_tui.cli import output
from rnn_tui.cli.runs.action import Action, add_json, add_run
from rnn_tui.engine.json_values import date

LAST_LOG_LINES = 5


@dataclass(frozen=True)
class ShowRunRequest:
    """Show all about a run."""

    run: str  #: as typed.
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the action takes."""
    add_run(parser)
    add_json(parser, "print one JSON document, with every logged value")


def read_request(options: argparse.Namespace) -> ShowRunRequest:
    """Read the options into a request."""
    return ShowRunRequest(options.run, options.json)


def show(request: ShowRunRequest) -> int:
    """Print all about a run; returns the exit code."""
    with RunStore() as store:
        run = store.find(request.run)
        if request.as_json:
            output.print_json(full_document(run, store))
        else:
            output.print_pairs(_names_and_values(run, store))
    return output.OK


def _names_and_values(run: RunRecord, store: RunStore) -> list[tuple[str, str]]:
    pairs = [*run_summary(run, date), *settings_of(run.config)]
    for session in store.sessions(run.run_id):
        pairs += session_summary(session, date)
    for _, _, text in store.log(run.run_id)[-LAST_LOG_LINES:]:
        pairs.append(("log", text))
    return pairs


SHOW = Action(
    name="show",
    help="show settings, figures and log of a run",
    description="Show settings, versions, figures and log of a run.",
    examples=("last", "recall-fast --json"),
    add_arguments=add_arguments,
    read=read_request,
    perform=show,
)
