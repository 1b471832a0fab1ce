"""What rings, and is told by the terminal, where nobody looks at the app."""

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import printable
from rnn_tui.tasks import TASKS
from rnn_tui.ui.common.textual_workarounds import write_to_terminal

if TYPE_CHECKING:
    from rnn_tui.ui.app.app import RnnTuiApp

SECONDS_TO_STALL = 300.0
BELL, END = "\a", "\x1b\\"
# Notifications, and what is in the names of the terminals that have them.
NOTIFICATIONS = {
    "\x1b]9;{}": ("iterm", "kitty"),
    "\x1b]777;notify;rnn-tui;{}": ("ghostty", "wezterm", "foot", "rxvt"),
}
NAMES = ("TERM_PROGRAM", "LC_TERMINAL", "TERM")


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
