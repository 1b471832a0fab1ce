"""Cycle navigation: where does a walk on a circle of five places end?"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

PLACES = 5
STAY = 1  #: the symbol before it steps back, the one after it steps on.


class CycleNavigation(Rule):
    """A word of steps: back, none, on. The answer is the place, 0 … 4, reached from place 0."""

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the places (N, 1) at the end of words (N, T)."""
        return np.asarray((words - STAY).sum(axis=1, keepdims=True) % PLACES)
