"""Equal counts: is a word as many a as b, in this order, or as many a as b as c?

These are no tasks of Delétang et al., but of Weiss, Goldberg and Yahav 2018, “On the Practical
Computational Power of Finite Precision RNNs for Language Recognition” (arXiv:1805.04908). There,
networks are trained on words of the language alone and predict the next symbol. Here they answer
yes or no, as to any rule, and half of the words are no words of the language.
"""

import numpy as np

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray

WRONG_ORDER = 0.25  # the share of words outside that have equal counts, in a wrong order
ANY_ERROR = 0.5  # of the others the share whose counts may be wrong by any number


class EqualCounts(Rule):
    """Words with equally long blocks of each symbol; the answer is 1 for such a word, 0 for others.

    All words have lengths that a word of the language may have, so that a length tells nothing.
    Half of them are of the language. Of the others, three quarters have the right order and wrong
    counts, half of these by hardly more than one; the rest have the right counts, and two symbols
    that have changed places.
    """

    def word_length(self, length: int) -> int:
        """Return the longest length up to this one of words of the language; at least one of each
        symbol is there.
        """
        return max(self.symbols, length - length % self.symbols)

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T), about half of them of the language."""
        block = self.word_length(length) // self.symbols
        words = np.tile(self._of_language(block), (count, 1))  # (N, T)
        outside = np.flatnonzero(random.random(count) < 0.5)
        swapped = random.random(len(outside)) < WRONG_ORDER
        words[outside[swapped]] = self._with_wrong_order(int(swapped.sum()), block, random)
        words[outside[~swapped]] = self._with_wrong_counts(int((~swapped).sum()), block, random)
        return words

    def answers(self, words: WordArray) -> AnswerArray:
        """Return 1 for words (N, T) of the language, 0 for others, as (N, 1)."""
        length = words.shape[1]
        if length % self.symbols:
            return np.zeros((len(words), 1), np.int64)
        is_equal = words == self._of_language(length // self.symbols)  # (N, T)
        return np.asarray(is_equal.all(axis=1, keepdims=True), np.int64)

    def _of_language(self, block: int) -> WordArray:
        """Return the word (T,) of the language with blocks of that length."""
        return np.repeat(np.arange(self.symbols), block)

    def _two_symbols(self, count: int, random: np.random.Generator) -> tuple[WordArray, WordArray]:
        """Return two different symbols by chance for each word, (N,) each."""
        first = random.integers(self.symbols, size=count)
        apart = random.integers(1, self.symbols, size=count)
        return first, (first + apart) % self.symbols

    def _with_wrong_counts(self, count: int, block: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) in the right order, with symbols that should be others.

        In one part of the words these are up to a whole block, any number as likely as any other;
        in the other part one in half of the words, two in a quarter, and so on.
        """
        more, fewer = self._two_symbols(count, random)
        small = random.geometric(0.5, size=count).clip(max=block)  # (N,)
        large = random.integers(1, block, size=count, endpoint=True)  # (N,)
        error = np.where(random.random(count) < ANY_ERROR, large, small)
        counts = np.full((count, self.symbols), block)  # (N, K)
        counts[np.arange(count), more] += error
        counts[np.arange(count), fewer] -= error
        ends = counts.cumsum(axis=1)[:, :-1]  # (N, K − 1), where a block ends
        places = np.arange(block * self.symbols)
        # the symbol at a place is the number of blocks that have ended before
        return np.asarray((places >= ends[:, :, None]).sum(axis=1))

    def _with_wrong_order(self, count: int, block: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) with equal counts, in which two symbols have changed places."""
        words = np.tile(self._of_language(block), (count, 1))
        first, second = self._two_symbols(count, random)
        rows = np.arange(count)
        words[rows, first * block + random.integers(block, size=count)] = second
        words[rows, second * block + random.integers(block, size=count)] = first
        return words
