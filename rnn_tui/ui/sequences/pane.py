"""The tab of sequences before one is open: a file to read, what was understood, what is there."""

from pathlib import Path

from textual import events, getters, on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.widgets import ContentSwitcher, DataTable, Input, Label, Static

from rnn_tui.data import store
from rnn_tui.data.options import ReadingOptions
from rnn_tui.engine.pace import time_left
from rnn_tui.ui.frame.host_app import HostApp
from rnn_tui.ui.frame.pane import Pane, show_line
from rnn_tui.ui.frame.requests import DataSetDeleted, DataSetWanted, ViewWanted
from rnn_tui.ui.frame.run_lines import ProgressLine
from rnn_tui.ui.sequences.kept import (
    SAMPLE,
    KeptList,
    SampleFile,
    deletion_question,
    read_listing,
)
from rnn_tui.ui.sequences.reading import FileReading
from rnn_tui.ui.sequences.shipped import TaskList
from rnn_tui.ui.sequences.understood import UnderstandingView
from rnn_tui.ui.sequences.wording import in_fields
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.path_input import PathInput, spelled
from rnn_tui.ui.widgets.question import QuestionScreen
from rnn_tui.ui.work.threads import in_thread, telling

SECONDS_BETWEEN_LOOKS = 0.1
KEPT, UNDERSTOOD = "kept", "understood"
OFFERED = ("train", "open", "delete", "undo", "other")  # actions that need something to act on
ENDINGS = (".csv", ".tsv", ".txt", ".ts", ".arff", ".npz", ".npy")


def called_like_sequences(name: str) -> bool:
    """Return whether a file may be one of sequences, by its name."""
    return name.lower().endswith(ENDINGS)


class DeleteDataSetScreen(QuestionScreen):
    """Asks whether to delete a data set; its answer is True to delete."""

    BINDINGS = [key("delete", "dismiss(True)", "Delete")]

    def __init__(self, question: str) -> None:
        super().__init__(question, "Delete (d)", "Keep (Esc)")


