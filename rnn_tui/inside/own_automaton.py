"""An own network that reads the symbols of a small alphabet, as a finite automaton."""

from functools import partial

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.automaton import AutomatonAnalysis, automaton_of, outputs_of
from rnn_tui.inside.own_inputs import Alphabet
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.networks.stack import ALL_STATES
from rnn_tui.tasks.sequences.words import NO_ANSWER, TaskWords
from rnn_tui.tasks.shapes import MOST_SYMBOLS, Symbol
from rnn_tui.tasks.task import SequenceShape


def analyse_automaton(reading: NetworkReading, progress: Progress) -> AutomatonAnalysis | None:
    """Learn the machine that puts out the network's answer after each symbol; None if stopped.

    Of a network that answers after the last step, that is its answer if the word ended there.

    Raises:
        QueryError: if it reads no small alphabet, or a step's answer depends on later ones.
        CheckpointError: if the weights are too large to compute with.
        UserError: if AALpy is not installed.
    """
    network: OwnNetwork = reading.network
    alphabet, stack = network.alphabet, network.stack
    if alphabet is None:
        raise QueryError(
            "An automaton is of a network that reads symbols; name them, such as --alphabet 01."
        )
    if network.numbers:
        raise QueryError("An automaton puts out classes; this network answers with numbers.")
    if len(alphabet.symbols) > MOST_SYMBOLS or stack.outputs >= NO_ANSWER:
        raise QueryError(
            f"An automaton is learned over at most {MOST_SYMBOLS} symbols and {NO_ANSWER - 1} "
            f"outputs; here are {len(alphabet.symbols):,} and {stack.outputs:,}."
        )
    if stack.bidirectional or stack.takes == ALL_STATES:
        raise QueryError(
            "An automaton reads from the first symbol to the last; this network's answers depend "
            "on what comes later, or on the number of steps."
        )
    words = _words(network, alphabet)
    return automaton_of(words, partial(outputs_of, stack, words), progress)


def _words(network: OwnNetwork, alphabet: Alphabet) -> TaskWords:
    """Return the words of an alphabet; nobody says what is right of them."""
    symbols = zip(alphabet.symbols, alphabet.vectors.astype(int).tolist(), strict=True)
    return TaskWords(
        SequenceShape(
            features=network.stack.features,
            outputs=network.outputs,
            every_step=True,
            inputs="symbols",
            alphabet=tuple(Symbol(name, tuple(numbers)) for name, numbers in symbols),
        )
    )
