"""Accuracy by length, the lengths in training marked, on a logarithmic axis where they go far."""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from rnn_tui.engine.state import SpreadSeries
from rnn_tui.tasks.sequences.evaluation import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.chart.spread import SpreadKind, share_cursor, spread_series
from rnn_tui.ui.training.seeds_view import SIDE_BY_SIDE_WIDTH
from rnn_tui.ui.training.variant_names import VariantNames, name_in_chart


class LengthsView(Vertical):
    """A chart for each figure by length.

    Args:
        titles: of the charts, in the order of `SequenceEvaluation.by_length`.
        log_x: whether the axis of lengths is logarithmic.
    """

    def __init__(self, titles: Sequence[str], log_x: bool) -> None:
        super().__init__()
        self.charts = tuple(
            Chart(
                title,
                y_unit="%",
                lower=0.0,
                upper=100.0,
                x_label="length",
                log_x=log_x,
                allow_log=False,
                allow_smoothing=False,
                empty_text="A run that is finished shows it here",
            )
            for title in titles
        )
        self.spread: SpreadKind = "range"

    def compose(self) -> ComposeResult:
        """Lay out the charts."""
        yield VariantNames()
        with Grid(id="charts"):
            yield from self.charts

    def on_mount(self) -> None:
        """Read all charts at the same length."""
        share_cursor(self, self.charts)

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room for it."""
        wide = event.size.width >= SIDE_BY_SIDE_WIDTH and len(self.charts) > 1
        self.set_class(wide, "-side-by-side")
        self.set_class(len(self.charts) == 1, "-single")

    def show(self, evaluation: SequenceEvaluation | None) -> None:
        """Draw what was evaluated of a run."""
        variants = evaluation.config.variants if evaluation else ()
        self.set_class(self.query_one(VariantNames).show(variants), "-many")
        for at, chart in enumerate(self.charts):
            if evaluation is None:
                chart.mark_range(None, None)  # that of another run
                chart.show([])
                continue
            shortest, longest = evaluation.config.lengths
            chart.mark_range(shortest, longest, "in training")
            figure = evaluation.by_length[at]
            chart.show(
                [
                    spread_series(
                        name_in_chart(variant, variants),
                        SpreadSeries.of(
                            figure.lengths, figure.spread(at_variant, evaluation.config.seeds)
                        ),
                        at_variant,
                        self.spread,
                        points=True,
                    )
                    for at_variant, variant in enumerate(variants)
                ]
            )
