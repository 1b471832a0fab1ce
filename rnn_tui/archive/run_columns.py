"""The columns of runs: of the tables of shell and app, of JSON documents and exported tables."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rnn_tui.archive.columns import LONGEST_NAME
from rnn_tui.archive.run_record import NetworkFigures, RunRecord
from rnn_tui.archive.words import NOTHING, age, figure, spread_figure
from rnn_tui.engine.errors import printable
from rnn_tui.engine.json_values import date
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.engine.state import Status
from rnn_tui.engine.tables import Column, document_of

SHORT_NAME = 30  # characters of a name where there is no room for more
MOST_NETWORKS = 3  # that are told one by one in a cell
LOSS = "#.3g"  # three digits, zeros at the end too, so that all losses have the same length


def _variant_documents(run: RunRecord) -> list[dict[str, Any]]:
    """Return the figures of each network of a set over its seeds; none of a single network."""
    documents = []
    for variant, network in zip(run.config.variants, run.networks, strict=False):
        figures = {
            "last": network.last,  #: `metric` after the last epoch; null before it is measured.
            "final": network.final,  #: `final_metric` in the test; null before the end.
        }
        spreads = {name: spread and spread.to_dict() for name, spread in figures.items()}
        documents.append(asdict(variant) | spreads)
    return documents


#: the fields of a run's document.
RUN_FIELDS: tuple[Column[RunRecord], ...] = (
    Column("id", lambda run: run.run_id),  #: unique among all runs on all machines.
    Column(
        "name",  #: its name; no other run has it.
        lambda run: run.name,
        lambda run: printable(run.name, LONGEST_NAME),
        order=lambda run: run.name.casefold(),
        short=lambda run: printable(run.name, SHORT_NAME),
    ),
    Column("task", lambda run: run.config.task),  #: its name, as on the command line.
    Column("model", lambda run: run.config.cell),  #: the cell.
    Column("preset", lambda run: run.config.preset),  #: the preset's name.
    #: `loading`, `training`, `paused`, `interrupted`, `stopped`, `finished`, `failed`, `damaged`.
    Column(
        "status", lambda run: run.status.value, order=lambda run: list(Status).index(run.status)
    ),
    Column(
        "created",  #: when it was created.
        lambda run: date(run.created),
        lambda run: age(time.time() - run.created),
        name="age",
        order=lambda run: -run.created,
        right=True,
        widest="59 min",
    ),
    Column("updated", lambda run: date(run.updated)),  #: when it was last written to.
    Column("step", lambda run: run.step),  #: optimiser steps done.
    Column("total_steps", lambda run: run.total_steps),  #: optimiser steps in total.
    #: epochs done, including a fraction of the current one.
    Column("epoch", lambda run: run.epoch),
    Column("epochs", lambda run: run.config.epochs),  #: epochs in total.
    Column(
        "progress",  #: fraction done, 0 … 1.
        lambda run: run.progress,
        lambda run: f"{run.progress:.0%}",
        order=lambda run: -run.progress,
        widest="100%",
    ),
    Column(
        "seconds",  #: training time over all sessions.
        lambda run: run.elapsed,
        lambda run: duration(run.elapsed),
        name="trained",
        order=lambda run: -run.elapsed,
        right=True,
    ),
    Column("metric", lambda run: run.metric or None),  #: the metric of `best` and `last`.
    #: its best value; of several networks, that of the best one, a mean over its seeds.
    Column("best", lambda run: run.best),
    Column("last", lambda run: run.last),  #: its newest value; of several networks, as `best`.
    #: the metric that represents a finished run.
    Column("final_metric", lambda run: run.final_metric or None),
    #: its value at the end; of several networks, as `best`.
    Column("final", lambda run: run.final),
    #: of a set: one entry for each network (hidden size and loss), over its seeds; else empty.
    Column("variants", _variant_documents),
    Column("device", lambda run: run.device or None),  #: the device that it ran on.
    #: number of parameters, of all networks that train side by side.
    Column("parameters", lambda run: run.parameters),
    Column("message", lambda run: run.message or None),  #: why it failed.
    Column("note", lambda run: run.note),  #: the user's note.
    Column(
        "tags",  #: the user's tags.
        lambda run: list(run.tags),
        lambda run: " ".join(run.tags),
        order=lambda run: (not run.tags, run.tags),
    ),
    Column("weights", lambda run: run.weights_shown),  #: the file of weights.
    Column("settings", lambda run: run.config.to_dict()),  #: all settings of the training.
)


def run_document(run: RunRecord) -> dict[str, Any]:
    """Return a run as in a list of runs, without its logged values."""
    return document_of(run, RUN_FIELDS)


def networks_of(run: RunRecord) -> str:
    """Return which networks a run trains, in a few words."""
    config = run.config
    if not config.variants:
        size = f" {config.hidden_size}" if hasattr(config, "hidden_size") else ""
        return f"{config.name}{size} {config.preset}"
    sizes = sorted({variant.hidden_size for variant in config.variants})
    losses = dict.fromkeys(variant.loss for variant in config.variants)  # each once, in order
    seeds = config.seed_count
    text = f"H {','.join(map(str, sizes))} {','.join(losses)} {config.preset}"
    return f"{text} ×{seeds}" if seeds > 1 else text


def _high_ones_first(value: float | None) -> tuple[bool, float]:
    """Return a sort key for figures; runs without one come last."""
    return value is None, -(value or 0.0)


def _figures(run: RunRecord, metric: str, spreads: Sequence[Spread | None]) -> str:
    """Return a figure of each network of a run, or its range where there are many networks."""
    measured = [spread for spread in spreads if spread is not None]
    if not measured or len(measured) > MOST_NETWORKS:
        return _range(run, metric, spreads)
    texts = [spread_figure(run, metric, spread, LOSS) for spread in measured]
    return ", ".join([*(text.removesuffix(" %") for text in texts[:-1]), texts[-1]])


def _range(run: RunRecord, metric: str, spreads: Sequence[Spread | None]) -> str:
    """Return the lowest and the highest mean of a run's networks, or the figure of its only one."""
    measured = [spread for spread in spreads if spread is not None]
    if len(measured) < 2:
        return spread_figure(run, metric, measured[0] if measured else None, LOSS)
    means = [spread.mean for spread in measured]
    low = figure(run, metric, min(means), LOSS).removesuffix(" %")
    return f"{low} … {figure(run, metric, max(means), LOSS)}"


