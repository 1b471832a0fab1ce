"""The lines around the views of a task: its runs, how far one is, and how they ended in words."""

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.notifications import SeverityLevel
from textual.widgets import Label, ProgressBar

from rnn_tui.engine.metrics import Metric, Spread
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task


class ExactBar(ProgressBar):
    """A progress bar as exact as its width allows.

    Textual rounds the progress to what the bar can show, and keeps that when the bar gets wider:
    the figure beside it is then wrong.
    """

    _rounded_for = 0  #: the width of the bar for which the progress was rounded last.

    def on_resize(self) -> None:
        self.call_after_refresh(self._round_again)  # once the bar itself has its new width

    def _round_again(self) -> None:
        bar: Any = self.query_one("#bar")
        # One that is shown again has the width that it had. To read the progress draws it anew.
        if bar.size.width != self._rounded_for:
            self._rounded_for = bar.size.width
            bar.percentage = self.percentage


class ProgressLine(Horizontal):
    """Shows the current activity, a bar, and numbers beside it."""

    def compose(self) -> ComposeResult:
        yield Label("", id="progress-what", markup=False)
        yield ExactBar(total=1, show_eta=False, show_percentage=True)
        yield Label("", id="progress-numbers", markup=False)

    def draw(self, activity: str, share: float, numbers: str) -> None:
        """Draw the current activity, the share (0 … 1) that is done, and numbers."""
        self.query_one(ProgressBar).update(progress=share)
        _update_label(self.query_one("#progress-what", Label), activity)
        _update_label(self.query_one("#progress-numbers", Label), numbers)


def _update_label(label: Label, text: str) -> None:
    """Show a text; lay out anew only where its width changes, as this comes four times a second."""
    label.update(text, layout=cell_len(text) != cell_len(str(label.content)))


def awaited(state: RunState) -> str:
    """Say that a run waits for its turn, to be shown after its name; empty if it does not."""
    return f"waits for its turn: {state.before} before it" if state.before else ""


def figures(task: Task, state: RunState) -> str:
    """Return the headline of every network of a finished run, and of what; else its status."""
    if state.status is not Status.FINISHED:
        return state.status.value
    metric = task.metric(task.headline)
    count = ""
    if state.config.variants:
        spreads = list(state.spreads(metric.name))
        values = ", ".join(_short(metric, spread) for spread in spreads)
        count = _count(spreads)
    else:
        values = metric.format(state.results.get(metric.name, float("nan")))
    return " ".join(filter(None, (values, metric.unit, metric.stage, count)))


def _short(metric: Metric, spread: Spread) -> str:
    """Return mean and standard deviation, of percentages with one decimal: there is little room."""
    form = ".1f" if metric.unit == "%" else ".3g"
    if spread.sd is None:
        return f"{spread.mean:{form}}"
    return f"{spread.mean:{form}} ± {spread.sd:{form}}"


def _count(spreads: Sequence[Spread]) -> str:
    """Say how many seeds spreads are over; nothing of a single one."""
    return f"(n {spreads[0].n})" if spreads and spreads[0].n > 1 else ""


def how_it_ended(task: Task, state: RunState) -> tuple[str, SeverityLevel]:
    """Return a sentence on how a run ended, and its severity.

    Of a finished run the sentence has the headline of every network, and of a single network what
    was published.
    """
    name = state.config.label
    if state.status is Status.FAILED:
        return f"{name}: {state.message}", "error"
    if state.status is Status.STOPPED:
        kept = " The weights are kept." if state.checkpoint else ""
        return f"{name} was stopped at step {state.step:,}.{kept}", "information"
    metric = task.metric(task.headline)
    if state.config.variants:
        unit = f" {metric.unit}".rstrip()
        spreads = list(state.spreads(metric.name))
        pairs = zip(state.config.variants, spreads, strict=False)
        texts = [
            f"{variant.label} {metric.format_spread(spread)}{unit}" for variant, spread in pairs
        ]
        values = " ".join(filter(None, (", ".join(texts), _count(spreads))))
        text = f"{name}: {metric.label}: {values}; {state.elapsed:.1f} s."
        return text, "information"
    result = "done"
    if metric.name in state.results:
        result = metric.in_words(state.results[metric.name])
    published = task.published_figure(metric.name, state.config)
    report = "" if published is None else f" (report: {published:.2f} %)"
    return f"{name}: {result} after {state.elapsed:.1f} s{report}.", "information"
