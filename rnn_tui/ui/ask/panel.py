"""The base of the panels in which a user asks trained networks by typing."""

from textual.binding import Binding
from textual.containers import Vertical
from textual.widget import Widget

from rnn_tui.engine.state import RunState
from rnn_tui.runs.weights import Source
from rnn_tui.ui.common.inside_door import AskingView
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.widgets.plain import TypedInput


class AskPanel(Vertical, AskingView):
    """Fields to type into, and answers below.

    In the fields all printable keys are text; on the answers they are commands.
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
            self.use(None)

    def load_weights(self) -> object:
        """Get the weights, and answer with them."""
        raise NotImplementedError

    @property
    def answers_view(self) -> Widget:
        """The widget that gets the focus if nothing is to be typed."""
        raise NotImplementedError

    def action_type(self) -> None:
        self.query(TypedInput).first().focus()

    def focus_view(self) -> None:
        self.answers_view.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave Escape to the app if there is no field to leave."""
        return action != "leave" or not self.answers_view.has_focus

    def action_leave(self) -> None:
        self.focus_view()
