"""The Runs tab with more runs than it reads at first, and than fit on any screen."""

import time
from pathlib import Path

from textual.widgets import Input

from rnn_tui.archive.database import connect, transaction
from rnn_tui.archive.database_rows import insert_run, update_run
from rnn_tui.engine.files.paths import run_database
from rnn_tui.engine.state import Status
from rnn_tui.tasks import TASKS
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.runs.pane import A_SCREENFUL, RunsPane
from rnn_tui.ui.runs.table import RunsTable
from tests.ui.helpers import press, running, screen_text, wait_until

MANY = 2 * A_SCREENFUL + 50


def run_id(number: int) -> str:
    return f"20260101-{number:06}-many"


async def test_all_of_many_runs_are_filtered_sorted_and_followed(home: Path) -> None:
    assert home
    config = TASKS["adder"].config("lstm", "fast", device="cpu")
    connection, _ = connect(run_database())
    with transaction(connection):
        for number in range(MANY):
            insert_run(connection, run_id(number), config, f"run{number}", float(number))
            update_run(connection, run_id(number), status=Status.FINISHED)
    app = RnnTuiApp()
    async with running(app, "home", size=(120, 30)) as pilot:
        await press(pilot, "f6")
        await wait_until(pilot, lambda: bool(app.query(RunsTable)))
        table = app.query_one(RunsTable)
        await wait_until(pilot, lambda: len(table.listing.items) == MANY)
        await wait_until(pilot, lambda: app.query_one(RunsPane).complete)
        assert f"{MANY} runs" in screen_text(app)
        assert f"run{MANY - 1} " in screen_text(app)

        await press(pilot, "ctrl+end")  # the oldest, far below what was read at first
        await wait_until(pilot, lambda: "run0 " in screen_text(app))
        assert table.highlighted is not None
        assert table.highlighted.name == "run0"
        await press(pilot, "palette:reverse")  # which stays under the cursor
        await wait_until(pilot, lambda: "run7 " in screen_text(app))
        assert table.highlighted.name == "run0"
        await press(pilot, "space")
        assert [run.name for run in table.chosen] == ["run0"]

        await press(pilot, "slash", *"run13")
        await wait_until(pilot, lambda: f"11 of {MANY} runs" in screen_text(app))
        assert "run139 " in screen_text(app)
        app.query_one("#runs-filter", Input).value = ""
        await wait_until(pilot, lambda: f"{MANY} runs" in screen_text(app))

        # Another process goes on with a run; of all others nothing is made anew.
        read_before = {run.run_id: run for run in table.listing.items}
        update_run(connection, run_id(3), updated=time.time(), name="goes-on")
        await wait_until(pilot, lambda: "goes-on" in screen_text(app))
        new = [run.name for run in table.listing.items if run is not read_before[run.run_id]]
        assert new == ["goes-on"]
    connection.close()
    assert app.runs.close(10)
