"""The moving picture of the README: a session of the real app, frame by frame.

Home, training with twenty seeds, the carry in an adder, photos. The figures are those of fixed
seeds; how many frames training takes depends on the machine, and at most so many are kept.
"""

import re

from textual.pilot import Pilot

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.inside.view import InsideView
from rnn_tui.ui.photos.panel import PhotosPanel
from tests.pictures.drawing import Frame, rows_of
from tests.pictures.scenes import go, said, set_up, until
from tests.ui.helpers import busy

SIZE = (100, 30)
# Rows of an image from frame to frame, frames of training, places of the sum.
STEP_OF_ROWS, MOST_OF_TRAINING, PLACES = 2, 24, 6


class Camera:
    """Takes frames."""

    def __init__(self, app: RnnTuiApp) -> None:
        self._app = app
        self.frames: list[Frame] = []

    @property
    def text(self) -> str:
        """What the screen says."""
        return said(self._app)

    def take(self, seconds: float, caption: str, only_new: bool = False) -> None:
        """The screen as it is; a longer look where it is as before, unless it is to be new."""
        rows = rows_of(self._app.export_screenshot(), *SIZE)
        if self.frames and self.frames[-1].rows == rows and self.frames[-1].caption == caption:
            if only_new:
                return
            last = self.frames.pop()
            seconds += last.seconds
        self.frames.append(Frame(rows, seconds, caption))


async def tour(pilot: Pilot[int], app: RnnTuiApp) -> list[Frame]:
    """Go through the session."""
    camera = Camera(app)
    await at_home(pilot, camera)
    await train_adders(pilot, app, camera)
    await look_inside(pilot, app, camera)
    await read_photos(pilot, app, camera)
    return camera.frames


async def at_home(pilot: Pilot[int], camera: Camera) -> None:
    caption = "Home: a network reads a digit, row by row"
    rows = -STEP_OF_ROWS
    while (found := re.search(r"row (\d+) of", camera.text)) or rows < 0:  # it begins with none
        if found and int(found[1]) >= rows + STEP_OF_ROWS:
            rows = int(found[1])
            camera.take(0.33, caption)
        await pilot.pause(0.03)
    camera.take(1.5, caption)


async def train_adders(pilot: Pilot[int], app: RnnTuiApp, camera: Camera) -> None:
    caption = "F5, t: train three sizes of adder, twenty seeds each"
    await go(pilot, app, "f5")
    set_up(app, 20)
    await pilot.pause(0.3)
    app.clear_notifications()
    await pilot.pause(0.2)
    camera.take(0.8, caption)
    before = len(app.runs.evaluations)
    await pilot.press("t")
    await pilot.pause(0.5)
    first = len(camera.frames)
    while len(app.runs.evaluations) == before or app.runs.anything_to_come:
        app.clear_notifications()
        if len(camera.frames) - first < MOST_OF_TRAINING:
            camera.take(0.3, caption, only_new=True)
        await pilot.pause(0.1)
    app.clear_notifications()
    await pilot.pause(0.5)
    camera.take(2.0, "Mean and spread over the seeds, in place of one draw")
    await pilot.press("2")
    await pilot.pause(0.7)
    camera.take(1.8, "2: every figure with its spread")


async def look_inside(pilot: Pilot[int], app: RnnTuiApp, camera: Camera) -> None:
    app.pane.show_tab("inside")
    await pilot.pause(0.3)
    await until(pilot, app.takes_keys)  # the view is made
    app.pane.focus_view()
    view = app.pane.query_one(InsideView)
    await until(pilot, lambda: view.subject is not None)
    await pilot.pause(0.5)
    await until(pilot, lambda: not busy(view))
    await pilot.press("home")
    for place in range(PLACES + 1):
        await pilot.pause(0.5)
        camera.take(
            0.55 if place < PLACES else 2.0,
            "z: what the network holds, place by place, and where it keeps the carry",
        )
        await pilot.press("right")


async def read_photos(pilot: Pilot[int], app: RnnTuiApp, camera: Camera) -> None:
    await go(pilot, app, "f3", "photos")
    await until(pilot, lambda: bool(app.query(PhotosPanel)))
    await until(pilot, lambda: "12 photos" in said(app))
    await pilot.pause(0.8)
    camera.take(2.2, "F3, 4: photos of digits, each with what the network gets")
    await pilot.press("down")
    await pilot.pause(0.3)
    await pilot.press("enter")
    await pilot.pause(2.5)
    camera.take(3.0, "Enter: one photo, three networks, every step of the preparation")
