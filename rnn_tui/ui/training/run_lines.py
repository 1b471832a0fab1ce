"""The lines around the views of a task: its runs, how far one is, and how they ended in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.widgets import Label, ProgressBar, Static

from rnn_tui.engine.pace import duration, time_left
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.words import machine
from rnn_tui.tasks.task import Task
from rnn_tui.ui.training.manager import TrainingManager

NARROWEST_BAR = 16  # of the progress, before how busy the machine is takes its room


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


class RunProgress(ProgressLine):
    """The progress of the run in training, or of the one looked at, in samples of this unit."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = {"images": "img"}.get(unit, unit)

    def show(self, state: RunState | None, waiting: int) -> None:
        """Draw the progress of `state`, with `waiting` more runs to come after it."""
        self.display = state is not None and state.status.active
        if state is None or not self.display:
            return
        epoch = min(len(state.epochs) + 1, state.config.epochs)
        stands = "" if state.status is Status.TRAINING else f" {state.status.value}"
        what = f"{state.config.name} epoch {epoch}/{state.config.epochs}{awaited(state) or stands}"
        numbers = (
            [] if state.before else [f"{state.rate:,.0f} {self._unit}/s", duration(state.elapsed)]
        )
        if numbers:
            numbers += filter(None, [time_left(state.remaining)])
        numbers += [f"{waiting} more"] if waiting else []
        room = self.size.width - len(f"{what} {' · '.join(numbers)}") - NARROWEST_BAR
        if (busy := machine(state.machine, short=True)) and len(busy) + 3 <= room:
            numbers.append(busy)
        self.draw(what, state.progress, " · ".join(numbers))


class RunBar(Static):
    """The runs of a task in a line; a click chooses one."""

    @dataclass
    class Chosen(Message):
        """A run was clicked."""

        run_id: str

    def __init__(self, task: Task, runs: TrainingManager) -> None:
        super().__init__(markup=False)
        self._spec, self._runs = task, runs
        self._ends: list[tuple[int, str]] = []

    def show(self, states: Sequence[RunState], chosen: RunState | None) -> None:
        """Draw the runs; where there is none, what to do and which engine there is."""
        if not states:
            self.update(
                Content(f" t trains · ? helps · {self._runs.note}").stylize("$foreground 60%"),
                layout=False,
            )
            return
        dark = self.app.current_theme.dark
        self._ends, parts, column = [], [], 0
        # the newest first: those are looked at, and the line may be cut
        for state in reversed(states):
            colour = self._runs.colours[state.run_id]
            mark = Content(f" {curve_marker(colour)} ").stylize(curve_colour(colour, dark))
            queued = state.status is Status.LOADING and state is not self._runs.active
            words = f"{state.config.label} {'queued' if queued else figures(self._spec, state)}"
            part = (
                mark
                + Content.styled(
                    words.replace("  ", " "), "bold underline" if state is chosen else ""
                )
                + Content(" ")
            )
            column += part.cell_length
            self._ends.append((column, state.run_id))
            parts.append(part)
        self.update(Content("").join(parts), layout=False)

    def on_click(self, event: events.Click) -> None:
        if run_ids := [run_id for end, run_id in self._ends if event.x < end]:
            self.post_message(self.Chosen(run_ids[0]))


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
