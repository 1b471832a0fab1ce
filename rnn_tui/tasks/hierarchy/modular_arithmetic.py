"""Modular arithmetic without brackets: the value of `1+2*3` modulo 5, products first.

Words have an odd length. As in the paper's program, one of an even length is a symbol shorter; in
its text it is one longer.
"""

import re

import numpy as np

from rnn_tui.tasks.hierarchy.arithmetic import MODULUS, PLUS, values_of
from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class ModularArithmetic(Rule):
    """A word of digits 0 … 4 with one of + − * between two; the answer is its value modulo 5."""

    def word_length(self, length: int) -> int:
        """Return the largest odd number up to a length."""
        return length - 1 + length % 2

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) of digits and operators by turns."""
        words = random.integers(MODULUS, size=(count, self.word_length(length)))
        operators = words[:, 1::2]
        operators[:] = random.integers(PLUS, self.symbols, size=operators.shape)
        return words

    def is_word(self, text: str) -> bool:
        """Return whether digits and operators stand by turns."""
        return re.fullmatch(r"\d([+*-]\d)*", text) is not None

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the values (N, 1) of words (N, T)."""
        return values_of(words)[:, None]
