"""Stack manipulation: what is on a stack in the end, from its top, after pops and pushes.

The answers are the symbols on the stack, then an end mark. As in the paper's program, there is a
place for each symbol of the word and for the mark. Its score counts no place after the mark, but
its loss asks for zeros there; here both leave them out.
"""

import re

import numpy as np

from rnn_tui.tasks.hierarchy.rule import UNASKED, AnswerArray, Rule, WordArray

POP, PUSH_ZERO, PUSH_ONE = 2, 3, 4
END = 2  #: the answer that says that nothing more is on the stack.


class StackManipulation(Rule):
    """A stack of zeros and ones, bottom first, then what is done to it, from the left.

    A pop of an empty stack does nothing.
    """

    def answer_length(self, symbols: int) -> int:
        """Return a place for each symbol and for the end mark."""
        return symbols + 1

    def draw(self, count: int, length: int, random: np.random.Generator) -> WordArray:
        """Return words (N, T) of one symbol on the stack at least, and one action if they can."""
        words = random.integers(2, size=(count, length))
        if length > 1:
            heights = random.integers(1, length, size=(count, 1))
            actions = random.integers(POP, PUSH_ONE + 1, size=words.shape)
            words = np.where(np.arange(length) < heights, words, actions)
        return words

    def is_word(self, text: str) -> bool:
        """Return whether a stack of one symbol at least comes before all actions."""
        return re.fullmatch("[01]+(pop|push[01])*", text) is not None

    def answers(self, words: WordArray) -> AnswerArray:
        """Return the stacks (N, T + 1) from the top, `END` after each, and then nothing asked."""
        pops = words == POP
        sums = np.where(pops, -1, 1).cumsum(axis=1)
        # a pop of an empty stack raises all later heights by one
        heights = sums - np.minimum(np.minimum.accumulate(sums, axis=1), 0)
        lowest_after = np.minimum.accumulate(heights[:, ::-1], axis=1)[:, ::-1]
        rows, steps = np.nonzero(~pops & (heights <= lowest_after))  # what stays on the stack
        answers = np.full((len(words), words.shape[1] + 1), UNASKED)
        answers[rows, heights[rows, -1] - heights[rows, steps]] = words[rows, steps] % PUSH_ZERO
        answers[np.arange(len(words)), heights[:, -1]] = END
        return answers
