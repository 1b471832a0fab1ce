"""Additions by hand: type two numbers, and see how trained networks add them, bit by bit."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Input, Label, Select

from rnn_tui.archive.weights import choose
from rnn_tui.engine.errors import CheckpointError, QueryError, printable
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import BASES, BINARY, Addition, Base, read_number
from rnn_tui.tasks.config import replica_of
from rnn_tui.ui.calculator_prompt.calculator_answer import Adders, NumberEntry, SumAnswer, SumText
from rnn_tui.ui.calculator_prompt.column_addition import ColumnAddition
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.frame.inside_door import NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.pane_news import WeightsChanged
from rnn_tui.ui.terminal.key_table import key, moves
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import PlainSelect
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.threads import LatestQuestion, in_thread

EXAMPLE = {"a": "101101", "b": "11011"}
ALL = "all vote"  # the entry for the vote in the list of variants
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

    replicas = getters.query_one(ReplicaSelect)

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        self._base = BINARY
        self._adders: Adders | None = None  #: None until weights are loaded.
        self._asking = LatestQuestion[SumAnswer](self, self._receive)
        #: The last numbers that could be read.
        self._addition = Addition(*(int(number, BINARY.radix) for number in EXAMPLE.values()))
        #: The variant and seed to choose among the weights that are being loaded.
        self._to_choose: tuple[str, int] | None = None
        self._failure = ""  #: Why there are no weights.
        self._complaints: list[str] = []  #: What is wrong with each number.
        self._note = ""  #: What to bear in mind about the answer.

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

    @property
    def question(self) -> SequenceQuestion:
        """The numbers as typed, or the last that could be read; and whose answers are shown."""
        with suppress(QueryError):
            numbers = [entry.read(self._base) for entry in self.query(NumberEntry)]
            self._addition = Addition(*numbers)
        source = self._source if self._adders is None else self._adders.source
        variant, seed = self.replicas.chosen
        return SequenceQuestion(self._addition, source, variant=variant, seed=seed)

    # Of several loads only the last one goes on after its thread, as it cancels the others.
    @work(group="weights", exclusive=True)
    async def load_weights(self) -> None:
        """Load them in a thread; then list their networks, and ask."""
        source = self._source
        try:
            adders = await in_thread(self, lambda: Adders(source or choose(ADDER.name)))
        except CheckpointError as error:
            # older weights, if there are any, go on answering, under their own name
            self._failure = str(error)
            self._show_message()
            return
        self.replicas.offer(adders.config, *(self._to_choose or self.replicas.chosen))
        self._to_choose = None
        self._failure = ""
        self._adders = adders
        self._ask()
        self.post_message(WeightsChanged())

    @on(Select.Changed, "#base")
    def _change_base(self, event: Select.Changed) -> None:
        old_base = self._base
        self._base = next(base for base in BASES if base.name == event.value)
        for entry in self.query(NumberEntry):
            entry.convert(old_base, self._base)
        self._ask()  # text that stayed as it was typed may have become right or wrong

    @on(Input.Submitted)
    def _to_other_field(self, event: Input.Submitted) -> None:
        other = next(entry for entry in self.query(NumberEntry) if entry is not event.input)
        other.focus()

    def action_next_base(self) -> None:
        self.query_one("#base", PlainSelect).choose_next()

    def action_next_network(self) -> None:
        self.replicas.choose_next()

    def action_draw(self) -> None:
        longest = USUAL_LENGTH if self._adders is None else self._adders.config.lengths[1]
        bits = random.randint(1, RANDOM_REACH * longest)
        for entry in self.query(NumberEntry):
            entry.hold(self._base.format(random.getrandbits(bits)))

    def ask_another(self) -> None:
        self.action_draw()

    def ask_of(self, text: str, network: NetworkChoice) -> None:
        """Have a network add two binary numbers, written as `1111 + 1`."""
        numbers = text.split("+")
        if len(numbers) != len(EXAMPLE):
            raise QueryError(f"“{printable(text)}” is no sum of two binary numbers, as 1111 + 1.")
        values = [read_number(number)[0] for number in numbers]
        self._type(BINARY, [BINARY.format(value) for value in values])
        self._to_choose = (network.variant or "", -1 if network.seed is None else network.seed)
        self.use(network.source)

    def memento(self) -> Callable[[], object]:
        base = self._base
        texts = [entry.value for entry in self.query(NumberEntry)]
        chosen = self.replicas.chosen
        answering = None if self._adders is None else self._adders.source
        answer_as_before = self.weights_memento(answering)

        def put_back() -> None:
            self._type(base, texts)
            self._to_choose = chosen
            answer_as_before()

        return put_back

    def _type(self, base: Base, texts: Sequence[str]) -> None:
        """Choose a base, and type both numbers in it."""
        self._base = base
        with self.prevent(Select.Changed):
            self.query_one("#base", PlainSelect).value = base.name
        for entry, text in zip(self.query(NumberEntry), texts, strict=True):
            entry.hold(text)

    def action_scroll_answer(self, lines: int) -> None:
        """Scroll the answer below the field, without leaving the field."""
        self.query_one("#addition").scroll_relative(y=lines, animate=False)

    @on(Input.Changed)
    @on(Select.Changed, "#variant, #seed")
    def _ask(self) -> None:
        """Ask for the sum of the numbers, or say what is wrong with them."""
        numbers = self._read_numbers()
        self._asking.forget()
        adders = self._adders
        if adders is not None and not self._complaints:
            addition = Addition(*numbers)
            self._addition = addition
            label, seed = self.replicas.chosen
            replica = None if label == ALL else replica_of(adders.config, label, seed)[0]
            self._asking.ask(lambda: adders.answer(addition, replica))
        self.replicas.show_seeds(adders is not None)
        self._show_message()

    def _read_numbers(self) -> list[int]:
        """Read the numbers, and note and mark what is wrong with any."""
        numbers = []
        self._complaints = []
        for entry in self.query(NumberEntry):
            try:
                numbers.append(entry.read(self._base))
                entry.remove_class("-wrong")
            except QueryError as error:
                self._complaints.append(f"✗ {entry.label}: {error}")
                entry.add_class("-wrong")
        return numbers

    async def _receive(self, outcome: SumAnswer | str) -> None:
        """Show an answer, then ask for the carries that a probe reads, which take longer."""
        if isinstance(outcome, str):
            self._note = outcome
            self._show_message()
            return
        answer, adders = outcome, self._adders
        self.query_one(ColumnAddition).show(answer)
        self.query_one(SumText).answer = answer
        self._note = _note_on_length(answer)
        self._show_message()
        if adders is not None and answer.replica is not None and answer.probed_carries is None:
            self._asking.ask(lambda: adders.with_probed_carries(answer))

    def _show_message(self) -> None:
        """Say what is wrong, or else what to bear in mind; grey an answer to other numbers."""
        errors = [self._failure, *self._complaints] if self._failure else self._complaints
        self.query_one(FormNote).say("  ".join(errors) or self._note, wrong=bool(errors))
        self.query_one("#addition").set_class(bool(self._complaints), "-stale")


def _entry(label: str, classes: str, field: Widget) -> Horizontal:
    """Return a line with a field, and its label before it."""
    return Horizontal(Label(label, classes=classes, markup=False), field, classes="entry")


def _note_on_length(answer: SumAnswer) -> str:
    """Warn of a sum that is longer than those in training."""
    length, longest = answer.addition.length, answer.config.lengths[1]
    if length <= longest:
        return ""
    networks = "networks were" if answer.replica is None else "network was"
    return f"⚠ {length:,} bits; the {networks} trained on at most {longest:,}."
