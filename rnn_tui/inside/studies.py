"""All that can be found out about a network that has read an input: what both faces offer, task by task.

A study more is a `Study` in a module of its own and a line here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from rnn_tui.engine.errors import QueryError
from rnn_tui.networks import CELLS
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.mnist import MNIST
from rnn_tui.tasks.recall import RECALL
from rnn_tui.tasks.task import Task

if TYPE_CHECKING:
    # The help of the command line knows the kinds, and must not load numpy.
    from rnn_tui.engine.film import Film
    from rnn_tui.inside.edits import Edit
    from rnn_tui.inside.probes import Progress, Stopping, Study
    from rnn_tui.inside.trace import Trace
    from rnn_tui.networks.stepwise import Array
    from rnn_tui.tasks.sequences.inference import SequenceNetwork

Trained: TypeAlias = Callable[[], Mapping[str, Any]]
FindFilm: TypeAlias = "Callable[[], Film | None]"


@dataclass(frozen=True, eq=False)
class NetworkReading:
    """A network and the input that it has read: what a study is made of."""

    network: Any  #: a `SequenceNetwork`, or a `RowReaderNetwork` where images are read.
    trace: "Trace"  #: what it held, without edits.
    right: Sequence[int] = ()  #: (T,) where every step has an answer, else (1,); empty where nobody knows it.
    replica: int = 0  #: which of the networks, where it is several.
    digit: "Array | None" = None  #: (28, 28) in 0 … 1 where that was read.
    #: finds trained networks of the same task by cell, to compare it with.
    trained: Trained = dict
    film: "FindFilm" = lambda: None  #: finds the moments of its training, if they were kept.
    retraced: bool = True  #: whether it can be read once more, as it can't where states alone were kept.

    def traced(self, edits: "Sequence[Edit]") -> "Trace":
        """The same input, read once more with edits.

        Raises:
            CheckpointError: if they leave no numbers.
            QueryError: if there are no weights to read it with, as in the film of a reader of images.
        """
        if not self.retraced:
            raise QueryError("The film has no weights of this moment, so there is nothing to edit; Esc leaves the film.")
        if self.digit is not None:
            from rnn_tui.inside.mnist import trace_digit  # noqa: PLC0415 - numpy, here and below

            return trace_digit(self.network, self.digit, edits)
        from rnn_tui.inside.edits import change_of  # noqa: PLC0415
        from rnn_tui.inside.trace import ONLY_LAYER, trace_inputs  # noqa: PLC0415

        before, change = self.trace, change_of(edits, ONLY_LAYER)
        return trace_inputs(self.network, before.inputs, self.replica, read=before.read, change=change)

    @property
    def targets(self) -> Sequence[int]:
        """What is right; where nobody knows it, what the network says."""
        if self.right:
            return self.right
        return self.trace.answers.tolist() if self.trace.every_step else [self.trace.answer]


@dataclass(frozen=True)
class StudyKind:
    """A kind of study."""

    name: str  #: as typed and in JSON: `Study.name`.
    label: str  #: as shown.
    help: str  #: what it does, in a few words that begin with a verb.
    make: "Callable[[NetworkReading, Progress, Stopping], Study | None]"  #: makes it; None where it was stopped.
    of_input: bool = False  #: whether it is of the input at hand, too, and not of the network alone.


def _probes(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    network, replica = reading.network, reading.replica
    match reading.trace.task:
        case ADDER.name:
            from rnn_tui.inside.adder import study_carry  # noqa: PLC0415

            return study_carry(network, replica)
        case RECALL.name:
            from rnn_tui.inside.recall import study_survival  # noqa: PLC0415

            return study_survival(network, replica, progress, stopping)
        case _:
            from rnn_tui.inside.mnist import study_test_images  # noqa: PLC0415

            return study_test_images(network, progress, stopping)


def _silence(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.silence import study_digit_silence, study_silence  # noqa: PLC0415

    if reading.digit is not None:
        return study_digit_silence(reading.network, progress, stopping)
    return study_silence(reading.network, reading.replica, progress, stopping)


def _gradients(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    """Beside this network one of each other cell that reads forward: a trained one where there is any."""
    from rnn_tui.inside.gradients import study_digit_gradients, study_gradients, untrained, untrained_reader  # noqa: PLC0415

    network = reading.network
    own, found = network.config.cell, [f"{CELLS[network.config.cell].label}, this one"]
    # One that learned to recall another position would be asked for what it never learned.
    position = getattr(network.config, "position", None)
    trained = {name: one for name, one in reading.trained().items() if getattr(one.config, "position", None) == position}
    networks = [network]
    for name, cell in CELLS.items():
        if name != own and not cell.bidirectional:
            new = name not in trained
            make = untrained_reader if reading.digit is not None else untrained
            networks.append(make(network, name) if new else trained[name])
            found.append(f"{cell.label}, untrained" if new else cell.label)
    if reading.digit is not None:
        pairs = list(zip(found, networks, strict=True))
        return study_digit_gradients(pairs, reading.digit, reading.targets[0], progress, stopping)
    replicas = [reading.replica, *(largest(one) for one in networks[1:])]
    named = list(zip(found, networks, replicas, strict=True))
    return study_gradients(named, reading.trace, reading.targets, progress, stopping)


def largest(network: "SequenceNetwork") -> int:
    """The first of the largest networks among replicas."""
    sizes = [one.variant.hidden_size for one in network.replicas]
    return sizes.index(max(sizes))


def _sensitivity(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.attribution import study_sensitivity  # noqa: PLC0415

    return study_sensitivity(reading.network, reading.trace, reading.replica, progress, stopping)


def _automaton(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.automaton import study_automaton  # noqa: PLC0415

    return study_automaton(reading.network, reading.replica, progress, stopping)


def _state_space(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.state_space import study_digit_states, study_state_space  # noqa: PLC0415

    if reading.digit is not None:
        return study_digit_states(reading.network, progress, stopping)
    return study_state_space(reading.network, reading.replica, progress, stopping)


def _learning(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.film import study_learning  # noqa: PLC0415

    return study_learning(reading, progress, stopping)


def _clicks(reading: NetworkReading, progress: "Progress", stopping: "Stopping") -> "Study | None":
    from rnn_tui.inside.film import study_clicks  # noqa: PLC0415

    return study_clicks(reading, progress, stopping)


SILENCE = StudyKind("silence", "Silenced units", "rank the units by the accuracy that their silence costs", _silence)
_FAR = "tell how far the gradient reaches back, beside other cells"
GRADIENTS = StudyKind("gradients", "Gradient through time", _FAR, _gradients, of_input=True)
_STRONG = "tell how strongly each output depends on each input"
SENSITIVITY = StudyKind("sensitivity", "Sensitivity", _STRONG, _sensitivity, of_input=True)
STATE_SPACE = StudyKind(
    "state_space", "State space", "draw the states of 2,000 inputs on a plane, with fixed and slow points", _state_space
)
AUTOMATON = StudyKind("automaton", "Automaton", "learn the finite machine it is; look for sums it gets wrong", _automaton)
CARRY = StudyKind("carry", "Carry", "look for the carry in the units over 1,000 random additions", _probes)
SURVIVAL = StudyKind("survival", "Probes", "read every earlier digit from the state after each step", _probes)
ROWS = StudyKind("rows", "Rows", "measure the accuracy by the number of rows read, over all test images", _probes)
LEARNING = StudyKind("learning", "Gradient by epoch", "tell how far the gradient reached back, epoch by epoch", _learning)
CLICKS = StudyKind("clicks", "When it clicks", "tell when each seed first adds 64 bits, and its clusters of states", _clicks)
OF_SEQUENCES = (SILENCE, GRADIENTS, SENSITIVITY, STATE_SPACE, LEARNING)


def studies_of(task: Task) -> tuple[StudyKind, ...]:
    """What can be found out about the networks of a task, the first of which its `--probes` makes."""
    match task.name:
        case ADDER.name:
            return (CARRY, *OF_SEQUENCES, AUTOMATON, CLICKS)
        case RECALL.name:
            return (SURVIVAL, *OF_SEQUENCES)
        case MNIST.name:
            return (ROWS, SILENCE, GRADIENTS, STATE_SPACE, LEARNING)
    return OF_SEQUENCES if task.shape is not None and not task.reads_data else ()
