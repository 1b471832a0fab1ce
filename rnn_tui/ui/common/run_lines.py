"""The lines around the views of a task: its runs, how far one is, and how they ended in words."""

from typing import Any

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.notifications import SeverityLevel
from textual.widgets import Label, ProgressBar

from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task


class ExactBar(ProgressBar):
    """A progress bar as exact as its width allows.

    Textual's rounds progress to what its bar can show, and keeps that when the bar gets wider: the
    figure beside it is then wrong.
    """

    def on_resize(self) -> None:
        self.call_after_refresh(self._round)  # anew, once the bar itself has its new width

    def _round(self) -> None:
        bar: Any = self.query_one("#bar")
        bar.percentage = self.percentage


class ProgressLine(Horizontal):
    """What goes on, a bar, and numbers beside it."""

    def compose(self) -> ComposeResult:
        yield Label("", id="progress-what", markup=False)
        yield ExactBar(total=1, show_eta=False, show_percentage=True)
        yield Label("", id="progress-numbers", markup=False)

    def draw(self, what: str, share: float, numbers: str) -> None:
        """Draw it with a share, 0 … 1, done."""
        self.query_one(ProgressBar).update(progress=share)
        for name, text in (("#progress-what", what), ("#progress-numbers", numbers)):
            label = self.query_one(name, Label)
            # A layout, four times a second, only where it comes out otherwise.
            label.update(text, layout=cell_len(text) != cell_len(str(label.content)))


def awaited(state: RunState | None) -> str:
    """That a run waits for its turn, to be said behind its name; empty where it does not."""
    return (
        f" waits for its turn: {state.before} before it"
        if state is not None and state.before
        else ""
    )


def figures(task: Task, state: RunState) -> str:
    """The headline of every network of a finished run; else where the run stands."""
    if state.status is not Status.FINISHED:
        return state.status.value
    metric = task.metric(task.headline)
    alone = metric.format(state.results.get(metric.name, float("nan")))
    shown = (
        [f"{spread.mean:.1f}" for spread in state.spreads(metric.name)]
        if state.config.variants
        else [alone]
    )
    return f"{' '.join(shown)} {metric.unit}".rstrip()


def how_it_ended(task: Task, state: RunState) -> tuple[str, SeverityLevel]:
    """A sentence on how a run ended, with the headline of every network beside what was published,
    and its severity.
    """
    name, metric = state.config.label, task.metric(task.headline)
    if state.status is Status.FAILED:
        return f"{name}: {state.message}", "error"
    if state.status is Status.STOPPED:
        kept = " The weights are kept." if state.checkpoint else ""
        return f"{name} was stopped at step {state.step:,}.{kept}", "information"
    if state.config.variants:
        unit = f" {metric.unit}".rstrip()
        pairs = zip(state.config.variants, state.spreads(metric.name), strict=False)
        shown = (f"{variant.label} {metric.format(spread.mean)}{unit}" for variant, spread in pairs)
        return f"{name}: {metric.label}: {', '.join(shown)}; {state.elapsed:.1f} s.", "information"
    published = task.published_figure(metric.name, state.config.cell)
    beside = "" if published is None else f" (the report: {published:.2f} %)"
    text = metric.in_words(state.results[metric.name]) if metric.name in state.results else "done"
    return f"{name}: {text} after {state.elapsed:.1f} s{beside}.", "information"
