"""A run on the command line: its events as they come, then its figures as lines, table or JSON.

Progress goes to stderr.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rnn_tui.archive.words import figures_in_words
from rnn_tui.cli.baselines import comparison_document, comparison_in_words, comparison_values
from rnn_tui.cli.output import ProgressBar, console, print_json
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import Metric, as_heading, by_variant
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rich.table import Table


class TrainingOutput:
    """Shows one run: lines as it goes on, then its results, or one JSON document at the end.

    A terminal gets words, figures and tables; a pipe one line of `name=value` an epoch.
    """

    def __init__(
        self,
        state: RunState,
        *,
        as_json: bool,
        quiet: bool,
        control: events.Control | None = None,
    ) -> None:
        """Show nothing yet.

        Args:
            state: of the run.
            as_json: print one document at the end.
            quiet: print the result only.
            control: stops the comparison with naive answers.
        """
        self.state = state  #: the state of the run, from its events so far.
        self.bar = ProgressBar(f"{state.config.name} · loading", quiet=quiet)
        self._task = TASKS[state.config.task]
        self._control = control
        self._as_json = as_json
        self._quiet = quiet  #: print the result only.
        self._on_terminal = sys.stdout.isatty()
        #: the last epoch, in a pipe: its line also has the test figures, which come next.
        self._last_epoch: events.EpochEnded | None = None

    def say(self, text: str) -> None:
        """Say a sentence that is meant for people: on a terminal only, and unless it is quiet."""
        if self.bar.shown and not self._as_json:
            self.bar.say(text)

    def emit(self, event: events.Event) -> None:
        """Take an event of the training loop."""
        self.state = self.state.apply(event)
        match event:
            case events.LogLine(level="warning"):
                self.bar.say(event.text)
            case events.EpochEnded():
                self._show_epoch(self.state.epochs[-1])
            case events.RunFailed() | events.RunFinished() | events.RunStopped():
                self._show_end()
        self._show_progress()

    def follow(self, state: RunState) -> None:
        """Show what is new in the state of a run that another process trains."""
        new_epochs = state.epochs[len(self.state.epochs) :]
        self.state = state
        for epoch in new_epochs:
            self._show_epoch(epoch)
        if state.status in (Status.FINISHED, Status.FAILED):
            self._show_end()
        elif self._last_epoch is not None and not state.status.active:
            self._print_values(self._last_epoch, {})
        self._show_progress()

    def _show_progress(self) -> None:
        state = self.state
        if not self.bar.shown or not state.total_steps:
            return
        epoch = min(len(state.epochs) + 1, state.config.epochs)
        self.bar.update(
            state.step,
            state.total_steps,
            label=f"{state.config.name} · epoch {epoch}/{state.config.epochs}",
            note=f"{state.rate:,.0f} {self._task.unit}/s",
            left=time_left(state.remaining),
        )

    def _show_epoch(self, epoch: events.EpochEnded) -> None:
        if self._as_json or self._quiet:
            return
        if self._on_terminal:
            figures = figures_in_words(self.state, epoch)
            self._print(f"epoch {epoch.epoch:>3}  {figures}  {epoch.seconds:.1f} s")
        elif epoch.epoch == self.state.config.epochs:
            self._last_epoch = epoch
        else:
            self._print_values(epoch, {})

    def _show_end(self) -> None:
        state = self.state
        if state.status is Status.FAILED:
            if self._last_epoch is not None:
                self._print_values(self._last_epoch, {})
            self.bar.say(state.message)
        elif self._as_json:
            return  # `print_document` does it, once all that belongs to it is measured
        elif self._last_epoch is not None:
            self._print_values(self._last_epoch, state.results)
            if self._task.headline_reason:
                self._print(f"headline={self._task.headline}")
            for line in comparison_values(state, self._comparing()):
                self._print(line)
        elif state.status is Status.FINISHED:
            self._show_results()
        elif state.status is Status.STOPPED and state.checkpoint:
            self.bar.say(
                f"stopped at step {state.step}; weights stored in {state.checkpoint}; rnn-tui "
                f"train --resume {state.run_id} resumes it"
            )

    def _show_results(self) -> None:
        """Show the test figures: a line, or a table if there are several networks."""
        state = self.state
        if not state.config.variants:
            self._print(self._results_in_words())
        elif self._on_terminal:
            self._print(results_table(state))
            if self._task.headline_reason:
                self._print(f"{as_heading(self._task.headline_reason)}.")
            for line in comparison_in_words(state, self._comparing()):
                self._print(line)
        else:
            self._print(variant_lines(state, state.replica_results, "", state.elapsed))

    def _results_in_words(self) -> str:
        """Return the test figures of one network, the headline first.

        On a terminal, the report's figures are added.
        """
        state = self.state
        headline = self._task.headline
        metrics = {metric.name: metric for metric in state.metric_definitions}
        names = dict.fromkeys([headline, *state.results])
        figures = [metrics[name].in_words(state.results[name]) for name in names if name in metrics]
        line = "  ".join([*figures, f"{state.elapsed:.1f} s"])
        published = self._task.published_figure(headline, state.config)
        if published is None or not self._on_terminal:
            return line
        return f"{line}  (the report: {published:.2f} %)"

    def print_document(self, evaluation: Any, *, stored: bool) -> None:
        """Print the JSON document, if that was asked for.

        Args:
            evaluation: what was measured of several networks beyond the events; None for nothing.
            stored: whether all of the run is on the disk.
        """
        if self._as_json and self.state.status in (Status.FINISHED, Status.STOPPED):
            with self.bar:
                compared = comparison_document(self.state, self._comparing())
            #: whether the whole run was written to the disk.
            print_json(document(self.state, evaluation) | compared | {"kept": stored})

    def _comparing(self) -> Progress:
        """Return a progress of naive answers that the bar shows."""
        self.bar.update(0, label=f"{self.state.config.name} · naive answers", note="", left="")
        return Progress(self.bar.show, self._control)

    def _print_values(self, epoch: events.EpochEnded, results: Mapping[str, float]) -> None:
        """Print one line of `name=value` a network: an epoch's figures, then those of the test."""
        if self.state.config.variants:
            values = {**epoch.replicas, **self.state.replica_results}
            prefix = f"epoch={epoch.epoch} "
            self._print(variant_lines(self.state, values, prefix, epoch.seconds))
            return
        parts = [
            f"epoch={epoch.epoch}",
            *_named_values(epoch.metrics),
            f"seconds={epoch.seconds:.3f}",
            *_named_values(results),
        ]
        self._print(" ".join(parts))

    def _print(self, content: "str | Table") -> None:
        with self.bar.away():
            if isinstance(content, str):
                print(content, flush=True)
            else:
                console(sys.stdout).print(content)


