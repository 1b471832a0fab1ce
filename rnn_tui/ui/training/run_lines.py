"""The lines around the views of a task: its runs, and how far one is."""

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Label, ProgressBar, Static

from rnn_tui.engine.palette import curve_colour, curve_marker
from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.words import duration
from rnn_tui.ui.textual_fixes import ExactBar

_WORDS = {
    Status.LOADING: "loading",
    Status.TRAINING: "",
    Status.PAUSED: "paused",
    Status.STOPPED: "stopped",
    Status.FINISHED: "done",
    Status.FAILED: "failed",
}


class ProgressLine(Horizontal):
    """The progress of the run in training, or of the one looked at.

    Args:
        unit: what its samples are, in the plural.
    """

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = {"images": "img"}.get(unit, unit)

    def compose(self) -> ComposeResult:
        """Lay out what, bar, numbers."""
        yield Label("", id="progress-what", markup=False)
        yield ExactBar(total=1, show_eta=False, show_percentage=True)
        yield Label("", id="progress-numbers", markup=False)

    def show(self, state: RunState | None, waiting: int) -> None:
        """Draw the progress of `state`, with `waiting` more runs to come after it."""
        self.set_class(state is None, "-idle")
        if state is None:
            return
        epoch = min(len(state.epochs) + 1, state.config.epochs)
        what = f"{state.config.name} epoch {epoch}/{state.config.epochs}"
        word = _WORDS[state.status]
        self.query_one("#progress-what", Label).update(f"{what} {word}".rstrip())
        self.query_one(ProgressBar).update(total=1, progress=state.progress)
        numbers = [f"{state.rate:,.0f} {self._unit}/s", duration(state.elapsed)]
        if state.remaining is not None:
            numbers.append(f"{duration(state.remaining)} left")
        if waiting:
            numbers.append(f"{waiting} more")
        self.query_one("#progress-numbers", Label).update(" · ".join(numbers))


@dataclass(frozen=True)
class RunChip:
    """What the bar shows of a run."""

    run_id: str
    name: str
    figure: str
    colour: int


class RunBar(Static):
    """The runs in a line; a click chooses one."""

    @dataclass
    class Chosen(Message):
        """A run was clicked."""

        run_id: str

    def __init__(self) -> None:
        super().__init__()
        self._chips: tuple[RunChip, ...] = ()
        self._chosen: str | None = None
        self._ends: list[tuple[int, str]] = []

    def show(self, chips: Sequence[RunChip], chosen: str | None, hint: str) -> None:
        """Draw the chips, or `hint` where there is none."""
        self._chips, self._chosen = tuple(chips), chosen
        if not chips:
            self.update(Content(hint).stylize("$foreground 60%"))
            return
        dark = self.app.current_theme.dark
        self._ends, parts, column = [], [], 0
        # The newest first: those are looked at, and the line may be cut.
        for chip in reversed(self._chips):
            mark = Content(f" {curve_marker(chip.colour)} ")
            mark = mark.stylize(curve_colour(chip.colour, dark))
            name = Content(f"{chip.name} {chip.figure} ".replace("  ", " "))
            if chip.run_id == chosen:
                name = name.stylize("bold underline")
            part = mark + name
            column += part.cell_length
            self._ends.append((column, chip.run_id))
            parts.append(part)
        self.update(Content("").join(parts))

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the pointer."""
        for end, run_id in self._ends:
            if event.x < end:
                self.post_message(self.Chosen(run_id))
                return
