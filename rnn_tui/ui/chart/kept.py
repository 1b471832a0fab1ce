"""Marks the epochs whose weights early stopping keeps, in charts of validation."""

from collections.abc import Iterator, Sequence

from rnn_tui.engine.metrics import KEPT_EPOCH, Metric
from rnn_tui.engine.palette import KEPT
from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart.view import ChartSeries

KEPT_MARK = f"{KEPT} {KEPT_EPOCH.label}"  # what a heading says of the marks


def with_kept(
    state: RunState, metric: Metric, curves: Sequence[ChartSeries]
) -> Iterator[ChartSeries]:
    """Yield curves of a metric, each followed by the marks of its networks.

    Args:
        state: the run; without early stopping nothing is marked.
        metric: what is drawn; only metrics of validation have marks.
        curves: one for each variant, or one of a single network. A mark is where one of its seeds
            has the weights that are kept: at that epoch, and the value that this seed had there.
    """
    points: Sequence[tuple[float, float]] = ()
    if metric.stage == "val" and metric.name != KEPT_EPOCH.name:
        points = state.kept_points(metric.name)
    seeds = len(points) // max(1, len(curves))
    for place, curve in enumerate(curves):
        yield curve
        if seeds:
            epochs, values = zip(*points[place * seeds : (place + 1) * seeds], strict=True)
            yield ChartSeries(
                curve.name,
                epochs,
                values,
                curve.colour,
                points=True,
                mark=KEPT,
                line=False,
                on_top=True,
            )
