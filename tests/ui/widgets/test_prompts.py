"""Prompts for a file take any path that can be typed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.widgets import Static

from rnn_tui.papers.plan import Plan
from rnn_tui.papers.shipped import paper_named
from rnn_tui.ui.papers.export import ExportRerunScreen
from rnn_tui.ui.runs.views import ExportRunsScreen
from rnn_tui.ui.widgets.prompts import ExportPrompt
from rnn_tui.ui.work.threads import StoreAccess
from tests.ui.helpers import PanelApp

PROMPTS: dict[str, tuple[str, Callable[[], ExportPrompt]]] = {
    "report": ("md", lambda: ExportRerunScreen(Plan(paper_named(), 1), "")),
    "runs": ("csv", lambda: ExportRunsScreen(StoreAccess(), [], "", "step")),
}


@pytest.mark.parametrize("kind", PROMPTS)
async def test_files_in_the_way_are_found_whatever_the_path(kind: str, tmp_path: Path) -> None:
    form, make = PROMPTS[kind]
    there, link = tmp_path / "there", tmp_path / "link"
    there.touch()
    link.symlink_to("there")
    async with PanelApp(Static()).run_test():
        prompt = make()
        assert [*await prompt.in_the_way(form, there)] == [there]
        assert [*await prompt.in_the_way(form, link)] == [link]
        for path in (tmp_path / "none", tmp_path / ("n" * 300), there / "below", Path("/dev/null")):
            assert not await prompt.in_the_way(form, path)
