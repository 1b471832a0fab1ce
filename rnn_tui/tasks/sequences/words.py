"""Words of a task's alphabet: what studies ask of its networks, and how they write it.

A word is a sequence of symbols. Comments give shapes: T steps, N words, K symbols, F features.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.shapes import HiddenVariable
from rnn_tui.tasks.task import SequenceShape, Task

#: (T, N) symbols by their places in the alphabet, or (T,) those of a single word.
WordArray = npt.NDArray[np.unsignedinteger[Any]]
#: (T, N) answers by their number, or 1 and 0 for yes and no.
AnswerArray = npt.NDArray[np.uint8]
NO_ANSWER = 255  # in the place of an answer where nothing is asked yet
MOST_SHORT_WORDS = 2**15
LONGEST = 64  # steps of long words, or bits of long numbers
LONG_WORDS = 1000  # drawn ones
REPEATED = 0.8  # how likely a step of every other long word has the symbol of the one before it


@dataclass(frozen=True)
class AskedWord:
    """A network's answer to a word."""

    query: str  #: the word as one types it.
    answer: str  #: what the network answers; after each step, if every step has an answer.
    expected: str  #: what is right.
    sign: str = " → "  #: stands between the query and the answer.

    @property
    def correct(self) -> bool:
        """Whether the network is right."""
        return self.answer == self.expected

    @property
    def document(self) -> Mapping[str, Any]:
        """Return a JSON-ready form."""
        return {
            "query": self.query,
            "answer": self.answer,
            "expected": self.expected,
            "correct": self.correct,
        }

    def __str__(self) -> str:
        answered = f"{self.query}{self.sign}{self.answer}"
        return answered if self.correct else f"{answered}, not {self.expected}"


#: returns something of each step (T, N) of inputs (T, N, F).
OfSteps: TypeAlias = Callable[[npt.NDArray[Any]], npt.NDArray[Any]]


@dataclass(frozen=True)
class Truth:
    """What is known of words; by default nothing."""

    right: OfSteps | None = None  #: the right answers, −1 where there is none.
    variable: HiddenVariable | None = None
    hidden: OfSteps | None = None  #: the values of the hidden variable, if there is one.
    config: SequenceConfig | None = None  #: the settings of the networks that are asked.


NOTHING_KNOWN = Truth()


def truth_of(task: Task, config: SequenceConfig) -> Truth:
    """Return what a task says of inputs, for networks with these settings.

    Raises:
        TaskError: if what it names can't be loaded.
    """
    variable = task.hidden
    return Truth(
        partial(task.part(task.right), config=config) if task.right else None,
        variable,
        None if variable is None else partial(task.part(variable.of), config=config),
        config,
    )


def words_for(task: Task, config: SequenceConfig) -> "TaskWords":
    """Return the words that studies ask of the networks of a task with an alphabet.

    Raises:
        TaskError: if what the task names can't be loaded.
    """
    words: TaskWords = task.part(task.words)(task.shape, truth_of(task, config))
    return words


