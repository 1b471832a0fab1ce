"""Parity check: is the number of ones odd?"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class ParityCheck(Rule):
    """A word of zeros and ones; the answer is 1 for an odd number of ones."""

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the parities (N, 1) of words (N, T)."""
        return np.asarray(words.sum(axis=1, keepdims=True) % 2)
