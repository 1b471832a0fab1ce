"""Pairs of binary numbers, least significant bit first, and what addition and multiplication share.

The paper's program draws both numbers from 1 on. Words of one and of two symbols have no room for
two numbers; they are a number that is not the largest of its length.
"""

import re
from abc import abstractmethod

import numpy as np

from rnn_tui.tasks.hierarchy.rule import UNASKED, AnswerArray, Rule, WordArray

OPERATOR = 2  #: the symbol between the numbers.
END = 2  #: the answer after the last bit.


class BinaryPairs(Rule):
    """Two numbers with an operator between them; the answers are the bits of the result."""

    @abstractmethod
    def sums(self, first: WordArray, second: WordArray) -> WordArray:
        """Return what each place of the results adds up to, before carries, from bits (N, T)."""

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) of two numbers, neither of which is zero."""
        if length < 3:
            numbers = random.integers(2**length - 1, size=(count, 1))
            return numbers >> np.arange(length) & 1
        words = random.integers(2, size=(count, length))
        words[np.arange(count), random.integers(1, length - 1, size=count)] = OPERATOR
        has_zero = np.ones(count, bool)
        while has_zero.any():
            new = random.integers(2, size=words.shape)
            words = np.where(has_zero[:, None] & (words != OPERATOR), new, words)
            has_zero = ~np.all([bits.any(axis=1) for bits in _numbers(words)], axis=0)
        return words

    def is_word(self, text: str) -> bool:
        """Return whether these are two numbers, or a single one of two bits at most."""
        return re.fullmatch("[01]+[+*][01]+|[01]{1,2}", text) is not None

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the bits of results (N, A), `END` after the last 1, and then nothing asked."""
        bits = _carried(self.sums(*_numbers(words)))
        places = np.arange(self.answer_length(words.shape[1]))
        sizes = ((places + 1) * bits).max(axis=1, keepdims=True)
        sizes = sizes.clip(1, len(places) - 1)  # zero is `0`
        return np.where(places < sizes, bits, np.where(places == sizes, END, UNASKED))


def _numbers(words: WordArray) -> tuple[WordArray, WordArray]:
    """Return the bits (N, T) of both numbers, zeros after their ends."""
    count, steps = words.shape
    at_end = np.full((count, 1), OPERATOR)
    places = np.concatenate([words, at_end], axis=1).argmax(axis=1)[:, None]  # of the operators
    before = np.arange(steps)
    of_second = np.minimum(places + 1 + before, steps)
    padded = np.concatenate([words, np.zeros_like(at_end)], axis=1)
    return np.where(before < places, words, 0), np.take_along_axis(padded, of_second, axis=1)


def _carried(sums: WordArray) -> WordArray:
    """Return the bits (N, A) of numbers whose places hold any sums (N, A)."""
    while sums.max() > 2:
        carries = sums >> 1
        sums = sums & 1
        sums[:, 1:] += carries[:, :-1]
    # a place with a sum of 1 passes on the carry that it gets; another one has its own or none
    deciding = np.maximum.accumulate(np.where(sums != 1, np.arange(sums.shape[1]), 0), axis=1)
    carries = np.take_along_axis(sums, deciding, axis=1) >> 1
    bits = sums & 1
    bits[:, 1:] ^= carries[:, :-1]
    return bits
