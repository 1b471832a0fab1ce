"""The runs of a task in a line, and how far one is in another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnn_tui.archive.words import machine
from rnn_tui.engine.pace import duration, time_left
from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState, Status
from rnn_tui.tasks.task import Task
from rnn_tui.ui.frame.run_lines import ProgressLine, awaited, figures
from rnn_tui.ui.work.training_manager import TrainingManager

if TYPE_CHECKING:
    from rnn_tui.archive.example import Example

# Cells of the progress bar that have to be left for how busy the machine is to be shown.
NARROWEST_BAR = 16
# The units of a task's samples that have a shorter form.
SHORT_UNITS = {"images": "img"}


class RunProgress(ProgressLine):
    """The progress of the run in training, or of the one that is looked at."""

    def __init__(self, unit: str) -> None:
        """Make the line; `unit` is that of the task's samples."""
        super().__init__()
        self._unit = SHORT_UNITS.get(unit, unit)

    def show(self, state: RunState | None, queued: int) -> None:
        """Draw the progress of a run, with `queued` more to be trained after it."""
        self.display = state is not None and state.status.active
        if state is None or not self.display:
            return
        activity = self._activity(state)
        numbers = self._numbers(state, queued)
        busy = machine(state.machine, short=True)
        room = self.size.width - len(f"{activity} {' · '.join(numbers)}") - NARROWEST_BAR
        if busy and len(busy) + len(" · ") <= room:
            numbers.append(busy)
        self.draw(activity, state.progress, " · ".join(numbers))

    def _activity(self, state: RunState) -> str:
        """Return the run with its epoch, and what it waits for or does, unless it simply trains."""
        epochs = state.config.epochs
        epoch = min(len(state.epochs) + 1, epochs)
        text = f"{state.config.name} epoch {epoch}/{epochs}"
        if state.before:
            return f"{text} {awaited(state)}"
        if state.status is not Status.TRAINING:
            return f"{text} {state.status.value}"
        return text

    def _numbers(self, state: RunState, queued: int) -> list[str]:
        """Return speed, time so far and time left, and how many runs are queued."""
        numbers = []
        if not state.before:
            numbers += [f"{state.rate:,.0f} {self._unit}/s", duration(state.elapsed)]
            left = time_left(state.remaining)
            if left:
                numbers.append(left)
        if queued:
            numbers.append(f"{queued} queued")
        return numbers


class RunBar(Static):
    """The runs of a task in a line; a click chooses one."""

    @dataclass
    class Chosen(Message):
        """A run was clicked."""

        run_id: str

    def __init__(self, task: Task, runs: TrainingManager) -> None:
        super().__init__(markup=False)
        self._spec = task
        self._runs = runs
        self._ends: list[tuple[int, str]] = []  #: where each run ends, in cells, with its id.

    def show(
        self,
        states: Sequence[RunState],
        chosen: RunState | None,
        example: "Example | None" = None,
    ) -> None:
        """Draw the runs; if there is none, the first keys and which PyTorch there is.

        Args:
            states: the runs in order of start.
            chosen: the one that is looked at.
            example: what is shown before a run begins; None for nothing.
        """
        self._ends = []
        if not states and example is not None:
            self.update(self._example_in_words(example), layout=False)
            return
        if not states:
            text = f" No run yet. t train · F1 help · {self._runs.note}"
            self.update(Content(text).stylize("$foreground 60%"), layout=False)
            return
        parts = []
        column = 0
        # the newest first: those are looked at, and the line may be cut
        for state in reversed(states):
            part = self._run_in_words(state, state is chosen)
            parts.append(part)
            column += part.cell_length
            self._ends.append((column, state.run_id))
        self.update(Content("").join(parts), layout=False)

    def _example_in_words(self, example: "Example") -> Content:
        """Return what is shown before a run begins, and the key that begins one."""
        title, name, ending = " Example ", example.name, " trains your own."
        if example.own:
            title, ending = " Last run ", " trains a new one."
            name = f"{name} {figures(self._spec, example.run)}"
        return Content.assemble(
            (title, "bold reverse"),
            f" {name}. ",
            ("t", "bold"),
            (ending, "$foreground 60%"),
        )

    def _run_in_words(self, state: RunState, chosen: bool) -> Content:
        """Return a run by its mark, its name and its figures or status."""
        colour = self._runs.colours[state.run_id]
        dark = self.app.current_theme.dark
        mark = Content(f" {curve_marker(colour)} ").stylize(curve_colour(colour, dark))
        queued = state.status is Status.LOADING and state is not self._runs.active
        words = f"{state.config.label} {'queued' if queued else figures(self._spec, state)}"
        style = "bold underline" if chosen else ""
        return mark + Content.styled(words, style) + Content(" ")

    def on_click(self, event: events.Click) -> None:
        for end, run_id in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(run_id))
                return


def not_measured(run: RunState | None, runs: TrainingManager) -> str:
    """Return a sentence on why there are no measurements of the selected run."""
    if run is None:
        return "Train a network (t): after training it is measured on the test set and shown here."
    name = run.config.label
    if run.status.active:
        return f"{name} is measured on the test set after training, and shown here."
    if run.status is not Status.FINISHED:
        return f"{name} was not trained to its end, so it was not measured on the test set."
    if runs.anything_to_come:
        return f"{name} is being measured on the test set …"
    return f"{name} could not be measured in detail; the log (Ctrl+P, Log) says why."
