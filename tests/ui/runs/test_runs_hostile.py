"""A database of another machine: what it says is shown as it stands, and does nothing."""

from pathlib import Path

import pytest
from textual.widgets import DataTable

from rnn_tui.engine.files.paths import run_database
from rnn_tui.ui.runs.views import RunDetailsScreen, RunsCompare
from rnn_tui.ui.widgets.prompts import AskTextScreen
from tests.archive.kept_runs import damage, keep, small
from tests.ui.helpers import last_notice, press, screen_text, wait_until
from tests.ui.runs.test_runs_pane import names, row, runs_tab, settled

CLICK = "[@click=app.quit]x[/]"
HOSTILE = ["[red]r", "[/]", CLICK, "\x1b[31mesc", "[link=x"]
SHOWN = ["[red]r", "[/]", CLICK, "�[31mesc", "[link=x"]
DAMAGED = "20250101-000000-dddddd"


@pytest.fixture
def foreign(home: Path) -> Path:
    """Runs whose every word is markup or an escape sequence, and one that is damaged."""
    for at, text in enumerate(HOSTILE):
        run_id = f"20250101-00000{at}-aaaaaa"
        keep(run_id, small(seed=at, epochs=3 + at), text)
        damage(
            run_database(),
            f"UPDATE runs SET device = '{text}', note = '{text}', message = '{text}' WHERE id = "
            f"'{run_id}'",
            f"UPDATE sessions SET host = '{text}' WHERE run_id = '{run_id}'",
            f"UPDATE lines SET text = '{text}' WHERE run_id = '{run_id}'",
            f"UPDATE points SET metric = '{text}' WHERE run_id = '{run_id}'",
            f"INSERT INTO tags VALUES ('{run_id}', '{text}')",
        )
    keep(DAMAGED, small(), "bad one")
    damage(run_database(), f"UPDATE runs SET final = 'x' WHERE id = '{DAMAGED}'")
    return home


async def test_hostile_words_are_shown_as_they_stand_and_a_damaged_run_can_be_deleted(
    foreign: Path,
) -> None:
    async with runs_tab((160, 50)) as (app, pilot):
        assert sorted(names(app)) == sorted([*SHOWN, "bad one"])
        assert "damaged" in row(app, "bad one")
        for text in SHOWN:
            assert row(app, text).endswith(text)  # its tag
        table = app.query_one("#runs-table", DataTable)
        for text in SHOWN[1:4]:
            table.move_cursor(row=names(app).index(text))
            await press(pilot, "enter")
            await wait_until(pilot, lambda: isinstance(app.screen, RunDetailsScreen))
            await wait_until(pilot, lambda text=text: screen_text(app).count(text) >= 5)
            await press(pilot, "escape")
            await press(pilot, "r")
            await wait_until(pilot, lambda: isinstance(app.screen, AskTextScreen))
            await wait_until(pilot, lambda text=text: f"Name of {text}" in screen_text(app))
            await press(pilot, "escape")
        await press(pilot, "d")
        await wait_until(pilot, lambda: last_notice(app).startswith(f"{SHOWN[3]} deleted"))
        await settled(pilot, app)

        table.move_cursor(row=names(app).index("bad one"))
        for key in ("o", "e", "f"):
            app.clear_notifications()
            await press(pilot, key)
            await wait_until(pilot, lambda: "bad one is damaged" in last_notice(app))
        await press(pilot, "enter")
        await wait_until(pilot, lambda: isinstance(app.screen, RunDetailsScreen))
        reason = "no sound value of final in the database"
        await wait_until(pilot, lambda: reason in screen_text(app))
        await press(pilot, "escape", "d")
        await wait_until(pilot, lambda: "bad one" not in names(app))


@pytest.mark.long
async def test_hostile_runs_are_compared_and_the_damaged_one_is_left_out(foreign: Path) -> None:
    async with runs_tab((160, 50)) as (app, pilot):
        for _ in range(len(HOSTILE) + 1):
            await press(pilot, "space")
        await press(pilot, "right_square_bracket")
        await settled(pilot, app)
        note = app.query_one("#compare-note").render()
        assert "bad one is damaged" in str(note)
        table = app.query_one(RunsCompare).query_one("#compare-table", DataTable)
        heads = [str(column.label) for column in table.ordered_columns]
        assert sorted(heads) == sorted(["", *SHOWN])
        await press(pilot, "v", "v", "v")
        await settled(pilot, app)
        assert app.is_running
