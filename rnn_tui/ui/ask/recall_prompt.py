"""Recall, by hand: type digits, and see what every trained network says stood at the position."""

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
from rnn_tui.ui.ask.panel import AskPanel
from rnn_tui.ui.ask.recall_answers import (
    AnswerColumns,
    MarkedDigits,
    RecallAnswers,
    RecallNetworks,
    RecallTable,
    draw_within,
)
from rnn_tui.ui.common.inside_door import SequenceQuestion
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.pane_news import WeightsChanged
from rnn_tui.ui.common.threads import LatestQuestion
from rnn_tui.ui.common.widgets.plain import TypedInput

EXAMPLE: tuple[int, ...] = (3, 1, 4, 1, 5, 9)
REPORT_POSITION, REPORT_LENGTHS = 3, (3, 11)
MOST_CHARACTERS = 4000  # a thousand digits with a comma and a space after each, and some to spare
ROOMY_HEIGHT = 24  # lines of the panel from which there is room for a frame around the fields


class RecallPromptPanel(AskPanel):
    """Fields for digits and position, the answers below; behind them, the report's table."""

    BINDINGS = [
        # As long as the footer has room for on a narrow screen.
        Binding("up,ctrl+up", "move(1)", "Pos.", key_display="↑↓", tooltip="Next position"),
        Binding("down,ctrl+down", "move(-1)", "Pos.", show=False, tooltip="Previous position"),
        key("other", "draw", "Random", "Fill in random digits; draw a new table"),
        key("network", "next_seed", "Seed", "The next seed's answers, then the mean of all"),
        key("show", "table", "Table", "The report's table of sequences, and back"),
    ]

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        self._random = np.random.default_rng()
        self._networks = RecallNetworks()
        self._digits, self._position = EXAMPLE, REPORT_POSITION
        self._seed: int | None = 0
        self._answers: RecallAnswers | None = None
        self._drawn: RecallAnswers | None = None
        self._drawn_for = 0
        self._asking = LatestQuestion[RecallAnswers](self, self._take_answers)
        self._drawing = LatestQuestion[RecallAnswers](self, self._take_table)
        self._complaint = self._failure = ""  # why there is no answer: the text typed; the weights

    def compose(self) -> ComposeResult:
        example, hint = " ".join(map(str, EXAMPLE)), "such as 3 1 4 1 5"
        with ContentSwitcher(initial="recall-prompt"):
            with Vertical(id="recall-prompt"):
                with Vertical(id="recall-question") as question:
                    question.border_title = "Which digit stands at the position?"
                    with Horizontal(classes="fields"):
                        yield Label("Digits", classes="field-label")
                        yield TypedInput(
                            example, MOST_CHARACTERS, placeholder=hint, id="recall-digits"
                        )
                        yield Label("Position", classes="field-label")
                        yield TypedInput(
                            f"{REPORT_POSITION}", 6, placeholder="1 …", id="recall-position"
                        )
                    with Horizontal(classes="asked"):
                        yield MarkedDigits(id="recall-sequence")
                        yield Static("", id="recall-source", markup=False)
                yield Static("", id="recall-status", markup=False)
                yield AnswerColumns()
            yield RecallTable(id="recall-table", classes="panel")

    def on_mount(self) -> None:
        # whose colours are in the table
        self.app.theme_changed_signal.subscribe(self, lambda _: self._show_table())

    def load_weights(self) -> None:
        """Let the threads that ask choose anew; ask for the position of weights that were named."""
        if self._source is not None and self._source.position is not None:
            self.query_one("#recall-position", TypedInput).value = f"{self._source.position}"
        # new, not emptied: a thread may be filling the old one's memory
        self._networks = RecallNetworks(self._source)
        self._ask()
        if self._drawn is not None or self.table_shown:
            self._ask_table()

    @property
    def question(self) -> SequenceQuestion:
        """Digits and position as typed, or the last that could be read; and whose answers show,
        None before the first one.
        """
        digits, position = self._digits, self._position
        with suppress(QueryError):
            digits, position = (
                parse_digits(self.query_one("#recall-digits", Input).value),
                self._typed_position(),
            )
        source = self._answers.source if self._answers is not None else self._source
        return SequenceQuestion(digits, source, position, seed=self.seed)

    @property
    def seed(self) -> int | None:
        """The seed whose answers are looked at; None for the mean of all."""
        return (
            None
            if self._answers is None or self._seed is None
            else self._answers.config.seed + self._seed
        )

    @property
    def table_shown(self) -> bool:
        return self.query_one(ContentSwitcher).current == "recall-table"

    @property
    def answers_view(self) -> Widget:
        return self.query_one(DataTable if self.table_shown else AnswerColumns)

    @on(Input.Changed)
    def _read(self) -> None:
        try:
            digits = parse_digits(self.query_one("#recall-digits", Input).value)
            self._position = check_position(
                parse_position(self.query_one("#recall-position", Input).value), digits
            )
        except QueryError as error:
            self._complaint = str(error)
        else:
            self._complaint, self._digits = "", digits
            self._ask()
            if self.table_shown and self._drawn_for != self._position:
                self._ask_table()
        self._show_status()

    def _ask(self) -> None:
        self._asking.ask(partial(self._networks.answer, self._digits, self._position))

    def _ask_table(self) -> None:
        self._drawn_for = self._position
        self._drawing.ask(partial(self._networks.table, self._position, self._random))

    async def _take_answers(self, outcome: RecallAnswers | str) -> None:
        if isinstance(outcome, str):
            self._failure = outcome
        else:
            seeds, before = self._seeds, self._answers
            self._failure, self._answers = "", outcome
            if before is None or before.source != outcome.source:
                self.post_message(WeightsChanged())
            self._bound_seed(outcome)
            self.query_one(AnswerColumns).show(outcome, self._seed)
            self.query_one(MarkedDigits).show(outcome.sequences[0], outcome.position)
            self.query_one("#recall-source", Static).update(outcome.source_text)
            if self._seeds != seeds:
                self.refresh_bindings()
        self._show_status()

    async def _take_table(self, outcome: RecallAnswers | str) -> None:
        if isinstance(outcome, str):
            self._drawn = None
            self.query_one(RecallTable).say(outcome)
        else:
            self._drawn = outcome
            self._bound_seed(outcome)
            self._show_table()

    def _bound_seed(self, answers: RecallAnswers) -> None:
        """Other weights may have fewer seeds."""
        if self._seed is not None and self._seed >= answers.config.seeds:
            self._seed = 0

    def _show_status(self) -> None:
        """Say what is wrong, or else what to bear in mind."""
        cut = self.query_one("#recall-digits", TypedInput).cut
        error = " ".join(filter(None, (cut, self._complaint or self._failure)))
        self.query_one("#recall-status", Static).update(
            error or (self._answers.notes if self._answers is not None else "")
        )
        self.update_classes(
            {"-wrong": bool(error), "-stale": bool(self._complaint or self._failure)}
        )

    def _show_table(self) -> None:
        drawn = self._drawn
        # One drawn for another position, by weights of fewer seeds, is about to be replaced.
        if drawn is not None and (self._seed or 0) < drawn.config.seeds and self.table_shown:
            self.query_one(RecallTable).show(drawn, self._seed)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#recall-question").set_class(event.size.height >= ROOMY_HEIGHT, "panel")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what does nothing; leave Escape to the app where there is nothing to leave."""
        if action == "next_seed":
            return True if self._seeds > 1 else None
        return self.table_shown or super().check_action(action, parameters)

    @property
    def _seeds(self) -> int:
        return self._answers.config.seeds if self._answers is not None else 1

    def action_move(self, by: int) -> None:
        self.query_one("#recall-position", TypedInput).hold(
            f"{min(max(1, self._typed_position() + by), len(self._digits))}"
        )

    def _typed_position(self) -> int:
        """The position in the field, or the last one that could be read."""
        try:
            return parse_position(self.query_one("#recall-position", Input).value)
        except QueryError:
            return self._position

    def action_draw(self) -> None:
        (self._ask_table if self.table_shown else self.draw_digits)()

    def draw_digits(self) -> None:
        """Fill in random digits, of a length in training."""
        lengths = self._answers.config.lengths if self._answers is not None else REPORT_LENGTHS
        digits = draw_within(lengths, self._typed_position(), self._random)
        self.query_one("#recall-digits", TypedInput).hold(" ".join(map(str, digits)))

    def ask_another(self) -> None:
        self.draw_digits()

    def action_next_seed(self) -> None:
        assert self._answers is not None  # the key does nothing else
        following = 0 if self._seed is None else self._seed + 1
        self._seed = following if following < self._seeds else None
        self.query_one(AnswerColumns).show(self._answers, self._seed)
        self._show_table()

    def action_table(self) -> None:
        self.query_one(ContentSwitcher).current = (
            "recall-prompt" if self.table_shown else "recall-table"
        )
        self.focus_view()
        if self.table_shown and (self._drawn is None or self._drawn_for != self._position):
            self._ask_table()
        else:
            self._show_table()

    def action_leave(self) -> None:
        (self.action_table if self.table_shown else super().action_leave)()
