"""Questions to networks of the hierarchy's tasks: words as typed, and what is answered at blanks.

Comments give shapes: T steps of a word and its blanks, A answers, O outputs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rnn_tui.data.typed import check_steps
from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.hierarchy import BLANK, DEFINITIONS_BY_NAME
from rnn_tui.tasks.hierarchy.rule import rule_of
from rnn_tui.tasks.hierarchy.typed import read_word, written_word
from rnn_tui.tasks.sequences.inference import Answer, ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.questions import (
    SHOWN_STEPS,
    SequenceQuestions,
    TypedSequence,
    classes_of,
    confidence_of,
    remark_of,
)

SHOWN_CHARACTERS = 40  # of a word that is refused


@dataclass(frozen=True, eq=False)
class TypedWord(TypedSequence):
    """A word to answer; its steps are those of the word and of its blanks."""

    symbols: tuple[str, ...]  #: the names of the word's own symbols.
    asked: tuple[str, ...]  #: the names of the right answers, up to the last that is asked.
    blanks: int  #: A, at least as many as are asked.


class HierarchyQuestions(SequenceQuestions):
    """Words of one task of the hierarchy."""

    def __init__(
        self, network: SequenceNetwork, label: str, path: Path, choice: ReplicaChoice
    ) -> None:
        super().__init__(network, label, path, choice)
        self._definition = DEFINITIONS_BY_NAME[self.config.task]
        self._rule = rule_of(self.config.task)

    @property
    def request(self) -> str:
        """What to type, in a sentence without its full stop."""
        return f"Type a word, such as {self._definition.example}"

    @property
    def example(self) -> str:
        """The example of the task's definition."""
        return self._definition.example

    def random(self, random: np.random.Generator) -> str:
        """Draw a word of a length in training, as it is typed."""
        shortest, longest = self.config.lengths
        [word] = self._rule.draw(1, int(random.integers(shortest, longest + 1)), random)
        return written_word([self._definition.symbols[symbol] for symbol in word])

    def read(self, text: str) -> TypedWord:
        """Read a word, and put a blank after it for each answer.

        Raises:
            QueryError: if it has other symbols, or is no word of the task.
        """
        word = read_word(text, self._definition.symbols)
        names = tuple(self._definition.symbols[symbol] for symbol in word)
        if not self._rule.is_word("".join(names).replace(" ", "")):
            raise QueryError(
                f"“{printable(text.strip(), SHOWN_CHARACTERS)}” is no word of "
                f"{self._definition.label.lower()}; type one like {self._definition.example}."
            )
        [answers] = self._rule.answers(np.array([word])).tolist()
        check_steps(len(word) + len(answers))
        blank = len(self._definition.symbols)
        places = [*word, *[blank] * len(answers)]
        return TypedWord(
            text=text,
            inputs=np.eye(blank + 1, dtype=np.uint8)[places],  # (T, K + 1)
            words=(*names, *[BLANK] * len(answers)),
            symbols=names,
            asked=tuple(self._definition.answers[answer] for answer in answers if answer >= 0),
            blanks=len(answers),
        )

    def right(self, question: TypedSequence) -> Sequence[int]:  # noqa: ARG002
        """Return nothing: most steps have no answer, so no study can be told what is right."""
        return ()

    def notices(self, question: TypedSequence) -> Iterator[str]:
        """Yield a sentence on a length that was not in training."""
        assert isinstance(question, TypedWord)
        shortest, longest = self.config.lengths
        if not shortest <= len(question.symbols) <= longest:
            lengths = f"{shortest} to {longest}" if shortest < longest else f"{longest}"
            yield (
                f"These weights were trained on words of {lengths} symbols; with fewer or more, "
                "their answers may be worse."
            )

    def _answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the answer to one word from the outputs (T, O) of all steps."""
        assert isinstance(question, TypedWord)
        at_blanks = outputs[len(outputs) - question.blanks :][: len(question.asked)]  # (A, O)
        answers = classes_of(at_blanks)
        words = [self._definition.answers[answer] for answer in answers]
        expected = [*question.asked]
        several = question.blanks > 1
        document: dict[str, Any] = {
            "query": question.text,
            "read": [*question.words],
            "answer": words if several else words[0],
            "expected": expected if several else expected[0],
            "correct": words == expected,
            "outputs": [*self.shape.outputs],
            "probabilities": (at_blanks if several else at_blanks[0]).tolist(),
        }
        remark = remark_of(words, expected, confidence_of(at_blanks, answers), several)
        text = f"{_on_a_line(question.symbols)} → {_on_a_line(words)}"
        return Answer(text, words == expected, remark, document, _on_a_line(expected))


def _on_a_line(names: Sequence[str]) -> str:
    """Return names as they are written, or the first of many."""
    more = " …" if len(names) > SHOWN_STEPS else ""
    return written_word(names[:SHOWN_STEPS]) + more
