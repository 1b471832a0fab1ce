"""Solve an equation modulo 5: the digit that `x` stands for in `(1+x)=0`.

There is no product, which might be zero whatever `x` is: the paper's text has it, its program has
not. No equation has less than three symbols; words that short are zeros, and the answer is 0.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.arithmetic import CLOSE, MINUS, MODULUS, OPEN, PLUS, values_of
from rnn_tui.tasks.hierarchy.expressions import draw_expressions, is_expression
from rnn_tui.tasks.hierarchy.rule import AnswerArray, Answered, Rule, WordArray

OPERATORS, SHORTEST = 2, 3  # `x=1`
UNKNOWN, EQUALS = 9, 10
# the symbols 0 … 4 + − ( ) and x by their numbers in expressions, and those by their numbers here
_IN_EXPRESSIONS = np.array([*range(MODULUS), PLUS, MINUS, OPEN, CLOSE, 0])
_IN_EQUATIONS = np.array([0, 1, 2, 3, 4, 5, 6, 0, 7, 8])
_INVERSES = np.array([0, 1, 3, 2, 4])  # 2·3 is 1, as 4·4 is


class SolveEquation(Rule):
    """An expression, `=` and its value, with a digit hidden by `x`, which is the answer."""

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return equations (N, T); `x` hides the first digit from a place at random on."""
        return self.draw_answered(count, length, random)[0]

    def draw_answered(self, count: int, length: int, random: np.random.Generator) -> Answered:
        """Return equations (N, T) and the digits (N, 1) that `x` hides."""
        if length < SHORTEST:
            return np.zeros((count, length), np.int64), np.zeros((count, 1), np.int64)
        steps = length - 2
        expressions = draw_expressions(count, steps, OPERATORS, random)
        starts = random.integers(steps, size=(count, 1))
        distances = np.where(expressions < MODULUS, (np.arange(steps) - starts) % steps, steps)
        places = distances.argmin(axis=1, keepdims=True)
        words = np.full((count, length), EQUALS)
        words[:, :steps] = _IN_EQUATIONS[expressions]
        words[:, -1] = values_of(expressions)
        hidden = np.take_along_axis(words, places, axis=1)
        np.put_along_axis(words, places, UNKNOWN, axis=1)
        return words, hidden

    def is_word(self, text: str) -> bool:
        """Return whether it is an equation with one `x`, or too short for that and zeros."""
        left, _, right = text.rpartition("=")
        has_unknown = left.count("x") == 1 and is_expression(left.replace("x", "0"))
        return text in ("0", "00") or (has_unknown and right in {*"01234"})

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the solutions (N, 1): a value a + b·x is a where x is 0, a + b where x is 1."""
        if words.shape[1] < SHORTEST:
            return np.zeros((len(words), 1), np.int64)
        left = words[:, :-2]
        with_zero = _IN_EXPRESSIONS[left]
        with_one = np.where(left == UNKNOWN, 1, with_zero)
        at_zero, at_one = values_of(np.concatenate([with_zero, with_one])).reshape(2, -1)
        inverses = _INVERSES[(at_one - at_zero) % MODULUS]
        solutions: AnswerArray = (words[:, -1] - at_zero) * inverses % MODULUS
        return solutions[:, None]
