"""How far a run is: bar, rate, time gone and time to come, in one line."""

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Label, ProgressBar
from textual.widgets._progress_bar import Bar

from rnn_tui.engine.state import RunState, Status
from rnn_tui.runs.words import duration

_WORDS = {
    Status.LOADING: "loading",
    Status.TRAINING: "",
    Status.PAUSED: "paused",
    Status.STOPPED: "stopped",
    Status.FINISHED: "done",
    Status.FAILED: "failed",
}


class ExactBar(ProgressBar):
    """A progress bar that is as exact as its width allows.

    Textual's rounds progress to what its bar can show, and keeps that when the bar gets wider.
    """

    def on_resize(self) -> None:
        """Round anew, once the bar itself has its new width."""
        self.call_after_refresh(self._round)

    def _round(self) -> None:
        self.query_one("#bar", Bar).percentage = self.percentage


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