def _last(run: RunRecord) -> str:
    return _figures(run, run.metric, [network.last for network in run.networks])


def _final(run: RunRecord) -> str:
    return _figures(run, run.final_metric, [network.final for network in run.networks])


def _final_range(run: RunRecord) -> str:
    return _range(run, run.final_metric, [network.final for network in run.networks])


#: all columns of a run, a line for all its networks.
RUN_COLUMNS: tuple[Column[RunRecord], ...] = (
    *RUN_FIELDS,
    Column("networks", networks_of),
    Column("validation", _last, order=lambda run: _high_ones_first(run.last), right=True),
    Column(
        "test",
        _final,
        order=lambda run: _high_ones_first(run.final),
        right=True,
        short=_final_range,
    ),
)


@dataclass(frozen=True)
class RunNetwork:
    """A run, and the figures of one of its networks."""

    run: RunRecord
    network: NetworkFigures

    @property
    def validation(self) -> str:
        """What was measured last in validation."""
        return spread_figure(self.run, self.run.metric, self.network.last)

    @property
    def test(self) -> str:
        """What was measured in the test."""
        return spread_figure(self.run, self.run.final_metric, self.network.final)


def _run_of(row: RunNetwork) -> RunRecord:
    return row.run


#: all columns of a network of a run: the run's own, and its figures over seeds.
NETWORK_COLUMNS: tuple[Column[RunNetwork], ...] = (
    *(column.of(_run_of) for column in RUN_FIELDS),
    Column("network", lambda row: row.network.label or NOTHING),
    Column("n", lambda row: row.network.n, right=True),
    Column("validation", lambda row: row.validation, right=True),
    Column("test", lambda row: row.test, right=True),
)
