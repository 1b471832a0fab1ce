"""Pictures of every view at three sizes, dark and light: `python -m tests.picture_views FOLDER`.

Trains recall, adder and MNIST with preset `fast` first, so that views have something to show, and
reads the sample photos. Then goes through all views at each size and in each theme, and writes
`<view>-<width>x<height>-<theme>.svg`; as PNG too where `rsvg-convert` is installed. For looking at
them one by one, before and after a change.
"""

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, Select, TabbedContent, TabPane

from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.ui.app.app import RnnTuiApp
from tests.pictures.drawing import Frame, rows_of, svg
from tests.pictures.scenes import until

SIZES = ((80, 24), (120, 40), (200, 50))
THEMES = ("textual-dark", "textual-light")


async def train(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """Give every task a run, and the photos an answer."""
    for tab in app.tabs.query(TabPane):
        if tab.parent is not None and tab.parent.parent is not app.tabs:
            continue
        app.action_tab(tab.id or "")
        await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        for preset in app.pane.query("#preset").results(Select):
            preset.value = "fast"
            for seeds in app.pane.query("#field-seeds").results(Input):
                seeds.value = "5"
        if app.pane.query("#preset") and hasattr(app.pane, "spec"):
            await pilot.pause(0.2)
            await train_in_front(pilot, app)
    for path in app.query("#photos-path").results(Input):
        path.value = str(asset_dir() / "samples")


async def train_in_front(pilot: Pilot[int], app: RnnTuiApp) -> None:
    """Train what the form in front says, and wait for the evaluation."""
    count = len(app.runs.evaluations)
    app.pane.action_train()
    await until(pilot, lambda: len(app.runs.evaluations) > count and not app.runs.anything_to_come)


def views(app: RnnTuiApp) -> Iterator[tuple[str, str]]:
    """The tabs and their views; a tab without views has one without a name."""
    for tab in app.tabs.query("#tasks > ContentSwitcher > TabPane").results(TabPane):
        inner = tab.query("#views TabPane").results(TabPane)
        names = [pane.id or "" for pane in inner] or [""]
        for name in names:
            yield tab.id or "", name


async def show(pilot: Pilot[int], app: RnnTuiApp, tab: str, view: str) -> None:
    """Bring a view to the front, and let it settle."""
    app.action_tab(tab)
    await until(pilot, lambda: app.tabs.active == tab and app.tabs.front is not None)
    await until(pilot, lambda: app.pane.complete)
    if view and app.pane.query_one("#views", TabbedContent).active != view:
        app.pane.show_tab(view)
        await pilot.pause(0.2)
        await until(pilot, app.takes_keys)  # the view is made
        app.pane.focus_view()
    await pilot.pause(0.8)


def write(app: RnnTuiApp, path: Path) -> None:
    """Write the screen as SVG, and as PNG beside it where that can be made."""
    frame = Frame(rows_of(app.export_screenshot(), *app.size))
    path.write_text(svg([frame], path.stem), encoding="utf-8")
    if shutil.which("rsvg-convert"):
        picture = str(path.with_suffix(".png"))
        subprocess.run(["rsvg-convert", "-o", picture, str(path)], check=True)


async def main(
    folder: Path, only: str, sizes: list[str], themes: list[str], training: bool
) -> None:
    """Draw the views.

    Args:
        folder: for the pictures.
        only: a pattern that the names of views must match.
        sizes: such as `80x24`; none for all.
        themes: none for all.
        training: train every task first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    app = RnnTuiApp()
    async with app.run_test(size=SIZES[1]) as pilot:
        await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
        if training:
            await train(pilot, app)
        for width, height in SIZES:
            if sizes and f"{width}x{height}" not in sizes:
                continue
            await pilot.resize_terminal(width, height)
            for theme in themes or THEMES:
                app.theme = theme
                for tab, view in list(views(app)):
                    name = "-".join(filter(None, (tab, view)))
                    if re.search(only, name):
                        await show(pilot, app, tab, view)
                        app.clear_notifications()
                        await pilot.pause(0.1)
                        write(app, folder / f"{name}-{width}x{height}-{theme}.svg")
    app.runs.close(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="a pattern that the names of views match")
    parser.add_argument("--size", action="append", default=[], help="such as 80x24")
    parser.add_argument("--theme", action="append", default=[])
    parser.add_argument("--empty", action="store_true", help="without training first")
    options: Any = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNN_TUI_HOME"] = home
        training = not options.empty
        asyncio.run(main(options.folder, options.only, options.size, options.theme, training))
