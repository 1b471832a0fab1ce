"""Training without the app: the same loop, its events told in lines, a bar or JSON.

Results go to stdout; progress and messages go to stderr, and only where a terminal shows them or
something is wrong.
"""

import json
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from rnn_tui.cli import exit_codes
from rnn_tui.cli.results import document, plain_line, plain_results, results_table, variant_lines
from rnn_tui.cli.stop_signals import stopping_on_signals
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.control import Control
from rnn_tui.engine.events import new_run_id
from rnn_tui.engine.state import EpochRow, RunState, Status
from rnn_tui.runs import training
from rnn_tui.runs.store import RunStore
from rnn_tui.runs.training import Emit
from rnn_tui.tasks import TASKS

NETWORKS_IN_A_LINE = 3
# A bar that wraps is a line higher than rich takes away: the line above it would be lost.
ONE_LINE = Column(no_wrap=True)


class _RateColumn(ProgressColumn):
    """Samples a second."""

    def __init__(self, unit: str) -> None:
        super().__init__(table_column=ONE_LINE)
        self._unit = unit

    def render(self, task: Task) -> Text:
        """The rate of the last interval."""
        rate = task.fields.get("rate", 0.0)
        return Text(f"{rate:,.0f} {self._unit}/s", style="progress.data.speed")


def _console(stream: TextIO) -> Console:
    # Rich would take a pipe for a terminal where the environment asks for colours.
    return Console(file=stream, force_terminal=stream.isatty(), highlight=False, soft_wrap=True)


