"""`rnn-tui runs stop`, `pause` and `unpause`: what asks the processes that train runs."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.archive.locks import is_held
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.cli import output
from rnn_tui.cli.runs.action import Action, add_runs
from rnn_tui.engine import waits
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.state import Status

# long enough for a step, a validation or a slow disk
SECONDS_OF_PATIENCE = 20.0
# the time until a message says what it waits for
SECONDS_IN_SILENCE = 1.0
SECONDS_BETWEEN_LOOKS = 0.05
#: the status that an action leads to, where a run is still active then.
WANTED = {"pause": Status.PAUSED, "unpause": Status.TRAINING}


@dataclass(frozen=True)
class ControlRequest:
    """Ask the processes that train runs for something."""

    runs: tuple[str, ...]  #: as typed.
    action: str  #: `stop`, `pause` or `unpause`.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the actions take."""
    add_runs(parser)


def read_request(options: argparse.Namespace) -> ControlRequest:
    """Read the options into a request."""
    return ControlRequest(tuple(options.runs), options.action)


def control(request: ControlRequest) -> int:
    """Ask, wait, and say what came of it; returns 1 if a run does not obey, or not in time."""
    with RunStore() as store:
        run_ids = _ask(store, request)
        runs = _wait(store, run_ids, request.action)
    late = [run for run in runs if not _obeys(run, request.action)]
    for run in runs:
        not_yet = "not yet: " if run in late else ""
        output.say(not_yet + where_it_stands(run))
    all_asked = len(run_ids) == len(request.runs)
    return output.OK if all_asked and not late else output.FAILURE


def _ask(store: RunStore, request: ControlRequest) -> list[str]:
    """Ask for all runs; returns the ids of those whose process could be asked."""
    run_ids: list[str] = []
    for text in request.runs:
        try:
            run = store.find(text).undamaged
            store.request(run, request.action)
        except StoreError as error:  # the others are asked all the same
            output.say(str(error))
        else:
            run_ids.append(run.run_id)
    return run_ids


def _wait(store: RunStore, run_ids: Sequence[str], action: str) -> list[RunRecord]:
    """Wait until all runs obey, or for so long; returns them as they are then."""
    silent = True
    with waits.Waiting(f"runs to {action}", SECONDS_OF_PATIENCE) as waiting:
        while True:
            records = [store.get(run_id) for run_id in dict.fromkeys(run_ids)]
            runs = [run for run in records if run is not None]
            late = [run.name for run in runs if not _obeys(run, action)]
            if not late or waiting.is_over:
                return runs
            if silent and waiting.seconds > SECONDS_IN_SILENCE:
                silent = False
                output.say(
                    f"{', '.join(late)}: asked to {action}; waiting at most "
                    f"{SECONDS_OF_PATIENCE:.0f} s …"
                )
            waiting.pause(SECONDS_BETWEEN_LOOKS)


def _obeys(run: RunRecord, action: str) -> bool:
    """Return whether a run has done what it was asked to do."""
    if run.status.active:
        return run.status is WANTED.get(action)
    # one that has ended is done once another process may have it
    return not is_held(run.run_id)


def where_it_stands(run: RunRecord) -> str:
    """Say how far a run is, and by which command it is resumed."""
    step = f"{run.name} is {run.status} at step {run.step:,} of {run.total_steps:,}"
    if run.status is Status.PAUSED:
        return f"{step}; rnn-tui runs unpause {run.run_id} continues it."
    if run.status.resumable:
        stored = "its weights are stored, and " if run.weights.is_file() else ""
        return f"{step}; {stored}rnn-tui train --resume {run.run_id} resumes it."
    return f"{step}."


STOP = Action(
    name="stop",
    help="stop runs that another process trains",
    description=(
        "Stop runs that the app or another command trains, like key s in the app. Their weights "
        "are stored; runs that wait behind them in that app or report do not begin."
    ),
    examples=("last", "recall-fast"),
    add_arguments=add_arguments,
    read=read_request,
    perform=control,
)
PAUSE = Action(
    name="pause",
    help="pause runs that another process trains",
    description="Pause runs that the app or another command trains, like key p in the app.",
    examples=("last", "recall-fast"),
    add_arguments=add_arguments,
    read=read_request,
    perform=control,
)
UNPAUSE = Action(
    name="unpause",
    help="continue paused runs in the process that trains them",
    description="Continue paused runs. Runs that have ended are resumed by rnn-tui train --resume.",
    examples=("last", "recall-fast"),
    add_arguments=add_arguments,
    read=read_request,
    perform=control,
)
