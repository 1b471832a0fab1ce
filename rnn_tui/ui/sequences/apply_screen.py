"""Applies the networks of a run to a new file: asks for the file, and where the answers go."""

from collections.abc import Iterable
from pathlib import Path

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from rnn_tui.archive.weights import NETWORKS, run_weights
from rnn_tui.data.files.formats import FORMATS
from rnn_tui.engine.errors import DataError, printable
from rnn_tui.engine.pace import time_left
from rnn_tui.engine.progress import Progress
from rnn_tui.tasks.data_sets.answer_files import write_answers, writer_of
from rnn_tui.tasks.data_sets.application import Application
from rnn_tui.tasks.sequences.inference import ReplicaChoice
from rnn_tui.tasks.task import Task
from rnn_tui.ui.widgets.path_input import PathInput, parse_path
from rnn_tui.ui.widgets.prompts import ExportPrompt
from rnn_tui.ui.work.threads import in_thread

FORMS = {
    "csv": "table of the answers, CSV",
    "jsonl": "an answer a line, JSON lines",
    "npz": "arrays, NPZ",
}
BAR = 20  # characters
SECONDS_BETWEEN_LOOKS = 0.25
MOST_NOTES = 3  # sentences on what is unlike training, in the notification


class ApplyScreen(ExportPrompt):
    """Asks for a new file, reads it as training's was read, and writes the answers.

    Args:
        task: of the run, on a data set.
        run_id: whose networks answer.
        choice: which of them.
    """

    def __init__(self, task: Task, run_id: str, choice: ReplicaChoice) -> None:
        super().__init__(FORMS)
        self._trained_task = task
        self._run_id = run_id
        self._choice = choice
        self._progress = Progress()

    def more_fields(self) -> Iterable[Widget]:
        yield Static("the file to read, with the columns of training in any order:", markup=False)
        yield PathInput(id="apply-source", offers=_is_offered)

    def on_mount(self) -> None:
        dialog = self.query_one("#export")
        dialog.border_title = "Apply to a file"
        dialog.border_subtitle = Content("Enter answers · ↑↓ format · Esc stops, leaves")

    def on_unmount(self) -> None:
        self._progress.stop()

    def first_field(self) -> Widget:
        return self.query_one("#apply-source")

    def default(self, form: str) -> str:
        return f"answers.{form}"

    def explanation(self) -> str:
        return "The file is read as that of training; it needs no labels."

    @on(Input.Submitted, "#apply-source")
    def _go_to_path(self, event: Input.Submitted) -> None:
        """Go from the file to read to where the answers are written."""
        event.stop()
        event.prevent_default()
        super().first_field().focus()

    async def action_dismiss(self, _result: object = None) -> None:
        """Stop what is being answered; leave if nothing is."""
        if self._writing:
            self._progress.stop()
        else:
            await super().action_dismiss(None)

    async def write(self, form: str, path: Path) -> str:  # noqa: ARG002
        source = parse_path(self.query_one("#apply-source", PathInput).value)
        if source is None:
            raise DataError("Type the path of the file to read.")
        self._progress = Progress()
        timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._show_progress)
        try:
            return await in_thread(self, self._applied, source, path, self._progress)
        finally:
            timer.stop()

    def _show_progress(self) -> None:
        progress = self._progress
        full = round(BAR * progress.share)
        left = time_left(progress.seconds_left)
        bar = f"{'━' * full}{'─' * (BAR - full)} {100 * progress.share:3.0f} %  {left}"
        self.say(f"{bar} · Esc stops")

    def _applied(self, source: Path, path: Path, progress: Progress) -> str:
        """Answer a file in a thread, and return what is to be said of it."""
        notes: list[str] = []
        write = writer_of(path, source)
        weights = run_weights(self._trained_task.name, self._run_id)
        network = NETWORKS.get(weights.path, self._trained_task.network)
        application = Application(network, source, self._choice, notes.append, progress)
        write_answers(path, write(application))
        more = len(notes) - MOST_NOTES
        sentences = [*application.sentences(path), *notes[:MOST_NOTES]]
        return " ".join(sentences) + (f" And {more:,} more notes." if more > 0 else "")


def _is_offered(name: str) -> bool:
    """Return whether a file's name is that of sequences."""
    endings = tuple(ending for file_format in FORMATS for ending in file_format.endings)
    return printable(name, len(name)).lower().endswith(endings)
