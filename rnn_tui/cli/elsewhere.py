"""Runs that another process trains: watched, in a chart or by the lines that `train` prints, and asked to stop or pause."""

import argparse
import sys
import threading
import time
from contextlib import nullcontext
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
# A step, a validation or a slow disk may have to be waited for; then a word before a command ends.
PATIENCE, SECONDS_IN_SILENCE = 20.0, 1.0


def ask(store: RunStore, options: argparse.Namespace) -> int:
    """Ask for what the action says, wait, and tell what came of it; returns 1 where a run does not do it, or not in time."""
    asked, code, what = [], output.OK, options.action
    for text in options.runs:
        try:
            run = store.find(text).whole
            store.request(run, what)
            asked.append(run.run_id)
        except StoreError as error:  # the others are asked all the same
            output.say(str(error))
            code = output.FAILURE
    began, silent = time.monotonic(), True
    while True:
        runs = [run for run in map(store.get, dict.fromkeys(asked)) if run is not None]
        left, waited = [run.name for run in runs if not _has_done(what, run)], time.monotonic() - began
        if not left or waited > PATIENCE:
            break
        if silent and waited > SECONDS_IN_SILENCE:
            silent = False
            output.say(f"{', '.join(left)}: asked to {what}; waiting for that, at most {PATIENCE:.0f} s …")
        time.sleep(0.05)
    for run in runs:
        output.say(f"{'not yet: ' if run.name in left else ''}{_told(run)}")
    return output.FAILURE if left else code


def _has_done(what: str, run: RunRecord) -> bool:
    """Whether a run is as it was asked to be, or has ended, so that another process may have it."""
    if not run.status.active:
        return is_held(run.run_id) is not True
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


def watch(store: RunStore, options: argparse.Namespace) -> int:
    """Show a run until it ends; returns 0 where it has finished, or did not train, 130 after Ctrl-C, or else 1."""
    run, stop = store.find(options.run).whole, threading.Event()
    trained, as_json = run.status.active, options.json or options.list_json
    if not trained:
        output.say(f"not in training: {_told(run)}")
    drawn = sys.stdout.isatty() and not as_json
    told = TrainingOutput(RunState(run.run_id, run.config), as_json=as_json, quiet=drawn)
    with output.stopping_on_signals(lambda _: stop.set()) as received:
        with told.bar, _live() if drawn else nullcontext() as live:
            while True:
                began, seen, state = time.monotonic(), run, store.state(run)
                if live is not None:
                    live.update(_picture(run, state, *live.console.size), refresh=True)
                if not run.status.active:
                    break  # what there is to say at the end stays below the chart
                told.follow(state)
                while run is seen and not stop.is_set():  # no news
                    stop.wait(max(SECONDS_BETWEEN_LOOKS, (time.monotonic() - began) / LOOK_SHARE))
                    run = store.get(run.run_id) or run
                if stop.is_set():
                    break
                paused, before = run.status is Status.PAUSED, seen.status is Status.PAUSED
                if run.status.active and paused is not before and not drawn:
                    told.bar.say(_told(run))
        told.follow(state)
    if as_json:
        output.print_json(documents.in_full(run, store))
    if run.status.active:
        output.say(f"{_told(run)} Only the watching has ended.")
        return output.stopped(received)
    if trained and run.status not in (Status.FINISHED, Status.FAILED):
        output.say(_told(run))
    return output.FAILURE if trained and run.status is not Status.FINISHED else output.OK


def _live() -> "Live":
    """A part of the terminal that is drawn anew where there is news, and stays at the end."""
    from rich.live import Live  # noqa: PLC0415 - on terminals only

    return Live(console=output.console(sys.stdout), auto_refresh=False, redirect_stdout=False, redirect_stderr=False)


def _picture(run: RunRecord, state: RunState, width: int, height: int) -> "Group":
    """How far a run is, the chart of its loss, and what else was measured last."""
    from rich.console import Group  # noqa: PLC0415 - on terminals only
    from rich.text import Text  # noqa: PLC0415

    from rnn_tui.ui.chart.chart import loss_chart  # noqa: PLC0415

    left = "" if state.remaining is None else f"{duration(state.remaining)} left · "
    epoch = min(len(state.epochs) + 1, state.config.epochs)
    far = f"{run.progress:.0%} · {duration(state.elapsed)} · {left}epoch {epoch}/{state.config.epochs}"
    pace = f" · {state.rate:,.0f} {TASKS[state.config.task].unit}/s" if run.status is Status.TRAINING else ""
    heading = Text.assemble((run.name, "bold"), f"  {run.status}  ", (far + pace, "dim"))
    figures = Text(figures_in_words(state, state.epochs[-1]) if state.epochs else "")
    for line in (heading, figures):
        line.truncate(width, overflow="ellipsis")
    return Group(heading, loss_chart(state, width, max(4, min(HIGHEST_CHART, height - AROUND_CHART))), figures)
