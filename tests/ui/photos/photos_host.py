"""What the tests of the Photos view share: the panel in an app of its own, and photos to read."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Static

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.photos.reading import Reading
from rnn_tui.ui.photos import form
from rnn_tui.ui.photos import panel as photos
from rnn_tui.ui.photos.grid import PhotoCard, layout_for
from rnn_tui.ui.photos.panel import GALLERY, PhotosPanel
from rnn_tui.ui.widgets.path_input import PathInput
from tests.ui.helpers import PanelApp, busy, idle, press, settled

SAMPLES = asset_dir() / "samples"
STROKES = ("0-a.png", "3-b.png", "5-c.png", "7-d.png")
Host = PanelApp[PhotosPanel]


def copy_samples(folder: Path, names: Sequence[str]) -> Path:
    """Some of the photos that ship, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copy(SAMPLES / name, folder)
    return folder


def write_strokes(folder: Path, names: Sequence[str] = STROKES) -> Path:
    """Small photos of a line, in a folder: read in no time, as ones."""
    folder.mkdir(parents=True, exist_ok=True)
    paper = np.full((60, 60), 220, np.uint8)
    cv2.line(paper, (30, 12), (30, 48), 40, 4)
    data = cv2.imencode(".png", paper)[1].tobytes()
    for name in names:
        (folder / name).write_bytes(data)
    return folder


def write_blank(path: Path) -> None:
    """A small photo of empty paper."""
    cv2.imwrite(str(path), np.full((60, 60), 220, np.uint8))


def without_samples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Read nothing at first look, and look for news often; work in a folder, which is returned."""
    monkeypatch.setattr(photos, "asset_dir", lambda: folder / "nowhere")
    monkeypatch.setattr(form, "SECONDS_BETWEEN_LOOKS", 0.03)
    monkeypatch.chdir(folder)
    return folder


@asynccontextmanager
async def photos_app(
    *paths: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Host, Pilot[Any]]]:
    """Run an app with the panel, once it has read the photos at these paths."""
    app = Host(PhotosPanel())
    async with app.run_test(size=size) as pilot:
        await idle(pilot)
        if paths:
            app.panel.read(paths)
        app.panel.focus_view()
        await all_read(pilot)
        yield app, pilot


async def all_read(pilot: Pilot[Any]) -> None:
    """Wait until everything is read and shown."""
    panel = pilot.app.screen_stack[0].query_one(PhotosPanel)
    await settled(pilot, lambda: not busy(panel) and drawn(panel) and not busy(panel))


def drawn(panel: PhotosPanel) -> bool:
    """Whether the gallery has drawn all photos in view, in as many cards as fit."""
    grid = panel._grid
    photos = panel._photos
    if panel.view != GALLERY or not grid.size:
        return True
    expected = [photos[index] for index in photos.order][grid.in_view.start : grid.in_view.stop]
    drawn_readings = [card._reading for card in grid._cards if card.visible]
    same_readings = [*map(id, drawn_readings)] == [*map(id, expected)]
    return grid._shape == layout_for(*grid.size) and same_readings


async def type_path(pilot: Pilot[Any], text: str) -> None:
    """Put text into the field in place of what is there, and press Enter."""
    field = pilot.app.query_one(PhotosPanel).query_one(PathInput)
    field.value = text
    field.focus()
    await press(pilot, "enter")
    await all_read(pilot)


async def paste(pilot: Pilot[Any], text: str) -> None:
    """As a terminal does it, and as it does for files that are dropped on it."""
    pilot.app.post_message(events.Paste(text))
    await all_read(pilot)


def says(app: App[Any], place: str) -> str:
    """What the frame says of all (`count`), of those in view (`shown`), or a line elsewhere."""
    if place in ("count", "shown"):
        frame = app.screen_stack[0].query_one(PhotosPanel)._frame
        return str((frame.border_title if place == "count" else frame.border_subtitle) or "")
    return str(app.screen_stack[0].query_one(f"#photos-{place}", Static).content)


def readings(app: Host) -> list[Reading]:
    """Those that are shown, in their order."""
    return app.panel._photos.shown_readings


def names(app: Host) -> list[str]:
    return [reading.path.name for reading in readings(app)]


def selected(app: Host) -> str:
    """The name of the selected photo."""
    at = app.panel._grid.selected
    assert at is not None
    return app.panel._photos[at].path.name


def cards(app: App[Any]) -> dict[str, str]:
    """What the cards in view say, by the name of the file."""
    visible = [card for card in app.query(PhotoCard) if card.visible and card._reading is not None]
    return {
        card._reading.path.name: str(card._text.content)
        for card in visible
        if card._reading is not None
    }
