"""The list of papers, with how much of each is trained, and a field for a file of one's own."""

from collections.abc import Sequence

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import DataTable, Input, Label, Static

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.tables import changed, chosen
from rnn_tui.papers.listing import PAPER_COLUMNS, PaperProgress
from rnn_tui.papers.paper import Paper
from rnn_tui.papers.paper_file import read_paper
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.terminal.textual_workarounds import Dialog
from rnn_tui.ui.widgets.path_input import PathInput, parse_path
from rnn_tui.ui.widgets.plain import PlainTable
from rnn_tui.ui.work.threads import in_thread

MOST_AUTHORS = 3  # that are named
ENDING = ".toml"


def authors_of(paper: Paper) -> str:
    """Return the authors on a line, the first one alone of many; empty if the file names none."""
    if len(paper.authors) > MOST_AUTHORS:
        return f"{paper.authors[0]} et al."
    return ", ".join(paper.authors)


def _trained(listed: PaperProgress) -> str:
    mark = "… " if listed.training else ""
    return f"{mark}{listed.trained} of {listed.networks}"


COLUMNS = changed(
    chosen(PAPER_COLUMNS, ("title", "year", "trained", "authors")),
    title={"name": "paper", "style": lambda _: "bold"},
    trained={"text": _trained},
    authors={"text": lambda listed: authors_of(listed.paper)},
)


class PapersTable(PlainTable):
    """A row for each paper; down from the last one goes to the field for a file."""

    BINDINGS = [
        Binding("enter", "select_cursor", "Open", key_display="Enter", tooltip="Open the paper")
    ]

    def action_cursor_down(self) -> None:
        if self.cursor_row == self.row_count - 1:
            self.screen.focus_next()
        else:
            super().action_cursor_down()


class PapersScreen(Dialog[Paper]):
    """Lets the user choose a paper, or read one from a file; answers it, or nothing."""

    BINDINGS = [
        Binding("escape", "dismiss", "Leave"),
        key("type", "type", "File", tooltip="Go to the field for a file of your own"),
        Binding("up", "app.focus_previous", "List", show=False),
    ]

    def __init__(self, papers: Sequence[PaperProgress], chosen: Paper) -> None:
        """Make the list, with the cursor at the paper that is chosen."""
        super().__init__()
        self._papers = papers
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        with Vertical(id="papers") as dialog:
            dialog.border_title = "Papers"
            dialog.border_subtitle = "Enter opens · / file · Esc leaves"
            yield PapersTable(cursor_type="row", zebra_stripes=True, id="papers-table")
            yield Static("", id="paper-summary", markup=False)
            with Horizontal(classes="field-row"):
                yield Label("Your own file", classes="field-label")
                yield PathInput(id="paper-path", offers=_may_be_paper)
            yield Static("", id="paper-wrong", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(PapersTable)
        table.show_items(COLUMNS, self._papers)
        names = [listed.paper.name for listed in self._papers]
        if self._chosen.name in names:
            table.move_cursor(row=names.index(self._chosen.name))
        table.focus()

    def action_type(self) -> None:
        self.query_one(PathInput).focus()

    @on(DataTable.RowHighlighted)
    def _summarise(self, event: DataTable.RowHighlighted) -> None:
        paper = self._papers[event.cursor_row].paper
        lines = [paper.title, paper.summary, *filter(None, [paper.address])]
        self.query_one("#paper-summary", Static).update("\n".join(lines))

    @on(DataTable.RowSelected)
    def _choose(self, event: DataTable.RowSelected) -> None:
        self.dismiss(self._papers[event.cursor_row].paper)

    @on(Input.Submitted)
    @work(exclusive=True)
    async def _read(self, event: Input.Submitted) -> None:
        """Read the file that was typed, and answer its paper, or say what is wrong."""
        event.stop()
        path = parse_path(event.value)
        if path is None:
            return
        try:
            paper = await in_thread(self, read_paper, path)
        except UserError as error:
            self.query_one("#paper-wrong", Static).update(str(error))
        else:
            self.dismiss(paper)


def _may_be_paper(name: str) -> bool:
    return name.lower().endswith(ENDING)
