"""What a task of the hierarchy asks: words, and the right answers to them."""

from abc import ABC, abstractmethod
from pkgutil import resolve_name
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.hierarchy import DEFINITIONS_BY_NAME

#: (N, T) N words of T symbols, each by its place in the task's alphabet.
WordArray = npt.NDArray[np.int64]
#: (N, A) the A answers to each word, each by its place among the task's answers.
AnswerArray = npt.NDArray[np.int64]
#: words with the answers to them.
Answered: TypeAlias = tuple[WordArray, AnswerArray]
CONCENTRATION = 0.5  # of the Dirichlet distribution of a word's symbols: below 1, one prevails
UNASKED = -1  #: in the place of an answer that neither trains nor counts.


class Rule(ABC):
    """The words of a task, and what is right.

    Args:
        symbols: how many symbols its alphabet has.
    """

    def __init__(self, symbols: int) -> None:
        self.symbols = symbols

    def word_length(self, length: int) -> int:
        """Return the symbols T of a word that is asked for with a length from 1 on."""
        return length

    def answer_length(self, symbols: int) -> int:  # noqa: ARG002
        """Return the number A of answers to a word of T symbols."""
        return 1

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) by chance; by default each symbol is any one.

        Args:
            count: the number N of words.
            length: of each, from 1 on; see `word_length`.
            random: all chance.
        """
        return random.integers(self.symbols, size=(count, self.word_length(length)))

    def draw_answered(self, count: int, length: int, random: np.random.Generator) -> Answered:
        """Return words as `draw` does, and the right answers to them.

        A rule that knows these as it draws has a way of its own, which may be faster.
        """
        words = self.draw(count, length, random)
        return words, self.answers(words)

    def draw_uneven(self, count: int, length: int, random: np.random.Generator) -> Answered:
        """Return words whose symbols are not equally likely, and the right answers to them.

        The probabilities of a word's symbols are drawn from a symmetric Dirichlet distribution:
        some words hold nearly one symbol. So a network sees sums that evenly drawn words of these
        lengths hardly ever reach, and has to learn what comes after them.

        It is for rules by which any symbol may follow any other.

        Args:
            count: the number N of words.
            length: of each, from 1 on; see `word_length`.
            random: all chance.
        """
        concentrations = np.full(self.symbols, CONCENTRATION)
        shares = random.dirichlet(concentrations, size=count)  # (N, K)
        bounds = shares.cumsum(axis=1)[:, None, :-1]  # (N, 1, K - 1)
        chance = random.random((count, self.word_length(length), 1))
        words = (chance >= bounds).sum(axis=2)
        return words, self.answers(words)

    def is_word(self, text: str) -> bool:  # noqa: ARG002
        """Return whether symbols, written without space, are a word that can be answered."""
        return True

    @abstractmethod
    def answers(self, words: WordArray) -> AnswerArray:
        """Return the right answers (N, A) to words (N, T)."""


def rule_of(name: str) -> Rule:
    """Return the rule of a task of the hierarchy, by the task's name."""
    definition = DEFINITIONS_BY_NAME[name]
    rule: Rule = resolve_name(definition.rule)(len(definition.symbols))
    return rule
