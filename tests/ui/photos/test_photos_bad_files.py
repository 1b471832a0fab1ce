"""Files that mean harm or are broken: each costs one card with a reason, none the screen."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Select, TabbedContent
from textual.widgets._toast import Toast

from rnn_tui.archive.weights import choose_shipped
from rnn_tui.engine.files.paths import WEIGHTS_NAME, run_dir
from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.photos.panel import PhotosPanel
from rnn_tui.ui.photos.screens import PhotoTree
from rnn_tui.ui.widgets.path_input import PathInput
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import SIZES, idle, press, resize, settled
from tests.ui.photos.photos_host import (
    all_read,
    cards,
    names,
    photos_app,
    readings,
    says,
    without_samples,
    write_strokes,
)


@pytest.fixture
def no_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    return without_samples(tmp_path, monkeypatch)


@pytest.fixture
def four(no_samples: Path) -> Path:
    """A folder with four small photos."""
    return write_strokes(no_samples / "photos")


async def open_photos(pilot: Pilot[Any]) -> PhotosPanel:
    """Go to the view in the whole app, and wait until the samples are read."""
    app: Any = pilot.app
    await settled(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    app.query_one("#views", TabbedContent).active = "photos"
    await settled(pilot, lambda: app.query(PhotosPanel))
    await all_read(pilot)
    panel: PhotosPanel = app.query_one(PhotosPanel)
    panel.focus_view()
    await idle(pilot)
    return panel


async def test_every_bad_file_costs_one_card_with_its_reason(four: Path) -> None:
    """Which files are bad, and why, is known where they are read."""
    (four / "text.png").write_text("not an image at all")
    (four / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(80))
    write_strokes(four / "folder.jpg", ["9.png"])
    async with photos_app(four, size=(200, 50)) as (app, pilot):
        reasons = {
            "text.png": "not an image",
            "phone.jpg": "HEIC photo; save it as JPEG",
            "folder.jpg": "a folder, not a file",
        }
        assert {
            reading.path.name: reading.error for reading in readings(app) if reading.error
        } == reasons
        shown = cards(app)
        for name, reason in reasons.items():
            assert f"✗ {reason}" in " ".join(shown[name].split("\n")), name
            assert name in shown[name]
        assert says(app, "count").startswith("7 photos")
        assert says(app, "count").endswith("3 unreadable")
        # Where subfolders count, what it is called does not matter.
        app.query_one("#photos-recursive", Checkbox).value = True
        await all_read(pilot)
        assert "9.png" in names(app)
        assert len(names(app)) == 7


HOSTILE = (
    "[red]markup[].png",
    "[huh] [b.png",
    "[@click=app.quit]x.png",
    "new\nline.png",
    "\x1b[31mred\x1b[0m.png",
    "\x1b]0;title\x07.png",
    "bell\x07.png",
    "\x9b31m.png",
    "tab\t.png",
    os.fsdecode(b"bytes\xff\xfe.png"),
    "n" * 251 + ".png",
    "\u202egnp.exe.png",
    "\u2028.png",
)


@pytest.mark.long
async def test_hostile_names_do_no_harm_in_the_whole_app(
    runs: ScriptedRuns, no_samples: Path
) -> None:
    folder = no_samples / "hostile [i]\x1b[7m"
    write_strokes(folder, HOSTILE)
    run = run_dir() / "[red]run [nope" / WEIGHTS_NAME
    run.parent.mkdir(parents=True)
    os.symlink(choose_shipped("mnist", "rnn").path, run)
    app = RnnTuiApp(runs, first="mnist")

    def check() -> str:
        strips = app.screen._compositor.render_strips()
        text = "".join(strip.text for strip in strips)
        assert not [c for c in text if unicodedata.category(c)[0] == "C" or c == "\u2028"]
        return text

    async with app.run_test(size=SIZES[-1], notifications=True) as pilot:
        panel = await open_photos(pilot)
        panel.read([folder])
        await all_read(pilot)
        text = check()
        await press(pilot, "end")
        await all_read(pilot)
        text += check()
        await press(pilot, "home")
        assert f"{len(HOSTILE)} photos" in text
        for shown in (
            "[red]markup[].png",
            "[huh] [b.png",
            "[@click=app.quit]x.png",
            "�[31mred�[0m.png",
            "new�line.png",
            "�gnp.exe.png",
            "nnnn",
        ):
            assert shown in text
        for size in (SIZES[-1], SIZES[0]):
            await resize(pilot, *size)
            await all_read(pilot)
            check()
        await press(pilot, "enter")
        await all_read(pilot)
        assert f"1 of {len(HOSTILE)}" in check()
        await press(pilot, "escape", "o")
        tree = app.screen.query_one(PhotoTree)
        await settled(pilot, lambda: len(tree.root.children) == len(HOSTILE))
        assert "[@click=app.quit]x.png" in check()
        await press(pilot, "escape", "e")
        app.screen.query_one(PathInput).value = "[b]out[.csv"
        await press(pilot, "enter")
        await settled(pilot, lambda: app.screen.query(Toast))
        assert f"{len(HOSTILE)} photos written to [b]out[.csv." in check()
        panel.read([folder / "gone \x1b[31m[b]\n.png"])
        await all_read(pilot)
        assert "gone �[31m[b]�.png." in check()
        network = panel.query_one("#photos-network", Select)
        network.focus()
        await press(pilot, "enter")
        await settled(pilot, lambda: "[red]run" in check() and "[nope" in check())
        await press(pilot, "end", "enter")
        await all_read(pilot)
        assert "Network run [" in check()
        assert app._exception is None
        assert app.return_value is None