class TaskWords:
    """Words of which any symbol may follow any other.

    A task of which this is not so, or whose words are written in another way, derives from it.

    Args:
        shape: has an alphabet.
        truth: what is known of words.
    """

    length_name = "length"  #: what documents call the length of short words.
    long_text = f"longer sequences, of up to {LONGEST} steps,"  #: names them in a sentence.

    long_questions_name = f"sequences of {LONGEST} steps"  #: names what `long_questions` draws.

    def __init__(self, shape: SequenceShape, truth: Truth = NOTHING_KNOWN) -> None:
        self.shape = shape
        self.truth = truth
        alphabet = shape.alphabet
        self._features = np.array([symbol.features for symbol in alphabet])  # (K, F)
        self._features = self._features.astype(np.min_scalar_type(self._features.max(initial=1)))
        # the type of places of symbols
        self._places: Any = np.min_scalar_type(max(1, len(alphabet) - 1))
        #: (K,) how symbols are written.
        self.names = tuple(symbol.name for symbol in alphabet)

    @property
    def no_automaton(self) -> str:
        """Why no automaton is extracted from networks, in a sentence; empty where one is."""
        return ""

    # Which words are asked.

    @property
    def short_length(self) -> int:
        """The length of short words, all of which are asked."""
        length = 1
        while len(self.names) ** (length + 1) <= MOST_SHORT_WORDS:
            length += 1
        return length

    def short(self, length: int) -> WordArray:
        """Return all words of that length."""
        symbols = np.indices((len(self.names),) * length, self._places)
        return symbols.reshape(length, -1)

    def long(self, length: int, seed: int) -> Sequence[WordArray]:
        """Return long words in groups: each symbol again and again, and random words.

        A symbol of every other random word often repeats, so that states are kept for long.

        Args:
            length: that of short words.
            seed: draws them.
        """
        random = np.random.default_rng(seed)
        symbols = np.arange(len(self.names), dtype=self._places)
        constant = np.tile(symbols, (max(LONGEST, 2 * length), 1))  # (T, K)
        drawn: WordArray = random.integers(
            0, len(self.names), (len(constant), LONG_WORDS), self._places
        )
        repeats = random.random(drawn.shape) < REPEATED
        repeats[:, ::2] = False
        for step in range(1, len(drawn)):
            drawn[step] = np.where(repeats[step], drawn[step - 1], drawn[step])
        return constant, drawn

    def drawn(self, steps: int, count: int, random: np.random.Generator) -> npt.NDArray[Any]:
        """Draw words (T, N) of so many steps, each symbol as likely as any other."""
        return random.integers(0, len(self.names), (steps, count))

    def long_questions(self, random: np.random.Generator) -> Sequence[WordArray] | None:  # noqa: ARG002
        """Draw words (T,) by which to judge whether a network answers long sequences without error.

        Returns:
            None for sequences that the task's problem draws.
        """
        return None

    def state_words(self, steps: int, count: int, random: np.random.Generator) -> npt.NDArray[Any]:
        """Draw words (T, N) after whose steps states are clustered."""
        return self.drawn(steps, count, random)

    # What networks read, and what is right.

    def inputs(self, words: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
        """Return what networks read of words (T, N): (T, N, F)."""
        return np.asarray(self._features[words])

    def right(self, words: npt.NDArray[Any]) -> AnswerArray | None:
        """Return the right answers (T, N) after each step, and `NO_ANSWER` where there is none.

        Returns:
            None if nobody knows.
        """
        if self.truth.right is None:
            return None
        answers = self.truth.right(self.inputs(words))  # (T, N)
        return np.where(answers < 0, NO_ANSWER, answers).astype(np.uint8)

    def is_asked(self, words: WordArray, right: AnswerArray) -> npt.NDArray[np.bool_]:  # noqa: ARG002
        """Return at which steps (T, N) of words something is asked."""
        asked: npt.NDArray[np.bool_] = right != NO_ANSWER
        return asked

    # How they are written.

    def short_text(self, length: int) -> str:
        """Name the short words in a sentence."""
        return f"sequences of {length} {self.shape.inputs}"

    @property
    def table_text(self) -> str:
        """The sentence that explains the table of an automaton."""
        return (
            f"Columns: the {self.shape.element} that is read. Entries: the answer/the next state."
        )

    def order(
        self,
        words: WordArray,
        right: AnswerArray,  # noqa: ARG002
        wrong: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.intp]:
        """Return the places of words (T, N), the smallest first.

        These are wrong after the fewest steps; of equal ones, those that come first in order of the
        alphabet.

        Args:
            words: (T, N).
            right: (T, N), the right answers.
            wrong: (T, N), where a network's answers differ from them.
        """
        first_wrong = wrong.argmax(axis=0)  # (N,)
        order: npt.NDArray[np.intp] = np.lexsort([*words[::-1], first_wrong])
        return order

    def question(self, word: WordArray, steps: int) -> WordArray:
        """Return the question that begins like a word (T,) and has an answer after these steps."""
        return word[:steps]

    def asked(self, word: WordArray, answers: AnswerArray) -> AskedWord:
        """Return a word (T,) with a network's answers (T,) after each step, as they are shown."""
        right = self.right(word[:, None])
        expected = "" if right is None else self.written_answer(right[:, 0])
        return AskedWord(self.written(word), self.written_answer(answers), expected)

    def written(self, word: WordArray) -> str:
        """Return a word (T,) as it is typed."""
        names = [self.names[symbol] for symbol in word]
        return ("" if all(len(name) == 1 for name in self.names) else " ").join(names)

    def written_answer(self, answers: AnswerArray) -> str:
        """Return the answer of a word: the last one (T,), or all if every step has one."""
        shown = answers if self.shape.every_step else answers[-1:]
        return " ".join(self.answer_name(int(answer)) for answer in shown)

    def answer_name(self, answer: int) -> str:
        """Return an answer as it is shown."""
        return "·" if answer == NO_ANSWER else self.shape.answer_words[answer]
