"""Curves over seeds for a chart, and charts that are read at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from textual.widget import Widget

from rnn_tui.engine.state import SpreadSeries
from rnn_tui.ui.chart.chart import Chart, ChartSeries

if TYPE_CHECKING:
    from rnn_tui.runs.comparison import Line

SpreadKind = Literal["range", "sd"]
SPREAD_LABELS = {"range": "min … max", "sd": "± sd"}


def spread_series(
    name: str, series: SpreadSeries, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """A mean over seeds with its spread around it."""
    low, high = series.low, series.high
    if kind == "sd":
        pairs = list(zip(series.mean, series.sd, strict=True))
        low, high = tuple(m - s for m, s in pairs), tuple(m + s for m, s in pairs)
    return ChartSeries(name, series.x, series.mean, colour, points, low, high)


def line_series(
    name: str, line: Line, colour: int, kind: SpreadKind, points: bool = False
) -> ChartSeries:
    """A line over runs: with its spread, and their number after its name; or of one run alone."""
    series = SpreadSeries.of(line.x, line.spreads)
    if line.seeds < 2:
        return ChartSeries(name, series.x, series.mean, colour, points)
    return spread_series(f"{name} (n {line.seeds})", series, colour, kind, points)


def share_cursor(owner: Widget, charts: Sequence[Chart]) -> None:
    """Read all these charts of `owner` at the same place."""

    def follow(position: float | None) -> None:
        for chart in charts:
            if position is None:
                chart.cursor = None
            elif chart.cursor != position and owner.app.focused is not chart:
                chart.cursor = position

    for chart in charts:
        owner.watch(chart, "cursor", follow, init=False)
