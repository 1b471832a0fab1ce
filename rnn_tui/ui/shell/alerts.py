"""Alerts: the terminal's bell and notification where a run ends or stalls while nobody looks.

The settings can turn them off. A terminal that never said that its window went to the back may
well be in front: it only gets the bell.
"""

import os
import subprocess
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rnn_tui.engine.errors import printable
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.shell.threads import in_thread
from rnn_tui.ui.training.run_lines import how_it_ended

if TYPE_CHECKING:
    from rnn_tui.ui.shell.app import RnnTuiApp

SECONDS_TO_STALL = 300.0
BELL, ESCAPE, END = "\a", "\x1b", "\x1b\\"
# Notifications, and what is in the names of the terminals that have them.
NOTIFICATIONS = {"\x1b]9;{}": ("iterm", "kitty"), "\x1b]777;notify;rnn-tui;{}": ("ghostty", "wezterm", "foot", "rxvt")}
NAMES = ("TERM_PROGRAM", "LC_TERMINAL", "TERM")


class Alerts:
    """Rings for the runs of `app`, at its terminal."""

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
        """Ring for what is new of these runs, or of the rerun or a sweep, whose runs don't ring, and for a stall."""
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
        active = runs.active
        if active is None or active.status is not Status.TRAINING:
            self._step = None
        elif self._step != (step := (active.run_id, active.step)):
            self._step, self._since = step, self.clock()
        elif self.clock() - self._since >= SECONDS_TO_STALL:
            self._since = float("inf")  # once for each step
            self._ring(f"{active.config.label} has had no new step for five minutes.")

    def _ring(self, text: str) -> None:
        if self._app.preferences.alerts and not (self._app.app_focus and self._reports):
            self._app.run_worker(self._write(text), group="alerts")

    async def _write(self, text: str) -> None:
        """Ring, with a notification where the terminal has one and is known to be in the back."""
        note = ""
        if self._reports:
            name = (await in_thread(self._app.screen, _terminal)).lower()
            forms = (one + END for one, known in NOTIFICATIONS.items() if any(k in name for k in known))
            note = next(forms, "").format(printable(text, 200).replace(";", ","))
        if note and "TMUX" in os.environ:  # which passes it on where it may
            note = f"{ESCAPE}Ptmux;{note.replace(ESCAPE, 2 * ESCAPE)}{END}"
        if self._app._driver is not None:
            self._app._driver.write(note + BELL)


def _terminal() -> str:
    """What is known of the terminal's name; inside tmux, of the one around that."""
    if "TMUX" not in os.environ:
        return " ".join(os.environ.get(name, "") for name in NAMES)
    ask = ["tmux", "display", "-p", "#{client_termtype} #{client_termname}"]
    try:
        return subprocess.run(ask, capture_output=True, text=True, timeout=2, check=False).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
