"""The search for a learning rate in the app: its progress, then the loss by learning rate."""

import logging
from typing import TYPE_CHECKING

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import UserError
from rnn_tui.engine.events import Control
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.ui.chart.base import ANYTHING
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.frame.run_lines import ProgressLine
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.work.training_manager import TrainingManager

if TYPE_CHECKING:
    from rnn_tui.engine.training.learning_rates import LearningRateTest

# The labels of the axis of learning rates, by their places.
TICKS = {10.0**exponent: f"1e{exponent}" for exponent in range(-6, 0)} | {1.0: "1"}
SECONDS_BETWEEN_LOOKS = 0.1
FAILED = "Learning rates could not be tried; the log file has the details."
logger = logging.getLogger(__name__)


class _Search:
    """A search for a learning rate, in the thread that trains."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.progress = Progress()
        self.result: LearningRateTest | None = None  #: None before the end, and without one.
        self.failure = ""  #: why there is no result, in a sentence.

    def run(self, control: Control) -> None:
        """Try learning rates, to the end or until `control` stops it; raises nothing."""
        try:
            # the database, on use only
            from rnn_tui.archive.training import try_learning_rates

            self.progress = Progress(control=control)
            self.result = try_learning_rates(self.config, self.progress)
        except UserError as error:
            self.failure = str(error)
        except Exception:
            logger.exception("trying learning rates failed")
            self.failure = FAILED


class LearningRateScreen(Dialog[float | None]):
    """Tries learning rates with some settings; answers the chosen one, or None."""

    # Escape with priority, as the chart would hide its cursor first.
    BINDINGS = [
        Binding("enter", "choose_rate", "Use this rate"),
        Binding("escape", "leave", "Stop, or leave", priority=True),
    ]
    _chart = getters.query_one(Chart)
    _line = getters.query_one(ProgressLine)

    def __init__(self, config: RunConfig, runs: TrainingManager) -> None:
        super().__init__()
        self._search = _Search(config)
        self._runs = runs

    def compose(self) -> ComposeResult:
        with Vertical(id="learning-rates") as dialog:
            dialog.border_title = Content(f"Learning rates for {self._search.config.label}")
            dialog.border_subtitle = "Esc stops"
            yield ProgressLine()
            yield Chart(log_x=True, allow_smoothing=False)
            yield Static("", id="rate-note", markup=False)

    def on_mount(self) -> None:
        self._chart.display = False
        self._runs.begin_training(self._search.run)  # this makes no run
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look)
        self._look()

    def _look(self) -> None:
        """Show how far the search is, or at its end the result."""
        if self._runs.busy:
            self._draw_progress()
            return
        self._timer.stop()
        search = self._search
        if search.result is None and not search.failure:  # stopped
            self.dismiss(None)
            return
        self._line.display = False
        if search.result is None:
            note, keys = search.failure, "Esc leaves"
        else:
            self._draw_result(search.result)
            note, keys = search.result.sentence, "←→ a rate · Enter uses it · Esc leaves"
        self.query_one("#rate-note", Static).update(note)
        self.query_one("#learning-rates").border_subtitle = Content(keys)

    def _draw_progress(self) -> None:
        progress = self._search.progress
        if not progress.done:
            self._line.draw("loading", progress.share, "")
            return
        numbers = [f"{progress.done} of {progress.total} steps"]
        left = time_left(progress.seconds_left)
        if left:
            numbers.append(left)
        self._line.draw("trying", progress.share, " · ".join(numbers))

    def _draw_result(self, result: "LearningRateTest") -> None:
        """Draw the loss by learning rate, with the cursor at the suggestion."""
        chart = self._chart
        rates = result.learning_rates
        title = "Smoothed loss, untrained = 1" if result.relative else "Smoothed loss"
        chart.describe(title, ANYTHING, "learning rate")
        chart.place_ticks(TICKS)
        series = [ChartSeries("smoothed loss", rates, result.smoothed, 0)]
        suggestion = result.suggestion
        if suggestion is not None:
            index = min(range(len(rates)), key=lambda index: abs(rates[index] - suggestion))
            point = slice(index, index + 1)
            series.append(
                ChartSeries(
                    "suggested", rates[point], result.smoothed[point], 1, points=True, line=False
                )
            )
            chart.cursor = rates[index]
        chart.show(series)
        chart.display = True
        chart.focus()

    def action_choose_rate(self) -> None:
        """Answer the rate at the cursor, which is first at the suggestion."""
        if self._chart.cursor is not None:
            self.dismiss(float(f"{self._chart.cursor:.2g}"))

    def action_leave(self) -> None:
        """Stop the search; once it has ended, leave without a rate."""
        if self._runs.busy:
            self._runs.stop()
        else:
            self.dismiss(None)
