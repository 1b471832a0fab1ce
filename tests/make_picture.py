"""Makes the README's picture from the running app: `python -m tests.make_picture`.

Trains the three models with preset `fast` (about ten seconds on two cores) and writes
`assets/screenshot.svg`.
"""

import asyncio
import re

from textual.widgets import Checkbox, Input, Select

from rnn_tui.paths import asset_dir
from rnn_tui.ui.app import RnnTuiApp

SIZE = (120, 36)


async def main() -> None:
    app = RnnTuiApp()
    async with app.run_test(size=SIZE) as pilot:
        while not app.pane.complete:  # the form comes after the first frame
            await pilot.pause(0.05)
        app.query_one("#preset", Select).value = "fast"
        for model in ("rnn", "bilstm"):
            app.query_one(f"#model-{model}", Checkbox).value = True
        app.query_one("#field-epochs Input", Input).value = "4"
        await pilot.press("t")
        while app.runs.anything_to_come or len(app.runs.examinations) < 3:
            await pilot.pause(0.2)
        await pilot.press("l")
        await pilot.pause(0.5)
        svg = app.export_screenshot(title="rnn-tui")
    # A picture in a README can't fetch the web font that Textual names.
    svg = re.sub(r"@font-face\s*{.*?}", "", svg, flags=re.S)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas, monospace")
    (asset_dir() / "screenshot.svg").write_text(svg, encoding="utf-8")
    app.runs.close(1)


if __name__ == "__main__":
    asyncio.run(main())
