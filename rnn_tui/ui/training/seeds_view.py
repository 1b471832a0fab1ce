"""Training of a set of seeds: two charts with spread, and the figures of every variant."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.chart.spread import SpreadKind, share_cursor, spread_series
from rnn_tui.ui.training.variant_names import VariantNames, name_in_chart
from rnn_tui.ui.training.variant_table import VariantTable

SIDE_BY_SIDE_WIDTH = 76
TABLE_HEIGHT = 18
# Lines below which a chart is better off with those of the table, whose figures are in Results.
CHART_HEIGHT = 8


class SeedsView(Vertical):
    """Loss and accuracy of the chosen run, one curve a variant: the mean over its seeds.

    Args:
        accuracy: the metric of the second chart, such as `val_accuracy`.
        log_loss: start with a logarithmic loss axis.
    """

    def __init__(self, accuracy: Metric, log_loss: bool) -> None:
        super().__init__()
        self._accuracy = accuracy
        self._loss_chart = Chart(
            "Training loss", lower=0.0, id="loss-chart", empty_text="Press t to train"
        )
        self._loss_chart.set_reactive(Chart.log_y, log_loss)
        self._accuracy_chart = Chart(
            accuracy.label.capitalize(),
            y_unit=accuracy.unit,
            lower=accuracy.lower,
            upper=accuracy.upper,
            id="accuracy-chart",
            allow_log=False,
            empty_text="One point an epoch",
        )
        self.spread: SpreadKind = "range"
        self._networks = 0

    def compose(self) -> ComposeResult:
        """Lay out charts above, table below."""
        yield VariantNames()
        with Grid(id="charts"):
            yield self._loss_chart
            yield self._accuracy_chart
        yield VariantTable(short=True)

    def on_mount(self) -> None:
        """Read both charts at the same epoch."""
        share_cursor(self, self.charts)

    def on_resize(self) -> None:
        """Fit the new size."""
        self._fit()

    def _fit(self) -> None:
        """Two columns where there is room for them; no table where it would squeeze the charts."""
        width, height = self.size
        beside = width >= SIDE_BY_SIDE_WIDTH
        # A headline, and with a run the headings and a line for each network.
        table = 1 + (self._networks + 1 if self._networks else 0)
        names = self.query_one(VariantNames).get_content_height(self.size, self.size, width)
        charts = CHART_HEIGHT if beside else 2 * CHART_HEIGHT
        self.set_class(beside, "-side-by-side")
        self.set_class(height < max(TABLE_HEIGHT, charts + table + names), "-low")

    @property
    def charts(self) -> tuple[Chart, Chart]:
        """The loss chart and the accuracy chart."""
        return self._loss_chart, self._accuracy_chart

    def show(self, state: RunState | None) -> None:
        """Draw a run."""
        many = self.query_one(VariantNames).show(state.config.variants if state else ())
        self.set_class(many, "-many")
        networks = len(state.config.variants) if state else 0
        if networks != self._networks:
            self._networks = networks
            self._fit()
        self._loss_chart.show(self._curves(state, "train_loss", points=False))
        self._accuracy_chart.show(self._curves(state, self._accuracy.name, points=True))
        self.query_one(VariantTable).show(state)

    def _curves(self, state: RunState | None, metric: str, points: bool) -> Sequence[ChartSeries]:
        if state is None or metric not in state.bands:
            return []
        return [
            spread_series(
                name_in_chart(variant, state.config.variants), band, colour, self.spread, points
            )
            for colour, (variant, band) in enumerate(
                zip(state.config.variants, state.bands[metric], strict=True)
            )
        ]
