"""`rnn-tui runs watch`: a run that another process trains, followed until it ends."""

import argparse
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.archive.export.documents import full_document
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.store import RunStore
from rnn_tui.archive.words import figures_in_words
from rnn_tui.cli import output
from rnn_tui.cli.results import TrainingOutput
from rnn_tui.cli.runs.action import Action, add_json, add_run
from rnn_tui.cli.runs.remote_control import where_it_stands
from rnn_tui.engine import waits
from rnn_tui.engine.pace import duration, time_left
from rnn_tui.engine.process.signals import stopping_on_signals
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

SECONDS_BETWEEN_LOOKS = 0.25  # news comes twice a second
LOOK_SHARE = 0.25  # the share of time for looking: a long run takes a while to draw
HIGHEST_CHART = 20  # lines
AROUND_CHART = 4  # lines of the terminal that are not the chart's


@dataclass(frozen=True)
class WatchRequest:
    """Watch a run."""

    run: str  #: as typed.
    as_json: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the action takes."""
    add_run(parser)
    add_json(parser, "print nothing until the end, then what show --json prints")


def read_request(options: argparse.Namespace) -> WatchRequest:
    """Read the options into a request."""
    return WatchRequest(options.run, options.json)


def watch(request: WatchRequest) -> int:
    """Show a run until it ends.

    Returns:
        The exit code: 0 for a run that has finished, or was not in training; 130 after Ctrl-C;
        else 1.
    """
    with RunStore() as store:
        run = store.find(request.run).undamaged
        was_training = run.status.active
        if not was_training:
            output.say(f"not in training: {where_it_stands(run)}")
        watcher = _Watcher(store, run, as_json=request.as_json)
        signals = watcher.follow()
        run = watcher.run
        if request.as_json:
            output.print_json(full_document(run, store))
    if run.status.active:
        output.say(f"{where_it_stands(run)} Only the watching has ended.")
        return output.stopped(signals)
    if not was_training:
        return output.OK
    if run.status not in (Status.FINISHED, Status.FAILED):
        output.say(where_it_stands(run))
    return output.OK if run.status is Status.FINISHED else output.FAILURE


class _Watcher:
    """Shows a run: as a chart on a terminal, else in the lines that `rnn-tui train` prints."""

    def __init__(self, store: RunStore, run: RunRecord, *, as_json: bool) -> None:
        self.run = run  #: as it was last.
        self._store = store
        self._state = RunState(run.run_id, run.config)
        self._looked = 0.0  #: when the run was last looked at, by the monotonic clock.
        self._end = threading.Event()  #: set once a signal ends the watching.
        self._live: Live | None = None
        if sys.stdout.isatty() and not as_json:
            self._live = _live()
        self._output = TrainingOutput(self._state, as_json=as_json, quiet=self._live is not None)

    def follow(self) -> list[int]:
        """Show the run until it ends, or a signal comes; returns the signals that came."""
        with stopping_on_signals(self._end_watching) as signals:
            chart: AbstractContextManager[object] = self._live or nullcontext()
            with self._output.bar, chart:
                while self._show() and self._wait_for_news():
                    pass
            # below the chart
            self._output.follow(self._state)
        return signals

    def _end_watching(self, _signal: int) -> None:
        self._end.set()

    def _show(self) -> bool:
        """Show how far the run is; False if it has ended."""
        self._looked = time.monotonic()
        self._state = self._store.state(self.run)
        if self._live is not None:
            picture = _picture(self.run, self._state, *self._live.console.size)
            self._live.update(picture, refresh=True)
        if not self.run.status.active:
            return False
        self._output.follow(self._state)
        return True

    def _wait_for_news(self) -> bool:
        """Wait until something of the run has changed; False if a signal ends the watching."""
        shown = self.run
        while self.run is shown and not self._end.is_set():
            seconds_of_look = time.monotonic() - self._looked
            seconds = max(SECONDS_BETWEEN_LOOKS, seconds_of_look / LOOK_SHARE)
            waits.wait(self._end.wait, "news of the run", seconds, by_design=True)
            self.run = self._store.get(shown.run_id) or shown
        if self._end.is_set():
            return False
        was_paused = shown.status is Status.PAUSED
        is_paused = self.run.status is Status.PAUSED
        if self.run.status.active and is_paused is not was_paused and self._live is None:
            self._output.bar.say(where_it_stands(self.run))
        return True


def _live() -> "Live":
    """Return a part of the terminal that is redrawn at news, and stays at the end."""
    from rich.live import Live  # on terminals only

    return Live(
        console=output.console(sys.stdout),
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )


def _picture(run: RunRecord, state: RunState, width: int, height: int) -> "Group":
    """Draw the progress of a run, the chart of its loss, and its last other values."""
    from rich.console import Group  # on terminals only
    from rich.text import Text

    from rnn_tui.ui.chart.plotting import loss_chart

    progress = " · ".join(_progress(run, state))
    heading = Text.assemble((run.name, "bold"), f"  {run.status}  ", (progress, "dim"))
    figures = Text(figures_in_words(state, state.epochs[-1]) if state.epochs else "")
    for line in (heading, figures):
        line.truncate(width, overflow="ellipsis")
    chart_height = max(4, min(HIGHEST_CHART, height - AROUND_CHART))
    return Group(heading, loss_chart(state, width, chart_height), figures)


def _progress(run: RunRecord, state: RunState) -> list[str]:
    """Return the progress of a run, as parts of a line."""
    parts = [f"{run.progress:.0%}", duration(state.elapsed)]
    if state.remaining is not None:
        parts.append(time_left(state.remaining))
    epoch = min(len(state.epochs) + 1, state.config.epochs)
    parts.append(f"epoch {epoch}/{state.config.epochs}")
    if run.status is Status.TRAINING:
        parts.append(f"{state.rate:,.0f} {TASKS[state.config.task].unit}/s")
    return parts


WATCH = Action(
    name="watch",
    help="follow a run that another process trains",
    description=(
        "Follow a run that the app or another command trains, until it ends: by a chart on a "
        "terminal, in a pipe by the lines that train prints. Ctrl-C ends the watching only."
    ),
    examples=("last", "last --json"),
    add_arguments=add_arguments,
    read=read_request,
    perform=watch,
)
