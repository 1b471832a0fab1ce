"""Binary multiplication, least significant bit first: `001*01101`, 4 and 22, is 0001101, 88.

As in the paper's program, there is a place for each symbol of the word, which is enough for the
product and an end mark. Its score counts no place after the mark, but its loss asks for zeros
there; here both leave them out. An example there has 01001*011 be 00110011; it is 0011011, 108.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.binary import BinaryPairs
from rnn_tui.tasks.hierarchy.rule import WordArray


class BinaryMultiplication(BinaryPairs):
    """Two binary numbers with * between them; the answers are the bits of their product."""

    def answer_length(self, symbols: int) -> int:
        """Return a place for each symbol."""
        return symbols

    def sums(self, first: WordArray, second: WordArray) -> WordArray:
        """Return the sums (N, T) of products of bits (N, T): a convolution.

        The bits of both numbers are fewer than T, so nothing wraps around.
        """
        spectra = np.fft.rfft(first) * np.fft.rfft(second)
        return np.fft.irfft(spectra, first.shape[1]).round().astype(np.int64)