class Reporter:
    """Takes the events of one run and tells them on the command line.

    Args:
        config: the settings of the run.
        run_id: its id.
        as_json: say nothing on stdout until the end, then one JSON document.
        quiet: no progress and no epochs, only the result.
        out: where results go; stdout by default.
        err: where progress and messages go; stderr by default.
        state: what is known of the run already, if it is resumed.
    """

    def __init__(
        self,
        config: RunConfig,
        run_id: str,
        *,
        as_json: bool = False,
        quiet: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        state: RunState | None = None,
    ) -> None:
        self.state = state or RunState(run_id, config)
        self._json, self._quiet = as_json, quiet
        self._out = _console(out or sys.stdout)
        self._err = _console(err or sys.stderr)
        self._pretty = self._out.is_terminal
        self._progress: Progress | None = None
        if self._err.is_terminal and not quiet:
            self._progress = Progress(
                TextColumn("{task.description}", table_column=ONE_LINE),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                _RateColumn(TASKS[config.task].unit),
                TimeElapsedColumn(),
                TextColumn("ETA"),
                TimeRemainingColumn(),
                console=self._err,
                transient=True,
                refresh_per_second=4,
                redirect_stdout=False,
                redirect_stderr=False,
            )
        self._held: EpochRow | None = None

    @property
    def wants_evaluation(self) -> bool:
        """Whether what it tells at the end has more than the events say."""
        return self._json and bool(self.state.config.variants)

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Keep the progress bar on screen."""
        if self._progress is None:
            yield
            return
        self._bar = self._progress.add_task(f"{self.state.config.name} · loading", total=None)
        with self._progress:
            yield

    def emit(self, event: events.Event) -> None:
        """Take an event; called by the training loop."""
        self.state = self.state.apply(event)
        match event:
            case events.LogLine(level="warning"):
                self._say(f"rnn-tui: {event.text}")
            case events.RunFailed():
                if self._held is not None:
                    self._print_plain(self._held, {})
                self._say(f"rnn-tui: {event.message}")
            case events.EpochEnded():
                self._epoch_line(self.state.epochs[-1])
            case events.RunFinished() | events.RunStopped():
                self._last_line()
        if self._progress is not None and self.state.total_steps:
            label = self.state.config.name
            epoch = min(len(self.state.epochs) + 1, self.state.config.epochs)
            self._progress.update(
                self._bar,
                description=f"{label} · epoch {epoch}/{self.state.config.epochs}",
                total=self.state.total_steps,
                completed=self.state.step,
                rate=self.state.rate,
            )

    def _say(self, text: str) -> None:
        self._err.print(Text(text))

    def _epoch_line(self, row: EpochRow) -> None:
        if self._json or self._quiet:
            return
        if self._pretty:
            self._print(self._pretty_line(row))
        elif row.epoch == self.state.config.epochs:
            self._held = row  # its line also carries the test figures, which come next
        else:
            self._print_plain(row, {})

    def _pretty_line(self, row: EpochRow) -> str:
        m = row.metrics
        if not self.state.config.variants:
            return (
                f"epoch {row.epoch:>3}  training loss {m['train_loss']:.4f}  "
                f"validation loss {m['val_loss']:.4f}  "
                f"validation accuracy {m['val_accuracy']:.2f} %  {row.seconds:.1f} s"
            )
        # The first metric in which more is better: with many variants there is room for one.
        spec = next(s for s in self.state.metric_definitions if s.higher_is_better)
        variants, spreads = self.state.config.variants, self.state.spreads(spec.name)
        figures = "  ".join(
            f"{variant.label} {spread.mean:.2f} %"
            for variant, spread in zip(variants, spreads, strict=True)
        )
        if len(variants) > NETWORKS_IN_A_LINE:
            means = [spread.mean for spread in spreads]
            figures = f"{min(means):.2f} … {max(means):.2f} % over {len(variants)} networks"
        return f"epoch {row.epoch:>3}  {spec.label}: {figures}  {row.seconds:.1f} s"

    def _last_line(self) -> None:
        state = self.state
        if self._json:
            return  # `tell` prints it, once all that belongs to it is measured
        if self._held is not None:
            self._print_plain(self._held, state.results)
        elif state.status is Status.FINISHED and (self._pretty or self._quiet):
            self._tell_result()
        elif state.status is Status.STOPPED and state.checkpoint:
            self._say(
                f"rnn-tui: stopped at step {state.step}; weights kept in {state.checkpoint}; "
                f"rnn-tui train --resume {state.run_id} goes on"
            )

    def _tell_result(self) -> None:
        """The test figures: a line, or a table where there are several networks."""
        state = self.state
        if state.config.variants:
            self._print(results_table(state) if self._pretty else plain_results(state))
            return
        accuracy = state.results["test_accuracy"]
        task = TASKS[state.config.task]
        published = task.published_figure(task.headline, state.config.cell)
        report = "" if published is None else f"  (the report: {published:.2f} %)"
        self._print(
            f"test accuracy {accuracy:.2f} %  test loss {state.results['test_loss']:.4f}  "
            f"{state.elapsed:.1f} s" + (report if self._pretty else "")
        )

    def tell(self, evaluation: Any) -> None:
        """Print the JSON document, where that was asked for.

        Args:
            evaluation: what the task's evaluation found, or None.
        """
        if self._json and self.state.status in (Status.FINISHED, Status.STOPPED):
            self._print(json.dumps(document(self.state, evaluation), indent=2, allow_nan=False))

    def _print_plain(self, row: EpochRow, results: Mapping[str, float]) -> None:
        if not self.state.config.variants:
            self._print(plain_line(row, results))
            return
        replicas = {**row.replicas, **self.state.replica_results}
        self._print(variant_lines(self.state, replicas, f"epoch={row.epoch} ", row.seconds))

    def _print(self, what: str | Table) -> None:
        shown = Text(what) if isinstance(what, str) else what
        if self._progress is not None and self._out.is_terminal:
            # Bar and result share the screen, though not the stream: take the bar away meanwhile.
            self._progress.stop()
            self._out.print(shown)
            self._progress.start()
        else:
            self._out.print(shown)


def train(
    config: RunConfig, *, as_json: bool = False, quiet: bool = False, output: Path | None = None
) -> int:
    """Train on the command line; returns the exit code.

    Args:
        config: the settings.
        as_json: print one JSON document at the end.
        quiet: no progress and no epochs, only the result.
        output: where to write the weights as well, once the run has finished.

    0 when finished, 1 when the run failed, 130 when Ctrl-C stopped it, 143 for SIGTERM and 129 for
    SIGHUP (the shell's 128 + signal); the weights are kept when stopped.
    """
    run_id = new_run_id()

    def start(emit: Emit, control: Control) -> Any:
        return training.train(config, emit, control, run_id)

    reporter = Reporter(config, run_id, as_json=as_json, quiet=quiet)
    return _told(reporter, start, output)


def resume(
    text: str, *, as_json: bool = False, quiet: bool = False, output: Path | None = None
) -> int:
    """Go on with a run on the command line; returns the exit code, as `train` does.

    Args:
        text: which run, as typed.
        as_json: print one JSON document at the end.
        quiet: no progress and no epochs, only the result.
        output: where to write the weights as well, once the run has finished.

    Raises:
        StoreError: if there is no such run, or nothing to resume.
        CheckpointError: if its checkpoint can't be used.
    """
    with RunStore() as store:
        run = store.find(text)
        state = store.state(run)
    reporter = Reporter(run.config, run.run_id, as_json=as_json, quiet=quiet, state=state)

    def start(emit: Emit, control: Control) -> Any:
        return training.resume(run, emit, control)

    return _told(reporter, start, output)


def _told(reporter: "Reporter", start: Callable[[Emit, Control], Any], output: Path | None) -> int:
    """Train and tell of it; returns the exit code.

    Args:
        reporter: takes the events.
        start: trains.
        output: where to write the weights as well, once the run has finished.
    """
    control = Control()
    config = reporter.state.config

    def stop() -> None:
        control.stop(interrupted=received[0] != signal.SIGINT)

    with stopping_on_signals(stop) as received:
        from rnn_tui.engine.checkpoint import Checkpoint, save_checkpoint  # noqa: PLC0415 - torch

        evaluation = None
        with reporter.showing():
            outcome = start(reporter.emit, control)
            if reporter.wants_evaluation and outcome.metrics and outcome.weights is not None:
                evaluation = TASKS[config.task].evaluate(config, outcome.weights)
        reporter.tell(evaluation)
        if output is not None and outcome.metrics and outcome.weights is not None:
            # What the user asked for by name must exist or the command fails.
            steps = reporter.state.step
            save_checkpoint(output, Checkpoint(config, outcome.weights, steps, outcome.metrics))
    if reporter.state.status is Status.FAILED:
        return exit_codes.FAILURE
    if reporter.state.status is Status.STOPPED:
        return 128 + received[0] if received else exit_codes.INTERRUPTED
    return exit_codes.OK
