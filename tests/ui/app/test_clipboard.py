"""What a chart is as text where none of it is on the screen yet."""

from rnn_tui.ui.app.app import RnnTuiApp
from rnn_tui.ui.app.clipboard import as_text
from rnn_tui.ui.chart.chart import Chart
from tests.ui.conftest import ScriptedRuns
from tests.ui.helpers import running


async def test_a_chart_that_is_not_laid_out_yet_is_no_text(runs: ScriptedRuns) -> None:
    """As where a view is made for one key, and the next one copies."""
    app = RnnTuiApp(runs)
    async with running(app, "recall", size=(80, 24)):
        chart = Chart()
        await app.screen.mount(chart)
        assert not chart.outer_size
        assert as_text(chart) == ""
