"""The two charts and the table of epochs."""

from collections.abc import Mapping, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Vertical
from textual.widgets import DataTable

from rnn_tui.engine.state import RunState
from rnn_tui.ui.chart.chart import Chart, ChartSeries
from rnn_tui.ui.chart.spread import share_cursor

SIDE_BY_SIDE_WIDTH = 76
TABLE_HEIGHT = 16

_COLUMNS = (
    ("epoch", "epoch"),
    ("train_loss", "train loss"),
    ("train_loss_last_batch", "last batch"),
    ("val_loss", "val loss"),
    ("val_accuracy", "val acc %"),
    ("seconds", "seconds"),
)


class TrainingView(Vertical):
    """Loss and accuracy of all runs, and the epochs of the chosen one."""

    def compose(self) -> ComposeResult:
        """Lay out charts above, table below."""
        with Grid(id="charts"):
            yield Chart(
                "Loss: ─ training, ● validation",
                lower=0.0,
                id="loss-chart",
                empty_text="Press t to train",
            )
            yield Chart(
                "Validation accuracy",
                y_unit="%",
                lower=0.0,
                upper=100.0,
                id="accuracy-chart",
                allow_log=False,
                empty_text="One point an epoch",
            )
        table: DataTable[str] = DataTable(id="epochs", cursor_type="row", zebra_stripes=True)
        for key, label in _COLUMNS:
            table.add_column(label, key=key)
        yield table

    def on_mount(self) -> None:
        """Read both charts at the same epoch."""
        self._shown: tuple[str, int] = ("", 0)
        share_cursor(self, self.charts)

    def on_resize(self, event: events.Resize) -> None:
        """Two columns where there is room for them; no table where there is none."""
        self.set_class(event.size.width >= SIDE_BY_SIDE_WIDTH, "-side-by-side")
        self.set_class(event.size.height < TABLE_HEIGHT, "-low")

    @property
    def charts(self) -> tuple[Chart, Chart]:
        """The loss chart and the accuracy chart."""
        return (
            self.query_one("#loss-chart", Chart),
            self.query_one("#accuracy-chart", Chart),
        )

    def show(
        self, states: Sequence[RunState], colours: Mapping[str, int], chosen: RunState | None
    ) -> None:
        """Draw all runs in the charts and the epochs of `chosen` in the table."""
        loss, accuracy = [], []
        for state in states:
            colour, name = colours[state.run_id], state.config.label
            for metric, label, points in (
                ("train_loss", name, False),
                ("val_loss", "", True),
            ):
                if metric in state.series:
                    series = state.series[metric]
                    loss.append(ChartSeries(label, series.x, series.y, colour, points))
            if "val_accuracy" in state.series:
                series = state.series["val_accuracy"]
                accuracy.append(ChartSeries(name, series.x, series.y, colour, points=True))
        self.charts[0].show(loss)
        self.charts[1].show(accuracy)
        self._show_epochs(chosen)

    def _show_epochs(self, chosen: RunState | None) -> None:
        table = self.query_one("#epochs", DataTable)
        rows = chosen.epochs if chosen else ()
        run_id = chosen.run_id if chosen else ""
        shown_id, shown_count = self._shown
        if run_id != shown_id or len(rows) < shown_count:
            table.clear()
            shown_count = 0
        for row in rows[shown_count:]:
            m = row.metrics
            table.add_row(
                str(row.epoch),
                f"{m['train_loss']:.4f}",
                f"{m['train_loss_last_batch']:.4f}",
                f"{m['val_loss']:.4f}",
                f"{m['val_accuracy']:.2f}",
                f"{row.seconds:.1f}",
            )
            table.move_cursor(row=table.row_count - 1)
        self._shown = (run_id, len(rows))
