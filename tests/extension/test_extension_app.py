"""A task, a cell and a metric that nobody knows have all that others have in the app."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, TabbedContent

from rnn_tui.engine.state import RunState, Status
from rnn_tui.networks import CELLS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.chart.chart import Chart
from rnn_tui.ui.training.pane import TaskPane
from tests.ui.chart.test_chart import visible_range
from tests.ui.helpers import press, screen_text, unfolded, wait_until

pytestmark = pytest.mark.usefixtures("registered", "home")
SIZE = (140, 50)


async def pane_of(pilot: Pilot[Any], key: str, task: str) -> TaskPane:
    """The pane of a task, which is behind a key, once all of it is there."""
    app: Any = pilot.app
    await press(pilot, key)

    def found() -> list[TaskPane]:
        # By query: while a tab comes to the front, there is no pane in front.
        in_front = app.query_one("#tasks", TabbedContent).active == task
        panes = [pane for pane in app.query(TaskPane) if pane.spec.name == task and pane.complete]
        return panes if in_front else []

    await wait_until(pilot, found)
    [pane] = found()
    return pane


async def trained(pilot: Pilot[Any], pane: TaskPane) -> RunState:
    """The run that `t` starts, at its end."""
    await press(pilot, "t")
    await wait_until(pilot, lambda: pane.chosen and pane.chosen.status is Status.FINISHED)
    await wait_until(pilot, lambda: pane.evaluation)
    await pilot.pause(0.5)
    assert pane.chosen is not None
    return pane.chosen


async def view_in_front(pilot: Pilot[Any], pane: TaskPane, name: str) -> str:
    """What is on screen in a view that one goes to by key."""
    await press(pilot, str(pane.views.index(name) + 1))
    await wait_until(pilot, lambda: pane.view == name)
    await pilot.pause(0.5)
    return screen_text(pilot.app)


async def test_a_task_has_its_tab_with_form_charts_results_and_a_look_inside() -> None:
    app = RnnTuiApp()
    async with app.run_test(size=SIZE) as pilot:
        pane = await pane_of(pilot, "f10", "majority")
        assert "Majority" in screen_text(app)
        assert "A few steps on short strings." in screen_text(app)
        run = await trained(pilot, pane)
        assert [len(run.bands["val_accuracy"]), len(run.epochs)] == [2, 2]
        loss, accuracy = list(pane.query(Chart))[:2]
        assert visible_range(loss) == (0.05, 2.0)  # from the first step that is logged
        assert visible_range(accuracy) == (1.0, 2.0)
        assert "H 5 ce" in await view_in_front(pilot, pane, "results")
        assert "predicts more" in await view_in_front(pilot, pane, "inside")
        await press(pilot, "w", "palette:log")
        await wait_until(pilot, lambda: "majority" in screen_text(app).partition("Log")[2])


async def test_a_cell_is_ticked_in_the_form_and_trained() -> None:
    cell = "mgu"
    label = CELLS[cell].label
    app = RnnTuiApp()
    async with app.run_test(size=SIZE) as pilot:
        pane = await pane_of(pilot, "f10", "majority")
        for box in pane.query(Checkbox):
            if str(box.label) in ("LSTM", label):
                box.value = str(box.label) == label
        run = await trained(pilot, pane)
        assert run.config.cell == cell
        assert f"majority {label}" in screen_text(app)


async def test_a_metric_is_drawn_in_its_chart_and_in_the_tables(mnist_slice: Path) -> None:
    app = RnnTuiApp(data_dir=str(mnist_slice))
    async with app.run_test(size=SIZE) as pilot:
        pane = await pane_of(pilot, "f3", "mnist")
        await unfolded(pilot)
        for field, typed in (("epochs", "1"), ("hidden-size", "3"), ("batch-size", "50")):
            pane.query_one(f"#field-{field}", Input).value = typed
        run = await trained(pilot, pane)
        assert "test_confidence" in run.results
        assert "val_confidence" in run.series
        text = screen_text(app)
        assert "confidence" in text
