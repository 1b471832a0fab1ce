"""A chart as coloured text, for a terminal in which no app runs."""

from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart import settled, view
from rnn_tui.ui.chart.chart import ESCAPE, LINE, plotted
from rnn_tui.ui.chart.view import ChartSeries


def loss_series(state: RunState) -> tuple[Metric, list[ChartSeries]]:
    """The loss of a run, and what is drawn of it: in training as lines, in validation as points.

    Of several networks a curve each, the mean over its seeds.
    """
    losses = [one for one in state.metric_definitions if one.chart == "loss"]
    drawn = []
    for metric in losses:
        bands, points = state.bands.get(metric.name), metric.stage != "train"
        if bands is not None:
            for at, (variant, band) in enumerate(zip(state.config.variants, bands, strict=True)):
                drawn.append(ChartSeries(f"{variant.label}, {metric.stage}", band.x, band.mean, at, points))
        elif metric.name in state.series:
            one = state.series[metric.name]
            drawn.append(ChartSeries(metric.label, one.x, one.y, len(drawn), points, line=not points))
    return losses[0] if losses else Metric("", ""), drawn


def chart_text(metric: Metric, series: Sequence[ChartSeries], width: int, height: int, empty: str) -> Text:
    """Curves over epochs with a legend, in so many columns and rows; else why it is `empty`.

    The axis goes by the rules of the app's chart: no values beyond the metric's bounds, logarithmic
    where a loss spans more than a decade, else without the steep beginning.
    """
    bounds = (metric.lower, metric.upper)
    cleaned = [view.clean(one, *bounds) for one in series]
    log_y = metric.upper is None and settled.spans_a_decade(cleaned)
    prepared = [view.prepare(one, 0.0, log_y) for one in cleaned]
    present = view.extent(prepared)
    size = width, height - 1
    frame = present and view.frame(prepared, present, size, bounds, log_y, settled=not log_y)
    if not frame:
        return Text("\n" * (height // 2) + empty.center(width) + "\n" * (height - height // 2 - 1))
    legend = Text(no_wrap=True, overflow="ellipsis")
    for one in prepared:
        mark = one.marker if one.points else "─"
        legend.append(f"{mark} ", curve_colour(one.colour, dark=True)).append(f"{one.name}  ")
    legend.append("log scale" if log_y else "", "dim")
    lines = [legend]
    for row in plotted(frame, *size).splitlines():
        # Text, number, role, text, number, role, text, ... as in the app's chart.
        parts = ESCAPE.split(row)
        line = Text(parts[0], no_wrap=True, overflow="crop")
        for number, role, text in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
            style = Style(color=curve_colour(int(number), dark=True)) if role and int(role) == LINE else Style(dim=bool(role))
            line.append(text, style)
        lines.append(line)
    return Text("\n").join(lines)
