"""Binary addition, least significant bit first: `01001+011`, 18 and 6, is 00011, 24.

As in the paper's program, there is a place for each symbol of the word and for an end mark. Its
score counts no place after the mark, but its loss asks for zeros there; here both leave them out.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.binary import BinaryPairs
from rnn_tui.tasks.hierarchy.rule import WordArray


class BinaryAddition(BinaryPairs):
    """Two binary numbers with + between them; the answers are the bits of their sum."""

    def answer_length(self, symbols: int) -> int:
        """Return a place for each symbol and for the end mark."""
        return symbols + 1

    def sums(self, first: WordArray, second: WordArray) -> WordArray:
        """Return the sums (N, T + 1) of bits (N, T) at each place."""
        return np.pad(first + second, ((0, 0), (0, 1)))
