"""What the contents of all tabs of the app have in common: views, charts, and keys for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.widgets import TabbedContent, TabPane

if TYPE_CHECKING:
    from rnn_tui.ui.chart.chart import Chart

# The keys that only charts have a use for.
CHART_ACTIONS = ("full_screen", "smoothing", "log_axis", "zoom_in", "zoom_out", "reset_view")

# Seldom enough to cost nothing, often enough to follow a run.
SECONDS_BETWEEN_LOOKS = 1.0


class Pane(Vertical):
    """The contents of a tab.

    The app's keys call `action_…` of the pane in front, where it has one and `offers` it.
    """

    help_text: ClassVar[str]

    @property
    def complete(self) -> bool:
        """Whether all parts are there, those that come after the first frame too."""
        raise NotImplementedError

    def offers(self, action: str) -> bool:
        """Whether a key of the app has something to do here now."""
        return hasattr(self, f"action_{action}")

    def show_runs(self) -> None:
        """Bring whatever is visible up to date."""
        raise NotImplementedError

    def focus_view(self) -> None:
        """Put the focus where single keys are commands."""
        raise NotImplementedError

    # Its views, in `ViewTabs` with the id `views`.

    @property
    def view(self) -> str:
        """The id of the view in front."""
        return self.query_one("#views", TabbedContent).active

    def show_tab(self, name: str) -> None:
        """Bring a view to the front."""
        # The tab with the focus comes to the front: none must keep it when it is left.
        self.screen.set_focus(None)
        self.query_one("#views", TabbedContent).active = name

    def action_next_view(self) -> None:
        """Go to the next view, and after the last to the first."""
        if not self.complete:  # there is none yet, or one that can't take the focus yet
            self.set_timer(0.05, self.action_next_view)
            return
        tabs = self.query_one("#views", TabbedContent)
        names = [pane.id or "" for pane in tabs.query(TabPane)]
        self.show_tab(names[(names.index(tabs.active) + 1) % len(names)])
        self.call_after_refresh(self.focus_view)

    # Its charts.

    @property
    def charts(self) -> Sequence[Chart]:
        """The charts that the chart keys are for."""
        raise NotImplementedError

    def action_full_screen(self) -> None:
        """Enlarge the chart in focus; then the next one; then neither."""
        screen, charts = self.screen, list(self.charts)
        if screen.maximized in charts:
            after = charts.index(screen.maximized) + 1
        else:
            focused = self.app.focused
            after = charts.index(focused) if focused in charts else 0
        if after == len(charts):
            screen.minimize()
            return
        screen.maximize(charts[after], container=False)
        charts[after].focus()

    def action_smoothing(self) -> None:
        """Smooth the first chart more, or not at all."""
        self.charts[0].action_cycle_smoothing()

    def action_log_axis(self) -> None:
        """Switch the first chart between a linear and a logarithmic axis."""
        self.charts[0].action_toggle_log()

    def action_zoom_in(self) -> None:
        """Show half of the range."""
        for chart in self.charts:
            chart.action_zoom(1)

    def action_zoom_out(self) -> None:
        """Show twice the range."""
        for chart in self.charts:
            chart.action_zoom(-1)

    def action_reset_view(self) -> None:
        """Show everything, without a cursor."""
        for chart in self.charts:
            chart.action_reset_view()
            chart.cursor = None


class StorePane(Pane):
    """A pane of what the store of runs has, which other programs may change too.

    It looks for news only while it is in front.
    """

    def on_mount(self) -> None:
        """Have it ready."""
        self._looking = self.set_interval(SECONDS_BETWEEN_LOOKS, self.look_for_news, pause=True)

    def look_for_news(self) -> None:
        """Ask the store whether there is anything new."""
        raise NotImplementedError

    def on_show(self) -> None:
        """Be up to date from now on."""
        self._looking.resume()
        self.show_runs()

    def on_hide(self) -> None:
        """Rest."""
        self._looking.pause()
