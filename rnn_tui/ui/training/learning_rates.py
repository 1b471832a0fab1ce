"""The search for a learning rate in the app: how far it is, then the loss by learning rate as a
chart.
"""

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
from rnn_tui.ui.common.chart.base import ANYTHING
from rnn_tui.ui.common.chart.chart import Chart, ChartSeries
from rnn_tui.ui.common.run_lines import ProgressLine
from rnn_tui.ui.common.textual_workarounds import Dialog
from rnn_tui.ui.common.training_manager import TrainingManager

if TYPE_CHECKING:
    from rnn_tui.engine.learning_rates import LearningRateTest

TICKS = {10.0**exponent: f"1e{exponent}" if exponent else "1" for exponent in range(-6, 1)}
SECONDS_BETWEEN_LOOKS = 0.1
FAILED = "Learning rates could not be tried; the log file has the details."
logger = logging.getLogger(__name__)


class _Search:
    """A search in the thread that trains, as far as it is."""

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.progress = Progress()
        self.found: LearningRateTest | None = None
        self.failure = ""

    def train(self, control: Control) -> None:
        try:
            # the database, on use only
            from rnn_tui.runs.training import try_learning_rates  # noqa: PLC0415

            self.progress = Progress(control=control)
            self.found = try_learning_rates(self.config, self.progress)
        except UserError as error:
            self.failure = str(error)
        except Exception:
            logger.exception("trying learning rates failed")
            self.failure = FAILED


class LearningRateScreen(Dialog[float | None]):
    """Tries learning rates with these settings; answers the one that is to be taken over, or
    None.
    """

    # Escape with priority, as the chart would hide its cursor first.
    BINDINGS = [
        Binding("enter", "take", "Take over"),
        Binding("escape", "leave", "Stop, or leave", priority=True),
    ]
    _chart = getters.query_one(Chart)
    _line = getters.query_one(ProgressLine)

    def __init__(self, config: RunConfig, runs: TrainingManager) -> None:
        super().__init__()
        self._search, self._runs = _Search(config), runs

    def compose(self) -> ComposeResult:
        with Vertical(id="learning-rates") as dialog:
            dialog.border_title = Content(f"Learning rates for {self._search.config.label}")
            dialog.border_subtitle = "Esc stops"
            yield ProgressLine()
            yield Chart(log_x=True, allow_smoothing=False)
            yield Static("", id="rate-note", markup=False)

    def on_mount(self) -> None:
        self._chart.display = False
        self._runs.begin_training(self._search.train)  # which makes no run
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look)
        self._look()

    def _look(self) -> None:
        """Show how far it is; at the end, once nothing trains any more, what came of it."""
        search = self._search
        if self._runs.busy:
            progress = search.progress
            numbers = []
            if progress.done:
                numbers = [f"{progress.done} of {progress.total} steps"]
                numbers += filter(None, [time_left(progress.seconds_left)])
            self._line.draw(
                "trying" if progress.done else "loading", progress.share, " · ".join(numbers)
            )
            return
        self._timer.stop()
        if search.found is None and not search.failure:  # stopped
            self.dismiss(None)
            return
        self._line.display = False
        note, keys = search.failure, "Esc leaves"
        if search.found is not None:
            self._draw(search.found)
            note, keys = search.found.sentence, "←→ a rate · Enter takes it over · Esc leaves"
        self.query_one("#rate-note", Static).update(note)
        self.query_one("#learning-rates").border_subtitle = Content(keys)

    def _draw(self, found: "LearningRateTest") -> None:
        chart, rates = self._chart, found.learning_rates
        chart.describe(
            "Smoothed loss, untrained = 1" if found.relative else "Smoothed loss",
            ANYTHING,
            "learning rate",
        )
        chart.place_ticks(TICKS)
        series = [ChartSeries("smoothed loss", rates, found.smoothed, 0)]
        if (suggested := found.suggestion) is not None:
            at = min(range(len(rates)), key=lambda at: abs(rates[at] - suggested))
            series.append(
                ChartSeries(
                    "suggested",
                    rates[at : at + 1],
                    found.smoothed[at : at + 1],
                    1,
                    points=True,
                    line=False,
                )
            )
            chart.cursor = rates[at]
        chart.show(series)
        chart.display = True
        chart.focus()

    def action_take(self) -> None:
        """Answer the rate at the cursor, which is first at what is suggested."""
        if self._chart.cursor is not None:
            self.dismiss(float(f"{self._chart.cursor:.2g}"))

    def action_leave(self) -> None:
        (self._runs.stop if self._runs.busy else self.dismiss)()
