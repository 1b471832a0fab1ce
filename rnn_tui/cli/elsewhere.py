"""Runs that another process trains: watched as they go on, asked to stop, to pause, to go on.

On a terminal a chart is drawn anew where there is news; in a pipe the lines come that `train` prints.
"""

import argparse
import sys
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rnn_tui.cli import output
from rnn_tui.cli.results import TrainingOutput, figures_in_words
from rnn_tui.engine.errors import StoreError
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.export import documents
from rnn_tui.runs.locks import is_held
from rnn_tui.runs.records import RunRecord
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.words import duration
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

# Who trains writes about twice a second. Of a long run, to read and draw it takes a while.
SECONDS_BETWEEN_LOOKS, LOOK_SHARE = 0.25, 0.25
HIGHEST_CHART, AROUND_CHART = 20, 4
# A step, a validation or a database on a slow disk may have to be waited for.
PATIENCE, SECONDS_BEFORE_A_WORD = 20.0, 1.0

# --- requests -------------------------------------------------------------------------------------


def ask(store: RunStore, options: argparse.Namespace) -> int:
    """Ask for what the action says, wait until that is done, and tell it; returns the exit code.

    1 where a run is not in training, or does not do it in time.
    """
    what, code, asked = options.action, output.OK, {}
    for text in options.runs:
        try:
            run = store.find(text).whole
            store.request(run, what)
            asked[run.run_id] = run
        except StoreError as error:  # the others are asked all the same
            output.say(str(error))
            code = output.FAILURE
    began, patient = time.monotonic(), True
    for run in asked.values():
        while not (done := _is_done(now := store.get(run.run_id) or run, what)):
            waited = time.monotonic() - began
            if waited > PATIENCE:
                break
            if patient and waited > SECONDS_BEFORE_A_WORD:
                output.say(f"waiting up to {PATIENCE:.0f} s until that is done …")
                patient = False
            time.sleep(0.05)
        if not done:
            output.say(f"{run.name} was asked to {what}, and has not done so yet; rnn-tui runs show {run.run_id} tells.")
            code = output.FAILURE
        else:
            output.say(_told(now))
    return code


def _is_done(run: RunRecord, what: str) -> bool:
    """Whether a run is as it was asked to be, or has ended."""
    if not run.status.active:  # and whoever wants to go on with it can
        return what != "stop" or is_held(run.run_id) is not True
    return run.status is {"pause": Status.PAUSED, "unpause": Status.TRAINING}.get(what)


def _told(run: RunRecord) -> str:
    """Where a run stands now, and what lets it go on."""
    at = f"{run.name} is {run.status} at step {run.step:,} of {run.total_steps:,}"
    if run.status is Status.PAUSED:
        return f"{at}; rnn-tui runs unpause {run.run_id} lets it go on."
    if run.status.resumable:
        kept = "its weights are kept, and " if run.weights.is_file() else ""
        return f"{at}; {kept}rnn-tui train --resume {run.run_id} goes on."
    return f"{at}."


# --- watching -------------------------------------------------------------------------------------


def watch(store: RunStore, options: argparse.Namespace) -> int:
    """Show a run until it ends; returns the exit code.

    0 where it has finished, or was not in training; 1 where it ended otherwise; 130 after Ctrl-C.
    """
    run = store.find(options.run)
    first, stop = run.whole, threading.Event()
    if not run.status.active:
        output.say(f"not in training: {_told(run)}")
    as_json, on_terminal = options.json or options.list_json, sys.stdout.isatty()
    told = TrainingOutput(RunState(run.run_id, run.config), as_json=as_json, quiet=on_terminal and not as_json)
    with output.stopping_on_signals(lambda _: stop.set()) as received, ExitStack() as stack:
        live = stack.enter_context(_live()) if on_terminal and not as_json else None
        stack.enter_context(told.bar)
        seen: RunRecord | None = None
        while True:
            began = time.monotonic()
            if run is not seen:
                seen, state = run, store.state(run)
                if live is not None:
                    live.update(_picture(run, state, live.console.size.width, live.console.size.height), refresh=True)
                if not run.status.active:
                    stack.close()  # what is told now stays below the chart
                told.follow(state)
            if not run.status.active or stop.is_set():
                break
            stop.wait(max(SECONDS_BETWEEN_LOOKS, (time.monotonic() - began) / LOOK_SHARE))
            run = store.get(run.run_id) or run
    if as_json:
        output.print_json(documents.in_full(run, store))
    if run.status.active:
        output.say(f"{_told(run)} It is no longer watched, and trains as before.")
        return output.stopped(received)
    if not first.status.active:
        return output.OK
    if run.status not in (Status.FINISHED, Status.FAILED):
        output.say(_told(run))
    return output.OK if run.status is Status.FINISHED else output.FAILURE


def _live() -> "Live":
    """A part of the terminal that is drawn anew where there is news, and stays at the end."""
    from rich.live import Live  # noqa: PLC0415 - on terminals only

    return Live(
        console=output.console(sys.stdout), auto_refresh=False, vertical_overflow="crop",
        redirect_stdout=False, redirect_stderr=False,
    )  # fmt: skip


def _picture(run: RunRecord, state: RunState, width: int, height: int) -> "Group":
    """How far a run is, the chart of its loss, and what else was measured last."""
    from rich.console import Group  # noqa: PLC0415 - on terminals only
    from rich.text import Text  # noqa: PLC0415

    from rnn_tui.ui.chart.text import loss_chart  # noqa: PLC0415

    left = [] if state.remaining is None else [f"{duration(state.remaining)} left"]
    epoch = min(len(state.epochs) + 1, state.config.epochs)
    parts = [f"{run.progress:.0%}", duration(state.elapsed), *left, f"epoch {epoch}/{state.config.epochs}"]
    if run.status is Status.TRAINING:
        parts.append(f"{state.rate:,.0f} {TASKS[state.config.task].unit}/s")
    figures = figures_in_words(state, state.epochs[-1]) if state.epochs else ""
    return Group(
        Text.assemble((run.name, "bold"), f"  {run.status}  ", (" · ".join(parts), "dim"), no_wrap=True, overflow="ellipsis"),
        loss_chart(state, width, max(4, min(HIGHEST_CHART, height - AROUND_CHART))),
        Text(figures, no_wrap=True, overflow="ellipsis"),
    )
