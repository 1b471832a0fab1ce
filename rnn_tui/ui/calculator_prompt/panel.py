"""The base of the panels in which a user asks trained networks by typing."""

from collections.abc import Callable

from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from rnn_tui.archive.weights import Source
from rnn_tui.engine.state import RunState
from rnn_tui.ui.frame.inside_door import AskingView
from rnn_tui.ui.terminal.key_table import key
from rnn_tui.ui.widgets.plain import TypedInput


class AskPanel(Vertical, AskingView):
    """Fields to type into, and answers below.

    However one comes here, the first field has the focus. It takes digits and what may stand
    between them; other keys are commands there too.
    """

    BINDINGS = [
        Binding(
            "escape", "leave", "Leave", key_display="Esc", tooltip="Leave the field for the answers"
        ),
        Binding("enter", "type", "Type", show=False),
        key("type", "type", "Type", "Go to the first field"),
        key("inside", "inside", "Inside"),
    ]

    _source: Source | None = None  #: The weights that a user named; None to have them chosen.
    _runs_ended = 0  #: How many runs have ended that would answer if no weights are named.

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

    def weights_memento(self, answering: Source | None) -> Callable[[], object]:
        """Return a function that has the same weights answer as now.

        Weights that nobody named are named only if others would be chosen by then.

        Args:
            answering: the weights that answer now; None if there are none yet.
        """
        named, runs_ended = self._source, self._runs_ended

        def put_back() -> None:
            same_are_chosen = named is None and runs_ended == self._runs_ended
            self.use(named if same_are_chosen else named or answering)

        return put_back

    def load_weights(self) -> object:
        """Get the weights, and answer with them."""
        raise NotImplementedError

    @property
    def answers_view(self) -> Widget:
        """The widget that gets the focus as a field is left."""
        raise NotImplementedError

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
