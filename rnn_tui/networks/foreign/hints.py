"""What a network from elsewhere is, and what a user may say of it where its file does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnn_tui.engine.errors import NetworkError, SafeText
from rnn_tui.engine.settings import check_choice
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.gru import GRUCell
from rnn_tui.networks.lstm import LSTMCell
from rnn_tui.networks.rnn import ReluRNNCell, RNNCell
from rnn_tui.networks.stack import EVERY_STEP, FINAL_STATES, LAST_STEP, READOUTS, Stack

TANH, RELU = "tanh", "relu"
NONLINEARITIES: Mapping[str, Cell] = {TANH: CELLS[RNNCell.name], RELU: ReluRNNCell()}
#: the cells with gates, by the blocks of rows of their weights: a GRU has three, an LSTM four.
BY_BLOCKS = {CELLS[name].blocks: CELLS[name] for name in (GRUCell.name, LSTMCell.name)}
MOST_UNITS = 4096  # of a layer
MOST_LAYERS = 16
MOST_FEATURES = 20_000  # numbers, or symbols, of a step; the outputs of an answer as well


@dataclass(frozen=True)
class NetworkHints:
    """What a user says of a network; None for what is to be taken from the file.

    Raises:
        SettingError: if a word is none of those to choose from.
    """

    nonlinearity: str | None = None  #: of a simple recurrent network, one of `NONLINEARITIES`.
    takes: str | None = None  #: which states the readout takes, one of `stack.READOUTS`.
    recurrent: str | None = None  #: the name of the module with the recurrent layers.
    readout: str | None = None  #: the name of the module that reads out.
    unused: tuple[str, ...] = ()  #: the names of modules that are not part of the network.

    def __post_init__(self) -> None:
        if self.nonlinearity is not None:
            check_choice("Nonlinearity", self.nonlinearity, tuple(NONLINEARITIES))
        if self.takes is not None:
            check_choice("Answers", self.takes, READOUTS)


def names_of(text: str) -> tuple[str, ...]:
    """Return the names of modules that are written with commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, eq=False)
class ForeignNetwork:
    """A network from a file, and what was understood of the file."""

    stack: Stack
    recurrent: SafeText  #: the names of its recurrent modules or operators.
    readout: SafeText  #: the name of its readout.
    notices: tuple[str, ...] = ()  #: sentences on what was assumed.
    embedded: bool = False  #: whether it reads symbols, through an embedding.
    #: whether its answers to random inputs are known to be those of the file's own computation.
    checked: bool = False


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
