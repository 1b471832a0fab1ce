"""The answers of a run to the test sequences of a data set, each with its sequence drawn."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.geometry import Size
from textual.widgets import DataTable, Static

from rnn_tui.data import store
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.metrics import as_heading
from rnn_tui.tasks.config import replica_of
from rnn_tui.ui.frame.inside_door import AskingView, InsideDoor
from rnn_tui.ui.frame.requests import InsideWanted
from rnn_tui.ui.frame.task_view import FieldView, TaskTab
from rnn_tui.ui.sequences.answer_table import NAME, AnswerTable
from rnn_tui.ui.sequences.answers import AnsweredSequence, answers_of_run, matrix_of, worst_first
from rnn_tui.ui.sequences.figures import figure_rows
from rnn_tui.ui.sequences.predictions import Predictor
from rnn_tui.ui.sequences.sequence_panel import SequencePanel
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.confusion_table import (
    SequenceMatrix,
    count_in_words,
    most_frequent_mistake,
)
from rnn_tui.ui.widgets.plain import PlainTable
from rnn_tui.ui.work.threads import LatestQuestion

if TYPE_CHECKING:
    from rnn_tui.data.data_set import DataSet
    from rnn_tui.tasks.data_sets.evaluation import DataSetEvaluation

FAILURE = "The sequences can't be shown; the log file has the details."
NOT_YET = "Train a network (t): its answers to the test sequences appear here."
MISREAD, ALL, FIGURES, OF_FIELD = "misread", "all", "figures", "of a field"
KINDS = (MISREAD, ALL, FIGURES, OF_FIELD)
WIDE = 110  # columns from which a sequence is beside the matrix
AROUND_MATRIX = 5  # lines of the frame, and of what is above and below
# actions that need a run that was measured
OF_ANSWERS = ("show", "next_variant", "matrix", "inside", "apply")


class TestSequencesView(Vertical, InsideDoor, FieldView):
    """A list of test sequences with their answers, and the one at the cursor drawn.

    The confusion matrix is in the place of the list until one of its fields is chosen.
    """

    shows_results = True
    BINDINGS = [
        key("show", "show", "Show", "Wrong answers, all, figures, or the confusion matrix"),
        key("inside", "inside", "Inside"),
        key("network", "next_variant", "Network", tooltip="Answers of the next network"),
        key("export", "apply", "Apply", "Apply to a file: answer a new one, and write the answers"),
        Binding("escape", "matrix", "Matrix", show=False, tooltip="Back to the confusion matrix"),
    ]

    def __init__(self, pane: TaskTab) -> None:
        super().__init__()
        self._pane = pane
        assert pane.spec.shape is not None
        self._class_names = pane.spec.shape.outputs
        self._matrix = SequenceMatrix()
        self._list = AnswerTable(id="test-list")
        self._figures = PlainTable(cursor_type="row", zebra_stripes=True, id="test-figures")
        self._evaluation: DataSetEvaluation | None = None
        self._run_id = ""  #: the run that was evaluated.
        self._seed: int | None = None  #: whose predictions are drawn; None for the first.
        self._variant = 0  #: the number of the network whose answers are shown.
        self._answers: list[AnsweredSequence] = []  #: all answers of that.
        self._listed: list[AnsweredSequence] = []  #: those in the list.
        self._kind = MISREAD
        self._field = (0, 0)  #: the field of the matrix: true class and answer.
        self._chooses_field = False  #: whether the matrix is in the place of the list.
        self._data_set: DataSet | None = None  #: None until it is loaded.
        self._loading = LatestQuestion["DataSet"](self, self._receive, FAILURE)

    def compose(self) -> ComposeResult:
        yield Static(NOT_YET, id="test-headline", markup=False)
        with Horizontal(id="test-sequences"):
            with Vertical(id="test-left", classes="panel"):
                yield self._list
                yield self._figures
                yield self._matrix
                yield Static("", id="test-field", markup=False)
            yield SequencePanel(self._class_names, id="test-right")

    def on_mount(self) -> None:
        self.query_one("#test-sequences").display = False
        # whose colours are in the fields
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw_matrix())

    def bring_up_to_date(self, pane: TaskTab) -> None:
        from rnn_tui.tasks.data_sets.evaluation import DataSetEvaluation  # on use

        run, evaluation = pane.results
        if evaluation is self._evaluation:
            self._follow_seed()
            return
        if run is None or not isinstance(evaluation, DataSetEvaluation):
            return
        if self._evaluation is None:
            place, _, _ = replica_of(evaluation.config, None, None)
            self._variant = place // evaluation.config.seeds  # the largest
        self._evaluation = evaluation
        self._run_id = run.run_id
        self._seed = self._seed_asked
        self.query_one("#test-headline").display = False
        self._variant = min(self._variant, len(evaluation.errors) - 1)
        if self._data_set is None:
            self._loading.ask(partial(store.load, pane.spec.name))
        self._show_answers()
        pane.keep_focus()

    async def _receive(self, outcome: "DataSet | str") -> None:
        if isinstance(outcome, str):
            headline = self.query_one("#test-headline", Static)
            headline.update(outcome)
            headline.display = True
            return
        self._data_set = outcome
        self._draw_sequence()

    @property
    def _seed_asked(self) -> int | None:
        """The seed that was chosen in the prompt; None if it was not looked at."""
        asking = (view for view in self._pane.contents if isinstance(view, AskingView))
        return next((view.question.seed for view in asking), None)

    def _follow_seed(self) -> None:
        """Draw the predictions of another seed, if one was chosen meanwhile."""
        seed = self._seed_asked
        if seed != self._seed:
            self._seed = seed
            self._draw_sequence()

    def on_resize(self) -> None:
        self._arrange()
        self._draw_matrix()

    def _arrange(self) -> None:
        """Show the sequence beside the list; beside the matrix only where there is room."""
        has_room = self._wide or not self._chooses_field
        self.query_one("#test-right").display = has_room and self._kind != FIGURES

    @property
    def _wide(self) -> bool:
        """Whether the matrix and a sequence have room side by side."""
        return self.size.width >= WIDE

    def focus_view(self) -> None:
        if self._evaluation is None:
            super().focus_view()
        else:
            self._content.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        evaluation = self._evaluation
        if action in OF_ANSWERS and evaluation is None:
            return False
        if action == "next_variant" and evaluation is not None:
            return True if len(evaluation.errors) > 1 else None
        if action == "matrix":
            return self._classifies
        return super().check_action(action, parameters)

    @property
    def _content(self) -> DataTable[Text]:
        """What is shown on the left: a list, figures, or the matrix."""
        if self._chooses_field:
            return self._matrix
        return self._figures if self._kind == FIGURES else self._list

    @property
    def _classifies(self) -> bool:
        """Whether whole sequences are classified."""
        return any(answer.answer is not None for answer in self._answers[:1])

    def action_next_variant(self) -> None:
        """Show the answers of the next network."""
        assert self._evaluation is not None
        self._variant = (self._variant + 1) % len(self._evaluation.errors)
        self._show_answers()

    def show_field(self, variant: int, true: int, answer: int) -> None:
        if self._evaluation is None or not self._classifies:
            return
        self._variant = variant
        self._show_answers()
        self._kind = OF_FIELD
        self._field = (true, answer)
        self._chooses_field = not self._counts[true][answer]
        self._draw_matrix()
        self._show_list()
        self.focus_view()

    def action_show(self) -> None:
        """Show sequences of the next kind; first the matrix in which a field is chosen."""
        kinds = KINDS if self._classifies else KINDS[:3]
        self._kind = kinds[(kinds.index(self._kind) + 1) % len(kinds)]
        self._chooses_field = self._kind == OF_FIELD
        self._show_list()
        self.focus_view()

    def action_inside(self) -> None:
        """Have a network read the sequence at the cursor in Inside."""
        row = self._list.cursor_row
        if 0 <= row < len(self._listed):
            index = self._listed[row].index
            self.post_message(InsideWanted(self._pane.spec.name, index))

    def action_apply(self) -> None:
        """Ask for a new file that the networks are applied to, and for that of the answers."""
        from rnn_tui.tasks.sequences.inference import ReplicaChoice  # numpy, on use only
        from rnn_tui.ui.sequences.apply_screen import ApplyScreen

        assert self._evaluation is not None
        variant = self._evaluation.config.variants[self._variant]
        choice = ReplicaChoice(variant.hidden_size, variant.loss)
        self.app.push_screen(ApplyScreen(self._pane.spec, self._run_id, choice))

    @on(DataTable.RowSelected, "#test-list")
    def _look_inside(self) -> None:
        self.action_inside()

    def action_matrix(self) -> None:
        """Go to the confusion matrix."""
        self._kind = OF_FIELD
        self._chooses_field = True
        self._show_list()
        self.focus_view()

    def _show_answers(self) -> None:
        """Show the answers of a run, or of another of its networks."""
        assert self._evaluation is not None
        self._answers = answers_of_run(self._evaluation, self._variant)
        if self._classifies:
            self._field = most_frequent_mistake(self._counts)
        if self._kind == MISREAD and not worst_first(self._answers):
            self._kind = ALL
        self.query_one("#test-sequences").display = True
        self._draw_matrix()
        self._show_list()

    @property
    def _of_field(self) -> list[AnsweredSequence]:
        """The answers that the field of the matrix counts."""
        return [answer for answer in self._answers if (answer.true, answer.answer) == self._field]

    @property
    def _counts(self) -> list[list[int]]:
        """The confusion matrix (C, C)."""
        return matrix_of(self._answers, len(self._class_names))

    # The list

    def _show_list(self) -> None:
        """List the sequences of the kind, or show the matrix in their place."""
        match self._kind:
            case "misread":
                self._listed = worst_first(self._answers)
            case "all":
                self._listed = self._answers
            case "figures":
                self._listed = []
                self._show_figures()
            case _:
                self._listed = self._of_field
        for content in (self._list, self._figures, self._matrix):
            content.display = content is self._content
        self.query_one("#test-field").display = self._chooses_field
        self._arrange()
        left = self.query_one("#test-left")
        left.border_title = Content(self._title())
        words = self._seeds_in_words
        if self._kind == FIGURES:
            words = tuple(filter(None, (self._pane.spec.headline_reason,)))
        left.border_subtitle = Content(" · ".join((*words, "w: others")))
        headings = ("true", "answer", "sure") if self._classifies else ("error",)
        self._list.show_answers((self._heading, *headings), map(self._cells, self._listed))
        self._list.move_cursor(row=0, animate=False)
        self._draw_sequence()

    @property
    def _heading(self) -> str:
        """The heading of the names of sequences, which may be numbers."""
        are_numbers = all(answer.name[:1].isdecimal() for answer in self._answers)
        return "no." if are_numbers else NAME

    def _show_figures(self) -> None:
        """Show the figures of the network: of each class or number, and by confidence."""
        assert self._evaluation is not None
        rows = []
        for row in figure_rows(self._evaluation, self._variant):
            style = "bold" if row.is_heading else ""
            cells = (row.number, row.first, row.second)
            rows.append(
                [Text(row.name, style), *(Text(cell, style, justify="right") for cell in cells)]
            )
        self._figures.show_header = False
        self._figures.fill(("", "", "", ""), rows)

    @property
    def _seeds_in_words(self) -> Sequence[str]:
        """How an answer comes of several seeds; empty of a single one."""
        seeds = 1 if self._evaluation is None else self._evaluation.config.seed_count
        if seeds == 1:
            return ()
        return (f"vote of {seeds} seeds" if self._classifies else f"mean of {seeds} seeds",)

    def _title(self) -> str:
        """Return what is listed, and how many of how many."""
        count, total = len(self._listed), len(self._answers)
        network = ""
        if self._evaluation is not None and len(self._evaluation.errors) > 1:
            network = f" by {self._evaluation.config.variants[self._variant].label}"
        if self._chooses_field:
            return f"Rows: true, columns: answered{network}"
        if self._kind == FIGURES:
            return f"{self._headline_in_words()}{network}"
        if self._kind == ALL:
            return f"All {count_of(total, 'test sequence')}{network}"
        if self._kind == OF_FIELD:
            true, answer = self._field
            return f"{count} true {self._class_names[true]}, answered {self._class_names[answer]}"
        kind = "wrong" if self._classifies else "by error"
        return f"{count:,} of {total:,} {kind}{network}"

    def _headline_in_words(self) -> str:
        """Return the headline of the network whose figures are shown, over its seeds."""
        run, _ = self._pane.results
        metric = self._pane.spec.metric(self._pane.spec.headline)
        spreads = [] if run is None else list(run.spreads(metric.name))
        if self._variant >= len(spreads):
            return "Figures"
        figure = metric.format_spread(spreads[self._variant])
        return as_heading(f"{metric.label} {figure} {metric.unit}".rstrip())

    def _cells(self, answer: AnsweredSequence) -> Sequence[Text]:
        name = Text(answer.name, justify="right" if answer.name[:1].isdecimal() else "left")
        if answer.answer is None:
            return [name, Text(f"{answer.error:.3g}", justify="right")]
        return [
            name,
            Text("?" if answer.true is None else self._class_names[answer.true]),
            Text(self._class_names[answer.answer], "bold" if answer.wrong else ""),
            Text(f"{100 * answer.confidence:.0f} %", justify="right"),
        ]

    @on(DataTable.RowHighlighted, "#test-list")
    def _follow_cursor(self) -> None:
        self._draw_sequence()

    # The sequence at the cursor

    def _draw_sequence(self) -> None:
        """Draw the sequence at the cursor, and its answer; nothing if the list is empty."""
        row = self._list.cursor_row
        panel = self.query_one(SequencePanel)
        data_set = self._data_set
        evaluation = self._evaluation
        is_listed = 0 <= row < len(self._listed)
        panel.visible = is_listed and data_set is not None
        if not is_listed or data_set is None or evaluation is None:
            panel.forget()
            return
        variant = evaluation.config.variants[self._variant].label
        predictor = Predictor(self._pane.spec, self._run_id, variant, self._seed)
        panel.show(data_set, self._listed[row], predictor)

    # The matrix

    def _draw_matrix(self) -> None:
        if not self._classifies or not self.size:
            return
        width, height = self.size
        room = Size(width // 2 if self._wide else width, height - AROUND_MATRIX)
        self._matrix.show(self._counts, self._class_names, room)
        true, answer = self._field
        self._matrix.move_cursor(row=true, column=answer, animate=False)

    @on(DataTable.CellHighlighted)
    def _describe_field(self) -> None:
        true, answer = self._matrix.field
        if self._classifies and true < len(self._class_names):
            self._field = (true, answer)
            text = count_in_words(self._counts, self._class_names, true, answer)
            self.query_one("#test-field", Static).update(text)
            if self._chooses_field:
                self._listed = self._of_field
                self._draw_sequence()

    @on(DataTable.CellSelected)
    def _select_field(self) -> None:
        """List the sequences of a field."""
        true, answer = self._field
        if self._counts[true][answer]:
            self._chooses_field = False
            self._show_list()
            self._list.focus()
