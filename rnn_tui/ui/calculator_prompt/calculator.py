"""Additions by hand: type two numbers, and see how trained networks add them, bit by bit."""

import random
from collections.abc import Callable, Sequence
from functools import partial

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Label, Select

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import BASES, BINARY, Base, read_number
from rnn_tui.ui.calculator_prompt.asking import ALL, NetworkAnswers, Typed
from rnn_tui.ui.calculator_prompt.calculator_answer import (
    CarryProbes,
    NumberEntry,
    SumAnswer,
    SumText,
    sum_answer,
)
from rnn_tui.ui.calculator_prompt.column_addition import ColumnAddition
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.threads import LatestQuestion

EXAMPLE = {"a": "101101", "b": "11011"}
# Random numbers have up to so many times the bits of the longest in training, to show how networks
# add beyond these.
RANDOM_REACH = 2
USUAL_LENGTH = 20  # bits of the longest number in training, before weights are loaded
# Lines from which the sum has a frame, nothing is left out, digits are larger, and largest.
HEIGHTS = {"-framed": 19, "-full": 21, "-roomy": 31, "-high": 43}


class CalculatorPanel(AskPanel):
    """Shows two numbers, how a network adds them on paper, and the sum in every base."""

    BINDINGS = [
        key("other", "draw", "Random", "Fill in two random numbers"),
        key("base", "next_base", "Base", "Type numbers in binary, decimal or hexadecimal"),
        key(
            "network", "next_network", "Network", "The next network adds; after the last, all vote"
        ),
        *moves("scroll_answer", {"up": -1, "down": 1}),
    ]

    draws_at_once = True

    def __init__(self, _pane: object = None) -> None:
        super().__init__(ADDER)
        self._base = BINARY
        self._probes = CarryProbes()
        self._probing = LatestQuestion[SumAnswer](self, self._receive_carries)

    def compose(self) -> ComposeResult:
        bases = [(base.name, base.name) for base in BASES]
        with Horizontal(id="numbers") as numbers:
            numbers.border_title = "Two numbers"
            # One below the other, so that Tab goes to both numbers first.
            with Vertical(id="operands"):
                for operand, example in EXAMPLE.items():
                    yield _entry(operand, "operand", NumberEntry(operand, example))
            with Vertical(id="choices"):
                yield _entry("Base", "choice", PlainSelect(bases, value=BINARY.name, id="base"))
                yield _entry("Network", "choice", ReplicaSelect(extra=(ALL,)))
        yield FormNote("message")
        with VerticalScroll(id="addition", can_focus=False):
            yield ColumnAddition()
            with Vertical(id="sum") as total:
                total.border_title = "Sum"
                yield SumText()

    def on_resize(self, event: events.Resize) -> None:
        """Leave frames and scrollbar out where every line counts; draw large if none does."""
        enough = {name: event.size.height >= least for name, least in HEIGHTS.items()}
        self.query_one("#numbers").set_class(enough["-roomy"], "panel", update=False)
        self.query_one("#sum").set_class(enough["-framed"], "panel", update=False)
        self.update_classes(enough)  # and the styles of all below, once

    @property
    def answers_view(self) -> Widget:
        return self.query_one(ColumnAddition)

    def typed(self) -> Typed:
        """Read both numbers, and mark what is none."""
        numbers = []
        complaints = []
        for entry in self.query(NumberEntry):
            try:
                numbers.append(f"{entry.read(self._base):b}")
            except QueryError as error:
                complaints.append(f"✗ {entry.label}: {error}")
                entry.add_class("-wrong")
            else:
                entry.remove_class("-wrong")
        if complaints:
            raise QueryError("  ".join(complaints))
        return Typed(" + ".join(numbers))

    def fill(self, text: str, position: int | None) -> None:  # noqa: ARG002 - none is asked for
        """Type two binary numbers, written as `1111 + 1`."""
        numbers = text.split("+")
        if len(numbers) != len(EXAMPLE):
            raise QueryError(f"“{printable(text)}” is no sum of two binary numbers, as 1111 + 1.")
        values = [read_number(number)[0] for number in numbers]
        self._type(BINARY, [BINARY.format(value) for value in values])

    def show(self, answers: NetworkAnswers) -> None:
        """Show an answer, then ask for the carries that a probe reads, which take longer."""
        self._show_sum(sum_answer(answers))
        if answers.variant != ALL:
            self._probing.ask(partial(self._probes.read, answers))

    async def _receive_carries(self, outcome: SumAnswer | str) -> None:
        """Show the carries, unless the answer is to another question by now."""
        shown = self.query_one(ColumnAddition).answer
        if isinstance(outcome, str) or shown is None:
            return
        if (shown.addition, shown.answered_by) == (outcome.addition, outcome.answered_by):
            self._show_sum(outcome)

    def _show_sum(self, answer: SumAnswer) -> None:
        self.query_one(ColumnAddition).show(answer)
        self.query_one(SumText).answer = answer

    @on(Select.Changed, "#base")
    def _change_base(self, event: Select.Changed) -> None:
        old_base = self._base
        self._base = next(base for base in BASES if base.name == event.value)
        for entry in self.query(NumberEntry):
            entry.convert(old_base, self._base)
        self.ask()  # text that stayed as it was typed may have become right or wrong

    @on(Input.Submitted)
    def _to_other_field(self, event: Input.Submitted) -> None:
        other = next(entry for entry in self.query(NumberEntry) if entry is not event.input)
        other.focus()

    def action_next_base(self) -> None:
        self.query_one("#base", PlainSelect).choose_next()

    def ask_another(self) -> None:
        """Fill in two random numbers."""
        longest = USUAL_LENGTH if self._answers is None else self._answers.config.lengths[1]
        bits = random.randint(1, RANDOM_REACH * longest)
        numbers = [self._base.format(random.getrandbits(bits)) for _ in EXAMPLE]
        self._type(self._base, numbers)

    def fields_memento(self) -> Callable[[], object]:
        base = self._base
        texts = [entry.value for entry in self.query(NumberEntry)]
        return partial(self._type, base, texts)

    def _type(self, base: Base, texts: Sequence[str]) -> None:
        """Choose a base, and type both numbers in it, and ask for their sum."""
        self._base = base
        with self.prevent(Select.Changed, Input.Changed):
            self.query_one("#base", PlainSelect).value = base.name
            for entry, text in zip(self.query(NumberEntry), texts, strict=True):
                entry.hold(text)
        self.ask()

    def action_scroll_answer(self, lines: int) -> None:
        """Scroll the answer below the field, without leaving the field."""
        self.query_one("#addition").scroll_relative(y=lines, animate=False)


def _entry(label: str, classes: str, field: Widget) -> Horizontal:
    """Return a line with a field, and its label before it."""
    return Horizontal(Label(label, classes=classes, markup=False), field, classes="entry")
