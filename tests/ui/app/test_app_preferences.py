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


async def test_the_theme_holds_from_the_first_frame(home: Path, runs: ScriptedRuns) -> None:
    assert await first_theme(RnnTuiApp(runs)) == "textual-dark"
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


async def test_starting_writes_nothing(home: Path, runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), "home"):
        pass
    assert not config_file().exists()


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


async def test_forms_begin_with_the_preset_and_device_preferred(
    home: Path, runs: ScriptedRuns
) -> None:
    config_file().write_text('preset = "photos"\ndevice = "cpu"\n')
    async with running(app := RnnTuiApp(runs)) as pilot:
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


async def test_redraws_come_as_often_as_wanted(home: Path, runs: ScriptedRuns) -> None:
    config_file().write_text("redraws = 10")
    async with running(app := RnnTuiApp(runs), "home"):
        assert app.news.timer._interval == 0.1


async def test_keys_change_places(home: Path, runs: ScriptedRuns) -> None:
    config_file().write_text('[keys]\ntrain = "s"\nstop = "t"\nrename = "d"\n')
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        assert any("d is the key of delete" in notice for notice in notices(app))
        await press(pilot, "s")
        await wait_until(pilot, lambda: runs.busy)
        await press(pilot, "t")
        await wait_until(pilot, lambda: not runs.busy)


async def test_a_command_without_a_key_can_be_given_one(home: Path, runs: ScriptedRuns) -> None:
    """A letter that moves can't, and a name of old is refused; all others hold."""
    config_file().write_text('[keys]\nguide = "Y"\nother = "j"\nbeside = "R"\n')
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        assert any("j is the key of the app itself" in notice for notice in notices(app))
        assert any("“beside” in keys is not the name of a key" in n for n in notices(app))
        await press(pilot, "Y")
        await wait_until(pilot, lambda: isinstance(app.screen, GuideScreen))


async def test_a_letter_that_means_something_else_now_is_typed_where_letters_are(
    home: Path, runs: ScriptedRuns
) -> None:
    config_file().write_text('[keys]\ntrain = "K"\nhelp = "!"\n')
    async with running(app := RnnTuiApp(runs), "home") as pilot:
        await press(pilot, "f4")
        await wait_until(pilot, lambda: app.pane.complete and app.pane.query("#preset"))
        await press(pilot, "f6")
        await wait_until(pilot, lambda: app.pane.query("Input"))
        entry = app.pane.query(Input).first()
        entry.focus()
        await press(pilot, "K", "!")
        assert entry.value == "K!"
        assert not runs.busy
        assert len(app.screen_stack) == 1