class SequencesPane(Pane):
    """A path to read, and below it data sets and tasks, or what was understood."""

    app = getters.app(HostApp)
    help_text = Path(__file__).with_name("help.md").read_text(encoding="utf-8")
    BINDINGS = [
        key("type", "type", "File", tooltip="Go to the field for the path of a file"),
        key("open", "open", "Use", tooltip="Use the data as they were understood"),
        key("delete", "delete", "Delete", tooltip="Delete the data set"),
        key("other", "other", "Sample", tooltip="Read the sample that ships: swings of pendulums"),
        key("undo", "undo", "Undo", tooltip="Undo the last change of how the file is read"),
        Binding("escape", "leave", "Leave", show=False, tooltip="Stop reading; back to the list"),
    ]

    _path = getters.query_one(PathInput)
    _switcher = getters.query_one(ContentSwitcher)
    _kept = getters.query_one(KeptList)
    _understood = getters.query_one(UnderstandingView)

    def __init__(self) -> None:
        super().__init__()
        self._reading: FileReading | None = None  #: what reads now; None if nothing does.
        self._asked = ReadingOptions()  #: how the file was last read, or is.
        self._before: list[ReadingOptions] = []  #: how it was read before each change.
        self._read_path = ""  #: the path that is read, as it was typed.
        self._keeping = False  #: whether a data set is being stored.

    def compose(self) -> ComposeResult:
        with Horizontal(classes="field-row"):
            yield Label("File", classes="field-label")
            yield PathInput(id="sequences-path", offers=called_like_sequences)
        yield Static("", id="sequences-message", markup=False)
        with ContentSwitcher(initial=KEPT):
            yield KeptList(id=KEPT)
            yield UnderstandingView(id=UNDERSTOOD)
        yield ProgressLine()

    def on_mount(self) -> None:
        self.query_one(ProgressLine).display = False
        self._timer = self.set_interval(SECONDS_BETWEEN_LOOKS, self._look, pause=True)
        self.show_runs()
        self.focus_view_soon()

    def on_unmount(self) -> None:
        if self._reading is not None:
            self._reading.stop()

    @property
    def shown(self) -> str:
        """What is below the path: `KEPT` or `UNDERSTOOD`."""
        return self._switcher.current or KEPT

    def focus_view(self) -> None:
        if self.shown == UNDERSTOOD:
            self._understood.focus_view()
        else:
            self._kept.focus_view()

    # Data sets and tasks.

    @work(group="read", exclusive=True)
    async def show_runs(self) -> None:
        with telling(self):
            listing = await self.app.store.ask(self, read_listing)
            had_none = not self._kept.data_sets
            self._kept.show(listing)
            self.app.refresh_bindings()
            if had_none and listing.data_sets and not self._path.value:
                self.focus_view_soon()

    @on(DataTable.RowSelected, "#kept-table")
    def _open_kept(self) -> None:
        data_set = self._kept.highlighted
        if data_set is None:
            return
        if data_set.problem:
            self.notify(data_set.problem, severity="error")
        else:
            self.post_message(DataSetWanted(data_set.name))

    @on(DataTable.RowSelected, "#tasks-table")
    def _open_task(self) -> None:
        task = self.query_one(TaskList).highlighted
        if task is not None:
            self.post_message(ViewWanted(task.name))

    @work(group="change")
    async def action_delete(self) -> None:
        """Delete the data set at the cursor, once that is confirmed."""
        data_set = self._kept.highlighted
        if data_set is None:
            return
        active = self.app.runs.active
        if active is not None and active.config.task == data_set.name:
            self.notify("A network trains on this data set; stop it first (s).", severity="warning")
            return
        if not await self.app.push_screen_wait(DeleteDataSetScreen(deletion_question(data_set))):
            return
        with telling(self):
            await in_thread(self, store.remove, data_set.name)
            self.post_message(DataSetDeleted(data_set.name))
            self.notify(f"{data_set.name} deleted.", timeout=3)
        self.show_runs()

    # Reading a file.

    def action_type(self) -> None:
        self._path.focus()

    @on(SampleFile.Wanted)
    def action_other(self) -> None:
        self.read(spelled([SAMPLE]))

    @on(Input.Submitted, "#sequences-path")
    def _ask(self) -> None:
        self.read(self._path.value)

    def on_paste(self, event: events.Paste) -> None:
        """Read a file that is dropped on the window: it arrives as a paste of its path."""
        event.stop()
        self.read(event.text)

    def read(self, path: str) -> None:
        """Read a file, all of it guessed, in place of one that is being read."""
        self._path.replace_with(path)
        self._read_path = self._path.value
        self._before.clear()
        self._begin(ReadingOptions())

    @on(UnderstandingView.Changed)
    def _read_otherwise(self, event: UnderstandingView.Changed) -> None:
        self._before.append(self._asked)
        self._begin(event.options)

    def action_undo(self) -> None:
        """Read the file as before the last change."""
        if self._before:
            self._begin(self._before.pop())

    def _begin(self, options: ReadingOptions) -> None:
        if self._reading is not None:
            self._reading.stop()
        self._asked = options
        self._reading = FileReading(self._read_path, options)
        self._reading.start()
        self._say("")
        self._timer.resume()
        self._draw_progress()
        self.app.refresh_bindings()

    def _look(self) -> None:
        """Show how far reading is, or what came of it."""
        reading = self._reading
        if reading is None or not reading.done:
            self._draw_progress()
            return
        self._end()
        self._show_outcome(reading)

    def _end(self) -> None:
        self._reading = None
        self._timer.pause()
        self._draw_progress()
        self.app.refresh_bindings()

    def _show_outcome(self, reading: FileReading) -> None:
        """Show what was understood, or why nothing was."""
        self._say(in_fields(reading.failure))
        is_first = self.shown == KEPT
        if reading.understanding is None and is_first and not reading.is_file:
            self._path.focus()
            return
        was_in_fields = not is_first and self._understood.has_focus_within
        self._understood.show(reading.options, reading.understanding)
        self._switcher.current = UNDERSTOOD
        if not was_in_fields:
            self.focus_view_soon()
        self.app.refresh_bindings()

    def _draw_progress(self) -> None:
        line = self.query_one(ProgressLine)
        reading = self._reading
        line.display = reading is not None
        if reading is not None:
            remarks = [time_left(reading.progress.seconds_left), "Esc stops"]
            line.draw("Reading", reading.progress.share, " · ".join(filter(None, remarks)))

    def _say(self, sentence: str) -> None:
        show_line(self, "#sequences-message", sentence)

    def action_leave(self) -> None:
        """Stop reading, leave the field, or go back to the list, whichever can be done."""
        if self._reading is not None:
            self._reading.stop()
            self._end()
            self._say("Reading was stopped.")
        elif self._path.has_focus:
            self.focus_view()
        elif self.shown == UNDERSTOOD:
            self._show_list()
        else:
            raise SkipAction  # it may mean something to the screen

    def _show_list(self) -> None:
        """Show the data sets in place of what was understood."""
        self._say("")
        self._switcher.current = KEPT
        self._path.value = ""
        self.show_runs()
        self.focus_view_soon()

    # Using what was understood.

    @on(UnderstandingView.Accepted)
    def action_open(self) -> None:
        """Use the data as they were understood."""
        self._use(train=False)

    def action_train(self) -> None:
        """Use the data as it was understood, and train on it."""
        self._use(train=True)

    @work(group="change")
    async def _use(self, *, train: bool) -> None:
        """Keep the data set that was understood, and open it."""
        understanding = self._understood.understanding
        if understanding is None or self._keeping or self._reading is not None:
            return
        self._keeping = True
        try:
            with telling(self):
                data_set = understanding.data_set
                await in_thread(self, store.keep, data_set)
                self._show_list()
                self.post_message(DataSetWanted(data_set.description.name, train))
        finally:
            self._keeping = False

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what has something to do: with what was understood, or with what is kept."""
        if action not in OFFERED:
            return super().check_action(action, parameters)
        if not self.query(ContentSwitcher):  # nothing is made yet
            return False
        understood = self.shown == UNDERSTOOD
        is_usable = understood and self._understood.understanding is not None
        has_kept = not understood and self._kept.highlighted is not None
        return {
            "train": is_usable,
            "open": is_usable,
            "delete": has_kept,
            "undo": understood and bool(self._before),
            "other": not understood,
        }[action]
