"""Timers on a machine that is busy with something else."""

import pytest
from textual import _time

from rnn_tui.ui.textual_workarounds import SteadyApp


async def test_a_timer_that_rings_once_does_so_however_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung = []
    async with SteadyApp().run_test() as pilot:
        begin = [0.0]  # long ago, by the time that it is asked for again
        real = _time.get_time
        monkeypatch.setattr(_time, "get_time", lambda: begin.pop() if begin else real())
        pilot.app.set_timer(0.01, lambda: rung.append("once"))
        await pilot.pause(0.1)
        assert not begin
        assert rung == ["once"]
