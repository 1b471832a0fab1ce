"""Expressions with brackets: by chance, a whole batch at once, and as one types them."""

import re

import numpy as np

from rnn_tui.tasks.hierarchy.arithmetic import CLOSE, MINUS, MODULUS, OPEN, PLUS
from rnn_tui.tasks.hierarchy.rule import WordArray

_SHORTEST_OPERATION = 5  # `(1+2)`
_WITHOUT_BRACKETS = r"-*\d([+*-]-*\d)*"


def draw_expressions(
    count: int, length: int, operators: int, random: np.random.Generator
) -> WordArray:
    """Draw expressions (N, T) as in the paper's program.

    Of 1 to 4 symbols, these are `d`, `-d`, `(d)` and `(-d)`; longer ones are an operation in
    brackets, whose two sides share the rest at random.

    Args:
        count: N.
        length: T.
        operators: how many of `+ - *` there are.
        random: all chance.
    """
    chance = random.random(count * length)
    symbols = (chance * MODULUS).astype(np.int64)
    starts = np.arange(count) * length
    lengths = np.full(count, length)
    while starts.size:
        in_brackets = lengths > 2
        symbols[starts[in_brackets]] = OPEN
        symbols[(starts + lengths)[in_brackets] - 1] = CLOSE
        negative = (lengths < _SHORTEST_OPERATION) & (lengths % 2 == 0)
        symbols[(starts + lengths // 2)[negative] - 1] = MINUS

        divided = lengths >= _SHORTEST_OPERATION
        starts, lengths = starts[divided], lengths[divided]
        left = 1 + (chance[starts] * (lengths - 4)).astype(np.int64)
        places = starts + 1 + left  # of the operators
        symbols[places] = PLUS + (chance[places] * operators).astype(np.int64)
        starts = np.concatenate([starts + 1, places + 1])
        lengths = np.concatenate([left, lengths - left - 3])
    return symbols.reshape(count, length)


def is_expression(text: str) -> bool:
    """Return whether text is an expression, with any brackets or none."""
    shorter = re.sub(rf"\({_WITHOUT_BRACKETS}\)", "0", text)
    while shorter != text:
        text = shorter
        shorter = re.sub(rf"\({_WITHOUT_BRACKETS}\)", "0", text)
    return re.fullmatch(_WITHOUT_BRACKETS, text) is not None
