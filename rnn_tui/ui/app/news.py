"""What the app tells its panes of training, and how often."""

import time
from typing import TYPE_CHECKING

from rnn_tui.ui.app.alerts import Alerts
from rnn_tui.ui.common.pane_news import LongJobChanged, RunsChanged

if TYPE_CHECKING:
    from rnn_tui.ui.app.app import RnnTuiApp

# Redraws take time from training: no more than the user wants, nor of the app's thread than this.
MOST_SECONDS_BETWEEN_DRAWS, SHARE_FOR_DRAWING = 2.0, 0.03


class News:
    """Takes what training threads have told, and tells the panes, while anything may come."""

    def __init__(self, app: "RnnTuiApp") -> None:
        self._app = app
        self._cpu_seconds = time.thread_time()
        self._next, self._paused, self._pause = 0.0, False, 1 / app.preferences.redraws
        self.alerts = Alerts(app)  #: what rings where nobody looks.
        #: resumed by whoever begins training.
        self.timer = app.set_interval(self._pause, self.bring)

    def bring(self) -> None:
        """Bring news to the panes, less often where drawing them costs much."""
        app, runs = self._app, self._app.runs
        if not app.is_running:  # the panes are being taken apart
            return
        now, cpu = time.monotonic(), time.thread_time()
        if now < self._next and runs.busy:
            return
        spent, self._cpu_seconds = cpu - self._cpu_seconds, cpu
        self._next = now + min(
            max(0.0, spent / SHARE_FOR_DRAWING - self._pause), MOST_SECONDS_BETWEEN_DRAWS
        )
        alive, drained = runs.anything_to_come, runs.drain()
        if drained.run_ids or drained.loaded:
            # one that is not in view still writes its log and says how a run ended
            for pane in app.query("TaskPane"):
                pane.post_message(RunsChanged(drained.run_ids))
        if runs.paused is not self._paused:  # by another process, perhaps
            self._paused = runs.paused
            app.refresh_bindings()
        for kind, changed in {"ReportPane": drained.report, "SweepsPane": drained.sweep}.items():
            for pane in app.query(kind) if changed else ():
                pane.post_message(LongJobChanged())
        self.alerts.hear(drained.run_ids, drained.report, drained.sweep)
        for sentence, severity in drained.notices:
            app.notify(sentence, severity=severity, timeout=20 if severity == "error" else 5)
        # asked again, as what was drained may bring more
        if not alive and not runs.anything_to_come:
            self.timer.pause()
            app.refresh_bindings()
