"""Makes the README's pictures from the running app: `python -m tests.make_picture [NAME …]`.

Trains recall with twenty seeds of three hidden sizes, and the three models on MNIST, with preset
`fast` (about twenty seconds on two cores), looks into networks that ship, and writes
`assets/screenshot*.svg`, or of these the ones named.
"""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence

from textual.pilot import Pilot
from textual.widgets import Checkbox, Input, Select

from rnn_tui.engine.paths import asset_dir
from rnn_tui.ui.inside.mnist import MnistInside
from rnn_tui.ui.inside.recall import RecallInside
from rnn_tui.ui.shell.app import RnnTuiApp

SIZE = (120, 36)
# A test image to look into.
IMAGE = 61


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    while not true():
        await pilot.pause(0.1)


async def recall(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await pilot.press("f3")
    await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    app.pane.query_one("#preset", Select).value = "fast"
    app.pane.query_one("#field-seeds Input", Input).value = "20"
    await pilot.press("t")
    await until(pilot, lambda: bool(app.runs.evaluations) and not app.runs.anything_to_come)


async def mnist(pilot: Pilot[int], app: RnnTuiApp) -> None:
    app.pane.query_one("#preset", Select).value = "fast"
    for model in ("rnn", "bilstm"):
        app.pane.query_one(f"#model-{model}", Checkbox).value = True
    app.pane.query_one("#field-epochs Input", Input).value = "4"
    await pilot.press("t")
    await until(pilot, lambda: len(app.runs.evaluations) == 3 and not app.runs.anything_to_come)


async def inside(pilot: Pilot[int], app: RnnTuiApp) -> None:
    app.pane.show_tab("inside")
    await until(pilot, lambda: bool(app.query(MnistInside)))
    view = app.query_one(MnistInside)
    await until(pilot, lambda: view.subject is not None)
    view.query_one("#inside-network", Select).value = "pretrained RNN"
    view.look_at(IMAGE)
    await until(pilot, lambda: not view.busy)
    app.pane.focus_view()
    await pilot.press("k", *["left"] * 9)
    await until(pilot, lambda: not view.busy)


async def survival(pilot: Pilot[int], app: RnnTuiApp) -> None:
    await pilot.press("f3")
    await until(pilot, lambda: app.tabs.front is not None and app.pane.complete)
    app.pane.show_tab("inside")
    view = app.pane.query_one(RecallInside)
    await until(pilot, lambda: view.subject is not None)
    app.pane.focus_view()
    await pilot.press("k")
    await until(pilot, lambda: not view.busy)


PICTURES = {"screenshot-recall": recall, "screenshot": mnist, "screenshot-inside": inside, "screenshot-survival": survival}


def drawable(svg: str) -> str:
    """A screenshot without the web font that Textual names, which a README can't fetch.

    And with every blank: a program that makes PNG of it leaves out those at the beginning of a text.
    """
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.S).replace("<svg ", '<svg xml:space="preserve" ', 1)
    return svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas, monospace")


async def main(names: Sequence[str]) -> None:
    for name in names or PICTURES:
        drive = PICTURES[name]
        app = RnnTuiApp(first="mnist")
        async with app.run_test(size=SIZE) as pilot:
            await until(pilot, lambda app=app: app.tabs.front is not None and app.pane.complete)
            await pilot.pause()
            await drive(pilot, app)
            await pilot.pause(1)
            svg = app.export_screenshot(title="rnn-tui")
        (asset_dir() / f"{name}.svg").write_text(drawable(svg), encoding="utf-8")
        app.runs.close(1)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["RNN_TUI_HOME"] = home  # no run of one's own in the pictures
        asyncio.run(main(sys.argv[1:]))
