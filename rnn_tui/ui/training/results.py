"""The figures of a run over its seeds, network by network."""

from collections.abc import Iterator

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from rnn_tui.engine.config import Variant
from rnn_tui.engine.metrics import STAGES, Metric, Spread, main_metric
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState
from rnn_tui.ui.frame.task_view import TaskTab, TaskView
from rnn_tui.ui.widgets.plain import PlainTable

FIGURES = ("mean", "sd", "min", "max", "n")
# Columns that are shown where anything was published: that, and how far it lies from the mean.
PUBLISHED = ("report", "vs mean")
EMPTY = "Press t to train: mean and spread over the seeds appear here, network by network."
NO_EPOCH = "No epoch has ended yet."


def abbreviated(title: str) -> str:
    """Return the title of a metric in fewer letters."""
    return title.replace("validation", "val").replace("training", "train")


class VariantTable(Vertical, TaskView):
    """The figures of each variant over its seeds."""

    def __init__(self, pane: TaskTab, short: bool = False) -> None:
        """Make the table of a pane's runs.

        Args:
            pane: the pane of the task.
            short: whether to show only the run's main metric.
        """
        super().__init__(classes="panel ruled")
        self._spec = pane.spec
        self._short = short
        self._shown: tuple[object, ...] = ()  #: what the table was filled from.

    def compose(self) -> ComposeResult:
        yield Static(EMPTY, classes="note", markup=False)
        table = PlainTable(cursor_type="row", zebra_stripes=True)
        table.display = False
        yield table

    def bring_up_to_date(self, pane: TaskTab) -> None:
        state = pane.trained if self._short else pane.results[0]
        # Filled only if something is new, such as the theme: a table has to keep its cursor.
        key: tuple[object, ...] = ("",)
        if state is not None:
            key = (state.run_id, len(state.epochs), state.status, self.app.theme)
        if key != self._shown:
            self._shown = key
            self._fill(state)

    def _fill(self, state: RunState | None) -> None:
        rows = list(self._rows(state)) if state is not None else []
        table = self.query_one(PlainTable)
        table.display = bool(rows)
        self.border_title = Content(self._headline(state) if state is not None and rows else "")
        self.border_subtitle = Content(self._spec.headline_reason if rows else "")
        empty = self.query_one(Static)
        empty.display = not rows
        empty.update(EMPTY if state is None else NO_EPOCH)
        columns = ["network", *FIGURES]
        if state is not None and self._has_published(state):
            columns += PUBLISHED
        table.fill(map(_heading, columns), (row[: len(columns)] for row in rows))

    def _has_published(self, state: RunState) -> bool:
        """Return whether a figure was published of any of a run's networks."""
        return any(
            self._published(state, metric, variant) is not None
            for metric in state.metric_definitions
            for variant in state.config.variants
        )

    def _published(self, state: RunState, metric: Metric, variant: Variant) -> float | None:
        return self._spec.published_figure(metric.name, state.config, variant)

    def _rows(self, state: RunState) -> Iterator[list[Text]]:
        dark = self.app.current_theme.dark
        for metric in self._metrics(state):
            if not self._short:
                blanks = [Text()] * len((*FIGURES, *PUBLISHED))
                yield [Text(abbreviated(metric.title), "bold"), *blanks]
            spreads = state.spreads(metric.name)
            networks = zip(state.config.variants, spreads, strict=True)
            for index, (variant, spread) in enumerate(networks):
                marker = Text(f"{curve_marker(index)} ", curve_colour(index, dark))
                name = marker + Text(variant.label)
                yield _row(name, metric, spread, self._published(state, metric, variant))

    def _headline(self, state: RunState) -> str:
        seeds = sorted({replica.seed for replica in state.config.replicas})
        words = f"seeds {seeds[0]} … {seeds[-1]}" if len(seeds) > 1 else f"seed {seeds[0]}"
        if self._short:
            words = f"{self._metrics(state)[0].title} · {words}"
        words = words[:1].upper() + words[1:]
        if not state.epochs:  # of an example
            return words
        epochs = f"epoch {len(state.epochs)} of {state.config.epochs}"
        return f"{words} · {epochs}, {state.elapsed:.1f} s"

    def _metrics(self, state: RunState) -> list[Metric]:
        """Return the metrics to show: those of the test first, and accuracies before others."""
        measured = [metric for metric in state.metric_definitions if state.spreads(metric.name)]
        if self._short:
            main = main_metric(measured, self._spec.headline)
            return [] if main is None else [main]
        return sorted(
            measured,
            key=lambda metric: (-STAGES.index(metric.stage), not metric.higher_is_better),
        )


def _heading(column: str) -> Text:
    """Return the heading of a column, above the right end of figures, as those are aligned."""
    return Text(column, justify="left" if column == "network" else "right")


def _row(name: Text, metric: Metric, spread: Spread, published: float | None) -> list[Text]:
    """Return a row of all columns; those of published figures are empty if there is none."""
    # with zeros at the end: 2.1 below 2.06 would look less exact
    form = ".2f" if metric.unit == "%" else "#.3g"
    figures = [spread.mean, spread.sd, spread.low, spread.high]
    texts = ["–" if figure is None else f"{figure:{form}}".removesuffix(".") for figure in figures]
    texts.append(str(spread.n))
    if published is None:
        texts += ["", ""]
    else:
        texts.append(f"{published:{form}}".removesuffix("."))
        texts.append(f"{published - spread.mean:+.2f}".replace("-", "−"))
    return [name, *(Text(text, justify="right") for text in texts)]
