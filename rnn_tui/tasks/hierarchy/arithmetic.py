"""The values of expressions modulo 5, those of a whole batch at once.

Symbols are the digits 0 … 4 by their values, then `+ - * ( )`.
"""

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.hierarchy.rule import WordArray

MODULUS = 5
PLUS, MINUS, TIMES, OPEN, CLOSE = range(MODULUS, MODULUS + 5)
# 2 is a primitive root: 1, 2, 4, 3 are its powers, so products are sums of logarithms modulo 4. A
# minus is a factor of 4. A zero counts so much that no sum of other logarithms reaches it.
_POWERS = np.array([1, 2, 4, 3])
_ZERO = 1 << 20
_LOGARITHMS = np.array([_ZERO, 0, 1, 3, 2, 0, 2, 0, 0, 0])


def values_of(words: WordArray) -> npt.NDArray[np.int64]:
    """Return the values (N,) of expressions (N, T): products first, then sums, from the left.

    Symbols are sorted by how deep in brackets they stand. At each depth, from the deepest on, an
    opening bracket stands for the value of what it encloses, and a closing one ends an expression.
    """
    count = len(words)
    closed = np.concatenate([words, np.full((count, 1), CLOSE)], axis=1).astype(np.uint8)
    change = (closed == OPEN).view(np.int8) - (closed == CLOSE).view(np.int8)
    depths = (change.cumsum(axis=1, dtype=np.int16) - change).ravel()
    symbols = closed.ravel()[np.argsort(depths, kind="stable")]
    firsts = np.roll(symbols == CLOSE, 1)  # the first symbols of expressions
    is_operator = (symbols >= PLUS) & (symbols <= TIMES)
    is_sign = firsts | np.roll(is_operator, 1)  # if it is a minus
    starts = firsts | ((symbols == PLUS) | (symbols == MINUS)) & ~is_sign  # of terms
    logarithms = _LOGARITHMS[symbols]
    ends = np.bincount(depths).cumsum()
    values = np.empty(0, np.int64)
    for start, end in reversed([*zip([0, *ends[:-1]], ends, strict=True)]):
        at_depth = logarithms[start:end]
        at_depth[symbols[start:end] == OPEN] = _LOGARITHMS[values]
        terms = np.flatnonzero(starts[start:end])
        sums = np.add.reduceat(at_depth, terms)
        products = np.where(sums < _ZERO, _POWERS[sums % 4], 0)
        values = np.add.reduceat(products, np.flatnonzero(firsts[start:end][terms])) % MODULUS
    return values
