"""What the file of settings does in the app, and what the app writes into it."""

from pathlib import Path
from typing import Any

from textual.widgets import Input, Select

from rnn_tui.engine.files.paths import config_file
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.preferences import usable_preferences
from rnn_tui.ui.guide.panel import GuideScreen
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import last_notice, notices, press, running, wait_until


async def first_theme(app: RnnTuiApp) -> str:
    """The theme that the first frame is drawn in."""
    themes: list[str] = []
    compose: Any = app.compose

    def noting() -> Any:
        themes.append(app.current_theme.name)
        return compose()

    app.compose = noting  # type: ignore[method-assign]
    async with app.run_test():
        return themes[0]


async def test_the_theme_holds_from_the_first_frame_and_starting_writes_nothing(
    home: Path, runs: ScriptedRuns
) -> None:
    assert await first_theme(RnnTuiApp(runs)) == "textual-dark"
    assert not config_file().exists()
    config_file().write_text('theme = "textual-light"')
    assert await first_theme(RnnTuiApp(runs)) == "textual-light"


async def test_a_theme_chosen_in_the_app_is_kept(home: Path, runs: ScriptedRuns) -> None:
    config_file().write_text("# mine\nredraws = 3\n")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        await press(pilot, "ctrl+p", *"theme", "enter")
        await pilot.pause(0.3)
        await press(pilot, *"nord", "enter")
        await wait_until(pilot, lambda: usable_preferences().theme == "nord")
        assert app.theme == "nord"
    assert config_file().read_text() == "# mine\nredraws = 3\n".join(['theme = "nord"\n', ""])


async def test_a_theme_that_can_not_be_written_holds_and_a_notice_says_so(
    home: Path, runs: ScriptedRuns
) -> None:
    config_file().write_text("theme = \n")
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        assert "at line 1" in last_notice(app)
        app.theme = "nord"
        await wait_until(pilot, lambda: "theme can't be written" in last_notice(app))
        assert app.theme == "nord"
    assert config_file().read_text() == "theme = \n"


async def test_forms_begin_with_what_is_preferred_and_redraws_come_as_often(
    home: Path, runs: ScriptedRuns
) -> None:
    config_file().write_text('preset = "photos"\ndevice = "cpu"\nredraws = 10\n')
    async with running(app := RnnTuiApp(runs)) as pilot:
        assert app.news.timer._interval == 0.1
        assert app.pane.query_one("#preset", Select).value == "photos"
        await press(pilot, "t")
        await wait_until(pilot, lambda: runs.started)
        runs.stop()
        [config] = runs.started
        assert (config.preset, config.device, config.epochs) == ("photos", "cpu", 60)
        # A task without such a preset begins with its own.
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.pane.complete and app.pane.query("#preset"))
        assert app.pane.query_one("#preset", Select).value == "report"


async def test_keys_of_the_users_own(home: Path, runs: ScriptedRuns) -> None:
    """Keys change places and a command gets one; those that can't be are said, all others hold."""
    config_file().write_text(
        '[keys]\ntrain = "s"\nstop = "t"\nrename = "d"\nguide = "Y"\nhelp = "!"\nother = "j"\n'
        'beside = "R"\n'
    )
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        refused = "\n".join(notices(app))
        assert "d is the key of delete" in refused
        assert "j is the key of the app itself" in refused
        assert "“beside” in keys is not the name of a key" in refused  # which was one
        await press(pilot, "Y")
        await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))
        await press(pilot, "escape", "s")
        await wait_until(pilot, lambda: runs.busy)
        await press(pilot, "t")
        await wait_until(pilot, lambda: not runs.busy)
        # A letter that means something else now is typed where letters are.
        await press(pilot, "f6")
        await wait_until(pilot, lambda: app.pane.query("Input"))
        entry = app.pane.query(Input).first()
        entry.focus()
        await press(pilot, "s", "!")
        assert entry.value == "s!"
        assert not runs.busy
        assert len(app.screen_stack) == 1
