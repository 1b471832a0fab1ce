"""Reverse string: the symbols of a word, the last one first."""

from rnn_tui.tasks.hierarchy.rule import AnswerArray, Rule, WordArray


class ReverseString(Rule):
    """A word of zeros and ones; the answers are its symbols from the last to the first."""

    def answer_length(self, symbols: int) -> int:
        """Return as many answers as there are symbols."""
        return symbols

    def answers(self, words: WordArray) -> AnswerArray:
        """Return words (N, T) read from their end."""
        return words[:, ::-1]
