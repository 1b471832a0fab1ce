"""Alerts: a bell, and a notification of the terminal, while nobody looks at the app."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import printable
from rnn_tui.tasks import TASKS
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.terminal.textual_workarounds import write_to_terminal

if TYPE_CHECKING:
    from rnn_tui.engine.state import RunState

SECONDS_TO_STALL = 300.0
BELL = "\a"
STRING_TERMINATOR = "\x1b\\"
# Sequences that show a notification, and what is in the names of the terminals that know them.
NOTIFICATIONS = {
    "\x1b]9;{}": ("iterm", "kitty"),
    "\x1b]777;notify;rnn-tui;{}": ("ghostty", "wezterm", "foot", "rxvt"),
}
#: environment variables that name the terminal
NAMES = ("TERM_PROGRAM", "LC_TERMINAL", "TERM")


class Alerts:
    """Rings where runs end or stall.

    It notifies, too, in a terminal that has ever said that its window is not in front; one that has
    not may never say so.
    """

    def __init__(self, app: HostApp) -> None:
        self._app = app
        self._ended: set[str] = set()  #: ids of runs of whose end was heard.
        self._latest_step: tuple[str, int] | None = None  #: run id and step of what trains.
        self._since = 0.0  #: when that step was first seen, by the clock.
        self._reports_focus = False  #: whether the terminal has reported a lost focus.
        self.clock = time.monotonic  #: seconds.
        app.watch(app, "app_focus", self._window_changed)

    def _window_changed(self, in_front: bool) -> None:
        self._reports_focus = self._reports_focus or not in_front

    def hear(self, run_ids: Iterable[str], *, rerun: bool, sweep: bool) -> None:
        """Ring for news, and for a stall; runs of the rerun or of a sweep do not ring.

        Args:
            run_ids: of the runs of which there is news.
            rerun: whether there is news of the rerun.
            sweep: whether there is news of the sweep.
        """
        runs = self._app.runs
        rerun_goes_on = runs.rerun is not None and runs.rerun.going_on
        for run_id in run_ids:
            if run_id in runs.states:
                self._hear_run(runs.states[run_id], of_rerun=rerun_goes_on)
        if rerun and runs.rerun is not None and not rerun_goes_on:
            self._ring(runs.rerun.problem or "The rerun has ended.")
        if sweep and runs.sweep is not None and not runs.sweep.going_on:
            self._ring("The sweep has ended.")
        self._look_for_stall()

    def _hear_run(self, state: "RunState", *, of_rerun: bool) -> None:
        """Ring once at the end of a run; one that is resumed ends a second time."""
        from rnn_tui.engine.state import Status  # after the first frame
        from rnn_tui.ui.frame.run_lines import how_it_ended

        if state.status.active:
            self._ended.discard(state.run_id)
        elif state.run_id not in self._ended:
            self._ended.add(state.run_id)
            ended = state.status in (Status.FINISHED, Status.FAILED)
            # another process may have deleted the data set of the run
            if ended and not of_rerun and state.config.task in TASKS:
                sentence, _ = how_it_ended(TASKS[state.config.task], state)
                self._ring(sentence)

    def _look_for_stall(self) -> None:
        """Ring once if a run in training has had no new step for long."""
        from rnn_tui.engine.state import Status  # after the first frame

        active = self._app.runs.active
        if active is None or active.status is not Status.TRAINING:
            self._latest_step = None
            return
        step = (active.run_id, active.step)
        if step != self._latest_step:
            self._latest_step = step
            self._since = self.clock()
        elif self.clock() - self._since >= SECONDS_TO_STALL:
            self._since = float("inf")  # once for each step
            self._ring(f"{active.config.label} has had no new step for five minutes.")

    def _ring(self, sentence: str) -> None:
        """Ring, unless the user wants no alerts or the terminal's window is in front."""
        in_front = self._app.app_focus and self._reports_focus
        if in_front or not self._app.preferences.alerts:
            return
        notification = _notification(sentence) if self._reports_focus else ""
        write_to_terminal(self._app, notification + BELL)


def _notification(sentence: str) -> str:
    """Return the control sequence with which the terminal shows a sentence.

    It is empty if none is known for a terminal of its name.
    """
    terminal = " ".join(os.environ.get(name, "") for name in NAMES).lower()
    for form, terminals in NOTIFICATIONS.items():
        if any(name in terminal for name in terminals):
            return form.format(printable(sentence, 200).replace(";", ",")) + STRING_TERMINATOR
    return ""
