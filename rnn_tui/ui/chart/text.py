"""The loss of a run as coloured text, for a terminal in which no app runs."""

from rich.text import Text

from rnn_tui.engine.palette import curve_colour
from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart import view
from rnn_tui.ui.chart.chart import LINE, plotted
from rnn_tui.ui.chart.view import ChartSeries


def loss_chart(state: RunState, width: int, height: int) -> Text:
    """The loss over epochs below a legend, in so many columns and rows.

    In training as lines, in validation as points; of several networks the mean of each over its
    seeds. The axis goes by the rules of the app's chart: logarithmic where the loss spans more than
    a decade, else without the steep beginning.
    """
    drawn = []
    for metric in (one for one in state.metric_definitions if one.chart == "loss"):
        points = metric.stage != "train"
        for at, band in enumerate(state.bands.get(metric.name, ())):
            name = f"{state.config.variants[at].label} {metric.label}"
            drawn.append(ChartSeries(name, band.x, band.mean, at, points))
        if (one := state.series.get(metric.name)) is not None:
            drawn.append(ChartSeries(metric.label, one.x, one.y, len(drawn), points, line=not points))
    cleaned = [view.clean(one, 0.0, None) for one in drawn]
    log_y = view.spans_a_decade(cleaned)
    prepared = [view.prepare(one, 0.0, log_y) for one in cleaned]
    present, size = view.extent(prepared), (width, height - 1)
    frame = present and view.frame(prepared, present, size, (0.0, None), log_y, settled=not log_y)
    if not frame:
        return Text("No loss was logged yet.", "dim")
    chart = Text(no_wrap=True, overflow="ellipsis")
    for series in prepared:
        chart.append(series.marker if series.points else "─", curve_colour(series.colour, dark=True))
        chart.append(f" {series.name}  ")
    chart.append("log scale" if log_y else "", "dim")
    for (_, _, first), *parts in plotted(frame, *size):
        chart.append(f"\n{first}")
        for number, role, text in parts:
            chart.append(text, curve_colour(number, dark=True) if role == LINE else "dim")
    return chart
