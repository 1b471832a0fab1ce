"""Sums as studies ask them: of all small numbers, of long ones, with long carries.

The symbol at a place is the bits of a and b there, its number 2·a + b. Comments give shapes: T
places, the lowest first, N sums.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.adder.questions import Addition, number_of
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.words import LONGEST, AnswerArray, AskedWord, TaskWords, WordArray

Bits = npt.NDArray[np.uint8]
#: random sums of each number of bits; as many again have long carries.
OF_EACH_LENGTH = 16
LONG_CARRIES = (0.05, 0.45, 0.45, 0.05)  # how often each symbol comes in those
PAIRS = 100  # of long numbers by chance, and the longest carry


def carries_of(
    bits: npt.NDArray[np.number],
    config: SequenceConfig | None = None,  # noqa: ARG001
) -> Bits:
    """Return the carries (T, N) out of each place, for pairs of numbers (T, N, 2)."""
    totals = bits.astype(np.uint8).sum(axis=2, dtype=np.uint8)
    carries: Bits = np.empty_like(totals)
    carry = np.zeros_like(totals[0])
    for place, total in enumerate(totals):
        carry = carries[place] = (total + carry) >> 1
    return carries


def sums_of(
    bits: npt.NDArray[np.number],
    config: SequenceConfig | None = None,  # noqa: ARG001
) -> Bits:
    """Return the bits (T, N) of the sums of pairs of numbers (T, N, 2)."""
    totals = bits.astype(np.uint8).sum(axis=2, dtype=np.uint8)
    sums = totals.copy()
    sums[1:] += carries_of(bits)[:-1]
    return np.asarray(sums & 1)


@dataclass(frozen=True, kw_only=True)
class AskedSum(AskedWord):
    """A network's answer to an addition, as `rnn-tui add` prints it; all numbers are binary."""

    sign: str = " = "
    numbers: Addition  #: a and b.


class Sums(TaskWords):
    """Pairs of numbers, with a place for the last carry.

    Of two sums, the smaller has fewer bits in a and b together; of those with as many, the smaller
    a + b; then the larger a.
    """

    length_name = "bits"
    long_text = f"sums of longer numbers, up to {LONGEST} bits,"
    long_questions_name = f"{LONGEST}-bit sums"
    short_length = 8  #: bits of the numbers all of whose sums are asked.
    table_text = "Columns: the two input bits. Entries: the bit of the sum/the next state."

    def short_text(self, length: int) -> str:
        """Name the short sums in a sentence."""
        return f"sums of numbers of up to {length} bits"

    def short(self, length: int) -> WordArray:
        """Return every pair of numbers of at most so many bits."""
        return np.pad(super().short(length), ((0, 1), (0, 0)))

    def long(self, length: int, seed: int) -> Sequence[WordArray]:
        """Return 1…1 + 1 and 1 + 1…1, then random sums.

        The larger number has `length` + 1 to `LONGEST` bits. Half of the random ones have bits of
        equal chance, the others those that carry far.
        """
        random = np.random.default_rng(seed)
        places = np.arange(LONGEST + 1)[:, None]
        lengths = np.arange(length + 1, LONGEST + 1)
        all_ones = places < lengths  # (T, L)
        lowest = places < 1
        size = (len(places), OF_EACH_LENGTH * len(lengths))
        even = random.choice(4, size)
        carrying = random.choice(4, size, p=LONG_CARRIES)
        drawn = np.hstack([even, carrying])  # (T, N)
        of_drawn = np.tile(lengths, 2 * OF_EACH_LENGTH)
        # the highest bit is 1 in one number at least, or the sum would be shorter
        drawn[of_drawn - 1, np.arange(len(of_drawn))] = random.integers(1, 4, len(of_drawn))
        drawn *= places < of_drawn
        chains = np.hstack([2 * all_ones + lowest, all_ones + 2 * lowest])
        return chains.astype(np.uint8), drawn.astype(np.uint8)

    def drawn(self, steps: int, count: int, random: np.random.Generator) -> WordArray:
        """Draw pairs of numbers that are uniform below 2^(T − 1)."""
        bits = random.integers(0, 2, (steps, count, 2), np.uint8)
        bits[-1] = 0
        return _symbols(bits)

    def state_words(self, steps: int, count: int, random: np.random.Generator) -> WordArray:
        """Draw the bits of places, whatever is carried out of the last one."""
        return _symbols(random.integers(0, 2, (steps, count, 2)))

    def long_questions(self, random: np.random.Generator) -> Sequence[WordArray]:
        """Draw pairs of numbers of `LONGEST` bits; the last pair has the longest carry."""
        sums = [
            Addition(*(int.from_bytes(random.bytes(LONGEST // 8)) for _ in range(2)))
            for _ in range(PAIRS)
        ]
        sums.append(Addition(2**LONGEST - 1, 1))
        return [_symbols(numbers.pairs) for numbers in sums]

    def is_asked(self, words: WordArray, right: AnswerArray) -> npt.NDArray[np.bool_]:  # noqa: ARG002
        """Return which places (T, N) an `Addition` of these numbers has."""
        places = np.arange(1, len(words) + 1)[:, None]
        length = ((words > 0) * places).max(axis=0) + 1  # (N,)
        asked: npt.NDArray[np.bool_] = places <= length
        return asked

    def order(
        self,
        words: WordArray,
        right: AnswerArray,
        wrong: npt.NDArray[np.bool_],  # noqa: ARG002
    ) -> npt.NDArray[np.intp]:
        """Return the places of the sums (N,), the smallest first."""
        places = np.arange(1, len(words) + 1)[:, None]
        bits_of_a = (((words >> 1) > 0) * places).max(axis=0)
        bits_of_b = (((words & 1) > 0) * places).max(axis=0)
        # by bits, then a + b, then the larger a
        order: npt.NDArray[np.intp] = np.lexsort([*(words < 2), *right, bits_of_a + bits_of_b])
        return order

    def question(self, word: WordArray, steps: int) -> WordArray:
        """Return the sum that a word (T,) describes.

        If it has fewer than `steps` places, a gets one more 1.
        """
        numbers = _numbers(word)
        if numbers.length < steps:
            numbers = Addition(numbers.a | 1 << steps, numbers.b)
        return _symbols(numbers.pairs)

    def asked(self, word: WordArray, answers: AnswerArray) -> AskedSum:
        """Return a sum (T,) with the bits (T,) that a network puts out, as they are shown."""
        numbers = _numbers(word)
        return AskedSum(
            query=f"{numbers.a:b} + {numbers.b:b}",
            answer=f"{number_of(answers > 0):b}",
            expected=f"{numbers.total:b}",
            numbers=numbers,
        )


def _symbols(bits: npt.NDArray[np.integer]) -> WordArray:
    """Return the symbols of the bits (…, 2) of a and b."""
    symbols: WordArray = (2 * bits[..., 0] + bits[..., 1]).astype(np.uint8)
    return symbols


def _numbers(word: WordArray) -> Addition:
    """Return the two numbers that a word (T,) describes."""
    return Addition(number_of(word > 1), number_of(word % 2 > 0))
