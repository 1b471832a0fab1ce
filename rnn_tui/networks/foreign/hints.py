"""What a network from elsewhere is, and what a user may say of it where its file does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rnn_tui.engine.errors import NetworkError, SafeText
from rnn_tui.engine.settings import check_choice
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import ACTIVATIONS
from rnn_tui.networks.gru import GRUCell
from rnn_tui.networks.lstm import LSTMCell
from rnn_tui.networks.own_options import NONLINEARITY_NAMES
from rnn_tui.networks.rnn import ReluRNNCell, RNNCell
from rnn_tui.networks.stack import EVERY_STEP, FINAL_STATES, LAST_STEP, READOUTS, Stack

TANH, RELU = NONLINEARITY_NAMES
NONLINEARITIES: Mapping[str, Cell] = {
    TANH: CELLS[RNNCell.name],
    RELU: CELLS[ReluRNNCell.name],
}
#: the cells with gates, by the blocks of rows of their weights: a GRU has three, an LSTM four.
BY_BLOCKS = {CELLS[name].blocks: CELLS[name] for name in (GRUCell.name, LSTMCell.name)}
EQUAL = 1e-6  # answers that differ by no more, of a largest one of 1 or less, are equal
MOST_UNITS = 4096  # of a layer
MOST_LAYERS = 16
MOST_FEATURES = 20_000  # numbers, or symbols, of a step; the outputs of an answer as well


@dataclass(frozen=True)
class NetworkHints:
    """What a user says of a network; None or empty for what is to be taken from the file.

    Raises:
        SettingError: if a word is none of those to choose from.
    """

    nonlinearity: str | None = None  #: of a simple recurrent network, one of `NONLINEARITIES`.
    takes: str | None = None  #: which states the readout takes, one of `stack.READOUTS`.
    recurrent: tuple[str, ...] = ()  #: the recurrent modules, each of which reads the one before.
    readout: tuple[str, ...] = ()  #: the linear modules behind the states, in order.
    unused: tuple[str, ...] = ()  #: the names of modules that are not part of the network.
    before: tuple[str, ...] = ()  #: the linear modules before the recurrent ones, in order.
    embedding: str | None = None  #: the module through which symbols are read.
    #: activations by the module that they are behind; by "" that behind each linear module which
    #: others follow.
    activations: Mapping[str, str] = field(default_factory=dict)
    numbers: bool = False  #: whether its outputs are numbers, in place of classes.

    def __post_init__(self) -> None:
        if self.nonlinearity is not None:
            check_choice("Nonlinearity", self.nonlinearity, tuple(NONLINEARITIES))
        if self.takes is not None:
            check_choice("Answers", self.takes, READOUTS)
        for activation in self.activations.values():
            check_choice("Activations", activation, ACTIVATIONS)


def names_of(text: str | None) -> tuple[str, ...]:
    """Return the names of modules that are written with commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def hints_of(values: Mapping[str, str | None]) -> NetworkHints:
    """Return the hints that are written as the options `HINTS`, by their names.

    Raises:
        SettingError: if a word is none of those to choose from.
    """
    activations = {}
    for name in names_of(values.get("activations")):
        module, _, activation = name.rpartition(":")
        activations[module.strip()] = activation.strip()
    return NetworkHints(
        nonlinearity=values.get("nonlinearity"),
        takes=values.get("answers"),
        recurrent=names_of(values.get("recurrent")),
        readout=names_of(values.get("readout")),
        unused=names_of(values.get("unused")),
        before=names_of(values.get("before")),
        embedding=values.get("embedding"),
        activations=activations,
    )


@dataclass(frozen=True)
class AnswerComparison:
    """How a network's answers were compared with those of the network that it was read from."""

    source: SafeText  #: what gave the answers, such as `ONNX Runtime`.
    difference: float  #: the largest, of all answers.

    @property
    def in_words(self) -> str:
        """The comparison, in a few words."""
        within = "1e-6" if self.difference <= EQUAL else f"{self.difference:.1g}"
        return f"equal to {within} with {self.source} (largest difference {self.difference:.1e})"


@dataclass(frozen=True, eq=False)
class ForeignNetwork:
    """A network from a file, and what was understood of the file."""

    stack: Stack
    recurrent: SafeText  #: the names of its recurrent modules or operators.
    readout: SafeText  #: the names of the modules that read out.
    order: SafeText  #: its modules and activations in the order of computation.
    notices: tuple[str, ...] = ()  #: sentences on what was assumed.
    embedded: bool = False  #: whether it reads symbols, through an embedding.
    comparison: AnswerComparison | None = None  #: None where nothing but its shapes is known.


def require(file_name: str, questions: Sequence[str]) -> None:
    """Ask for what a file does not say, if there is anything.

    Args:
        file_name: what to call the file.
        questions: each names what is missing and the option that says it.

    Raises:
        NetworkError: a sentence with all questions.
    """
    if questions:
        raise NetworkError(f"{file_name} does not say {', nor '.join(questions)}.")


def which_states(*, bidirectional: bool) -> str:
    """Return the question for the states that a readout takes."""
    choices = (
        f"give --answers {EVERY_STEP} for an answer after each step, --answers {LAST_STEP} for one "
        "from the output of the last step"
    )
    if bidirectional:
        choices += f", --answers {FINAL_STATES} for one from the last states of both directions"
    return f"which states its readout takes ({choices})"


def check_sizes(file_name: str, stack: Stack) -> None:
    """Raise `NetworkError` if a network is larger than can be shown."""
    sizes = {
        "layers": (len(stack.layers), MOST_LAYERS),
        "units a layer": (max(layer.forward.hidden_size for layer in stack.layers), MOST_UNITS),
        "numbers a step": (stack.features, MOST_FEATURES),
        "outputs": (stack.outputs, MOST_FEATURES),
    }
    for noun, (count, most) in sizes.items():
        if count > most:
            raise NetworkError(
                f"{file_name} has {count:,} {noun}; networks of at most {most:,} are read."
            )
