"""Views of what a run came to: its confusion matrices, accuracy by length, and what it told."""

from collections import deque
from collections.abc import Sequence

from textual.widgets import RichLog

from rnn_tui.engine.events import LogLine
from rnn_tui.engine.metrics import accuracy_metric
from rnn_tui.engine.state import RunState, SpreadSeries, Status
from rnn_tui.tasks.evaluation import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart, spread_series
from rnn_tui.ui.shell.views import SpreadView
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.training.training_view import ChartGrid

LONGEST_LOG = 1000  # lines
BY_LENGTH = accuracy_metric("", "accuracy by length")


class LengthsView(ChartGrid, SpreadView):
    """A chart for each figure by length, with titles in the order of `SequenceEvaluation.by_length`."""

    def __init__(self, _pane: TaskPane, titles: Sequence[str] = ("Accuracy by length",), log_x: bool = False) -> None:
        super().__init__(*(Chart(log_x=log_x, allow_smoothing=False) for _ in titles))
        for chart, title in zip(self.charts, titles, strict=True):
            chart.describe(title, BY_LENGTH, "length")
        self._evaluation: SequenceEvaluation | None = None

    def bring_up_to_date(self, pane: TaskPane) -> None:
        found, run = pane.evaluation, pane.chosen
        self._evaluation = found if isinstance(found, SequenceEvaluation) else None
        why = "Finish a run to see this"
        if run is not None and run.status.active:
            why = "Measured as soon as training is over"
        elif run is not None and run.status is Status.FINISHED:
            why = "Being measured …" if pane.runs.anything_to_come else "Not measured; the log (G) says why"
        for chart in self.charts:
            chart.say(why)
        self.draw()

    def draw(self) -> None:
        found = self._evaluation
        if found is None:
            for chart in self.charts:
                chart.mark_range(None, None)  # that of another run
                chart.show([])
            return
        for chart, figure in zip(self.charts, found.by_length, strict=False):
            chart.mark_range(*found.config.lengths, "in training")
            lines = []
            for at, variant in enumerate(found.config.variants):
                band = SpreadSeries.of(figure.lengths, figure.spread(at, found.config.seeds))
                lines.append(spread_series(variant.label, band, at, self.spread, points=True))
            chart.show(lines)


class LogView(RichLog):
    """What the runs of the task told, in the order in which it came."""

    def __init__(self) -> None:
        super().__init__(id="log-lines", classes="panel", wrap=True, markup=False, max_lines=LONGEST_LOG)
        self.border_title = "Log"
        # What it is told before it is looked at waits there, without an end of Textual's.
        self._deferred_renders = deque(maxlen=LONGEST_LOG)
        self._seen: dict[str, int] = {}

    def follow(self, state: RunState) -> Sequence[LogLine]:
        """Write what a run has told since it was asked last; returns that."""
        new = state.log[self._seen.get(state.run_id, 0) :]
        for line in new:
            self.write(f"{state.config.label}: {line.text}")
        self._seen[state.run_id] = len(state.log)
        return new

    def forget(self, run_id: str) -> None:
        """Write all of a run that goes on from its first line again."""
        self._seen.pop(run_id, None)
