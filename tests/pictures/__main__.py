"""Writes pictures, all or those named: `python -m tests.pictures [NAME …]`."""

import asyncio
import os
import sys
import tempfile

from rnn_tui.ui.app.app import RnnTuiApp
from tests.pictures import FOLDER
from tests.pictures.drawing import Frame, rows_of, svg
from tests.pictures.plots import PLOTS
from tests.pictures.scenes import SCENES, Scene, said, until
from tests.pictures.tour import SIZE, tour


async def still(scene: Scene) -> str:
    """A picture of one screen."""
    app = RnnTuiApp(first=scene.first)
    async with app.run_test(size=scene.size) as pilot:
        await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        await pilot.pause()
        if scene.fill_form is not None:
            await scene.fill_form(pilot, app)
        await scene.drive(pilot, app)
        await until(pilot, lambda: "loading PyTorch" not in said(app))
        app.clear_notifications()
        await pilot.pause(1)
        rows = rows_of(app.export_screenshot(), *scene.size)
    app.runs.close(1)
    return svg([Frame(rows)], scene.title)


async def moving() -> str:
    """The picture of a session."""
    app = RnnTuiApp()
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        frames = await tour(pilot, app)
    app.runs.close(1)
    return svg(frames, "A session: Home, training with twenty seeds, the carry in an adder, photos")


def made(name: str) -> bytes:
    """A picture by its name."""
    if name == "browser":
        from tests.pictures.browser import picture  # noqa: PLC0415 - selenium, for this one alone

        return picture()
    if name in PLOTS:
        return PLOTS[name]().encode()
    return asyncio.run(moving() if name == "tour" else still(SCENES[name])).encode()


def main() -> None:
    """Make them, each in a home of its own: no run of one's own is in a picture."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or [*SCENES, "tour", *PLOTS, "browser"]:
        with tempfile.TemporaryDirectory() as home:
            os.environ["RNN_TUI_HOME"] = home
            path = FOLDER / (f"{name}.png" if name == "browser" else f"{name}.svg")
            path.write_bytes(made(name))
        print(f"{path}  {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
