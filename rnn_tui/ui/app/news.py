"""Passes the news of training from its threads to the panes, a few times a second."""

import time
from typing import TYPE_CHECKING

from rnn_tui.ui.app.alerts import Alerts
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import Pane
from rnn_tui.ui.frame.pane_news import RerunChanged, RunsChanged, SweepChanged

if TYPE_CHECKING:
    from rnn_tui.ui.work.training_manager import Drained

# Redraws take time from training: at most this share of it, by the processor time of the app's
# thread, but one redraw in so many seconds all the same.
SHARE_FOR_DRAWING = 0.03
MOST_SECONDS_BETWEEN_DRAWS = 2.0
SECONDS_OF_ERRORS, SECONDS_OF_NOTICES = 20, 5


class News:
    """Brings news of training to the panes, while anything may come."""

    def __init__(self, app: HostApp) -> None:
        self._app = app
        self._interval = 1 / app.preferences.redraws  #: seconds between two rings of the timer.
        #: CPU seconds of the app's thread until the last news.
        self._cpu_seconds = time.thread_time()
        self._not_before = 0.0  #: when the next news may come while something trains.
        self._paused = False  #: whether training was paused at the last news.
        self.alerts = Alerts(app)  #: rings when the window is not in front.
        #: calls `bring`; resumed when training begins.
        self.timer = app.set_interval(self._interval, self.bring)

    def bring(self) -> None:
        """Bring news to the panes, less often where drawing them costs much."""
        runs = self._app.runs
        if not self._app.is_running:  # the panes are being taken apart
            return
        now = time.monotonic()
        if now < self._not_before and runs.busy:
            return
        self._not_before = now + self._seconds_to_wait()
        more_to_come = runs.anything_to_come
        drained = runs.drain()
        self._tell_panes(drained)
        self._show_pause()
        self.alerts.hear(drained.run_ids, rerun=drained.rerun, sweep=drained.sweep)
        for sentence, severity in drained.notices:
            timeout = SECONDS_OF_ERRORS if severity == "error" else SECONDS_OF_NOTICES
            self._app.notify(sentence, severity=severity, timeout=timeout)
        # asked again, as what was drained may bring more
        if not more_to_come and not runs.anything_to_come:
            self.timer.pause()
            self._app.refresh_bindings()

    def _seconds_to_wait(self) -> float:
        """Return how long to wait after this news, by the time spent since the last."""
        cpu_seconds = time.thread_time()
        spent = cpu_seconds - self._cpu_seconds
        self._cpu_seconds = cpu_seconds
        return min(max(0.0, spent / SHARE_FOR_DRAWING - self._interval), MOST_SECONDS_BETWEEN_DRAWS)

    def _tell_panes(self, drained: "Drained") -> None:
        """Send the news to all panes; a hidden pane updates its log too, and reports ends."""
        for pane in self._app.query(Pane):
            if drained.run_ids or drained.loaded:
                pane.post_message(RunsChanged(drained.run_ids))
            if drained.rerun:
                pane.post_message(RerunChanged())
            if drained.sweep:
                pane.post_message(SweepChanged())

    def _show_pause(self) -> None:
        """Show other keys where training was paused or resumed, perhaps by another process."""
        paused = self._app.runs.paused
        if paused is not self._paused:
            self._paused = paused
            self._app.refresh_bindings()
