"""An own network that reads the symbols of a small alphabet, as a finite automaton."""

import numpy as np

from rnn_tui.engine.errors import QueryError
from rnn_tui.engine.progress import Progress
from rnn_tui.inside.automaton import AutomatonAnalysis, automaton_of
from rnn_tui.inside.own_inputs import Alphabet
from rnn_tui.inside.own_network import OwnNetwork
from rnn_tui.inside.own_studies import answers_of
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.networks.stack import ALL_STATES, Stack
from rnn_tui.networks.stepwise import require_finite
from rnn_tui.tasks.sequences.words import NO_ANSWER, AnswerArray, TaskWords, WordArray
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
    return automaton_of(_words(network, alphabet), _Answering(stack, alphabet), progress)


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


class _Answering:
    """Answers words: the network's answers (T, N) after each step of words (T, N)."""

    def __init__(self, stack: Stack, alphabet: Alphabet) -> None:
        self._stack = stack
        self._vectors = alphabet.vectors  # (K, F)

    def __call__(self, words: WordArray) -> AnswerArray:
        with np.errstate(all="ignore"):
            logits = self._stack.logits_after_steps(self._vectors[words])  # (T, N, O)
        require_finite(logits)
        return answers_of(logits).astype(np.uint8)
