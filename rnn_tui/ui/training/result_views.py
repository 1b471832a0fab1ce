"""Views of what a run came to: its confusion matrices, accuracy by length, and what it told."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.widgets import RichLog

from rnn_tui.engine.events import LogLine
from rnn_tui.engine.metrics import accuracy_metric
from rnn_tui.engine.state import RunState, SpreadSeries, Status
from rnn_tui.tasks.evaluation import SequenceEvaluation
from rnn_tui.ui.chart.chart import Chart, spread_series
from rnn_tui.ui.shell.views import SpreadView
from rnn_tui.ui.training.training_view import ChartGrid

if TYPE_CHECKING:
    from rnn_tui.ui.training.pane import TaskPane

LONGEST_LOG = 1000  # lines
EMPTY = "Train a network to its end to see this"
BY_LENGTH = accuracy_metric("", "accuracy by length")
NONE = "A run that is finished shows its confusion matrix here."


class ConfusionView(Vertical, TaskView):
    """How often each true class was answered by each other one.

    Args:
        pane: the task's.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        key("network", "next_variant", "Network", tooltip="Confusion of the next network")
    ]

    def __init__(self, pane: TaskPane) -> None:
        super().__init__()
        shape = pane.spec.shape
        self._labels: Sequence[str] = shape.outputs if shape is not None else ()
        self._of_sets = shape is not None
        # (V, C, C) counts, and the networks that they are of.
        self._matrices: npt.NDArray[np.int64] | None = None
        self._names: Sequence[str] = ()
        self._at = -1

    def compose(self) -> ComposeResult:
        """Lay out one scrollable table."""
        yield Static("", id="confusion", markup=False)

    def on_mount(self) -> None:
        """Follow the theme, whose colours are in the cells."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def bring_up_to_date(self, pane: TaskPane) -> None:
        """Draw what was evaluated of the run that is looked at."""
        found, run = pane.evaluation, pane.chosen
        matrices = getattr(found, "confusion", None)
        if matrices is not None and matrices.ndim == 2:
            matrices = matrices[None]  # of a single network
        self._matrices = matrices
        self._names = [one.label for one in run.config.variants] if run is not None else []
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The next network only where a run has several."""
        if action == "next_variant":
            return self._of_sets
        return super().check_action(action, parameters)

    def action_next_variant(self) -> None:
        """Show the confusion matrix of the next network."""
        self._at += 1
        self._draw()

    def _draw(self) -> None:
        place = self.query_one("#confusion", Static)
        if self._matrices is None:
            place.update(NONE)
            return
        at = self._at % len(self._matrices)
        matrix = self._matrices[at].tolist()
        classes = self._labels or [str(one) for one in range(len(matrix))]
        what = "digit" if all(one.isdigit() for one in classes) else "class"
        title = f"true {what} down, read as across"
        if self._names:
            more = " (h: next network)" if len(self._matrices) > 1 else ""
            title = f"{self._names[at]}{more}: {title}"
        right = [f"{100 * row[true] / max(1, sum(row)):.2f}" for true, row in enumerate(matrix)]
        place.update(confusion_table(matrix, classes, right, title, self.app.theme_variables))


def confusion_table(
    matrix: Sequence[Sequence[int]], names: Sequence[str], right: Sequence[str], title: str | Text,
    theme: Mapping[str, str],
) -> Table:  # fmt: skip
    """Counts of answers in colours: the deeper, the larger a share of the row.

    Args:
        matrix: (C, C), true classes in rows, answers in columns; or (C, C + 1), the last column for
            answers in doubt.
        names: of the columns, of which the first C are those of the rows, too.
        right: (C,) what to say of each row's right answers.
        title: above it.
        theme: the colours of the app's theme, by name.
    """
    good, bad, unsure, ground = (
        Color.parse(theme[name]) for name in ("success", "error", "warning", "background")
    )
    table = Table(title=title, title_justify="left", box=None, padding=(0, 0))
    table.add_column("", justify="right")
    for name in names:
        table.add_column(Text(f"{name} "), justify="right", min_width=5)
    table.add_column("right %", justify="right", min_width=8)
    for true, counts in enumerate(matrix):
        total = sum(counts)
        worst = max(1, *(n for read, n in enumerate(counts) if read != true))
        cells = [Text(f"{names[true]} ", style="bold" if total else "dim")]
        for read, count in enumerate(counts):
            hue = good if read == true else unsure if read == len(matrix) else bad
            share = count / max(1, total) if read == true else count / worst
            cells.append(_cell(count, ground.blend(hue, 0.15 + 0.45 * share), read == true))
        table.add_row(*cells, Text(right[true]))
    return table


def _cell(count: int, shade: Color, bold: bool) -> Text:
    if not count:
        return Text("· ", style="dim")
    colour = shade.get_contrast_text(1.0).rich_color
    return Text(f"{count:>4} ", style=Style(bgcolor=shade.rich_color, color=colour, bold=bold))


class LengthsView(ChartGrid, SpreadView):
    """A chart for each figure by length.

    Args:
        pane: the task's.
        titles: of the charts, in the order of `SequenceEvaluation.by_length`.
        log_x: whether the axis of lengths is logarithmic.
    """

    def __init__(
        self,
        pane: TaskPane,  # noqa: ARG002 - as every view is made
        titles: Sequence[str] = ("Accuracy by length",),
        log_x: bool = False,
    ) -> None:
        super().__init__(*(Chart(log_x=log_x, allow_smoothing=False) for _ in titles))
        for chart, title in zip(self.charts, titles, strict=True):
            chart.describe(title, BY_LENGTH, "length")
        self._evaluation: SequenceEvaluation | None = None

    def bring_up_to_date(self, pane: TaskPane) -> None:
        found, run = pane.evaluation, pane.chosen
        self._evaluation = found if isinstance(found, SequenceEvaluation) else None
        why = "Measured as soon as training is over"
        if run is None or not run.status.active:
            why = "Being measured …" if run and run.status is Status.FINISHED else EMPTY
        for chart in self.charts:
            chart.say(why)
        self.draw()

    def draw(self) -> None:
        found = self._evaluation
        if found is None:
            for chart in self.charts:
                chart.mark_range(None, None)  # that of another run
                chart.show([])
            return
        for chart, figure in zip(self.charts, found.by_length, strict=False):
            chart.mark_range(*found.config.lengths, "in training")
            lines = []
            for at, variant in enumerate(found.config.variants):
                band = SpreadSeries.of(figure.lengths, figure.spread(at, found.config.seeds))
                lines.append(spread_series(variant.label, band, at, self.spread, points=True))
            chart.show(lines)


class LogView(RichLog):
    """What the runs of the task told, in the order in which it came."""

    def __init__(self) -> None:
        super().__init__(
            id="log-lines", classes="panel", wrap=True, markup=False, max_lines=LONGEST_LOG
        )
        self.border_title = "Log"
        # What it is told before it is looked at waits there, without an end of Textual's.
        self._deferred_renders = deque(maxlen=LONGEST_LOG)
        self._seen: dict[str, int] = {}

    def follow(self, state: RunState) -> Sequence[LogLine]:
        """Write what a run has told since it was asked last; returns that."""
        new = state.log[self._seen.get(state.run_id, 0) :]
        for line in new:
            self.write(f"{state.config.label}: {line.text}")
        self._seen[state.run_id] = len(state.log)
        return new

    def forget(self, run_id: str) -> None:
        """Write all of a run that goes on from its first line again."""
        self._seen.pop(run_id, None)
