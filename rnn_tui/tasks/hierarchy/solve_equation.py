"""Solve an equation modulo 5: the digit that `x` stands for in `(1+x)=0`.

There is no product, which might be zero whatever `x` is. No equation has less than three symbols;
words that short are zeros and the answer is 0, as in the paper's program.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.arithmetic import (
    CLOSE,
    MINUS,
    MODULUS,
    OPEN,
    PLUS,
    values_of,
)
from rnn_tui.tasks.hierarchy.expressions import draw_expressions
from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

OPERATORS = 2
SHORTEST = 3  # `x=1`
UNKNOWN, EQUALS = 9, 10
# the symbols 0 … 4 + − ( ) and x by their numbers in expressions, and those by their numbers here
_IN_EXPRESSIONS = np.array([*range(MODULUS), PLUS, MINUS, OPEN, CLOSE, 0])
_IN_EQUATIONS = np.array([0, 1, 2, 3, 4, 5, 6, 0, 7, 8])
# the digit that times the one at a place is 1
_INVERSES = np.array([0, 1, 3, 2, 4])


class SolveEquation(Rule):
    """An expression, `=` and its value, with a digit hidden by `x`, which is the answer."""

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return equations (N, T); `x` hides the first digit from a place at random on."""
        if length < SHORTEST:
            return np.zeros((count, length), np.int64)
        steps = length - 2
        expressions = draw_expressions(count, steps, OPERATORS, random)
        places = random.integers(steps, size=(count, 1))
        distances = np.where(expressions < MODULUS, (np.arange(steps) - places) % steps, steps)
        words = np.empty((count, length), np.int64)
        words[:, :steps] = _IN_EQUATIONS[expressions]
        words[np.arange(count), distances.argmin(axis=1)] = UNKNOWN
        words[:, steps] = EQUALS
        words[:, -1] = values_of(expressions)
        return words

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the solutions (N, 1) of equations (N, T).

        The value of an expression is a + b·x: a where x is 0, a + b where x is 1.
        """
        if words.shape[1] < SHORTEST:
            return np.zeros((len(words), 1), np.int64)
        left = words[:, :-2]
        expressions = _IN_EXPRESSIONS[left]
        at_zero = values_of(expressions)
        slopes = values_of(np.where(left == UNKNOWN, 1, expressions)) - at_zero
        solutions: AnswerArray = (words[:, -1] - at_zero) * _INVERSES[slopes % MODULUS] % MODULUS
        return solutions[:, None]
