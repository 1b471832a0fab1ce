"""Prompts for a file take any path that can be typed."""

from collections.abc import Callable
from pathlib import Path

from textual.widgets import Static

from rnn_tui.papers.plan import Plan
from rnn_tui.papers.shipped import paper_named
from rnn_tui.ui.papers.export import ExportRerunScreen
from rnn_tui.ui.runs.views import ExportRunsScreen
from rnn_tui.ui.widgets.prompts import ExportPrompt
from tests.ui.helpers import PanelApp

PROMPTS: dict[str, tuple[str, Callable[[], ExportPrompt]]] = {
    "report": ("md", lambda: ExportRerunScreen(Plan(paper_named(), 1), "")),
    "runs": ("csv", lambda: ExportRunsScreen([], "", "step")),
}


async def test_files_in_the_way_are_found_whatever_the_path(tmp_path: Path) -> None:
    there, link = tmp_path / "there", tmp_path / "link"
    there.touch()
    link.symlink_to("there")
    async with PanelApp(Static()).run_test():
        for kind, (form, make) in PROMPTS.items():
            prompt = make()
            assert [*await prompt.in_the_way(form, there)] == [there], kind
            assert [*await prompt.in_the_way(form, link)] == [link], kind
            none = (tmp_path / "none", tmp_path / ("n" * 300), there / "below", Path("/dev/null"))
            for path in none:
                assert not await prompt.in_the_way(form, path), (kind, path)
