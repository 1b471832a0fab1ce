"""The networks of a run side by side: their names, their figures over seeds."""

from collections.abc import Iterator
from itertools import product

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.config import Variant
from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState
from rnn_tui.ui.shell.views import TaskView
from rnn_tui.ui.training.pane import TaskPane
from rnn_tui.ui.widgets.plain import PlainTable

FIGURES = ("mean", "sd", "min", "max", "n", "report")
# The last two for what was published, where anything was.
COLUMNS = ("network", *FIGURES, "which is")
EMPTY = "Press t to train: mean and spread over the seeds appear here, network by network."


def in_short(words: str) -> str:
    """Words for a metric, in fewer letters."""
    return words.replace("validation", "val").replace("training", "train")


class VariantTable(Vertical, TaskView):
    """The figures of each variant over seeds; where it is `short` the headline alone, or what stands for it before the test."""

    def __init__(self, pane: TaskPane, short: bool = False) -> None:
        super().__init__(classes="panel")
        self._spec, self._short = pane.spec, short
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        yield Static(EMPTY, markup=False)
        table = PlainTable(cursor_type="row", zebra_stripes=True)
        table.display = False
        yield table

    def bring_up_to_date(self, pane: TaskPane) -> None:
        state = pane.chosen
        # Made anew only where something is new, the colours of the theme too: a table has to keep its cursor.
        key = (state.run_id, len(state.epochs), state.status, self.app.theme) if state else ("",)
        if key == self._shown:
            return
        self._shown = key
        rows = list(self._rows(state)) if state else []
        table = self.query_one(PlainTable)
        table.display = bool(rows)
        self.border_title = Content(self._headline(state) if state and rows else "")
        empty = self.query_one(Static)
        empty.display = not rows
        empty.update("No epoch has ended so far." if state else EMPTY)
        published = state is not None and any(
            self._report(state, *pair) is not None for pair in product(state.metric_definitions, state.config.variants)
        )
        columns = COLUMNS if published else COLUMNS[:-2]
        # A heading of figures stands above their right ends, as they are aligned there.
        headings = (Text(label, justify="right" if label in FIGURES else "left") for label in columns)
        table.fill(headings, (row[: len(columns)] for row in rows))

    def _report(self, state: RunState, metric: Metric, variant: Variant) -> float | None:
        return self._spec.published_figure(metric.name, state.config.cell, variant)

    def _rows(self, state: RunState) -> Iterator[list[Text]]:
        dark = self.app.current_theme.dark
        for metric in self._metrics(state):
            if not self._short:
                yield [Text(in_short(metric.title), "bold"), *(Text() for _ in COLUMNS[1:])]
            for at, (variant, spread) in enumerate(zip(state.config.variants, state.spreads(metric.name), strict=True)):
                mark = Text(f"{curve_marker(at)} ", curve_colour(at, dark))
                yield _row(mark + Text(variant.label), metric, spread, self._report(state, metric, variant))

    def _headline(self, state: RunState) -> str:
        seeds = sorted({replica.seed for replica in state.config.replicas})
        words = f"seeds {seeds[0]} … {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        epoch = f"epoch {len(state.epochs)} of {state.config.epochs}"
        what = f"{self._metrics(state)[0].title} · " if self._short else ""
        return f"{what}{words} · {epoch}, {state.elapsed:.1f} s"

    def _metrics(self, state: RunState) -> list[Metric]:
        """What there is to show: test figures first, and accuracies before losses."""
        known = [one for one in state.metric_definitions if state.spreads(one.name)]
        if self._short:
            headline = [one for one in known if one.name == self._spec.headline]
            return (headline or [one for one in known if one.higher_is_better] or known)[-1:]
        stages = ("test", "val", "train")
        return sorted(known, key=lambda one: (stages.index(one.stage), not one.higher_is_better))


def _row(name: Text, metric: Metric, spread: Spread, report: float | None) -> list[Text]:
    # With zeros at the end, which `.3g` leaves out: 2.1 below 2.06 would look less exact.
    form = ".2f" if metric.unit == "%" else "#.3g"
    figures = (spread.mean, spread.sd, spread.low, spread.high)
    texts = ["–" if figure is None else f"{figure:{form}}".removesuffix(".") for figure in figures]
    published, place = "", ""
    if report is not None:
        published = f"{report:{form}}".removesuffix(".")
        sides = {"above": report - spread.high, "below": spread.low - report}
        place = next((f"{points:.2f} {side}" for side, points in sides.items() if points > 0), "within")
    return [name, *(Text(text, justify="right") for text in (*texts, str(spread.n), published)), Text(place)]
