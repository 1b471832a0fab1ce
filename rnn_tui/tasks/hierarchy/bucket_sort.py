"""Bucket sort: the symbols of a word in ascending order."""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class BucketSort(Rule):
    """A word of the digits 0 … 4; the answers are its symbols, sorted."""

    def answer_length(self, symbols: int) -> int:
        """Return an answer for each symbol."""
        return symbols

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the symbols of words (N, T) in ascending order."""
        return np.sort(words, axis=1)