def _named_values(figures: Mapping[str, float]) -> list[str]:
    return [f"{name}={value:.6g}" for name, value in figures.items()]


def variant_lines(
    state: RunState, replicas: Mapping[str, Sequence[float]], prefix: str, seconds: float
) -> str:
    """Return one line a variant: mean and standard deviation of every figure.

    Args:
        state: of a run with variants.
        replicas: by metric, a value for each replica.
        prefix: what each line begins with.
        seconds: what each line ends with.
    """
    variants = state.config.variants
    lines = [
        f"{prefix}hidden_size={variant.hidden_size} loss={variant.loss}" for variant in variants
    ]
    for name, values in replicas.items():
        for index, spread in enumerate(by_variant(values, len(variants))):
            lines[index] += f" {name}={spread.mean:.6g}"
            if spread.sd is not None:
                lines[index] += f" {name}_sd={spread.sd:.6g}"
    return "\n".join(f"{line} seconds={seconds:.3f}" for line in lines)


def results_table(state: RunState) -> "Table":
    """Return the test figures of all variants over their seeds, beside published ones if any."""
    from rich.table import Table  # on terminals only
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    task = TASKS[state.config.task]
    columns = ["network", "mean", "sd", "min", "max", "n"]
    if task.published:
        columns.append("the report")
    for column in columns:
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    for metric in state.metric_definitions:
        if metric.name not in state.replica_results:
            continue
        table.add_row(Text(metric.title, "bold"))
        spreads = state.spreads(metric.name)
        for variant, spread in zip(state.config.variants, spreads, strict=True):
            published = task.published_figure(metric.name, state.config, variant)
            figures = (spread.mean, spread.sd, spread.low, spread.high)
            cells = [*(_digits(metric, figure) for figure in figures), str(spread.n)]
            if task.published:
                cells.append("" if published is None else f"{published:.2f}")
            table.add_row(f"  {variant.label}", *cells)
    return table


