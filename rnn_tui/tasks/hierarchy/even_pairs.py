"""Even pairs: is the number of neighbours that differ, 01 and 10, odd?

It is odd just where the first symbol differs from the last.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class EvenPairs(Rule):
    """A word of zeros and ones; the answer is 0 for an even number of pairs 01 and 10, else 1."""

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the parities (N, 1) of the pairs in words (N, T)."""
        return np.asarray(words[:, :1] != words[:, -1:], np.int64)
