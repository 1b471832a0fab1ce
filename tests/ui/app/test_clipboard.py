"""What a chart is as text where none of it is on the screen yet."""

from textual.app import App

from rnn_tui.ui.app.clipboard import as_text
from rnn_tui.ui.chart.chart import Chart


async def test_a_chart_that_is_not_laid_out_yet_is_no_text() -> None:
    """As where a view is made for one key, and the next one copies."""
    app: App[None] = App()
    async with app.run_test():
        chart = Chart()
        await app.screen.mount(chart)
        assert not chart.outer_size
        assert as_text(chart) == ""
