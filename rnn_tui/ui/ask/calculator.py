"""Additions by hand: type two numbers, and see how trained networks add them, bit by bit."""

import random
from contextlib import suppress

from textual import events, getters, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.runs.weights import choose
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.adder.questions import BASES, BINARY, Addition
from rnn_tui.tasks.config import replica_of
from rnn_tui.ui.ask.calculator_answer import Adders, NumberEntry, SumAnswer, SumText
from rnn_tui.ui.ask.column_addition import ColumnAddition
from rnn_tui.ui.ask.panel import AskPanel
from rnn_tui.ui.common.inside_door import SequenceQuestion
from rnn_tui.ui.common.key_table import key, moves
from rnn_tui.ui.common.pane_news import WeightsChanged
from rnn_tui.ui.common.threads import LatestQuestion, in_thread
from rnn_tui.ui.common.widgets.plain import PlainSelect
from rnn_tui.ui.common.widgets.replica_select import ReplicaSelect

EXAMPLE = {"a": "101101", "b": "11011"}
ALL = "all vote"  # what stands for the vote in the list of variants
# Random numbers reach twice the bits of the longest in training, or in the report's: one wants to
# see what is beyond.
RANDOM_REACH, USUAL_LENGTH = 2, 20
# Lines from which the sum has a frame, nothing is left out, digits are larger, and largest.
HEIGHTS = {"-framed": 19, "-full": 21, "-roomy": 31, "-high": 43}


