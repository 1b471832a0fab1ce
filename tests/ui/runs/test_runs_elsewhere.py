"""The keys of training in the Runs tab: what trains here, and what another process trains."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Label

from rnn_tui.engine.state import Status
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.requests import TrainRequested
from rnn_tui.ui.runs.table import RunsTable
from rnn_tui.ui.runs.views import RunsCompare
from rnn_tui.ui.training.run_bar import RunProgress
from tests.archive.kept_runs import small, train
from tests.cli.command_line import run_inside
from tests.elsewhere import record, training_elsewhere
from tests.ui.helpers import idle, notices, press, running, screen_text, wait_until
from tests.ui.runs.test_runs_pane import row, runs_tab


def footer(app: RnnTuiApp) -> str:
    return screen_text(app).splitlines()[-1]


def progress(app: RnnTuiApp) -> str:
    return str(app.query_one(RunProgress).query_one("#progress-what", Label).content)


@pytest.mark.long
async def test_what_another_process_trains_is_paused_let_go_on_and_stopped(home: Path) -> None:
    train()
    ended = record().name
    with training_elsewhere() as (_, run_id):
        name = record(run_id).name
        async with runs_tab(size=(160, 40)) as (app, pilot):
            table = app.query_one(RunsTable)
            await wait_until(
                pilot, lambda: "● training" in row(app, name) and "s Stop" in footer(app)
            )
            assert "p Pause" in footer(app)
            await press(pilot, "p")
            await wait_until(
                pilot, lambda: "‖ paused" in row(app, name) and "p Unpause" in footer(app)
            )
            assert record(run_id).status is Status.PAUSED
            await wait_until(
                pilot,
                lambda: f"The process that trains {name} was asked to pause it." in notices(app),
            )
            await press(pilot, "p")
            await wait_until(
                pilot, lambda: "● training" in row(app, name) and "p Pause" in footer(app)
            )

            await press(pilot, "down")  # to a run that nobody trains
            assert table.highlighted is not None
            assert table.highlighted.name == ended
            await wait_until(pilot, lambda: "s Stop" not in footer(app))
            await press(pilot, "s", "p", "up")
            assert record(run_id).status is Status.TRAINING
            await press(pilot, "s")
            await wait_until(
                pilot, lambda: "■ stopped" in row(app, name) and "s Stop" not in footer(app)
            )
            await wait_until(
                pilot,
                lambda: f"The process that trains {name} was asked to stop it." in notices(app),
            )


@pytest.mark.long
async def test_its_curve_goes_on_in_compare(home: Path) -> None:
    with training_elsewhere():
        async with runs_tab() as (app, pilot):
            await press(pilot, "2")
            chart = app.query_one(RunsCompare).charts[0]

            def points() -> int:
                return max((len(curve.x) for curve in chart.prepared), default=0)

            await wait_until(pilot, lambda: points() > 1)
            before = points()
            await wait_until(pilot, lambda: points() > before)


@pytest.mark.long
async def test_what_trains_here_keeps_its_keys(home: Path) -> None:
    with training_elsewhere() as (_, other):
        async with runs_tab(size=(160, 40)) as (app, pilot):
            await press(pilot, "f4")
            await wait_until(
                pilot, lambda: bool(app.query("#recall TaskPane")) and app.pane.complete
            )
            app.post_message(TrainRequested([small(epochs=1000, training_size=1000)]))
            await wait_until(pilot, lambda: app.runs.active is not None and app.runs.active.step)
            await press(pilot, "f6")
            table = app.query_one(RunsTable)
            assert app.runs.active is not None
            here = app.runs.active.run_id
            await wait_until(pilot, lambda: len(table.listing.items) == 2)
            table.highlight(here)
            await press(pilot, "p")
            await wait_until(
                pilot, lambda: record(here).status is Status.PAUSED and "p Unpause" in footer(app)
            )
            assert record(other).status is Status.TRAINING
            table.highlight(other)
            await wait_until(pilot, lambda: "p Pause" in footer(app))
            await press(pilot, "s")
            await wait_until(pilot, lambda: record(other).status is Status.STOPPED)
            assert record(here).status is Status.PAUSED
            await wait_until(
                pilot, lambda: "p Unpause" in footer(app)
            )  # again for what trains here
            await press(pilot, "s")
            await wait_until(pilot, lambda: not app.runs.busy)


async def asked(pilot: Pilot[Any], *arguments: str) -> int:
    """The exit code of a command that has the app as its other process; the app goes on
    meanwhile.
    """
    code, _, _ = await asyncio.to_thread(run_inside, arguments)
    await idle(pilot)
    return code


@pytest.mark.long
async def test_the_app_shows_what_others_ask_for(home: Path) -> None:
    app = RnnTuiApp()
    async with running(app, first="recall", size=(160, 40)) as pilot:
        app.post_message(TrainRequested([small(epochs=1000, training_size=1000)]))
        await wait_until(
            pilot,
            lambda: (
                app.runs.active is not None and app.runs.active.step and "p Pause" in footer(app)
            ),
        )
        assert await asked(pilot, "runs", "pause", "last") == 0
        # The thread that trains tells of its pause after it is asked for it, and the app hears of
        # both at any moment.
        await wait_until(pilot, lambda: "p Unpause" in footer(app) and "paused" in progress(app))
        await wait_until(
            pilot,
            lambda: any(
                text.startswith("Another process paused this run") for text in notices(app)
            ),
        )
        await press(pilot, "p")
        await wait_until(
            pilot, lambda: "p Pause" in footer(app) and record().status is Status.TRAINING
        )
        assert await asked(pilot, "runs", "stop", "last") == 0
        await wait_until(pilot, lambda: not app.runs.busy and "s Stop" not in footer(app))
        await wait_until(pilot, lambda: "Another process stopped this run." in notices(app))
        await wait_until(pilot, lambda: any("was stopped at step" in text for text in notices(app)))
