"""Cycle navigation: where does a walk on a circle of five places end?"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

PLACES = 5
STEPS = np.array([0, 1, -1])  #: what the symbols 0, 1 and 2 do, as in the paper's text.


class CycleNavigation(Rule):
    """A word of steps: none, on, back. The answer is the place, 0 … 4, reached from place 0."""

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the places (N, 1) at the end of words (N, T)."""
        places: AnswerArray = STEPS[words].sum(axis=1, keepdims=True) % PLACES
        return places
