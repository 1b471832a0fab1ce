"""The view of what came of a run: its figures over the seeds, and accuracy by length."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Static

from rnn_tui.engine.metrics import accuracy_metric
from rnn_tui.engine.state import SpreadSeries, Status
from rnn_tui.tasks.task import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart, spread_series
from rnn_tui.ui.frame.chart_view import SpreadView
from rnn_tui.ui.frame.pane import show_line
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.training.results import VariantTable
from rnn_tui.ui.training.training_view import ALONE, AWAY, BELOW, PLACES, ChartGrid

# Lines of charts below the table: as many as can be read well, and the share of the view at most.
CHART_HEIGHT, CHART_SHARE = 16, 0.5
BY_LENGTH = accuracy_metric("", "accuracy by length")


class ResultsView(ChartGrid, SpreadView):
    """A table of all figures, and below it a chart of each figure by length once measured."""

    shows_results = True
    BINDINGS = [key("table", "table", "Table", "The table alone, the charts alone, or both")]

    def __init__(
        self, pane: TaskTab, titles: Sequence[str] = ("Accuracy by length",), log_x: bool = False
    ) -> None:
        """Make table and charts.

        Args:
            pane: the pane of the task.
            titles: of the charts, in the order of `SequenceEvaluation.by_length`.
            log_x: whether lengths are drawn on a logarithmic axis.
        """
        super().__init__(*(Chart(log_x=log_x, allow_smoothing=False) for _ in titles))
        for chart, title in zip(self.charts, titles, strict=True):
            chart.describe(title, BY_LENGTH, "length")
        self._table = VariantTable(pane)
        self._evaluation: SequenceEvaluation | None = None
        self._place = BELOW  #: the place of the table, in `PLACES`.

    def compose(self) -> ComposeResult:
        yield self._table
        yield from super().compose()
        yield Static("", id="no-lengths", markup=False)

    def bring_up_to_date(self, pane: TaskTab) -> None:
        self._table.bring_up_to_date(pane)
        _, evaluation = pane.results
        self._evaluation = evaluation if isinstance(evaluation, SequenceEvaluation) else None
        show_line(self, "#no-lengths", "" if self._evaluation else _why_no_lengths(pane))
        self.draw()
        self.on_resize()

    def draw(self) -> None:
        evaluation = self._evaluation
        if evaluation is None:
            return
        config = evaluation.config
        for chart, figure in zip(self.charts, evaluation.by_length, strict=False):
            chart.mark_range(*config.lengths, "in training")
            lines = []
            for index, variant in enumerate(config.variants):
                band = SpreadSeries.of(figure.lengths, figure.spread(index, config.seeds))
                lines.append(spread_series(variant.label, band, index, self.spread, points=True))
            chart.show(lines)

    def focus_view(self) -> None:
        if self._table.display:
            self._table.focus_view()
        else:
            self.charts[0].focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow keys of charts only if there are any."""
        if self._evaluation is None and action in (
            "table",
            "full_screen",
            "in_chart",
            "zoom",
            "reset_view",
            "spread",
        ):
            return False
        return super().check_action(action, parameters)

    def action_table(self) -> None:
        """Show the table alone, then the charts alone, then both again."""
        self._place = PLACES[(PLACES.index(self._place) + 1) % len(PLACES)]
        self._lay_out()
        self.focus_view()

    def _lay_out(self) -> None:
        """Give the charts their lines, the table the rest."""
        super()._lay_out()
        charts = self.query_one("#charts")
        # no figure by length, if all sequences are equally long or none is classified
        has_figures = self._evaluation is not None and bool(self._evaluation.by_length)
        charts.display = has_figures and self._place != ALONE
        self._table.display = not (charts.display and self._place == AWAY)
        most = int(self.size.height * CHART_SHARE)
        charts.styles.height = min(CHART_HEIGHT, most) if self._table.display else "1fr"


def _why_no_lengths(pane: TaskTab) -> str:
    """Return a sentence on why there are no charts by length; empty before the first run."""
    run = pane.chosen
    if run is None:
        return ""
    if run.status.active:
        return "Accuracy by length is measured after training, and shown here."
    if run.status is not Status.FINISHED:
        return "Accuracy by length is measured of finished runs only."
    if pane.runs.anything_to_come:
        return "Accuracy by length is being measured …"
    return "Accuracy by length was not measured; the log (Ctrl+P, Log) says why."
