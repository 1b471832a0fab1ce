"""A finished or stopped run on the command line: its figures as lines, as a table, as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.replicas import by_variant
from rnn_tui.engine.state import EpochRow, RunState
from rnn_tui.tasks import TASKS


def plain_line(row: EpochRow, results: Mapping[str, float]) -> str:
    """One line of `name=value`: an epoch's figures, and the test's after the last one."""
    parts = [f"epoch={row.epoch}"]
    parts += [f"{name}={value:.6g}" for name, value in row.metrics.items()]
    parts.append(f"seconds={row.seconds:.3f}")
    parts += [f"{name}={value:.6g}" for name, value in results.items()]
    return " ".join(parts)


def variant_lines(
    state: RunState, replicas: Mapping[str, Sequence[float]], prefix: str, seconds: float
) -> str:
    """One line a variant: mean and standard deviation of every figure."""
    lines = []
    for at, variant in enumerate(state.config.variants):
        parts = [f"{prefix}hidden_size={variant.hidden_size} loss={variant.loss}"]
        for name, values in replicas.items():
            spread = list(by_variant(values, len(state.config.variants)))[at]
            parts.append(f"{name}={spread.mean:.6g}")
            if spread.sd is not None:
                parts.append(f"{name}_sd={spread.sd:.6g}")
        lines.append(" ".join([*parts, f"seconds={seconds:.3f}"]))
    return "\n".join(lines)


def plain_results(state: RunState) -> str:
    """One line a variant with the test figures."""
    return variant_lines(state, state.replica_results, "", state.elapsed)


def results_table(state: RunState) -> Table:
    """The test figures of all variants over their seeds, beside the report's."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("network", "mean", "sd", "min", "max", "n", "the report"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    task, cell = TASKS[state.config.task], state.config.cell
    for spec in state.metric_definitions:
        if spec.name not in state.replica_results:
            continue
        table.add_row(Text(f"{spec.label} (%)" if spec.unit else spec.label, "bold"))
        digits = "{:.2f}".format if spec.unit == "%" else "{:.3g}".format
        for variant, spread in zip(state.config.variants, state.spreads(spec.name), strict=True):
            figures = [spread.mean, spread.sd, spread.low, spread.high]
            report = task.published_figure(spec.name, cell, variant)
            table.add_row(
                f"  {variant.label}",
                *("–" if figure is None else digits(figure) for figure in figures),
                str(spread.n),
                "" if report is None else f"{report:.2f}",
            )
    return table


def document(state: RunState, evaluation: Any = None) -> dict[str, Any]:
    """The run as `--json` prints it: accuracies in percent, losses as means, times in seconds."""
    config = state.config
    figures: dict[str, Any]
    if config.variants:
        figures = {
            "seeds": sorted({replica.seed for replica in config.replicas}),
            "variants": _variants(state, evaluation),
            "history": [
                {
                    "epoch": row.epoch,
                    "seconds": row.seconds,
                    "variants": _figures(config, row.replicas),
                }
                for row in state.epochs
            ],
        }
    else:
        figures = {
            "test_accuracy": state.results.get("test_accuracy"),
            "test_loss": state.results.get("test_loss"),
            "history": [
                {"epoch": row.epoch, **row.metrics, "seconds": row.seconds} for row in state.epochs
            ],
        }
    return {
        "task": config.task,
        "model": config.cell,
        "preset": config.preset,
        "seed": config.seed,
        "device": state.device,
        "parameters": state.parameters,
        "seconds": state.elapsed,
        **figures,
        "status": state.status.value,
        "run": state.run_id,
        "weights": state.checkpoint or None,
        "settings": config.to_dict(),
    }


def _figures(config: RunConfig, replicas: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    """For each variant, what it is and the spread of every figure over its seeds."""
    result: list[dict[str, Any]] = [
        {"hidden_size": variant.hidden_size, "loss": variant.loss} for variant in config.variants
    ]
    for name, values in replicas.items():
        for entry, spread in zip(result, by_variant(values, len(result)), strict=True):
            entry[name] = spread.to_dict()
    return result


def _variants(state: RunState, evaluation: Any) -> list[dict[str, Any]]:
    last = state.epochs[-1].replicas if state.epochs else {}
    result = _figures(state.config, {**last, **state.replica_results})
    if evaluation is not None:
        for entry, more in zip(result, evaluation.documents(), strict=True):
            entry.update(more)
    return result
