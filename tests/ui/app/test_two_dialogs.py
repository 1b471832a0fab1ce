"""A dialog that is asked for twice at once, as by a double click on its key in the last line."""

import pytest
from textual.app import App
from textual.events import MouseDown, MouseMove, MouseUp
from textual.screen import Screen

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.papers.choosing import PapersScreen
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, mouse, press, running, screen_lines, wait_until


def kinds(app: App[int]) -> list[type[Screen[object]]]:
    return [type(screen) for screen in app.screen_stack]


async def test_a_double_click_opens_one_dialog_whose_answer_counts(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "papers", size=(120, 40)) as pilot:
        opened: list[object] = []

        async def note(paper: object) -> None:
            opened.append(paper)

        monkeypatch.setattr(app.pane, "_open_paper", note)
        row = len(screen_lines(app)) - 1
        column = screen_lines(app)[row].index("Papers")
        mouse(app, *[MouseMove, MouseDown, MouseUp] * 3, x=column, y=row)
        await wait_until(pilot, lambda: len(app.screen_stack) > 1)
        for _ in range(2):
            await app.run_action("choose_paper", app.pane)
            await pilot.pause(0.3)
        await idle(pilot)
        assert kinds(app)[1:] == [PapersScreen]
        await press(pilot, "enter")
        await wait_until(pilot, lambda: opened)
        assert len(app.screen_stack) == len(opened) == 1
