"""What `rnn_tui/ui/textual_workarounds.py` mends, as a user meets it, and the minor of Textual."""

import io
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from rnn_tui.ui.shell.app import RnnTuiApp
from rnn_tui.ui.textual_workarounds import SEEN_IN, Options
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import running

ROOT = Path(__file__).parents[2]
LOOK_AGAIN = (
    "look at each entry of ui/textual_workarounds.py and at the drivers again: go where the fault "
    "is mended, say in SEEN_IN where it was seen last, and move the pin in pyproject.toml"
)


def test_the_workarounds_are_for_the_minor_of_textual_that_is_installed() -> None:
    installed = version("textual")
    assert installed.split(".")[:2] == SEEN_IN.split("."), f"Textual {installed}: {LOOK_AGAIN}"


def test_no_other_minor_of_textual_is_installed_with_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    major, minor = map(int, SEEN_IN.split("."))
    assert f"textual>={major}.{minor},<{major}.{minor + 1}" in project["dependencies"], LOOK_AGAIN


async def test_what_stands_in_for_stderr_lets_processes_start(runs: ScriptedRuns) -> None:
    async with running(RnnTuiApp(runs), size=(80, 24)):
        with pytest.raises(io.UnsupportedOperation):  # which multiprocessing takes for no file
            sys.stderr.fileno()


async def test_page_down_in_a_list_without_room_ends_nothing(runs: ScriptedRuns) -> None:
    app = RnnTuiApp(runs)
    async with running(app, "home", size=(80, 24)) as pilot:
        await pilot.resize_terminal(2, 2)
        app.query_one(Options).action_page_down()
        await pilot.press("pagedown", "pageup")
        await pilot.resize_terminal(80, 24)
        assert app.is_running
