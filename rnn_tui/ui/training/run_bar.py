"""The runs of a task in a line, and how far one is in another."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnn_tui.engine.pace import duration, time_left
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.words import machine
from rnn_tui.tasks.task import Task
from rnn_tui.ui.common.run_lines import ProgressLine, awaited, figures
from rnn_tui.ui.common.training_manager import TrainingManager

NARROWEST_BAR = 16  # of the progress, before how busy the machine is takes its room


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
