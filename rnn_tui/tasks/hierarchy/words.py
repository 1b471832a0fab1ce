"""Words that studies ask of networks on the hierarchy's tasks, and what is right at blanks."""

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.hierarchy import DEFINITIONS_BY_NAME
from rnn_tui.tasks.hierarchy.rule import UNASKED, rule_of
from rnn_tui.tasks.hierarchy.table import REGULAR
from rnn_tui.tasks.hierarchy.typed import written_word
from rnn_tui.tasks.sequences.words import (
    LONG_WORDS,
    LONGEST,
    NO_ANSWER,
    NOTHING_KNOWN,
    AnswerArray,
    TaskWords,
    Truth,
    WordArray,
)
from rnn_tui.tasks.task import SequenceShape


def right_answers(inputs: npt.NDArray[Any], config: SequenceConfig) -> npt.NDArray[np.int64]:
    """Return the right answers (T, N) after each step: those at the blanks after a word.

    Elsewhere they are −1, also in what is no word of the task, and at blanks beyond those that it
    has.

    Args:
        inputs: (T, N, K + 1), one-hot; a blank is the last symbol.
        config: names the task.
    """
    definition, rule = DEFINITIONS_BY_NAME[config.task], rule_of(config.task)
    names = [name.replace(" ", "") for name in definition.symbols]
    symbols = inputs.argmax(axis=2).T  # (N, T)
    is_blank = symbols == len(names)
    lengths = np.where(is_blank.any(axis=1), is_blank.argmax(axis=1), symbols.shape[1])  # (N,)
    right = np.full(symbols.shape, UNASKED)
    for length in np.unique(lengths[(lengths > 0) & (lengths < symbols.shape[1])]).tolist():
        places = np.flatnonzero(lengths == length)
        texts = ["".join(names[symbol] for symbol in word[:length]) for word in symbols[places]]
        places = places[[rule.is_word(text) for text in texts]]
        if places.size:
            answers = rule.answers(symbols[places, :length])  # (n, A)
            steps = min(answers.shape[1], symbols.shape[1] - length)
            asked = is_blank[places, length : length + steps].cumprod(axis=1) == 1
            end = length + steps
            right[places, length:end] = np.where(asked, answers[:, :steps], UNASKED)
    return right.T


def answers_so_far(inputs: npt.NDArray[Any], config: SequenceConfig) -> npt.NDArray[np.int64]:
    """Return the answer (T, N) that the symbols up to each step would have, if they were the word.

    After a blank, or an operator that waits for its second side, it is that of the step before.

    Args:
        inputs: (T, N, K + 1), one-hot; a blank is the last symbol.
        config: names a task with one answer to a word.
    """
    steps, count, features = inputs.shape
    blank = np.zeros((1, count, features), inputs.dtype)
    blank[..., -1] = 1
    so_far = np.zeros((steps, count), np.int64)
    for step in range(steps):
        [answers] = right_answers(np.concatenate([inputs[: step + 1], blank]), config)[step + 1 :]
        before = so_far[step - 1] if step else 0
        so_far[step] = np.where(answers == UNASKED, before, answers)
    return so_far


class HierarchyWords(TaskWords):
    """Words of a task of the hierarchy, and blanks after them."""

    long_text = f"longer words, of up to {LONGEST} symbols,"

    def __init__(self, shape: SequenceShape, truth: Truth = NOTHING_KNOWN) -> None:
        super().__init__(shape, truth)
        assert truth.config is not None
        self._definition = DEFINITIONS_BY_NAME[truth.config.task]
        self._rule = rule_of(self._definition.name)
        self._blank = len(self.names) - 1  #: the number of the blank.

    @property
    def no_automaton(self) -> str:
        """The sentence that refuses an automaton where a finite one can't be right."""
        if self._definition.level == REGULAR:
            return ""
        return (
            f"{self._definition.label} is {self._definition.level}: no finite automaton is right "
            "for words of any length, so none is extracted. The regular tasks have one."
        )

    def short(self, length: int) -> WordArray:
        """Return all words of the task that are shorter than that, with blanks up to it."""
        of_lengths = []
        for symbols in range(1, length):
            words = np.full((length, self._blank**symbols), self._blank, np.uint8)
            words[:symbols] = np.array([*product(range(self._blank), repeat=symbols)]).T
            of_lengths.append(words)
        short = np.concatenate(of_lengths, axis=1)
        right = self.right(short)
        assert right is not None
        return np.asarray(short[:, (right != NO_ANSWER).any(axis=0)])

    def long(self, length: int, seed: int) -> Sequence[WordArray]:  # noqa: ARG002
        """Return one group of words by chance, each with a blank after it."""
        drawn = self.drawn(LONGEST, LONG_WORDS, np.random.default_rng(seed))
        return [np.pad(drawn, ((0, 1), (0, 0)), constant_values=self._blank).astype(np.uint8)]

    def drawn(self, steps: int, count: int, random: np.random.Generator) -> npt.NDArray[Any]:
        """Draw words (T, N) of so many symbols, or of one less if there are none."""
        return self._rule.draw(count, steps, random).T

    def short_text(self, length: int) -> str:
        """Name the short words in a sentence."""
        return f"words of up to {length - 1} symbols"

    @property
    def table_text(self) -> str:
        """The sentences that explain the table of an automaton."""
        return f"{super().table_text} The network answers at {self.names[self._blank]}, a blank."

    def written(self, word: WordArray) -> str:
        """Return a word (T,) as it is typed, without blanks."""
        return written_word([self.names[symbol] for symbol in word if symbol != self._blank])

    def written_answer(self, answers: AnswerArray) -> str:
        """Return the answers of a word (T,), those at blanks."""
        asked = [self.answer_name(int(answer)) for answer in answers if answer != NO_ANSWER]
        return written_word(asked) or self.answer_name(NO_ANSWER)
