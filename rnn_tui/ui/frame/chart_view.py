"""Views of charts, and the keys that they have."""

from collections.abc import Sequence

from textual.widget import Widget

from rnn_tui.ui.chart.chart import SPREAD_LABELS, Chart, SpreadKind
from rnn_tui.ui.frame.task_view import pane_of
from rnn_tui.ui.terminal.key_table import key

# What needs something plotted.
OF_DATA = ("full_screen", "in_chart", "zoom", "reset_view", "spread", "metric", "figure", "axis")


class ChartView(Widget):
    """A view of charts, with keys for all or one of them.

    To be the last base: Textual takes styles from the first.
    """

    BINDINGS = [
        key("chart", "full_screen", "Chart", tooltip="Chart in full screen; ←/→ read it"),
        key("smooth", "in_chart('cycle_smoothing')", "Smooth", tooltip="Smooth the training loss"),
        key(
            "log-axis",
            "in_chart('toggle_log')",
            "Log",
            show=False,
            tooltip="Logarithmic loss axis",
        ),
        key("larger", "zoom(1)", "Zoom", display="+-", tooltip="Zoom in"),
        key("smaller", "zoom(-1)", "Zoom out", show=False, tooltip="Zoom out"),
        key("all", "reset_view", "All", show=False, tooltip="Show all epochs"),
    ]
    charts: Sequence[Chart]  #: the most important first.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer nothing for charts without data, and only what one of them has a use for."""
        if action in OF_DATA and not any(chart.has_data for chart in self.charts):
            return None
        if action == "in_chart":
            return self._chart_for(str(parameters[0])) is not None
        return super().check_action(action, parameters)

    def _chart_for(self, action: str) -> Chart | None:
        """Return the chart in focus, or else the first, that has a use for an action."""
        charts = sorted(self.charts, key=lambda chart: not chart.has_focus)
        return next((chart for chart in charts if chart.check_action(action, ())), None)

    def focus_view(self) -> None:
        self.charts[0].focus()

    def action_full_screen(self) -> None:
        """Enlarge the chart in focus; then the next one; then neither."""
        chart = self._next_in_full_screen()
        if chart is None:
            self.screen.minimize()
        else:
            self.screen.maximize(chart, container=False)
            chart.focus()

    def _next_in_full_screen(self) -> Chart | None:
        """Return the chart to enlarge; None after the last one."""
        charts = list(self.charts)
        for place, chart in enumerate(charts):
            if chart is self.screen.maximized:
                return charts[place + 1] if place + 1 < len(charts) else None
        focused = [chart for chart in charts if chart is self.app.focused]
        return next(iter(focused or charts), None)

    async def action_in_chart(self, action: str) -> None:
        await self.app.run_action(action, self._chart_for(action))

    def action_zoom(self, direction: int) -> None:
        """Show half of the range (1), or twice the range (-1)."""
        for chart in self.charts:
            chart.zoom(direction)

    def action_reset_view(self) -> None:
        for chart in self.charts:
            chart.action_reset_view()
            chart.cursor = None


class SpreadView(ChartView):
    """A view of charts with the spread over seeds."""

    BINDINGS = [key("spread", "spread", "Spread", tooltip="Spread over seeds: min … max, or ± sd")]

    @property
    def spread(self) -> SpreadKind:
        """The spread around means in all views of the pane: min … max, or one deviation."""
        return pane_of(self).spread

    def draw(self) -> None:
        """Draw what is shown anew, with the spread that is wanted."""
        raise NotImplementedError

    def action_spread(self) -> None:
        """Draw the other kind of spread, in all views of the tab."""
        pane = pane_of(self)
        pane.spread = "sd" if pane.spread == "range" else "range"
        for view in pane.walk_children(SpreadView):  # a query knows the first bases only
            view.draw()
        self.notify(f"Spread over seeds: {SPREAD_LABELS[pane.spread]}", timeout=2)
