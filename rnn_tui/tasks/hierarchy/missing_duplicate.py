"""Missing duplicate: the symbol that `?` hides in a string that stands there twice.

As in the paper's program, a word of an odd length ends in an empty symbol, and that of one symbol
is `1`, whose answer is 1.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

MISSING, EMPTY = 2, 3


class MissingDuplicate(Rule):
    """A string of zeros and ones twice, one symbol of which is hidden; the answer is that one."""

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T), any symbol of which is hidden."""
        half = length // 2
        if half == 0:
            return np.ones((count, length), np.int64)
        words = np.full((count, length), EMPTY)
        words[:, : 2 * half] = np.tile(random.integers(2, size=(count, half)), 2)
        words[np.arange(count), random.integers(2 * half, size=count)] = MISSING
        return words

    def is_word(self, text: str) -> bool:
        """Return whether both halves are the same string, but for one symbol that is hidden."""
        string = text.removesuffix(".")
        half = len(string) // 2
        pairs = [*zip(string[:half], string[half:], strict=False)]
        equal = all(first == second for first, second in pairs if "?" not in (first, second))
        doubled = string.count("?") == 1 and len(string) % 2 == 0 and "." not in string
        return text == "1" or (doubled and equal)

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the hidden symbols (N, 1) of words (N, T), from the other half."""
        half = words.shape[1] // 2
        hidden = (words == MISSING).argmax(axis=1)
        others = np.where(hidden < half, hidden + half, hidden - half)
        return np.take_along_axis(words, others[:, None], axis=1)
