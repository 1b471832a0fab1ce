"""The table of all runs."""

import time
from collections.abc import Sequence

from textual.app import ComposeResult

from rnn_tui.archive.columns import LONGEST_NAME
from rnn_tui.archive.run_record import RunRecord
from rnn_tui.archive.words import age, figure, spread_figure
from rnn_tui.engine.errors import printable
from rnn_tui.engine.metrics import Spread
from rnn_tui.engine.pace import duration
from rnn_tui.engine.state import Status
from rnn_tui.ui.runs.preview import LEAST_HEIGHT, RunPreview
from rnn_tui.ui.widgets.marked_table import (
    BY_AGE,
    STATUS_MARKS,
    Listing,
    MarkedTable,
    TableColumn,
)

SHORT_NAME = 30  # characters of a name where there is no room for more
MOST_NETWORKS = 3  # that are told one by one in a cell
LOSS = "#.3g"  # three digits, zeros at the end too, so that all losses have the same length


def networks(run: RunRecord) -> str:
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


def _sortable(value: float | None) -> tuple[bool, float]:
    """Return a sort key for figures: high ones first, runs without one last."""
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


COLUMNS: tuple[TableColumn[RunRecord], ...] = (
    TableColumn(
        "name",
        lambda run: printable(run.name, LONGEST_NAME),
        lambda run: run.name.casefold(),
        spare=7,
        short=lambda run: printable(run.name, SHORT_NAME),
    ),
    TableColumn("task", lambda run: run.config.task, lambda run: run.config.task, spare=6),
    TableColumn("networks", networks, networks, spare=3),
    TableColumn(
        "status",
        lambda run: f"{STATUS_MARKS[run.status][0]} {run.status}",
        lambda run: list(Status).index(run.status),
        style=lambda run: STATUS_MARKS[run.status][1],
    ),
    TableColumn(
        "done", lambda run: f"{run.progress:.0%}", lambda run: -run.progress, right=True, spare=9
    ),
    TableColumn("validation", _last, lambda run: _sortable(run.last), right=True, spare=1),
    TableColumn(
        "test",
        _final,
        lambda run: _sortable(run.final),
        right=True,
        spare=5,
        short=_final_range,
    ),
    TableColumn(
        "trained",
        lambda run: duration(run.elapsed),
        lambda run: -run.elapsed,
        right=True,
        spare=2,
    ),
    TableColumn(
        "age",
        lambda run: age(time.time() - run.created),
        lambda run: -run.created,
        right=True,
        spare=8,
    ),
    TableColumn(
        "tags", lambda run: " ".join(run.tags), lambda run: (not run.tags, run.tags), spare=4
    ),
)


ALL_RUNS = Listing[RunRecord](COLUMNS, lambda run: run.run_id, lambda run: run.note)


class RunsTable(MarkedTable[RunRecord]):
    """A table of all runs, one a line, with a preview of the one at the cursor."""

    example = "runs"

    def __init__(self) -> None:
        super().__init__(ALL_RUNS, BY_AGE)
        self.preview = RunPreview()
        self.preview.display = False  # until there is a run and room for it

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self.preview

    def _fill_rows(self, items: Sequence[RunRecord]) -> None:
        super()._fill_rows(items)
        self._show_or_hide_preview()

    def _show_or_hide_preview(self) -> None:
        """Show the preview if there is a run and room for it."""
        self.preview.display = self.highlighted is not None and self.size.height >= LEAST_HEIGHT
