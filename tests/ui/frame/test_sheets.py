"""The style sheets of the rooms: a tour of the app, and what Textual makes of them there."""

from typing import Any

import pytest
from textual.app import App
from textual.dom import DOMNode
from textual.layout import Layout

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.frame.sheets import FIRST_SHEETS, SHEETS
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import finish, idle, press, running, start, wait_until

SOURCES_THAT_TEXTUAL_KEEPS = 64
TABS = ("f3", "f4", "f5", "f6", "f7", "f8", "f9")


def _rules(node: DOMNode) -> dict[str, Any]:
    """Every rule of a widget and of its parts, a layout by its name."""
    parts = {"": node.styles.base}
    parts |= {name: styles.base for name, styles in node._component_styles.items()}
    return {
        f"{part} {name}": value.name if isinstance(value, Layout) else value
        for part, styles in parts.items()
        for name, value in styles.get_rules().items()
    }


def _all_rules(app: App[Any]) -> dict[DOMNode, dict[str, Any]]:
    return {node: _rules(node) for node in app.screen.walk_children(with_self=True)}


def test_the_first_frame_reads_sheets_that_there_are() -> None:
    assert set(FIRST_SHEETS) < set(SHEETS)


@pytest.mark.long
async def test_a_tour_reads_few_sheets_and_their_order_changes_nothing(
    runs: ScriptedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = RnnTuiApp(runs)
    async with running(app, size=(120, 40)) as pilot:
        await start(pilot, runs)
        await finish(pilot, runs)
        for key in TABS:
            await press(pilot, key)
            await wait_until(pilot, lambda: app.pane.complete)
            for view in app.pane.views:
                app.pane.show_tab(view)
                await idle(pilot)
                await wait_until(pilot, app.takes_keys)
        for key in ("question_mark", "escape", "ctrl+p", "escape"):
            await press(pilot, key)
            await idle(pilot)
        sheet = app.stylesheet
        assert {str(path) for path in SHEETS} <= {path for path, _ in sheet.source}
        assert len(sheet.source) <= SOURCES_THAT_TEXTUAL_KEEPS, list(sheet.source)
        rules = _all_rules(app)
        monkeypatch.setattr(sheet, "source", dict(reversed(sheet.source.items())))
        sheet.parse()
        sheet.update(app.screen)
        assert _all_rules(app) == rules
        assert len(rules) > 300