def _digits(metric: Metric, figure: float | None) -> str:
    """Return a figure in a cell of a table."""
    if figure is None:
        return "–"
    return f"{figure:.2f}" if metric.unit == "%" else f"{figure:.3g}"


def document(state: RunState, evaluation: Any) -> dict[str, Any]:
    """Return the run as `--json` prints it.

    Accuracies are in percent, losses are means, times are in seconds.
    """
    config = state.config
    figures = _variant_figures(state, evaluation) if config.variants else _test_figures(state)
    return {
        "task": config.task,  #: its name, as on the command line.
        "model": config.cell,  #: the cell.
        "preset": config.preset,  #: the preset's name.
        "seed": config.seed,  #: the seed, or the first one.
        "device": state.device,  #: the device that it ran on.
        #: number of parameters, of all networks that train side by side.
        "parameters": state.parameters,
        "seconds": state.elapsed,  #: training time.
        **figures,
        #: one entry for each epoch.
        "history": [_epoch_document(config, epoch) for epoch in state.epochs],
        "headline": TASKS[config.task].headline,  #: the metric that sums up the run.
        #: why that one; null where no data decide it.
        "headline_reason": TASKS[config.task].headline_reason or None,
        "status": state.status.value,  #: `finished` or `stopped`.
        "run": state.run_id,  #: the run's id.
        "weights": state.checkpoint or None,  #: the file of weights.
        "settings": config.to_dict(),  #: all settings of the training.
    }


def _test_figures(state: RunState) -> dict[str, Any]:
    """Return all figures of the test, the headline first; None for those that are still missing."""
    task = TASKS[state.config.task]
    of_test = [metric.name for metric in task.metrics if metric.stage == "test"]
    names = [task.headline, *of_test, *state.results]
    return {name: state.results.get(name) for name in names}


def _variant_figures(state: RunState, evaluation: Any) -> dict[str, Any]:
    """Return the last figures of each variant over its seeds, and what its evaluation says."""
    config = state.config
    last = state.epochs[-1].replicas if state.epochs else {}
    variants = _by_variant(config, {**last, **state.replica_results})
    if evaluation is not None:
        for variant, more in zip(variants, evaluation.documents(), strict=True):
            variant.update(more)
    seeds = sorted({replica.seed for replica in config.replicas})
    return {
        "seeds": seeds,  #: the seeds, ascending.
        "variants": variants,  #: one entry for each network (hidden size and loss), over all seeds.
    }


def _epoch_document(config: RunConfig, epoch: events.EpochEnded) -> dict[str, Any]:
    if config.variants:
        variants = _by_variant(config, epoch.replicas)
        return {
            "epoch": epoch.epoch,  #: its number, from 1.
            "seconds": epoch.seconds,  #: its training time.
            #: one entry for each network (hidden size and loss), over all seeds.
            "variants": variants,
        }
    return {"epoch": epoch.epoch, **epoch.metrics, "seconds": epoch.seconds}


def _by_variant(config: RunConfig, replicas: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """Return for each variant its settings and the spread of every figure over its seeds."""
    variants: list[dict[str, Any]] = [asdict(variant) for variant in config.variants]
    for name, values in replicas.items():
        for variant, spread in zip(variants, by_variant(values, len(variants)), strict=True):
            variant[name] = spread.to_dict()
    return variants
