"""Accuracy by length, the lengths in training marked, on a logarithmic axis where they go far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical

from rnn_tui.engine.state import SpreadSeries
from rnn_tui.tasks.evaluation import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart, share_cursor, spread_series
from rnn_tui.ui.shell.views import SpreadView, TaskView
from rnn_tui.ui.training.training_view import SIDE_BY_SIDE_WIDTH
from rnn_tui.ui.training.variants import VariantNames, name_in_chart

if TYPE_CHECKING:
    from rnn_tui.ui.training.pane import TaskPane


class LengthsView(Vertical, SpreadView, TaskView):
    """A chart for each figure by length.

    Args:
        pane: the task's.
        titles: of the charts, in the order of `SequenceEvaluation.by_length`.
        log_x: whether the axis of lengths is logarithmic.
    """

    def __init__(
        self,
        pane: TaskPane,  # noqa: ARG002 - as every view is made
        titles: Sequence[str] = ("Accuracy by length",),
        log_x: bool = False,
    ) -> None:
        super().__init__()
        self._charts = tuple(
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
        self._evaluation: SequenceEvaluation | None = None

    @property
    def charts(self) -> tuple[Chart, ...]:
        """One a figure."""
        return self._charts

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

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """Draw what was evaluated of the run that is looked at."""
        found = pane.evaluation(pane.chosen)
        self._evaluation = found if isinstance(found, SequenceEvaluation) else None
        self.draw()

    def draw(self) -> None:
        """Draw it with the spread that is wanted."""
        found = self._evaluation
        variants = found.config.variants if found else ()
        self.set_class(self.query_one(VariantNames).show(variants), "-many")
        if found is None:
            for chart in self.charts:
                chart.mark_range(None, None)  # that of another run
                chart.show([])
            return
        for chart, figure in zip(self.charts, found.by_length, strict=False):
            chart.mark_range(*found.config.lengths, "in training")
            chart.show(
                [
                    spread_series(
                        name_in_chart(variant, variants),
                        SpreadSeries.of(figure.lengths, figure.spread(at, found.config.seeds)),
                        at,
                        self.spread,
                        points=True,
                    )
                    for at, variant in enumerate(variants)
                ]
            )
