"""Recall by hand: type digits, and see which one every trained network recalls."""

from collections.abc import Callable
from functools import partial

import numpy as np
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import ContentSwitcher, DataTable, Input, Label, Static

from rnn_tui.engine.errors import QueryError
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.recall.questions import check_position, parse_digits, parse_position
from rnn_tui.ui.calculator_prompt.asking import ALL, NetworkAnswers, Typed
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.calculator_prompt.recall_answers import (
    AnswerColumns,
    MarkedDigits,
    RecallTable,
    draw_within,
    source_text,
    table_texts,
)
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

    draws_at_once = True
    asks_whom = (ALL, -1)  # there is a column of answers for each variant

    def __init__(self, _pane: object = None) -> None:
        super().__init__(RECALL)
        self._typed = Typed(" ".join(map(str, EXAMPLE)), REPORT_POSITION)
        self._random = np.random.default_rng()
        #: Which seed's answers are shown, counted from 0; None for the mean of all.
        self._seed: int | None = 0
        self._table: NetworkAnswers | None = None  #: The answers in the report's table.
        self._table_position = 0  #: The position that the table was asked for last.
        self._asking_table = LatestQuestion[NetworkAnswers](self, self._receive_table)

    def compose(self) -> ComposeResult:
        with ContentSwitcher(initial="recall-prompt"):
            with Vertical(id="recall-prompt"):
                with Vertical(id="recall-question") as question:
                    question.border_title = "Which digit stands at the position?"
                    with Horizontal(classes="fields"):
                        yield Label("Digits", classes="field-label")
                        yield DigitsField(
                            self._typed.text or "",
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
        """Ask anew, and for the table, too.

        Weights that a user named are asked for the position that they were trained for.
        """
        if self._source is not None and self._source.position is not None:
            self.query_one("#recall-position", TypedInput).value = f"{self._source.position}"
        super().load_weights()
        if self._table is not None or self.table_shown:
            self._ask_table()

    @property
    def network_shown(self) -> tuple[str | None, int | None]:
        if self._answers is None or self._seed is None:
            return None, None
        return None, self._answers.config.seed + self._seed

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

    def typed(self) -> Typed:
        digits = parse_digits(self.query_one("#recall-digits", Input).value)
        position = parse_position(self.query_one("#recall-position", Input).value)
        return Typed(" ".join(map(str, digits)), check_position(position, digits))

    def fill(self, text: str, position: int | None) -> None:
        """Type digits and position, and show the answer to these in place of the table."""
        digits = parse_digits(text)
        self._type(" ".join(map(str, digits)), f"{position or REPORT_POSITION}")
        self._seed = 0

    def ask_typed(self, typed: Typed) -> None:
        super().ask_typed(typed)
        if self.table_shown and self._table_position != typed.position:
            self._ask_table()

    def _ask_table(self) -> None:
        self._table_position = self._typed_position()
        draw = partial(table_texts, random=self._random)
        self._asking_table.ask(partial(self._networks.ask_drawn, draw, self._table_position))

    def show(self, answers: NetworkAnswers) -> None:
        self._bound_seed(answers)
        self.query_one(AnswerColumns).show(answers, self._seed)
        question = answers.asked[0]
        self.query_one(MarkedDigits).show(question.digits, question.position)
        self.query_one("#recall-source", Static).update(source_text(answers))
        self.refresh_bindings()

    async def _receive_table(self, outcome: NetworkAnswers | str) -> None:
        if isinstance(outcome, str):
            self._table = None
            self.query_one(RecallTable).say(outcome)
        else:
            self._table = outcome
            self._bound_seed(outcome)
            self._show_table()

    def _bound_seed(self, answers: NetworkAnswers) -> None:
        """Go back to the first seed where other weights have fewer of them."""
        if self._seed is not None and self._seed >= answers.config.seeds:
            self._seed = 0

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
        position = min(max(1, self._typed_position() + by), self._digits)
        self.query_one("#recall-position", TypedInput).hold(f"{position}")

    @property
    def _digits(self) -> int:
        """The number of digits, of the field or of the last ones that could be read."""
        try:
            return len(parse_digits(self.query_one("#recall-digits", Input).value))
        except QueryError:
            return len(parse_digits(self._typed.text or ""))

    def _typed_position(self) -> int:
        """Return the position in the field, or the last one that could be read."""
        try:
            return parse_position(self.query_one("#recall-position", Input).value)
        except QueryError:
            return self._typed.position or REPORT_POSITION

    def action_draw(self) -> None:
        if self.table_shown:
            self._ask_table()
        else:
            self.ask_another()

    def ask_another(self) -> None:
        """Fill in random digits, of a length in training."""
        lengths = REPORT_LENGTHS if self._answers is None else self._answers.config.lengths
        digits = draw_within(lengths, self._typed_position(), self._random)
        self.query_one("#recall-digits", TypedInput).hold(" ".join(map(str, digits)))
        self.ask()

    def fields_memento(self) -> Callable[[], object]:
        digits = self.query_one("#recall-digits", Input).value
        position = self.query_one("#recall-position", Input).value
        seed = self._seed

        def put_back() -> None:
            self._seed = seed
            self._type(digits, position)

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
        out_of_date = self._table is None or self._table_position != self._typed_position()
        if self.table_shown and out_of_date:
            self._ask_table()
        else:
            self._show_table()

    def action_leave(self) -> None:
        if self.table_shown:
            self.action_table()
        else:
            super().action_leave()
