"""Figures of every variant over its seeds, beside the report's."""

from collections.abc import Iterator

from rich.console import JustifyMethod
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from rnn_tui.engine.metrics import Metric
from rnn_tui.engine.replicas import Spread, Variant
from rnn_tui.engine.state import RunState
from rnn_tui.tasks import TASKS
from rnn_tui.ui.chart.view import DARK_PALETTE, LIGHT_PALETTE, MARKERS

FIGURES = ("mean", "sd", "min", "max", "n", "report")
EMPTY = "A run shows mean and spread over its seeds here."


class VariantTable(Vertical):
    """Mean, standard deviation, smallest, largest and number of each variant, figure by figure.

    Args:
        short: show one figure only, the last of those in which more is better.
    """

    def __init__(self, short: bool = False) -> None:
        super().__init__()
        self._short = short
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay out a headline and the table."""
        yield Static(EMPTY, classes="headline", markup=False)
        table: DataTable[Text] = DataTable(cursor_type="row", zebra_stripes=True)
        for label in ("network", *FIGURES, "which is"):
            # A heading of figures stands above their right ends, as they are aligned there.
            justify: JustifyMethod = "right" if label in FIGURES else "left"
            table.add_column(Text(label, justify=justify), key=label)
        yield table

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.query_one(DataTable).display = False
        self.app.theme_changed_signal.subscribe(self, lambda _: self._forget())

    def _forget(self) -> None:
        self._shown = ()

    def show(self, state: RunState | None) -> None:
        """Show the latest figures of a run."""
        # Rows are made anew only when there is something new: a table has to keep its cursor.
        key = (state.run_id, len(state.epochs), state.status, self.app.theme) if state else ("",)
        if key == self._shown:
            return
        self._shown = key
        rows = list(self._rows(state)) if state else []
        table = self.query_one(DataTable)
        table.display = bool(rows)
        self.query_one(".headline", Static).update(self._headline(state) if rows else EMPTY)
        at = table.cursor_row
        table.clear()
        for row in rows:
            table.add_row(*row)
        if rows:
            table.move_cursor(row=min(at, len(rows) - 1))

    def _rows(self, state: RunState) -> Iterator[list[Text]]:
        palette = DARK_PALETTE if self.app.current_theme.dark else LIGHT_PALETTE
        task, cell = TASKS[state.config.task], state.config.cell
        for spec in self._specs(state):
            if not self._short:
                unit = f" ({spec.unit})" if spec.unit else ""
                label = spec.label.replace("validation", "val").replace("training", "train")
                yield [Text(label + unit, "bold"), *(Text() for _ in range(7))]
            for at, (variant, spread) in enumerate(
                zip(state.config.variants, state.spreads(spec.name), strict=True)
            ):
                mark = Text(f"{MARKERS[at % len(MARKERS)]} ", palette[at % len(palette)])
                report = task.published_figure(spec.name, cell, variant)
                yield _row(mark, variant, spec, spread, report)

    def _headline(self, state: RunState | None) -> str:
        if state is None:
            return EMPTY
        seeds = sorted({replica.seed for replica in state.config.replicas})
        words = f"seeds {seeds[0]} … {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        epoch = f"epoch {len(state.epochs)} of {state.config.epochs}"
        what = f"{self._specs(state)[0].label} (%) · " if self._short else ""
        return f"{what}{words} · {epoch}, {state.elapsed:.1f} s"

    def _specs(self, state: RunState) -> list[Metric]:
        """What there is to show: test figures first, and accuracies before losses."""
        known = [spec for spec in state.metric_definitions if state.spreads(spec.name)]
        if self._short:
            published = TASKS[state.config.task].published
            reported = [spec for spec in known if spec.name in published]
            return (reported or [spec for spec in known if spec.higher_is_better])[-1:]
        kinds = ("test", "val", "train")
        return sorted(
            known, key=lambda s: (kinds.index(s.name.split("_")[0]), not s.higher_is_better)
        )


def _row(
    mark: Text,
    variant: Variant,
    spec: Metric,
    spread: Spread,
    report: float | None,
) -> list[Text]:
    digits = "{:.2f}".format if spec.unit == "%" else _three_figures
    figures = [spread.mean, spread.sd, spread.low, spread.high]
    place = ""
    if report is not None:
        if spread.low <= report <= spread.high:
            place = "within"
        elif report > spread.high:
            place = f"{report - spread.high:.2f} above"
        else:
            place = f"{spread.low - report:.2f} below"
    return [
        mark + Text(variant.label),
        *(Text("–" if figure is None else digits(figure), justify="right") for figure in figures),
        Text(str(spread.n), justify="right"),
        Text("" if report is None else digits(report), justify="right"),
        Text(place),
    ]


def _three_figures(figure: float) -> str:
    """With zeros at the end, which `.3g` leaves out: 2.1 below 2.06 would look less exact."""
    return f"{figure:#.3g}".removesuffix(".")
