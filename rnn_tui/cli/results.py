"""A run on the command line: its events as they come, then its figures as lines, table or JSON;
progress goes to stderr.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rnn_tui.cli.output import ProgressBar, console, print_json
from rnn_tui.engine import events
from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.metrics import by_variant, main_metric
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks import TASKS

if TYPE_CHECKING:
    from rich.table import Table

NETWORKS_IN_A_LINE = 3


class TrainingOutput:
    """Tells the events of one run, new or resumed; with `quiet` the result only, `as_json` one
    document at the end.
    """

    def __init__(self, state: RunState, *, as_json: bool, quiet: bool) -> None:
        self.state, self._task = state, TASKS[state.config.task]
        self._json, self._quiet, self._pretty = as_json, quiet, sys.stdout.isatty()
        self.bar = ProgressBar(f"{state.config.name} · loading", quiet=quiet)
        self._held: events.EpochEnded | None = None

    def emit(self, event: events.Event) -> None:
        """Take an event; called by the training loop."""
        self.state = self.state.apply(event)
        match event:
            case events.LogLine(level="warning"):
                self.bar.say(event.text)
            case events.EpochEnded():
                self._epoch_line(self.state.epochs[-1])
            case events.RunFailed() | events.RunFinished() | events.RunStopped():
                self._last_line()
        self._show_progress()

    def follow(self, state: RunState) -> None:
        """Tell what is new in the state of a run that another process trains."""
        rows, self.state = state.epochs[len(self.state.epochs) :], state
        for row in rows:
            self._epoch_line(row)
        if state.status in (Status.FINISHED, Status.FAILED):
            self._last_line()
        elif self._held is not None and not state.status.active:
            self._print_plain(self._held, {})
        self._show_progress()

    def _show_progress(self) -> None:
        state = self.state
        if self.bar.shown and state.total_steps:
            epoch = min(len(state.epochs) + 1, state.config.epochs)
            label = f"{state.config.name} · epoch {epoch}/{state.config.epochs}"
            self.bar.update(
                state.step,
                state.total_steps,
                label=label,
                note=f"{state.rate:,.0f} {self._task.unit}/s",
                left=time_left(state.remaining),
            )

    def _epoch_line(self, row: events.EpochEnded) -> None:
        if self._json or self._quiet:
            return
        if self._pretty:
            self._print(
                f"epoch {row.epoch:>3}  {figures_in_words(self.state, row)}  {row.seconds:.1f} s"
            )
        elif row.epoch == self.state.config.epochs:
            self._held = row  # its line also carries the test figures, which come next
        else:
            self._print_plain(row, {})

    def _last_line(self) -> None:
        state = self.state
        if state.status is Status.FAILED:
            if self._held is not None:
                self._print_plain(self._held, {})
            self.bar.say(state.message)
        elif self._json:
            return  # `tell` prints it, once all that belongs to it is measured
        elif self._held is not None:
            self._print_plain(self._held, state.results)
        elif state.status is Status.FINISHED and (self._pretty or self._quiet):
            self._tell_result()
        elif state.status is Status.STOPPED and state.checkpoint:
            kept = f"stopped at step {state.step}; weights kept in {state.checkpoint}"
            self.bar.say(f"{kept}; rnn-tui train --resume {state.run_id} goes on")

    def _tell_result(self) -> None:
        """The test figures: a line, or a table where there are several networks."""
        state, task = self.state, self._task
        if state.config.variants:
            plain = variant_lines(state, state.replica_results, "", state.elapsed)
            self._print(results_table(state) if self._pretty else plain)
            return
        known = {one.name: one for one in state.metric_definitions}
        names = dict.fromkeys([task.headline, *state.results])
        shown = [known[name].in_words(state.results[name]) for name in names if name in known]
        published = task.published_figure(task.headline, state.config.cell)
        report = "" if published is None else f"  (the report: {published:.2f} %)"
        self._print(
            "  ".join([*shown, f"{state.elapsed:.1f} s"]) + (report if self._pretty else "")
        )

    def tell(self, evaluation: Any, *, kept: bool = True) -> None:
        """Print the JSON document, if that was asked for; `kept` if all of the run is on the
        disk.
        """
        if self._json and self.state.status in (Status.FINISHED, Status.STOPPED):
            print_json(document(self.state, evaluation) | {"kept": kept})

    def _print_plain(self, row: events.EpochEnded, results: Mapping[str, float]) -> None:
        """One line of `name=value` a network: an epoch's figures, and the test's after the last
        one.
        """
        if not self.state.config.variants:
            measured, tested = (
                [f"{name}={value:.6g}" for name, value in some.items()]
                for some in (row.metrics, results)
            )
            self._print(
                " ".join([f"epoch={row.epoch}", *measured, f"seconds={row.seconds:.3f}", *tested])
            )
            return
        replicas = {**row.replicas, **self.state.replica_results}
        self._print(variant_lines(self.state, replicas, f"epoch={row.epoch} ", row.seconds))

    def _print(self, what: "str | Table") -> None:
        with self.bar.away():
            if isinstance(what, str):
                print(what, flush=True)
            else:
                console(sys.stdout).print(what)


def figures_in_words(state: RunState, row: events.EpochEnded) -> str:
    """An epoch's figures in words: those that a chart of the app would draw."""
    if not state.config.variants:
        drawn = (one for one in state.metric_definitions if one.chart)
        return "  ".join(
            one.in_words(row.metrics[one.name]) for one in drawn if one.name in row.metrics
        )
    # of many variants there is room for one
    measured = (metric for metric in state.metric_definitions if metric.name in row.replicas)
    metric = main_metric(measured, TASKS[state.config.task].headline)
    if metric is None:
        return ""
    unit = f" {metric.unit}" if metric.unit else ""
    variants, means = state.config.variants, [s.mean for s in state.spreads(metric.name)]
    if len(variants) > NETWORKS_IN_A_LINE:
        low, high = metric.format(min(means)), metric.format(max(means))
        return f"{metric.label}: {low} … {high}{unit} over {len(variants)} networks"
    shown = (
        f"{one.label} {metric.format(mean)}{unit}"
        for one, mean in zip(variants, means, strict=True)
    )
    return f"{metric.label}: {'  '.join(shown)}"


