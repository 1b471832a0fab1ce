"""The base of the panels in which a user asks trained networks by typing."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Select

from rnn_tui.archive.weights import Source
from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.state import RunState
from rnn_tui.tasks.task import Task
from rnn_tui.ui.calculator_prompt.asking import ALL, AskedNetworks, NetworkAnswers, Typed
from rnn_tui.ui.frame.inside_door import AskingView, NetworkChoice, SequenceQuestion
from rnn_tui.ui.frame.pane_news import WeightsChanged
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.form_foot import FormNote
from rnn_tui.ui.widgets.plain import TypedInput
from rnn_tui.ui.widgets.replica_select import ReplicaSelect
from rnn_tui.ui.work.threads import LatestQuestion


class AskPanel(Vertical, AskingView):
    """Fields to type into, a note, and answers below.

    However one comes here, the first field has the focus. It takes what a question is made of;
    other keys are commands there too. A panel says how its fields are read and filled, and shows
    answers.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "leave", "Leave", key_display="Esc", tooltip="Leave the field for the answers"
        ),
        Binding("enter", "type", "Type", show=False),
        key("type", "type", "Type", "Go to the first field"),
        key("inside", "inside", "Inside"),
    ]

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task_asked = task
        self._source: Source | None = None  #: The weights that a user named; None for those chosen.
        self._runs_ended = 0  #: How many runs have ended that answer if no weights are named.
        self._networks = AskedNetworks(task)
        #: The variant and seed that were chosen; None for the largest and the first.
        self._chosen: tuple[str, int] | None = None
        self._typed = Typed("")  #: What was asked last.
        self._refused: Typed | None = None  #: What was asked and is no question.
        self._answers: NetworkAnswers | None = None  #: The answers that are shown.
        self._complaint = ""  #: Why there is no answer to what is typed.
        self._asking = LatestQuestion[NetworkAnswers](self, self._receive)

    # What a panel adds

    def typed(self) -> Typed:
        """Read the fields; raises a `QueryError` with the sentence to show."""
        raise NotImplementedError

    def fill(self, text: str, position: int | None) -> None:
        """Type a question into the fields."""
        raise NotImplementedError

    def show(self, answers: NetworkAnswers) -> None:
        """Show answers in place of others."""
        raise NotImplementedError

    @property
    def answers_view(self) -> Widget:
        """The widget that gets the focus as a field is left."""
        raise NotImplementedError

    # Who answers

    def on_mount(self) -> None:
        self.load_weights()

    def use(self, source: Source | None) -> None:
        """Answer with these weights from now on; None has them chosen."""
        self._source = source
        if self.is_mounted:  # else mounting does it
            self.load_weights()

    def run_ended(self, state: RunState) -> None:
        """Let a run that was trained to its end answer from now on."""
        if state.replica_results:
            self._runs_ended += 1
            self.use(None)

    def load_weights(self) -> None:
        """Ask anew, of weights that are chosen anew in the thread that asks."""
        # a new object, not the old one emptied: a thread may be filling that
        self._networks = AskedNetworks(self._task_asked, self._source)
        self.ask()

    @on(Select.Changed, "ReplicaSelect Select")
    def _choose_network(self) -> None:
        if self._answers is not None:  # else nothing is offered yet
            select = self.query_one(ReplicaSelect)
            self._chosen = select.chosen
            select.show_seeds()
            self.ask()

    def action_next_network(self) -> None:
        self.query_one(ReplicaSelect).choose_next()

    # Questions and answers

    @on(Input.Changed)
    def ask(self) -> None:
        """Ask what is typed, or say what is wrong with it."""
        try:
            typed = self.typed()
        except QueryError as error:
            self._asking.forget()
            self._complain(str(error))
        else:
            self.ask_typed(typed)

    def ask_typed(self, typed: Typed) -> None:
        """Ask this."""
        self._typed = typed
        self._asking.ask(partial(self._networks.ask, typed, self.asks_whom))

    @property
    def asks_whom(self) -> tuple[str, int] | None:
        """The variant, or `ALL`, and the seed that answer; None for the largest and the first."""
        return self._chosen

    async def _receive(self, outcome: NetworkAnswers | str) -> None:
        """Show answers, or the sentence in their place; tell others if other weights answer."""
        previous = self._answers
        if isinstance(outcome, str):
            self._refused = self._typed
            if previous is not None:
                self._typed = previous.typed
            self._complain(outcome)
            return
        self._answers = outcome
        self._typed = outcome.typed
        if previous is None or previous.source != outcome.source:
            self.post_message(WeightsChanged())
        for select in self.query(ReplicaSelect):
            select.offer(outcome.config, outcome.variant, outcome.seed)
        self.show(outcome)
        self._complain("")

    def _complain(self, complaint: str) -> None:
        """Say why there is no answer, and fade the old one; or what to bear in mind about it."""
        self._complaint = complaint
        notes = "" if self._answers is None else self._answers.notes
        cut = " ".join(filter(None, (field.cut for field in self.query(TypedInput))))
        text = f"{cut} {complaint or notes}".strip()
        self.query_one(FormNote).say(text, wrong=bool(complaint or cut))
        self.set_class(bool(complaint), "-stale")

    @property
    def question(self) -> SequenceQuestion:
        """The question as typed, or the last that could be read; and whose answers are shown."""
        source = self._source if self._answers is None else self._answers.source
        variant, seed = self.network_shown
        typed = self._typed
        with suppress(QueryError):  # keys that were just pressed are asked a moment later
            in_fields = self.typed()
            typed = typed if in_fields == self._refused else in_fields
        return SequenceQuestion(typed.text or "", source, typed.position, variant, seed)

    @property
    def network_shown(self) -> tuple[str | None, int | None]:
        """The variant and the seed whose answer is shown; None for the largest, the first."""
        chosen = self._chosen
        if chosen is None and self._answers is not None:
            chosen = (self._answers.variant, self._answers.seed)
        return (None, None) if chosen is None or chosen[0] == ALL else chosen

    def ask_of(self, text: str, network: NetworkChoice) -> None:
        self.fill(text, network.source.position)
        self._chosen = None
        if network.variant is not None or network.seed is not None:
            self._chosen = (network.variant or "", -1 if network.seed is None else network.seed)
        self.use(network.source)

    def action_draw(self) -> None:
        self.ask_another()

    # Going away and coming back

    def memento(self) -> Callable[[], object]:
        """Return a function that puts back what is typed, and has the same networks answer.

        Weights that nobody named are named only if others would be chosen by then.
        """
        named, runs_ended, chosen = self._source, self._runs_ended, self._chosen
        answering = None if self._answers is None else self._answers.source
        fill_fields = self.fields_memento()

        def put_back() -> None:
            same_are_chosen = named is None and runs_ended == self._runs_ended
            self._chosen = chosen
            self.use(named if same_are_chosen else named or answering)
            fill_fields()  # after the weights, which may have a position of their own

        return put_back

    def fields_memento(self) -> Callable[[], object]:
        """Return a function that puts back what is typed."""
        texts = [(field, field.value) for field in self.query(TypedInput)]

        def put_back() -> None:
            for field, text in texts:
                field.hold(text)

        return put_back

    def action_type(self) -> None:
        self.query(TypedInput).first().focus()

    def focus_view(self) -> None:
        self.action_type()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave Escape to the app outside fields, and offer to go to one only there."""
        if action == "type" and isinstance(self.app.focused, TypedInput):
            return None
        return action != "leave" or not self.answers_view.has_focus

    def action_leave(self) -> None:
        self.answers_view.focus()
