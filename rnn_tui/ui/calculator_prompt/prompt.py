"""The prompt of any task on sequences: type one, and see what its networks answer."""

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from rnn_tui.data.typed import visible
from rnn_tui.tasks.sequences.questions import columns_in_words
from rnn_tui.tasks.task import SequenceShape
from rnn_tui.ui.calculator_prompt.asking import ALL, NetworkAnswers, Typed
from rnn_tui.ui.calculator_prompt.panel import AskPanel
from rnn_tui.ui.calculator_prompt.prompt_answer import answer_lines
from rnn_tui.ui.frame.task_view import TaskTab
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import FewCharacters, TypedInput
from rnn_tui.ui.widgets.replica_select import ReplicaSelect

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
        super().__init__(tab.spec)
        assert tab.spec.shape is not None
        self._shape = tab.spec.shape

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

    def typed(self) -> Typed:
        """Return what is typed, which the thread reads; at first a sequence by chance."""
        text = self._field.value
        return Typed(None) if not text and self._answers is None else Typed(text)

    def fill(self, text: str, position: int | None) -> None:  # noqa: ARG002 - none is asked for
        with self.prevent(Input.Changed):
            self._field.hold(text)

    def show(self, answers: NetworkAnswers) -> None:
        if not self._field.value:
            self.fill(answers.typed.text or "", None)
        lines = Content("\n").join(
            answer_lines(answers.answer, answers.answered_by, answers.questions.networks[0].shape)
        )
        self.query_one("#prompt-lines", Static).update(lines)

    def ask_another(self) -> None:
        self.fill("", None)
        self.ask_typed(Typed(None))


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
