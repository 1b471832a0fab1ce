"""Odds first: every other symbol of a word, and then those between.

The paper's text has the first, third, fifth symbol come first. Its program, and so these networks,
count from 0: the second, fourth, sixth symbol come first.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class OddsFirst(Rule):
    """A word of zeros and ones; the answers are its symbols at odd places, then at even ones."""

    def answer_length(self, symbols: int) -> int:
        """Return an answer for each symbol."""
        return symbols

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the symbols of words (N, T), those at the places 1, 3, 5, … from 0 on first."""
        return np.concatenate([words[:, 1::2], words[:, ::2]], axis=1)