class CalculatorPanel(AskPanel):
    """Two numbers, their addition on paper by the network, the sum in every base."""

    BINDINGS = [
        key("other", "draw", "Random", "Fill in two random numbers"),
        key("show", "next_base", "Base", "Type numbers in binary, decimal or hexadecimal"),
        key(
            "network", "next_network", "Network", "The next network adds; after the last, all vote"
        ),
        *moves("scroll_answer", {"up": -1, "down": 1}),
    ]

    replicas = getters.query_one(ReplicaSelect)

    def __init__(self, _pane: object = None) -> None:
        super().__init__()
        self._base = BINARY
        self._adders: Adders | None = None
        self._asking = LatestQuestion[SumAnswer](self, self._take)
        self._addition = Addition(*(int(number, BINARY.radix) for number in EXAMPLE.values()))
        # Why there are no weights; what is wrong with each number; what to know of the answer.
        self._failure, self._complaints, self._note = "", list[str](), ""

    def compose(self) -> ComposeResult:
        bases = PlainSelect(
            [(base.name, base.name) for base in BASES], value=BINARY.name, id="base"
        )
        choices = {"base": bases, "network": ReplicaSelect(extra=(ALL,))}
        with Vertical(id="numbers") as numbers:
            numbers.border_title = "Two numbers"
            for (label, number), (name, choice) in zip(
                EXAMPLE.items(), choices.items(), strict=True
            ):
                with Horizontal(classes="entry"):
                    yield Label(label, classes="operand", markup=False)
                    yield NumberEntry(label, number)
                    yield Label(name, classes="choice", markup=False)
                    with Horizontal(classes="choices"):
                        yield choice
        yield Static("", id="message", markup=False)
        with VerticalScroll(id="addition", can_focus=False):
            yield ColumnAddition()
            with Vertical(id="sum") as total:
                total.border_title = "Sum"
                yield SumText()

    def on_resize(self, event: events.Resize) -> None:
        """Leave frames and scrollbar out where every line counts; draw large where none does."""
        enough = {name: event.size.height >= least for name, least in HEIGHTS.items()}
        self.query_one("#numbers").set_class(enough["-roomy"], "panel", update=False)
        self.query_one("#sum").set_class(enough["-framed"], "panel", update=False)
        self.update_classes(enough)  # and the styles of all below, once

    @property
    def answers_view(self) -> Widget:
        return self.query_one(ColumnAddition)

    @property
    def question(self) -> SequenceQuestion:
        """The numbers as typed, or the last that could be read; and whose answers show."""
        with suppress(QueryError):
            self._addition = Addition(
                *(entry.read(self._base) for entry in self.query(NumberEntry))
            )
        source = self._adders.source if self._adders is not None else self._source
        variant, seed = self.replicas.chosen
        return SequenceQuestion(self._addition, source, variant=variant, seed=seed)

    # Of several loads only the last one goes on after its thread, as it cancels the others.
    @work(group="weights", exclusive=True)
    async def load_weights(self) -> None:
        """Get them in a thread; the lists of choices need to know what they are."""
        source = self._source
        try:
            adders = await in_thread(self, lambda: Adders(source or choose(ADDER.name)))
        except CheckpointError as error:
            # older weights, if there are any, go on answering, under their own name
            self._failure = str(error)
            self._show_message()
            return
        self.replicas.offer(adders.config, *self.replicas.chosen)
        self._failure, self._adders = "", adders
        self._ask()
        self.post_message(WeightsChanged())

    @on(Select.Changed, "#base")
    def _base_chosen(self, event: Select.Changed) -> None:
        old, self._base = self._base, next(base for base in BASES if base.name == event.value)
        for entry in self.query(NumberEntry):
            entry.convert(old, self._base)
        self._ask()  # what stayed as it was typed may be right or wrong now

    @on(Input.Submitted)
    def _to_other_field(self, event: Input.Submitted) -> None:
        next(entry for entry in self.query(NumberEntry) if entry is not event.input).focus()

    def action_next_base(self) -> None:
        self.query_one("#base", PlainSelect).choose_next()

    def action_next_network(self) -> None:
        self.replicas.choose_next()

    def action_draw(self) -> None:
        bits = random.randint(
            1, RANDOM_REACH * (self._adders.config.lengths[1] if self._adders else USUAL_LENGTH)
        )
        for entry in self.query(NumberEntry):
            entry.hold(self._base.format(random.getrandbits(bits)))

    def ask_another(self) -> None:
        self.action_draw()

    def action_scroll_answer(self, lines: int) -> None:
        """Scroll what does not fit below the addition, without leaving the field."""
        self.query_one("#addition").scroll_relative(y=lines, animate=False)

    @on(Input.Changed)
    @on(Select.Changed, "#variant, #seed")
    def _ask(self) -> None:
        numbers, self._complaints = [], []
        for entry in self.query(NumberEntry):
            try:
                numbers.append(entry.read(self._base))
                entry.remove_class("-wrong")
            except QueryError as error:
                self._complaints.append(f"✗ {entry.label}: {error}")
                entry.add_class("-wrong")
        self._asking.forget()
        if self._adders is not None and not self._complaints:
            self._addition = addition = Addition(*numbers)
            adders, (label, seed) = self._adders, self.replicas.chosen
            replica = None if label == ALL else replica_of(adders.config, label, seed)[0]
            self._asking.ask(lambda: adders.answer(addition, replica))
        self.replicas.show_seeds(self._adders is not None)
        self._show_message()

    async def _take(self, outcome: SumAnswer | str) -> None:
        """Show an answer, and then ask for the carries that the state tells, which take longer."""
        if isinstance(outcome, str):
            self._note = outcome
            self._show_message()
            return
        adders, answer = self._adders, outcome
        self.query_one(ColumnAddition).show(answer)
        self.query_one(SumText).answer = answer
        length, longest = answer.addition.length, answer.config.lengths[1]
        self._note = f"{length:,} bits: trained on at most {longest:,}" if length > longest else ""
        self._show_message()
        if adders is not None and answer.replica is not None and answer.told is None:
            self._asking.ask(lambda: adders.with_told_carries(answer))

    def _show_message(self) -> None:
        """Say what is wrong, else what to know of the answer; grey an answer to something else."""
        wrong = "\n".join([*filter(None, [self._failure]), *self._complaints])
        style = "$text-error" if wrong else "$text-warning"
        self.query_one("#message", Static).update(Content(wrong or self._note).stylize(style))
        self.query_one("#addition").set_class(bool(self._complaints), "-stale")
