"""What the app tells its panes, and when; what panes ask of the app; what rings where nobody
looks.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from rnn_tui.engine.config import RunConfig
from rnn_tui.engine.errors import printable
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.textual_workarounds import write_to_terminal

if TYPE_CHECKING:
    from rnn_tui.runs.run_record import RunRecord
    from rnn_tui.ui.app.app import RnnTuiApp
    from rnn_tui.ui.common.digit_at_hand import Given

UNDER_WAY = "Training is under way; stop it first (s)."
# Redraws take time from training: no more than the user wants, nor of the app's thread than this.
MOST_SECONDS_BETWEEN_DRAWS, SHARE_FOR_DRAWING = 2.0, 0.03
SECONDS_TO_STALL = 300.0
BELL, END = "\a", "\x1b\\"
# Notifications, and what is in the names of the terminals that have them.
NOTIFICATIONS = {
    "\x1b]9;{}": ("iterm", "kitty"),
    "\x1b]777;notify;rnn-tui;{}": ("ghostty", "wezterm", "foot", "rxvt"),
}
NAMES = ("TERM_PROGRAM", "LC_TERMINAL", "TERM")


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
    #: a digit, or the number of a test image; None for what is typed in the task's views.
    what: "Given | int | None" = None


class PaneNews(Message):
    """News for a pane, which takes none before all its parts are there, but catches up then."""


class WeightsChanged(PaneNews):
    """From now on other weights answer in a panel."""


@dataclass
class LongJobRequested(Message):
    """The user wants what the report or a sweep lacks trained."""

    train: Callable[[], object]  #: begins that, by the `TrainingManager`.


@dataclass
class RunsWanted(Message):
    """The user wants to see these runs, beside each other."""

    run_ids: Sequence[str]


@dataclass
class RunsChanged(PaneNews):
    """These runs have new figures, or else PyTorch is loaded; the `TrainingManager` has it all."""

    run_ids: Sequence[str]


class LongJobChanged(PaneNews):
    """The report rerun, or the sweep, has got on, or ended; the `TrainingManager` has it."""


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


class Alerts:
    """Rings, and notifies if the terminal has ever said that its window is in the back, where runs
    of `app` end or stall.
    """

    def __init__(self, app: "RnnTuiApp") -> None:
        self._app = app
        self._told: set[str] = set()
        self._step: tuple[str, int] | None = None  # the last that is known, and since when
        self._since = 0.0
        self._reports = False  # whether the terminal has said that its window is not in front
        self.clock = time.monotonic
        app.watch(app, "app_focus", self._window_changed)

    def _window_changed(self, front: bool) -> None:
        self._reports = self._reports or not front

    def hear(self, run_ids: Iterable[str], report: bool, sweep: bool) -> None:
        """Ring for what is new of these runs, or of the rerun or a sweep, whose runs don't ring,
        and for a stall.
        """
        from rnn_tui.engine.state import Status  # noqa: PLC0415 - behind the first frame
        from rnn_tui.ui.common.run_lines import how_it_ended  # noqa: PLC0415

        runs = self._app.runs
        rerun = runs.report is not None and runs.report.going_on
        for state in filter(None, map(runs.states.get, run_ids)):
            if state.status.active:
                self._told.discard(state.run_id)
            elif state.run_id not in self._told:
                self._told.add(state.run_id)
                if state.status in (Status.FINISHED, Status.FAILED) and not rerun:
                    self._ring(how_it_ended(TASKS[state.config.task], state)[0])
        if report and runs.report is not None and not rerun:
            self._ring(runs.report.problem or "The report rerun has ended.")
        if sweep and runs.sweep is not None and not runs.sweep.going_on:
            self._ring("The sweep has ended.")
        if (active := runs.active) is None or active.status is not Status.TRAINING:
            self._step = None
        elif self._step != (step := (active.run_id, active.step)):
            self._step, self._since = step, self.clock()
        elif self.clock() - self._since >= SECONDS_TO_STALL:
            self._since = float("inf")  # once for each step
            self._ring(f"{active.config.label} has had no new step for five minutes.")

    def _ring(self, text: str) -> None:
        """Ring, unless the user wants no alerts or the terminal's window is in front."""
        in_front = self._app.app_focus and self._reports
        if self._app.preferences.alerts and not in_front:
            note = _notification(text) if self._reports else ""
            write_to_terminal(self._app, note + BELL)


def _notification(text: str) -> str:
    """What has the terminal show a text; empty where none is known for a terminal of its name."""
    terminal = " ".join(os.environ.get(name, "") for name in NAMES).lower()
    for form, names in NOTIFICATIONS.items():
        if any(name in terminal for name in names):
            return form.format(printable(text, 200).replace(";", ",")) + END
    return ""
