"""What every panel has in which a person asks trained networks: fields, answers, who answers."""

from collections.abc import Sequence

from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from rnn_tui.engine.state import RunState
from rnn_tui.runs.weights import Source
from rnn_tui.tasks.config import SequenceConfig, replica_of
from rnn_tui.ui.common.key_table import key
from rnn_tui.ui.common.views import InsideDoor
from rnn_tui.ui.common.widgets.plain import PlainSelect, TypedInput


class AskPanel(Vertical, InsideDoor):
    """Fields to type into, where all printable keys are text, and the answers below, on which they
    are commands.
    """

    BINDINGS = [
        Binding(
            "escape", "leave", "Leave", key_display="Esc", tooltip="Leave the field for the answers"
        ),
        Binding("enter", "type", "Type", show=False),
        key("type", "type", "Type", "Go to the first field"),
        key("inside", "inside", "Inside"),
    ]

    _source: Source | None = None  # the weights that a user named; None to have them chosen

    def on_mount(self) -> None:
        self.load_weights()

    def use(self, source: Source | None) -> None:
        """Answer with these weights from now on; None has them chosen."""
        self._source = source
        if self.is_mounted:  # else mounting does it
            self.load_weights()

    def run_ended(self, state: RunState) -> None:
        """What was trained to its end answers from now on."""
        if state.replica_results:
            self.use(None)

    def load_weights(self) -> object:
        """Get the weights, and answer with them."""
        raise NotImplementedError

    @property
    def answers_view(self) -> Widget:
        """What takes the focus where nothing is to be typed."""
        raise NotImplementedError

    def action_type(self) -> None:
        self.query(TypedInput).first().focus()

    def focus_view(self) -> None:
        self.answers_view.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Leave Escape to the app where there is no field to leave."""
        return action != "leave" or not self.answers_view.has_focus

    action_leave = focus_view


class ReplicaSelect(Horizontal):
    """Which network in a file answers: a variant and a seed, or an `extra` such as a vote."""

    def __init__(self, prefix: str = "", extra: Sequence[str] = ()) -> None:
        self._extra = extra
        self._variants = PlainSelect([("none", "")], id=f"{prefix}variant")
        self._seeds = PlainSelect([("seed", -1)], id=f"{prefix}seed")
        super().__init__(self._variants, self._seeds)

    @property
    def chosen(self) -> tuple[str, int]:
        """The label of a variant, or an extra; and the seed."""
        return str(self._variants.value), int(str(self._seeds.value))

    def offer(self, config: SequenceConfig, variant: str, seed: int) -> None:
        """List what these networks are, with `variant` and `seed` chosen where they have them."""
        _, label, seed = replica_of(config, variant, seed)
        # Labels for values, since a list goes on showing the label that a value had before.
        labels = [*(one.label for one in config.variants), *self._extra]
        self._variants.offer_texts(
            ((one, one) for one in labels), variant if variant in self._extra else label
        )
        self._seeds.offer_texts(
            ((f"seed {one}", one) for one in range(config.seed, config.seed + config.seeds)), seed
        )
        self.show_seeds()

    def show_seeds(self, shown: bool = True) -> None:
        """Show the list of seeds where what is chosen has one."""
        self._seeds.display = shown and self.chosen[0] not in self._extra

    def choose_next(self) -> None:
        self._variants.choose_next()
