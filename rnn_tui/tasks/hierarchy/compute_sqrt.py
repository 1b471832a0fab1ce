"""Compute sqrt: the whole part of the square root of a binary number, most significant bit first.

So has it the paper's program; its text has the least significant bit first. An example in the
program has the root of 100101, 37, be 101; it is 110, 6.
"""

from math import isqrt

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class ComputeSqrt(Rule):
    """A binary number from 1 on; the answers are the bits of its root, half as many."""

    def answer_length(self, symbols: int) -> int:
        """Return half the number of symbols, rounded up."""
        return (symbols + 1) // 2

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return numbers (N, T) that are not zero."""
        words = random.integers(2, size=(count, length))
        zero = ~words.any(axis=1)
        while zero.any():
            words[zero] = random.integers(2, size=(zero.sum(), length))
            zero = ~words.any(axis=1)
        return words

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the roots (N, A) of numbers (N, T), which may have any number of bits."""
        answers = self.answer_length(words.shape[1])
        bytes_per_root = (answers + 7) // 8
        unused = -words.shape[1] % 8  # bits of the last byte of a number
        rows = np.packbits(words.astype(bool), axis=1)
        numbers = [int.from_bytes(row.tobytes(), "big") >> unused for row in rows]
        roots = b"".join(isqrt(number).to_bytes(bytes_per_root, "big") for number in numbers)
        packed = np.frombuffer(roots, np.uint8).reshape(-1, bytes_per_root)
        return np.unpackbits(packed, axis=1)[:, -answers:].astype(np.int64)
