"""The tree from which one chooses photos and folders."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from rnn_tui.ui.photos.screens import ChoosePathScreen, PhotoTree
from rnn_tui.ui.widgets.path_input import PathInput
from tests.ui.helpers import idle, press, settled
from tests.ui.photos.photos_host import (
    Host,
    all_read,
    names,
    photos_app,
    without_samples,
    write_strokes,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with photos, hidden ones, and other things."""
    folder = without_samples(tmp_path, monkeypatch)
    monkeypatch.setenv("HOME", str(folder))
    write_strokes(folder / "photos")
    write_strokes(folder / "photos" / "more", ["9.PNG", "it's [b].png"])
    write_strokes(folder / "photos" / ".hidden", ["1.png"])
    write_strokes(folder / "photos", [".hidden.png", "notes.txt"])
    (folder / "photos" / "circle.png").symlink_to("circle.png")
    return folder


def tree(app: Host) -> PhotoTree:
    return app.screen.query_one(PhotoTree)


def entries(app: Host) -> list[str]:
    return [child.data.path.name for child in tree(app).root.children if child.data is not None]


async def open_tree(pilot: Pilot[Any], shown: Callable[[list[str]], bool]) -> None:
    app: Any = pilot.app
    await press(pilot, "o")
    await settled(pilot, lambda: isinstance(app.screen, ChoosePathScreen) and shown(entries(app)))


FIRST = ["more", "0-a.png", "3-b.png", "5-c.png", "7-d.png", "circle.png"]


async def test_choosing_from_the_tree(home: Path) -> None:
    async with photos_app() as (app, pilot):
        # It begins where the field leads, or else in the folder that one is in.
        await open_tree(pilot, lambda shown: shown == ["photos"])
        assert not app.commands
        await press(pilot, "escape")
        assert not isinstance(app.screen, ChoosePathScreen)
        assert names(app) == []
        app.query_one(PathInput).value = "photos"
        await open_tree(pilot, lambda shown: shown == FIRST)
        # Hidden ones only after H, and no longer after another.
        await press(pilot, "w")
        await settled(pilot, lambda: ".hidden" in entries(app))
        assert sorted(entries(app)) == sorted([*FIRST, ".hidden", ".hidden.png"])
        await press(pilot, "w")
        await settled(pilot, lambda: entries(app) == FIRST)
        # A folder is opened and closed with arrows.
        await press(pilot, "home", "down", "right")
        more = tree(app).root.children[0]
        await settled(pilot, lambda: len(more.children) == 2)
        await press(pilot, "right")
        assert tree(app).cursor_node is more.children[0]
        await press(pilot, "left", "left")
        assert not more.is_expanded
        # And chosen with Enter.
        await press(pilot, "enter")
        await all_read(pilot)
        assert names(app) == ["9.PNG", "it's [b].png"]
        assert app.query_one(PathInput).value == str(home / "photos" / "more")
        # A photo is chosen the same way; whatever its name is, the field has it.
        await open_tree(pilot, lambda shown: len(shown) == 2)
        await press(pilot, "end", "space")
        await all_read(pilot)
        assert names(app) == ["it's [b].png"]
        await press(pilot, "slash", "enter")
        await all_read(pilot)
        assert names(app) == ["it's [b].png"]


@pytest.mark.long
async def test_going_elsewhere_by_keys(home: Path) -> None:
    async with photos_app() as (app, pilot):
        app.query_one(PathInput).value = "photos/more/9.PNG"
        await open_tree(pilot, lambda shown: len(shown) == 2)
        await press(pilot, "backspace")
        await settled(pilot, lambda: entries(app) == FIRST)
        await press(pilot, "tilde")
        await settled(pilot, lambda: entries(app) == ["photos"])
        for _ in home.parts:
            await press(pilot, "backspace")
            await idle(pilot)
        await settled(pilot, lambda: "tmp" in entries(app))
        await press(pilot, "backspace")  # there is nothing above
        await settled(pilot, lambda: "tmp" in entries(app))
        await press(pilot, "tilde")
        await settled(pilot, lambda: entries(app) == ["photos"])
        await press(pilot, "down")
        await press(pilot, "enter")
        await all_read(pilot)
        assert len(names(app)) == 5
        await open_tree(pilot, lambda shown: shown == FIRST)
        await press(pilot, "escape")
        assert not isinstance(app.screen, ChoosePathScreen)
        assert len(names(app)) == 5
