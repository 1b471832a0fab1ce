"""The prompt of any task on sequences: type one, and see what its networks answer."""

from collections.abc import Callable
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from rnn_tui.data.typed import visible
from rnn_tui.tasks.sequences.questions import columns_in_words
from rnn_tui.tasks.task import SequenceShape
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.calculator_prompt.prompt_answer import (
    ALL,
    PromptAnswer,
    PromptQuestion,
    answer_lines,
    ask_networks,
)
from rnn_tui.ui.frame.inside_door import NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.pane_news import WeightsChanged
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import FewCharacters, TypedInput
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.threads import LatestQuestion

MOST_CHARACTERS = 20_000
MOST_SYMBOLS_SHOWN = 12  # of an alphabet, in the title


class SequenceField(FewCharacters, TypedInput):
    """An input for a sequence of numbers, or of symbols without letters."""

    def __init__(self, characters: str, id: str) -> None:
        super().__init__("", MOST_CHARACTERS, id=id)
        self.characters = frozenset(characters)


def _sequence_field(shape: SequenceShape, id: str) -> TypedInput:
    """Return an input for a sequence.

    Where letters are typed, none is a command: who types a word does not mean to leave the app.
    """
    typed = "".join(symbol.name for symbol in shape.alphabet) or "0123456789+-.eE"
    if shape.alphabet and any(character.isalpha() for character in typed):
        return TypedInput("", MOST_CHARACTERS, id=id)
    return SequenceField(f"{typed} ,;", id)


class PromptPanel(AskPanel):
    """A field for a sequence, and the answer of the chosen network below."""

    BINDINGS = [
        key("other", "draw", "Random", "Fill in another sequence, drawn by chance"),
        key("network", "next_network", "Network", "The next network; after the last, all vote"),
    ]

    def __init__(self, tab: TaskTab) -> None:
        super().__init__()
        self._of_task = tab.spec
        assert self._of_task.shape is not None
        self._shape = self._of_task.shape
        self._answer: PromptAnswer | None = None  #: The answer that is shown.
        #: The variant and seed that were chosen; None for the largest and the first.
        self._chosen: tuple[str, int] | None = None
        self._asking = LatestQuestion[PromptAnswer](self, self._receive)

    def compose(self) -> ComposeResult:
        with Vertical(id="prompt-question", classes="panel") as question:
            question.border_title = Content(request_of(self._shape))
            with Horizontal(classes="fields"):
                yield _sequence_field(self._shape, "prompt-sequence")
            with Horizontal(classes="fields"):
                yield Label("Network", classes="field-label")
                yield ReplicaSelect("prompt-", extra=(ALL,))
        yield FormNote("prompt-status")
        with VerticalScroll(id="prompt-answer"):
            yield Static("", id="prompt-lines", markup=False)

    @property
    def answers_view(self) -> Widget:
        return self.query_one("#prompt-answer")

    @property
    def _field(self) -> TypedInput:
        return self.query_one("#prompt-sequence", TypedInput)

    def load_weights(self) -> None:
        """Ask anew, of weights that are chosen anew in the thread that asks."""
        self._chosen = None
        self._ask(self._field.value or None)

    def _ask(self, text: str | None) -> None:
        variant, seed = self._chosen or (None, None)
        question = PromptQuestion(self._of_task, text, self._source, variant, seed)
        self._asking.ask(partial(ask_networks, question))

    @on(Input.Changed, "#prompt-sequence")
    def _typed(self) -> None:
        self._ask(self._field.value)

    @on(Select.Changed, "ReplicaSelect Select")
    def _network_chosen(self) -> None:
        if self._answer is None:
            return
        select = self.query_one(ReplicaSelect)
        shown = (self._answer.variant, self._answer.seed)
        if select.chosen != shown:
            self._chosen = select.chosen
            select.show_seeds()
            self._ask(self._field.value or None)

    async def _receive(self, outcome: PromptAnswer | str) -> None:
        """Show an answer, or the sentence in its place."""
        if isinstance(outcome, str):
            self._say(outcome, wrong=True)
            return
        previous = self._answer
        self._answer = outcome
        if previous is None or previous.source != outcome.source:
            self.post_message(WeightsChanged())
        with self.prevent(Input.Changed, Select.Changed):
            if outcome.text != self._field.value and not self._field.value:
                self._field.hold(outcome.text)
            self.query_one(ReplicaSelect).offer(outcome.config, outcome.variant, outcome.seed)
        lines = Content("\n").join(answer_lines(outcome))
        self.query_one("#prompt-lines", Static).update(lines)
        self._say(" ".join((self._field.cut, *outcome.notices)).strip())

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.query_one(FormNote).say(text, wrong=wrong)
        self.set_class(wrong, "-stale")

    @property
    def question(self) -> SequenceQuestion:
        """The last sequence that was answered, and by whom."""
        answer = self._answer
        if answer is None:
            return SequenceQuestion("", self._source)
        if answer.variant == ALL:
            return SequenceQuestion(answer.text, answer.source)
        return SequenceQuestion(
            answer.text, answer.source, variant=answer.variant, seed=answer.seed
        )

    def action_draw(self) -> None:
        self.ask_another()

    def ask_another(self) -> None:
        with self.prevent(Input.Changed):
            self._field.hold("")
        self._ask(None)

    def action_next_network(self) -> None:
        self.query_one(ReplicaSelect).choose_next()

    def ask_of(self, text: str, network: NetworkChoice) -> None:
        """Have a network answer a sequence as it is typed."""
        with self.prevent(Input.Changed):
            self._field.hold(text)
        self._source = network.source
        self._chosen = None
        if network.variant is not None or network.seed is not None:
            self._chosen = (network.variant or "", -1 if network.seed is None else network.seed)
        self._ask(text)

    def memento(self) -> Callable[[], object]:
        text, chosen = self._field.value, self._chosen
        answer_as_before = self.weights_memento(
            None if self._answer is None else self._answer.source
        )

        def put_back() -> None:
            answer_as_before()
            self._chosen = chosen
            self._field.hold(text)

        return put_back


def request_of(shape: SequenceShape) -> str:
    """Return what is typed, in a few words."""
    if shape.example:
        return f"A {shape.sequences.removesuffix('s')} such as {shape.example}"
    if shape.alphabet:
        names = [visible(symbol.name) for symbol in shape.alphabet[:MOST_SYMBOLS_SHOWN]]
        more = " …" if len(shape.alphabet) > MOST_SYMBOLS_SHOWN else ""
        return f"A sequence of {shape.inputs}: {' '.join(names)}{more}"
    if shape.features == 1:
        return "A sequence of numbers"
    of_columns = f": {columns_in_words(shape.columns)}" if shape.columns else ""
    return f"Steps, a semicolon between two, of {shape.features} numbers{of_columns}"
