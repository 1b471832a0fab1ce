"""The view of what is in a data set: what was understood of its file, and its sequences."""

from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from rnn_tui.data import store
from rnn_tui.data.data_set import PART_NAMES, DataSet
from rnn_tui.data.summary import LINE, groups_in_words
from rnn_tui.engine.errors import printable
from rnn_tui.engine.state import RunState
from rnn_tui.tasks.data_sets.baseline import Baseline
from rnn_tui.tasks.data_sets.baselines import kept_baselines
from rnn_tui.ui.frame.task_view import TaskTab, TaskView
from rnn_tui.ui.sequences.drawing import SequencesDrawn, unit_of
from rnn_tui.ui.sequences.wording import in_fields
from rnn_tui.ui.sequences.words import classes_of, list_of, size_of
from rnn_tui.ui.terminal.key_table import moves
from rnn_tui.ui.work.threads import LatestQuestion

FAILURE = "The data set can't be shown; the log file has the details."
#: a data set, and the naive answers to it.
Contents: TypeAlias = tuple[DataSet, Sequence[Baseline]]
AT_ONCE = 3  # sequences


class DataPanel(Vertical, can_focus=True):
    """Sequences of a data set, some at a time; keys and the wheel go through them."""

    DEFAULT_CLASSES = "lone-panel"
    BINDINGS = [
        Binding(
            "left",
            "move(-1)",
            "Sequences",
            key_display="←→",
            tooltip="The previous or next sequences",
        ),
        *moves("move", {"right": 1, "pageup": -10, "pagedown": 10}),
        *moves("move", {"home": -1_000_000, "end": 1_000_000}),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._data_set: DataSet | None = None
        self._first = 0  #: the index of the first sequence that is drawn.

    def compose(self) -> ComposeResult:
        yield SequencesDrawn()

    def show(self, data_set: DataSet) -> None:
        """Show the sequences of a data set."""
        self._data_set = data_set
        self._draw()

    def action_move(self, screens: int) -> None:
        """Show the sequences so many times further."""
        if self._data_set is not None:
            last = (self._data_set.count - 1) // AT_ONCE
            screen = max(0, min(self._first // AT_ONCE + screens, last))
            self._first = screen * AT_ONCE
            self._draw()

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    def _draw(self) -> None:
        data_set = self._data_set
        assert data_set is not None
        indices = range(self._first, min(self._first + AT_ONCE, data_set.count))
        self.query_one(SequencesDrawn).show(data_set, indices)
        parts = ", ".join(PART_NAMES[int(data_set.parts[index])] for index in indices)
        which = f"Sequences {indices[0] + 1:,}–{indices[-1] + 1:,} of {data_set.count:,}"
        self.border_title = Content(f"{which}{unit_of(data_set)}{_names_of(data_set, indices)}")
        self.border_subtitle = Content(parts)


def _names_of(data_set: DataSet, indices: Sequence[int]) -> str:
    """Return what the file calls the first and the last of some sequences; empty without names."""
    if not data_set.origin.ids:
        return ""
    ends = dict.fromkeys(data_set.sequence_name(index) for index in (indices[0], indices[-1]))
    return f" · {' … '.join(ends)}"


class DataView(Horizontal, TaskView):
    """What was understood of a file, beside its sequences."""

    def __init__(self, pane: TaskTab) -> None:
        super().__init__()
        self._task_name = pane.spec.name
        self._spec = pane.spec
        self._loading = LatestQuestion[Contents](self, self._receive, FAILURE)

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="data-facts", can_focus=False):
            yield Static("Loading …", id="data-text", markup=False)
        yield DataPanel()

    def on_mount(self) -> None:
        self._load()

    def run_ended(self, state: RunState) -> None:  # noqa: ARG002
        """Show naive answers, which are worked out after the first run."""
        self._load()

    def _load(self) -> None:
        self._loading.ask(partial(_load, self._task_name))

    def focus_view(self) -> None:
        self.query_one(DataPanel).focus()

    async def _receive(self, outcome: "Contents | str") -> None:
        text = self.query_one("#data-text", Static)
        if isinstance(outcome, str):
            text.update(outcome)
            return
        data_set, baselines = outcome
        text.update(facts_of(data_set, self._in_words(baselines)))
        self.query_one(DataPanel).show(data_set)

    def _in_words(self, baselines: Sequence[Baseline]) -> list[str]:
        """Return naive answers with their figures, a line each."""
        metric = self._spec.metric(self._spec.headline)
        return [
            f"{baseline.name}: {metric.in_words(baseline.figures[metric.name])}"
            for baseline in baselines
            if metric.name in baseline.figures
        ]


def _load(name: str) -> Contents:
    """Read a data set and its naive answers, none before they were worked out; in a thread."""
    return store.load(name), kept_baselines(name) or ()


def facts_of(data_set: DataSet, naive: Sequence[str]) -> Content:
    """Return what there is to know of a data set and naive answers to it, a paragraph each."""
    description = data_set.description
    facts: list[tuple[str, Sequence[str]]] = [
        ("Sequences", [size_of(description)]),
        ("Answer", [classes_of(data_set)]),
    ]
    if description.alphabet:
        facts.append(("Symbols", [list_of(description.alphabet)]))
    else:
        facts.append(("Read at each step", [list_of(description.features)]))
    groups = groups_in_words(data_set)
    if groups:
        facts.append(("Groups", [printable(groups, LINE)]))
    if naive:
        facts.append(("Naive answers", naive))
    facts.append(("File", [description.source]))
    if description.notes:
        facts.append(("Notes", [*map(in_fields, description.notes)]))
    parts: list[Content | tuple[str, str]] = []
    for title, lines in facts:
        parts.append((f"{title}\n", "bold"))
        parts.append(Content("\n".join(lines) + "\n\n"))
    return Content.assemble(*parts)
