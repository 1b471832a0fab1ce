"""Recall by hand: type digits, and see which one every trained network recalls."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Input, Label, Static

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.recall.questions import check_position, parse_digits, parse_position
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.calculator_prompt.recall_answers import (
    AnswerColumns,
    MarkedDigits,
    RecallAnswers,
    RecallNetworks,
    RecallTable,
    draw_within,
)
from rnn_tui.ui.frame.inside_door import NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.pane_news import WeightsChanged
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import FewCharacters, TypedInput
from rnn_tui.ui.work.threads import LatestQuestion

EXAMPLE: tuple[int, ...] = (3, 1, 4, 1, 5, 9)
REPORT_POSITION = 3
REPORT_LENGTHS = (3, 11)
MOST_CHARACTERS = 4000  # a thousand digits with a comma and a space after each, and some to spare
MOST_POSITION_CHARACTERS = 6
ROOMY_HEIGHT = 24  # lines of the panel from which there is room for a frame around the fields


class DigitsField(FewCharacters, TypedInput):
    """An input for digits, with blanks, commas or semicolons between them."""

    characters = frozenset("0123456789 ,;")


class PositionInput(FewCharacters, TypedInput):
    """An input for a position."""

    characters = frozenset("0123456789")


class RecallPromptPanel(AskPanel):
    """Fields for digits and position, the answers below; a key shows the report's table instead."""

    BINDINGS = [
        # Words as long as the footer has room for on a narrow screen.
        Binding("up,ctrl+up", "move(1)", "Pos.", key_display="↑↓", tooltip="Next position"),
        Binding("down,ctrl+down", "move(-1)", "Pos.", show=False, tooltip="Previous position"),
        key("other", "draw", "Random", "Fill in random digits; draw a new table"),
        key("network", "next_seed", "Seed", "The next seed's answers, then the mean of all"),
        key("sums", "table", "Table", "The report's table of sequences, and back"),
    ]

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        self._random = np.random.default_rng()
        self._networks = RecallNetworks()
        self._digits = EXAMPLE  #: The last digits that could be read.
        self._position = REPORT_POSITION  #: The last position that could be read.
        #: Which seed's answers are shown, counted from 0; None for the mean of all.
        self._seed: int | None = 0
        self._answers: RecallAnswers | None = None  #: The answers that are shown.
        self._table: RecallAnswers | None = None  #: The answers in the report's table.
        self._table_position = 0  #: The position that the table was asked for last.
        self._asking = LatestQuestion[RecallAnswers](self, self._receive_answers)
        self._asking_table = LatestQuestion[RecallAnswers](self, self._receive_table)
        self._complaint = ""  #: What is wrong with the text typed.
        self._failure = ""  #: Why the weights can't answer.

    def compose(self) -> ComposeResult:
        example = " ".join(map(str, EXAMPLE))
        with ContentSwitcher(initial="recall-prompt"):
            with Vertical(id="recall-prompt"):
                with Vertical(id="recall-question") as question:
                    question.border_title = "Which digit stands at the position?"
                    with Horizontal(classes="fields"):
                        yield Label("Digits", classes="field-label")
                        yield DigitsField(
                            example,
                            MOST_CHARACTERS,
                            placeholder="such as 3 1 4 1 5",
                            id="recall-digits",
                        )
                        yield Label("Position", classes="field-label")
                        yield PositionInput(
                            f"{REPORT_POSITION}",
                            MOST_POSITION_CHARACTERS,
                            placeholder="1 …",
                            id="recall-position",
                        )
                    with Horizontal(classes="asked"):
                        yield MarkedDigits(id="recall-sequence")
                        yield Static("", id="recall-source", markup=False)
                yield FormNote("recall-status")
                yield AnswerColumns()
            yield RecallTable(id="recall-table", classes="panel")

    def on_mount(self) -> None:
        # the table has colours of the theme
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_table())

    def load_weights(self) -> None:
        """Ask anew, of weights that are chosen anew in the thread that asks.

        Weights that a user named are asked for the position that they were trained for.
        """
        if self._source is not None and self._source.position is not None:
            self.query_one("#recall-position", TypedInput).value = f"{self._source.position}"
        # a new object, not the old one emptied: a thread may be filling that
        self._networks = RecallNetworks(self._source)
        self._ask()
        if self._table is not None or self.table_shown:
            self._ask_table()

    @property
    def question(self) -> SequenceQuestion:
        """Digits and position as typed, or the last that could be read; and whose answers show.

        The weights are None before the first answer, unless a user named some.
        """
        digits, position = self._digits, self._position
        with suppress(QueryError):
            digits = parse_digits(self.query_one("#recall-digits", Input).value)
            position = self._typed_position()
        source = self._source if self._answers is None else self._answers.source
        return SequenceQuestion(digits, source, position, seed=self.seed)

    @property
    def seed(self) -> int | None:
        """The seed whose answers are shown; None for the mean of all."""
        if self._answers is None or self._seed is None:
            return None
        return self._answers.config.seed + self._seed

    @property
    def table_shown(self) -> bool:
        return self.query_one(ContentSwitcher).current == "recall-table"

    @property
    def answers_view(self) -> Widget:
        return self.query_one(DataTable if self.table_shown else AnswerColumns)

    def focus_view(self) -> None:
        if self.table_shown:
            self.answers_view.focus()
        else:
            super().focus_view()

    @on(Input.Changed)
    def _read(self) -> None:
        """Read the fields and ask, or say what is wrong with them."""
        try:
            digits = parse_digits(self.query_one("#recall-digits", Input).value)
            position = parse_position(self.query_one("#recall-position", Input).value)
            self._position = check_position(position, digits)
        except QueryError as error:
            self._complaint = str(error)
        else:
            self._complaint = ""
            self._digits = digits
            self._ask()
            if self.table_shown and self._table_position != self._position:
                self._ask_table()
        self._show_status()

    def _ask(self) -> None:
        self._asking.ask(partial(self._networks.answer, self._digits, self._position))

    def _ask_table(self) -> None:
        self._table_position = self._position
        self._asking_table.ask(partial(self._networks.table, self._position, self._random))

    async def _receive_answers(self, outcome: RecallAnswers | str) -> None:
        if isinstance(outcome, str):
            self._failure = outcome
        else:
            self._failure = ""
            self._show_answers(outcome)
        self._show_status()

    def _show_answers(self, answers: RecallAnswers) -> None:
        """Show new answers; tell others if other weights gave them."""
        old_answers, old_seeds = self._answers, self._seeds
        self._answers = answers
        if old_answers is None or old_answers.source != answers.source:
            self.post_message(WeightsChanged())
        self._bound_seed(answers)
        self.query_one(AnswerColumns).show(answers, self._seed)
        self.query_one(MarkedDigits).show(answers.sequences[0], answers.position)
        self.query_one("#recall-source", Static).update(answers.source_text)
        if self._seeds != old_seeds:
            self.refresh_bindings()

    async def _receive_table(self, outcome: RecallAnswers | str) -> None:
        if isinstance(outcome, str):
            self._table = None
            self.query_one(RecallTable).say(outcome)
        else:
            self._table = outcome
            self._bound_seed(outcome)
            self._show_table()

    def _bound_seed(self, answers: RecallAnswers) -> None:
        """Go back to the first seed where other weights have fewer of them."""
        if self._seed is not None and self._seed >= answers.config.seeds:
            self._seed = 0

    def _show_status(self) -> None:
        """Say what is wrong, or else what to bear in mind."""
        cut = self.query_one("#recall-digits", TypedInput).cut
        reason = self._complaint or self._failure
        error = " ".join(filter(None, (cut, reason)))
        notes = "" if self._answers is None else self._answers.notes
        self.query_one(FormNote).say(error or notes, wrong=bool(error))
        self.set_class(bool(reason), "-stale")

    def _show_table(self) -> None:
        """Show the table, unless it is about to be replaced.

        It is where the answers are of other weights, with more seeds than those in the table.
        """
        table = self._table
        if table is not None and (self._seed or 0) < table.config.seeds and self.table_shown:
            self.query_one(RecallTable).show(table, self._seed)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#recall-question").set_class(event.size.height >= ROOMY_HEIGHT, "panel")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what does nothing; leave Escape to the app if there is nothing to leave."""
        if action == "next_seed":
            has_several = self._seeds > 1
            return True if has_several else None
        return self.table_shown or super().check_action(action, parameters)

    @property
    def _seeds(self) -> int:
        """The number of seeds of each variant that answer."""
        return 1 if self._answers is None else self._answers.config.seeds

    def action_move(self, by: int) -> None:
        position = min(max(1, self._typed_position() + by), len(self._digits))
        self.query_one("#recall-position", TypedInput).hold(f"{position}")

    def _typed_position(self) -> int:
        """Return the position in the field, or the last one that could be read."""
        try:
            return parse_position(self.query_one("#recall-position", Input).value)
        except QueryError:
            return self._position

    def action_draw(self) -> None:
        if self.table_shown:
            self._ask_table()
        else:
            self.draw_digits()

    def draw_digits(self) -> None:
        """Fill in random digits, of a length in training."""
        lengths = REPORT_LENGTHS if self._answers is None else self._answers.config.lengths
        digits = draw_within(lengths, self._typed_position(), self._random)
        self.query_one("#recall-digits", TypedInput).hold(" ".join(map(str, digits)))

    def ask_another(self) -> None:
        self.draw_digits()

    def ask_of(self, text: str, network: NetworkChoice) -> None:
        """Have a network recall one of these digits, at the position that it was trained for."""
        digits = parse_digits(text)
        self._type(" ".join(map(str, digits)), f"{network.source.position or REPORT_POSITION}")
        self._seed = 0
        self.use(network.source)

    def memento(self) -> Callable[[], object]:
        digits = self.query_one("#recall-digits", Input).value
        position = self.query_one("#recall-position", Input).value
        seed = self._seed
        answering = None if self._answers is None else self._answers.source
        answer_as_before = self.weights_memento(answering)

        def put_back() -> None:
            self._seed = seed
            answer_as_before()
            self._type(digits, position)  # after the weights, which have a position of their own

        return put_back

    def _type(self, digits: str, position: str) -> None:
        """Type digits and position, and show the answer to these in place of the table."""
        self.query_one("#recall-digits", TypedInput).hold(digits)
        self.query_one("#recall-position", TypedInput).hold(position)
        if self.table_shown:
            self.query_one(ContentSwitcher).current = "recall-prompt"

    def action_next_seed(self) -> None:
        assert self._answers is not None  # before the first answer the key is greyed out
        following = 0 if self._seed is None else self._seed + 1
        self._seed = following if following < self._seeds else None
        self.query_one(AnswerColumns).show(self._answers, self._seed)
        self._show_table()

    def action_table(self) -> None:
        """Show the report's table, or the fields and answers again."""
        shown = "recall-prompt" if self.table_shown else "recall-table"
        self.query_one(ContentSwitcher).current = shown
        self.focus_view()
        out_of_date = self._table is None or self._table_position != self._position
        if self.table_shown and out_of_date:
            self._ask_table()
        else:
            self._show_table()

    def action_leave(self) -> None:
        if self.table_shown:
            self.action_table()
        else:
            super().action_leave()