def variant_lines(
    state: RunState, replicas: Mapping[str, Sequence[float]], prefix: str, seconds: float
) -> str:
    """One line a variant: mean and standard deviation of every figure."""
    variants = state.config.variants
    lines = [f"{prefix}hidden_size={one.hidden_size} loss={one.loss}" for one in variants]
    for name, values in replicas.items():
        for at, spread in enumerate(by_variant(values, len(variants))):
            sd = "" if spread.sd is None else f" {name}_sd={spread.sd:.6g}"
            lines[at] += f" {name}={spread.mean:.6g}{sd}"
    return "\n".join(f"{line} seconds={seconds:.3f}" for line in lines)


def results_table(state: RunState) -> "Table":
    """The test figures of all variants over their seeds, beside the report's."""
    from rich.table import Table  # noqa: PLC0415 - on terminals only
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("network", "mean", "sd", "min", "max", "n", "the report"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    task, cell = TASKS[state.config.task], state.config.cell
    for spec in state.metric_definitions:
        if spec.name not in state.replica_results:
            continue
        table.add_row(Text(spec.title, "bold"))
        digits = "{:.2f}".format if spec.unit == "%" else "{:.3g}".format
        for variant, spread in zip(state.config.variants, state.spreads(spec.name), strict=True):
            report = task.published_figure(spec.name, cell, variant)
            ours = (
                "–" if figure is None else digits(figure)
                for figure in (spread.mean, spread.sd, spread.low, spread.high)
            )
            table.add_row(
                f"  {variant.label}",
                *ours,
                str(spread.n),
                "" if report is None else f"{report:.2f}",
            )
    return table


def document(state: RunState, evaluation: Any) -> dict[str, Any]:
    """The run as `--json` prints it: accuracies in percent, losses as means, times in seconds."""
    config = state.config
    if config.variants:
        variants = _figures(
            config, {**(state.epochs[-1].replicas if state.epochs else {}), **state.replica_results}
        )
        if evaluation is not None:
            for entry, more in zip(variants, evaluation.documents(), strict=True):
                entry.update(more)
        figures = {
            "seeds": sorted({replica.seed for replica in config.replicas}),
            "variants": variants,
        }
        history = [
            {"epoch": row.epoch, "seconds": row.seconds, "variants": _figures(config, row.replicas)}
            for row in state.epochs
        ]
    else:  # all that the test has, though there is none yet; the headline first
        task = TASKS[config.task]
        tested = [
            task.headline,
            *(one.name for one in task.metrics if one.stage == "test"),
            *state.results,
        ]
        figures = {name: state.results.get(name) for name in tested}
        history = [
            {"epoch": row.epoch, **row.metrics, "seconds": row.seconds} for row in state.epochs
        ]
    return {
        "task": config.task,
        "model": config.cell,
        "preset": config.preset,
        "seed": config.seed,
        "device": state.device,
        "parameters": state.parameters,
        "seconds": state.elapsed,
        **figures,
        "history": history,
        "status": state.status.value,
        "run": state.run_id,
        "weights": state.checkpoint or None,
        "settings": config.to_dict(),
    }


def _figures(config: RunConfig, replicas: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """For each variant, what it is and the spread of every figure over its seeds."""
    result: list[dict[str, Any]] = [asdict(variant) for variant in config.variants]
    for name, values in replicas.items():
        for entry, spread in zip(result, by_variant(values, len(result)), strict=True):
            entry[name] = spread.to_dict()
    return result
