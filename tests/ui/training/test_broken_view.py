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


@pytest.mark.parametrize(("factory", "words"), FACTORIES.items())
async def test_a_view_that_can_not_be_made_says_so(
    monkeypatch: pytest.MonkeyPatch, runs: ScriptedRuns, factory: str, words: str
) -> None:
    broken = View("broken", "Broken", factory)
    views = (task_views.TRAINING, broken, task_views.RESULTS)
    monkeypatch.setitem(task_views.VIEWS, RECALL.name, views)
    app = RnnTuiApp(runs, first="recall")
    async with app.run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "2")
        await settled(pilot, lambda: app.screen.query(BrokenView))
        await idle(pilot)
        assert "The view Broken can't be shown" in screen_text(app)
        sentence = str(app.screen.query_one(BrokenView).content)
        assert words in sentence
        await press(pilot, "3", "1")
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


@pytest.mark.parametrize("how", ["compose", "mount"])
async def test_a_view_that_fails_while_it_is_mounted_says_so_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
    runs: ScriptedRuns,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    monkeypatch.setattr(FailingView, "fails", {how}, raising=False)
    view = View("broken", "Broken", f"{__name__}:FailingView")
    monkeypatch.setitem(task_views.VIEWS, RECALL.name, (task_views.TRAINING, view))
    app = RnnTuiApp(runs, first="recall")
    async with app.run_test(size=(120, 40)) as pilot:
        await idle(pilot)
        await press(pilot, "2")
        await settled(pilot, lambda: app.screen.query(BrokenView))
        sentence = str(app.screen.query_one(BrokenView).content)
        assert sentence.startswith("The view Broken can't be shown (ZeroDivisionError: by a view)")
        assert "in on_mount" in caplog.text or "in compose" in caplog.text
        assert not app.query(FailingView)
        monkeypatch.setattr(FailingView, "fails", set())
        await press(pilot, "1", "2")
        await settled(pilot, lambda: app.query(FailingView))
        assert "It works." in screen_text(app)
        assert not app.query(BrokenView)
