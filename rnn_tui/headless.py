"""Training without the app: the same loop, its events told in lines, a bar or JSON.

Results go to stdout; progress and messages go to stderr, and only where a terminal shows them or
something is wrong.
"""

import json
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
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
from rich.text import Text

from rnn_tui import exit_codes
from rnn_tui.engine import events
from rnn_tui.engine.config import MODEL_LABELS, RunConfig
from rnn_tui.engine.control import Control
from rnn_tui.engine.state import EpochRow, RunState, Status
from rnn_tui.paths import run_dir
from rnn_tui.tasks import TASKS


class _RateColumn(ProgressColumn):
    """Samples a second."""

    def render(self, task: Task) -> Text:
        """The rate of the last interval."""
        return Text(f"{task.fields.get('rate', 0.0):,.0f} images/s", style="progress.data.speed")


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
    ) -> None:
        self.state = RunState(run_id, config)
        self._json, self._quiet = as_json, quiet
        self._out = _console(out or sys.stdout)
        self._err = _console(err or sys.stderr)
        self._pretty = self._out.is_terminal
        self._progress: Progress | None = None
        if self._err.is_terminal and not quiet:
            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.percentage:>3.0f} %"),
                _RateColumn(),
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

    @contextmanager
    def showing(self) -> Iterator[None]:
        """Keep the progress bar on screen."""
        if self._progress is None:
            yield
            return
        label = MODEL_LABELS[self.state.config.model]
        self._bar = self._progress.add_task(f"{label} · loading", total=None)
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
                    self._print(_plain_line(self._held, {}))
                self._say(f"rnn-tui: {event.message}")
            case events.EpochEnded():
                self._epoch_line(self.state.epochs[-1])
            case events.RunFinished() | events.RunStopped():
                self._last_line()
        if self._progress is not None and self.state.total_steps:
            label = MODEL_LABELS[self.state.config.model]
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
            m = row.metrics
            self._print(
                f"epoch {row.epoch:>3}  training loss {m['train_loss']:.4f}  "
                f"validation loss {m['val_loss']:.4f}  "
                f"validation accuracy {m['val_accuracy']:.2f} %  {row.seconds:.1f} s"
            )
        elif row.epoch == self.state.config.epochs:
            self._held = row  # its line also carries the test figures, which come next
        else:
            self._print(_plain_line(row, {}))

    def _last_line(self) -> None:
        state = self.state
        if self._json:
            self._print(json.dumps(document(state), indent=2, allow_nan=False))
        elif self._held is not None:
            self._print(_plain_line(self._held, state.results))
        elif state.status is Status.FINISHED and (self._pretty or self._quiet):
            published = TASKS[state.config.task].published["test_accuracy"]
            self._print(
                f"test accuracy {state.results['test_accuracy']:.2f} %  "
                f"test loss {state.results['test_loss']:.4f}  {state.elapsed:.1f} s"
                + (f"  (the report: {published[state.config.model]:.2f} %)" if self._pretty else "")
            )
        elif state.status is Status.STOPPED and state.checkpoint:
            self._say(f"rnn-tui: stopped at step {state.step}; weights kept in {state.checkpoint}")

    def _print(self, text: str) -> None:
        if self._progress is not None and self._out.is_terminal:
            # Bar and result share the screen, though not the stream: take the bar away meanwhile.
            self._progress.stop()
            self._out.print(Text(text))
            self._progress.start()
        else:
            self._out.print(Text(text))


def _plain_line(row: EpochRow, results: Mapping[str, float]) -> str:
    parts = [f"epoch={row.epoch}"]
    parts += [f"{name}={value:.6g}" for name, value in row.metrics.items()]
    parts.append(f"seconds={row.seconds:.3f}")
    parts += [f"{name}={value:.6g}" for name, value in results.items()]
    return " ".join(parts)


def document(state: RunState) -> dict[str, Any]:
    """The run as `--json` prints it: accuracies in percent, losses as means, times in seconds."""
    config = state.config
    return {
        "task": config.task,
        "model": config.model,
        "preset": config.preset,
        "seed": config.seed,
        "device": state.device,
        "parameters": state.parameters,
        "seconds": state.elapsed,
        "test_accuracy": state.results.get("test_accuracy"),
        "test_loss": state.results.get("test_loss"),
        "history": [
            {"epoch": row.epoch, **row.metrics, "seconds": row.seconds} for row in state.epochs
        ],
        "status": state.status.value,
        "run": state.run_id,
        "weights": state.checkpoint or None,
        "settings": config.to_dict(),
    }


@contextmanager
def _signals_stop(control: Control) -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM ask the run to stop; a second one ends the process at once.

    Yields:
        the signals that came.
    """
    received: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt
        received.append(number)
        control.stop()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def train(config: RunConfig, *, as_json: bool = False, quiet: bool = False) -> int:
    """Train on the command line; returns the exit code.

    0 when finished, 1 when the run failed, 130 when Ctrl-C stopped it, 143 for SIGTERM (the
    shell's 128 + signal); the weights are kept when stopped.
    """
    control = Control()
    with _signals_stop(control) as received:
        from rnn_tui.engine.loop import fit, new_run_id  # noqa: PLC0415 - torch, on use only

        run_id = new_run_id()
        reporter = Reporter(config, run_id, as_json=as_json, quiet=quiet)
        with reporter.showing():
            fit(
                TASKS[config.task].load(),
                config,
                reporter.emit,
                control,
                run_id=run_id,
                checkpoint_path=run_dir() / run_id / "weights.safetensors",
            )
    if reporter.state.status is Status.FAILED:
        return exit_codes.FAILURE
    if reporter.state.status is Status.STOPPED:
        return 128 + received[0] if received else exit_codes.INTERRUPTED
    return exit_codes.OK
