"""A view of a plug-in that can't be made costs a sentence in its place, and the rest works."""

import pytest
from textual.app import ComposeResult
from textual.widgets import Static

from rnn_tui.tasks.recall import RECALL
from rnn_tui.ui.app import task_views
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.task_view import BrokenView, TaskTab, TaskView, View
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import idle, press, screen_text, settled

FACTORIES = {
    "a_module_that_is_not_there:view": "ModuleNotFoundError",
    "rnn_tui.tasks:no_such_view": "AttributeError",
    "builtins:str": "TypeError",
    "builtins:object": "TypeError",
    "tests.ui.training.test_broken_view:no_widget": "makes no TaskView",
}


def no_widget(*_: object) -> int:
    """A factory that makes something else."""
    return 5


async def test_a_view_that_can_not_be_made_says_so(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns
) -> None:
    broken = [View(f"broken-{at}", f"Broken {at}", name) for at, name in enumerate(FACTORIES)]
    views = (task_views.TRAINING, *broken, task_views.RESULTS)
    monkeypatch.setitem(task_views.VIEWS, RECALL.name, views)
    app = RnnTuiApp(runs, first="recall")
    async with app.run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        for at, (factory, words) in enumerate(FACTORIES.items()):
            await press(pilot, str(at + 2))
            await settled(pilot, lambda at=at: len(app.screen.query(BrokenView)) == at + 1)  # type: ignore[misc]
            assert f"The view Broken {at} can't be shown" in screen_text(app), factory
            sentence = str(app.screen.query(BrokenView).last().content)
            assert words in sentence, factory
        await press(pilot, str(len(views)), "1")
        await idle(pilot)
        assert app.is_running


class FailingView(TaskView):
    """A view that fails in one of the ways in `fails`, as long as that has one."""

    fails: set[str]

    def __init__(self, _pane: TaskTab) -> None:
        super().__init__()

    def compose(self) -> ComposeResult:
        """A text."""
        yield Static("It works.")
        if "compose" in self.fails:
            raise ZeroDivisionError("by a view")

    def on_mount(self) -> None:
        """Fail, if it is to."""
        if "mount" in self.fails:
            raise ZeroDivisionError("by a view")


async def test_a_view_that_fails_while_it_is_mounted_says_so_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns, caplog: pytest.LogCaptureFixture
) -> None:
    ways = ("compose", "mount")
    views = [View(way, "Broken", f"{__name__}:FailingView") for way in ways]
    monkeypatch.setitem(task_views.VIEWS, RECALL.name, (task_views.TRAINING, *views))
    app = RnnTuiApp(runs, first="recall")
    async with app.run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        for count, way in enumerate(ways, 1):
            key = str(count + 1)
            caplog.clear()
            monkeypatch.setattr(FailingView, "fails", {way}, raising=False)
            await press(pilot, key)
            await settled(pilot, lambda: app.screen.query(BrokenView))
            sentence = str(app.screen.query_one(BrokenView).content)
            assert sentence.startswith(
                "The view Broken can't be shown (ZeroDivisionError: by a view)"
            ), way
            assert f"in {'on_' * (way == 'mount')}{way}" in caplog.text
            assert len(app.query(FailingView)) == count - 1
            monkeypatch.setattr(FailingView, "fails", set())
            await press(pilot, "1", key)
            await settled(pilot, lambda count=count: len(app.query(FailingView)) == count)  # type: ignore[misc]
            assert "It works." in screen_text(app)
            assert not app.query(BrokenView)
            await press(pilot, "1")
