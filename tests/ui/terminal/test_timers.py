"""Timers on a machine that is busy with something else."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from textual.timer import Timer

from rnn_tui.ui.app.app import RnnTuiApp
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import press, running, screen_text, wait_until


@contextmanager
def busy_as_timers_begin(name: str, seconds: float) -> Iterator[list[Timer]]:
    """Take the processor away for some time between any two lines of timers of a name."""
    begun: list[Timer] = []

    def enter(frame: FrameType, event: str, argument: Any) -> Any:
        if frame.f_code is not Timer._run.__code__:
            return None
        timer: Timer = frame.f_locals["self"]
        if timer.name != name:
            return None
        if timer not in begun:
            begun.append(timer)
        return wait

    def wait(frame: FrameType, event: str, argument: Any) -> Any:
        time.sleep(seconds)
        return wait

    traced = sys.gettrace()
    sys.settrace(enter)
    try:
        yield begun
    finally:
        sys.settrace(traced)


async def test_a_command_on_a_busy_machine_is_seen(runs: ScriptedRuns) -> None:
    """Textual draws nothing from a command of the palette on until a timer rings."""
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await press(pilot, "ctrl+p", *"export runs")
        with busy_as_timers_begin("delay_update", 0.1) as timers:
            await press(pilot, "enter")
            await wait_until(pilot, lambda: timers)
        await wait_until(pilot, lambda: "No runs yet." in screen_text(app))
