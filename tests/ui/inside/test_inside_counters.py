"""Counters in Inside: chosen by keys, drawn along the word that is read."""

from typing import Any

from textual.widgets import Input

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.calculator_prompt.prompt import PromptPanel
from rnn_tui.ui.inside.bands import BarBand
from rnn_tui.ui.inside.view import InsideView
from tests.tasks.conftest import small_config, small_run
from tests.ui.helpers import idle, press, running, wait_until
from tests.ui.inside.looking import settled, text


async def test_the_unit_that_counts_best_is_drawn_along_the_word() -> None:
    config = small_config("a-n-b-n", "fast", hidden_sizes=(3,), training_size=4, test_size=2)
    small_run(config, name="counting")
    app = RnnTuiApp()
    async with running(app, "home", size=(120, 50)) as pilot:
        pane: Any = await app.bring("a-n-b-n")
        view: InsideView = await pane.filled("inside")
        pane.view_of(PromptPanel).query_one("#prompt-sequence", Input).value = "aaabbb"
        pane.go_to_view("inside")
        await wait_until(
            pilot, lambda: view.subject is not None and view.subject.trace.steps == 7
        )  # with its blank
        names = [kind.name for kind in view.kinds]
        assert "counters" in names
        view.choose_kind("counters")
        pane.focus_view()
        await press(pilot, "a")
        await settled(pilot, view)
        analysis = view.analysis
        assert analysis is not None
        labels = [drawn.label for drawn in view.grid.bands if isinstance(drawn, BarBand)]
        source, unit = analysis.best
        assert labels[0] == f"{analysis.sources[source].capitalize()} of unit {unit}"
        assert labels[1].startswith("The line that it follows: ")
        assert text(view, "analysis").startswith(analysis.summary)
        assert "Unit 0: state R²" in text(view, "analysis")
        await press(pilot, "a")
        await idle(pilot)
        assert text(view, "analysis") == ""
