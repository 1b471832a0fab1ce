"""Duplicate string: a word twice."""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class DuplicateString(Rule):
    """A word of zeros and ones; the answers are its symbols, and then its symbols again."""

    def answer_length(self, symbols: int) -> int:
        """Return two answers for each symbol."""
        return 2 * symbols

    def answers(self, words: WordArray) -> AnswerArray:
        """Return words (N, T) twice."""
        return np.tile(words, 2)
