"""What can be found out about a network that has read an input, task by task; each is an `Analysis`
in a module and a line here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:  # the help of the command line knows the kinds, and must not load numpy
    from rnn_tui.engine.history import TrainingHistory
    from rnn_tui.engine.progress import Progress
    from rnn_tui.inside.edits import Edit
    from rnn_tui.inside.probes import Analysis
    from rnn_tui.inside.trace import Trace
    from rnn_tui.networks.stepwise import Array

Trained: TypeAlias = Callable[[], Mapping[str, Any]]
FindHistory: TypeAlias = "Callable[[], TrainingHistory | None]"


@dataclass(frozen=True, eq=False)
class NetworkReading:
    """A network and the input that it has read: what an analysis is made of."""

    network: Any  #: a `SequenceNetwork`, or a `RowReaderNetwork` where images are read.
    trace: "Trace"  #: what it held, without edits.
    #: (T,) where every step has an answer, else (1,); empty where nobody knows it.
    right: Sequence[int] = ()
    replica: int = 0  #: which of the networks, where it is several.
    digit: "Array | None" = None  #: (28, 28) in 0 … 1 where that was read.
    trained: Trained = dict  #: finds trained networks of the same task by cell, to compare it with.
    history: "FindHistory" = lambda: (
        None
    )  #: finds the snapshots of its training, if they were kept.
    #: whether it can be read once more, as it can't where states alone were kept.
    retraced: bool = True

    def traced(self, edits: "Sequence[Edit]") -> "Trace":
        """The input read again with edits; `QueryError` if they leave no numbers, or no weights are
        kept.
        """
        if not self.retraced:
            raise QueryError(
                "A snapshot of a reader of images has no weights that could be edited; Esc leaves "
                "the training history."
            )
        try:
            return self._traced(edits)
        except CheckpointError as error:  # the weights had numbers without the edits
            raise QueryError(
                "With these edits the network holds no numbers any more; use smaller values."
            ) from error

    def _traced(self, edits: "Sequence[Edit]") -> "Trace":
        if self.digit is not None:
            from rnn_tui.inside.mnist import trace_digit  # noqa: PLC0415 - numpy, here and below

            return trace_digit(self.network, self.digit, edits)
        from rnn_tui.inside.edits import change_of  # noqa: PLC0415
        from rnn_tui.inside.trace import ONLY_LAYER, trace_inputs  # noqa: PLC0415

        change = change_of(edits, ONLY_LAYER)
        return trace_inputs(
            self.network, self.trace.inputs, self.replica, read=self.trace.read, change=change
        )

    @property
    def targets(self) -> Sequence[int]:
        """What is right; where nobody knows it, what the network says."""
        if self.right:
            return self.right
        return self.trace.answers.tolist() if self.trace.every_step else [self.trace.answer]


Make: TypeAlias = "Callable[[NetworkReading, Progress], Analysis | None]"


def _by(maker: str, takes: Sequence[str] = ("network", "replica")) -> Make:
    """What makes an analysis: a `module:function` of this room, imported on use, of these parts of
    a reading; without, of all.
    """

    def make(reading: NetworkReading, progress: "Progress") -> "Analysis | None":
        given = [getattr(reading, part) for part in takes] or [reading]
        return cast("Analysis | None", resolve_name(f"{__package__}.{maker}")(*given, progress))

    return make


@dataclass(frozen=True)
class AnalysisKind:
    """A kind of analysis."""

    name: str  #: as typed and in JSON: `Analysis.name`.
    label: str  #: as shown.
    help: str  #: what it does, in a few words that begin with a verb.
    make: Make  #: makes it; None where it was stopped.
    #: whether it is of the input at hand, too, and not of the network alone.
    of_input: bool = False


ABLATION = AnalysisKind(
    "silence",
    "Ablated units",
    "rank the units by the accuracy that is lost without them",
    _by("ablation:analyse_ablations"),
)
GRADIENTS = AnalysisKind(
    "gradients",
    "Gradient through time",
    "tell how far the gradient reaches back, beside other cells",
    _by("gradients:analyse_beside_others", ()),
    of_input=True,
)
SENSITIVITY = AnalysisKind(
    "sensitivity",
    "Sensitivity",
    "tell how strongly each output depends on each input",
    _by("attribution:analyse_sensitivity", ("network", "trace", "replica")),
    of_input=True,
)
STATE_SPACE = AnalysisKind(
    "state_space",
    "State space",
    "draw the states of 2,000 inputs on a plane, with fixed and slow points",
    _by("state_space:analyse_state_space"),
)
AUTOMATON = AnalysisKind(
    "automaton",
    "Automaton",
    "learn the finite machine it is; look for sums it gets wrong",
    _by("automaton:analyse_automaton"),
)
CARRY = AnalysisKind(
    "carry",
    "Carry",
    "look for the carry in the units over 1,000 random additions",
    _by("adder:analyse_carry"),
)
SURVIVAL = AnalysisKind(
    "survival",
    "Probes",
    "read every earlier digit from the state after each step",
    _by("recall:analyse_survival"),
)
ROWS = AnalysisKind(
    "rows",
    "Rows",
    "measure the accuracy by the number of rows read, over all test images",
    _by("mnist:analyse_test_images", ("network",)),
)
LEARNING = AnalysisKind(
    "learning",
    "Gradient by epoch",
    "tell how far the gradient reached back, epoch by epoch",
    _by("history:analyse_learning", ()),
)
CLICKS = AnalysisKind(
    "clicks",
    "When it clicks",
    "tell when each seed first adds 64 bits, and its clusters of states",
    _by("history:analyse_clicks", ()),
)
OF_SEQUENCES = (ABLATION, GRADIENTS, SENSITIVITY, STATE_SPACE, LEARNING)
OF_TASKS = {  # of the tasks that have some of their own
    ADDER.name: (CARRY, *OF_SEQUENCES, AUTOMATON, CLICKS),
    RECALL.name: (SURVIVAL, *OF_SEQUENCES),
    MNIST.name: (
        ROWS,
        replace(ABLATION, make=_by("ablation:analyse_digit_ablations", ("network",))),
        GRADIENTS,
        replace(STATE_SPACE, make=_by("state_space:analyse_digit_states", ("network",))),
        LEARNING,
    ),
}


def analyses_of(task: Task) -> tuple[AnalysisKind, ...]:
    """What can be found out about the networks of a task, the first of which its `--probes`
    makes.
    """
    return OF_TASKS.get(
        task.name, OF_SEQUENCES if task.shape is not None and not task.reads_data else ()
    )
