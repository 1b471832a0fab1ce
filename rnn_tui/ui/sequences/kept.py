"""The list of the tab: the data sets that are kept, or what to do without, and tasks."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from rnn_tui.archive.kept_data_sets import (
    DATA_SET_COLUMNS,
    KeptDataSet,
    column_of_description,
    kept_data_sets,
)
from rnn_tui.archive.store import RunStore
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import printable
from rnn_tui.engine.files.paths import asset_dir
from rnn_tui.engine.tables import Column, changed, chosen
from rnn_tui.ui.sequences.shipped import ListedTask, TaskList, listed_tasks
from rnn_tui.ui.sequences.words import answers_of, inputs_of, steps_of
from rnn_tui.ui.widgets.plain import PlainTable

SAMPLE = asset_dir() / "sequences" / "swings.csv"
LINES_OF_SAMPLE = 5
LONGEST_LINE = 60
WELCOME = (
    "Train networks on sequences of your own. Press / and type the path of a file, or drop it "
    "here: CSV, TSV, ARFF, .ts, NPZ, .npy or text; a row a step, or a row a sequence. What was "
    "understood is shown, for you to change, before anything trains."
)


def _answer(data_set: KeptDataSet) -> str:
    description = data_set.description
    return "damaged" if description is None else answers_of(description)


COLUMNS = (
    *changed(
        chosen(DATA_SET_COLUMNS, ("name", "sequences")),
        name={
            "name": "data set",
            "style": lambda data_set: "" if data_set.description is None else "bold",
        },
    ),
    column_of_description("steps", steps_of, right=True),
    column_of_description("a step", inputs_of),
    Column(
        "answer",
        _answer,
        style=lambda data_set: "red" if data_set.description is None else "",
    ),
    *changed(
        chosen(DATA_SET_COLUMNS, ("runs",)), runs={"text": lambda data_set: f"{data_set.runs:,}"}
    ),
)


@dataclass(frozen=True)
class SequencesListing:
    """What the tab lists."""

    data_sets: Sequence[KeptDataSet]
    tasks: Sequence[ListedTask]


def read_listing(runs: RunStore) -> SequencesListing:
    """Read what is kept, and count the runs of tasks; call it in a thread."""
    counts = Counter(run.config.task for run in runs.runs())
    return SequencesListing(kept_data_sets(lambda name: counts[name]), listed_tasks(counts))


class KeptTable(PlainTable):
    """A row for each data set; down from the last one goes to what is below."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Open", key_display="Enter", tooltip="Open the data set")
    ]

    def action_cursor_down(self) -> None:
        if self.cursor_row == self.row_count - 1:
            self.screen.focus_next()
        else:
            super().action_cursor_down()


class SampleFile(Static, can_focus=True):
    """The first lines of a file that ships, which Enter reads."""

    BINDINGS = [
        Binding("enter", "read", "Read", key_display="Enter", tooltip="Read the sample that ships"),
        Binding("down", "app.focus_next", "Tasks", show=False, tooltip="Go to the tasks"),
    ]

    class Wanted(Message):
        """The user wants the sample read."""

    def __init__(self, text: Content) -> None:
        super().__init__(text, id="sample", markup=False, classes="lone-panel")
        self.border_title = Content(f"Example: {SAMPLE.name}, which ships")
        self.border_subtitle = "Enter reads it"

    def on_click(self) -> None:
        self.action_read()

    def action_read(self) -> None:
        self.post_message(self.Wanted())


class KeptList(Vertical):
    """What the tab is for, the data sets, and the tasks."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.data_sets: Sequence[KeptDataSet] = ()

    def compose(self) -> ComposeResult:
        yield Static(WELCOME, id="welcome", markup=False)
        table = KeptTable(cursor_type="row", zebra_stripes=True, id="kept-table", classes="panel")
        table.border_title = "Your data sets"
        table.display = False
        yield table
        yield SampleFile(_sample())
        yield TaskList(id="shipped-tasks")

    @property
    def table(self) -> KeptTable:
        return self.query_one(KeptTable)

    @property
    def highlighted(self) -> KeptDataSet | None:
        """The data set at the cursor; None if there is none, or a task has the cursor."""
        if self.query_one(TaskList).has_focus_within:
            return None
        row = self.table.cursor_row
        return self.data_sets[row] if 0 <= row < len(self.data_sets) else None

    def show(self, listing: SequencesListing) -> None:
        """Show what there is; cursors stay."""
        self.query_one(TaskList).show(listing.tasks)
        if listing.data_sets == self.data_sets:
            return
        data_sets = listing.data_sets
        self.data_sets = data_sets
        self.table.display = bool(data_sets)
        self.table.show_items(COLUMNS, data_sets)
        self.query_one(SampleFile).display = not data_sets

    def focus_view(self) -> None:
        """Focus the data sets, or the sample if there is none."""
        (self.table if self.data_sets else self.query_one(SampleFile)).focus()


def _sample() -> Content:
    """Return the first lines of the sample that ships, dimmed; empty if it is missing."""
    try:
        with SAMPLE.open(encoding="utf-8") as file:
            lines = [file.readline(LONGEST_LINE) for _ in range(LINES_OF_SAMPLE)]
    except (OSError, ValueError):
        return Content("")
    rows = "\n".join(printable(line.rstrip("\n")) for line in lines)
    return Content.styled(f"{rows}\n…", "$foreground 50%")


def deletion_question(data_set: KeptDataSet) -> str:
    """Return the question before a data set is deleted, which tells of its runs."""
    question = f"Delete the data set {data_set.name}?"
    if data_set.runs:
        verb, pronoun = ("was", "it stays") if data_set.runs == 1 else ("were", "they stay")
        runs = f"{count_of(data_set.runs, 'run')} {verb} trained on it"
        question += f" {runs}; {pronoun}, but can't be resumed or asked any more."
    return question
