"""Modular arithmetic with brackets: the value of `((1+2)*3)` modulo 5.

The networks of the paper's program read eleven symbols, one of which never occurs; these read the
ten that do.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.arithmetic import values_of
from rnn_tui.tasks.hierarchy.expressions import draw_expressions, is_expression
from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

OPERATORS = 3


class ModularArithmeticBrackets(Rule):
    """An expression with every operation in brackets; the answer is its value modulo 5."""

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return expressions (N, T) with + − *."""
        return draw_expressions(count, length, OPERATORS, random)

    def is_word(self, text: str) -> bool:
        """Return whether it is an expression, with any brackets or none."""
        return is_expression(text)

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the values (N, 1) of expressions (N, T), with any brackets or none."""
        return values_of(words)[:, None]
