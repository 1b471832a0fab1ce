"""What the app tells its panes, and when; what panes ask of the app."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from rnn_tui.engine.config import RunConfig
from rnn_tui.ui.shell.alerts import Alerts

if TYPE_CHECKING:
    from rnn_tui.report.plan import Plan
    from rnn_tui.runs.records import RunRecord
    from rnn_tui.ui.inside.subject import Given
    from rnn_tui.ui.shell.app import RnnTuiApp
    from rnn_tui.ui.sweeps.training import SweepTrainer

UNDER_WAY = "Training is under way; stop it first (s)."
# Redraws take time from training: no more than the user wants, nor of the app's thread than this.
MOST_SECONDS_BETWEEN_DRAWS = 2.0
SHARE_FOR_DRAWING = 0.03


@dataclass
class TrainRequested(Message):
    """The user wants these runs trained, one after another."""

    configs: Sequence[RunConfig]


@dataclass
class ResumeRequested(Message):
    """The user wants this run to go on."""

    run: "RunRecord"


@dataclass
class SettingsWanted(Message):
    """The user wants a form filled in with these settings."""

    config: RunConfig


@dataclass
class WeightsWanted(Message):
    """The user wants the weights of this run to answer."""

    run: "RunRecord"


@dataclass
class ViewWanted(Message):
    """The user wants a view of a tab, or the one in front there, and then maybe what is asked."""

    tab: str  #: its id.
    view: str = ""  #: its id.
    request: Message | None = None  #: what is asked there.
    typing: bool = False  #: whether to go on to the field of the view.


@dataclass
class InsideWanted(Message):
    """The user wants to look inside: a network is to read this in the view Inside of a task."""

    task: str  #: its name.
    what: "Given | int | None" = None  #: a digit, or the number of a test image; None for what is typed in the task's views.


class PaneNews(Message):
    """News for a pane, which takes none before all its parts are there, but catches up then."""


class WeightsChanged(PaneNews):
    """From now on other weights answer in a panel."""


@dataclass
class ReportRequested(Message):
    """The user wants what this plan lacks trained."""

    plan: "Plan"


@dataclass
class SweepRequested(Message):
    """The user wants what a sweep lacks trained."""

    trainer: "SweepTrainer"


@dataclass
class RunsWanted(Message):
    """The user wants to see these runs, beside each other."""

    run_ids: Sequence[str]


@dataclass
class RunsChanged(PaneNews):
    """These runs have new figures, or else PyTorch is loaded; the `TrainingManager` has it all."""

    run_ids: Sequence[str]


class ReportChanged(PaneNews):
    """The report rerun has got on, or ended; the `TrainingManager` has it."""


class SweepChanged(PaneNews):
    """The sweep has got on, or ended; the `TrainingManager` has it."""


class News:
    """Takes what training threads have told, and tells the panes, while anything may come."""

    def __init__(self, app: "RnnTuiApp") -> None:
        self._app = app
        self._cpu_seconds = time.thread_time()
        self._next, self._paused = 0.0, False
        self.alerts = Alerts(app)  #: what rings where nobody looks.
        self._pause = 1 / app.preferences.redraws
        #: at rest while nothing can come; whoever begins training resumes it.
        self.timer = app.set_interval(self._pause, self.bring)

    def bring(self) -> None:
        """Bring news to the panes, less often where drawing them costs much."""
        app, runs = self._app, self._app.runs
        if not app.is_running:  # the panes are being taken apart
            return
        now, cpu = time.monotonic(), time.thread_time()
        if now < self._next and runs.busy:
            return
        spent = cpu - self._cpu_seconds
        self._next = now + min(max(0.0, spent / SHARE_FOR_DRAWING - self._pause), MOST_SECONDS_BETWEEN_DRAWS)
        self._cpu_seconds = cpu
        alive = runs.anything_to_come
        drained = runs.drain()
        if drained.run_ids or drained.loaded:
            # To all of them: one that is not in view still writes its log and says how a run ended.
            for pane in app.query("TaskPane"):
                pane.post_message(RunsChanged(drained.run_ids))
        if runs.paused is not self._paused:  # by another process, perhaps
            self._paused = runs.paused
            app.refresh_bindings()
        if drained.report:
            for pane in app.query("ReportPane"):
                pane.post_message(ReportChanged())
        if drained.sweep:
            for pane in app.query("SweepsPane"):
                pane.post_message(SweepChanged())
        self.alerts.hear(drained.run_ids, drained.report, drained.sweep)
        for sentence, severity in drained.notices:
            app.notify(sentence, severity=severity, timeout=20 if severity == "error" else 5)
        # What was drained may be a reason to go on looking; or nothing comes until the next start.
        if not alive and not runs.anything_to_come:
            self.timer.pause()
            app.refresh_bindings()
