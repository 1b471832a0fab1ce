"""Questions to the networks of any task on sequences, read and answered by the shape of the task.

Comments give shapes: R replicas, B questions, T steps, F features, O outputs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.data.typed import (
    LARGEST,
    alphabet_in_words,
    read_numbers,
    read_symbols,
    visible,
)
from rnn_tui.engine.errors import QueryError
from rnn_tui.networks.stepwise import Array, require_finite, sigmoid, softmax
from rnn_tui.tasks.sequences.inference import (
    Answer,
    Questions,
    SequenceNetwork,
    longest_first,
)
from rnn_tui.tasks.sequences.words import truth_of, words_for
from rnn_tui.tasks.task import SequenceShape

SHOWN_STEPS = 40  # of a sequence, and of its answers, on a line
SHOWN_COLUMNS = 12  # in a sentence


@dataclass(frozen=True, eq=False)
class TypedSequence:
    """A sequence to answer."""

    text: str  #: as typed.
    inputs: npt.NDArray[Any]  #: (T, F), as networks read it.
    words: tuple[str, ...]  #: (T,) each step in a word or two.


class SequenceQuestions(Questions[TypedSequence, SequenceNetwork]):
    """Sequences of any task, as its shape describes them."""

    largest: ClassVar[float] = LARGEST  #: of the numbers as typed, apart from their sign.

    @property
    def shape(self) -> SequenceShape:
        """What is read and answered."""
        return self.networks[0].shape

    @property
    def request(self) -> str:
        """What to type, in a sentence without its full stop."""
        shape = self.shape
        if shape.alphabet:
            return f"Type a sequence of {shape.inputs}: {alphabet_in_words(shape.symbols)}"
        if shape.features == 1:
            return "Type the numbers of a sequence, such as 0.5 1 -0.25"
        columns = f" ({columns_in_words(shape.columns)})" if shape.columns else ""
        return (
            f"Type the {shape.features} numbers of each step{columns}, with a semicolon between "
            "two steps"
        )

    @property
    def example(self) -> str:
        """The shortest sequence in training, of the first symbol or of zeros."""
        shape, steps = self.shape, self.config.lengths[0]
        if shape.alphabet:
            return " ".join([shape.alphabet[0].name] * steps)
        return "; ".join([" ".join(["0"] * shape.features)] * steps)

    def random(self, random: np.random.Generator) -> str:
        """Draw a sequence of a length in training, as it is typed; empty without an alphabet."""
        if not self.shape.alphabet:
            return ""
        shortest, longest = self.config.lengths
        words = words_for(self.networks[0].task, self.config)
        drawn = words.drawn(int(random.integers(shortest, longest + 1)), 1, random)[:, 0]
        return " ".join(words.names[symbol] for symbol in drawn)

    def read(self, text: str) -> TypedSequence:
        """Read symbols of the alphabet, or numbers; raises `QueryError`."""
        alphabet = self.shape.alphabet
        if not alphabet:
            rows = self._numbers(text)
            words = tuple(" ".join(f"{value:g}" for value in row) for row in rows)
            return TypedSequence(text, self.inputs_of(np.array(rows)), words)
        places = read_symbols(text, self.shape.symbols)
        inputs = np.array([alphabet[place].features for place in places], np.uint8)
        return TypedSequence(text, inputs, tuple(alphabet[place].name for place in places))

    def _numbers(self, text: str) -> list[list[float]]:
        """Read numbers (T, F); what refuses them names the columns, if there are several."""
        shape = self.shape
        try:
            return read_numbers(text, shape.features, largest=self.largest)
        except QueryError as error:
            if len(shape.columns) < 2:
                raise
            columns = columns_in_words(shape.columns)
            raise QueryError(f"{error} The numbers of a step are, in order: {columns}.") from None

    def inputs_of(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Return what networks read (T, F) of numbers as typed (T, F)."""
        return numbers.astype(np.float32)

    def length(self, question: TypedSequence) -> int:
        """Return the number of steps."""
        return len(question.inputs)

    def inputs(self, question: TypedSequence) -> npt.NDArray[Any]:
        """Return what networks read of a question (T, F)."""
        return question.inputs

    def words(self, question: TypedSequence) -> Sequence[str]:
        """Return the numbers of each step as typed; symbols have words of their own."""
        return () if self.shape.alphabet else question.words

    def right(self, question: TypedSequence) -> Sequence[int]:
        """Return the right answers, if the task says what is right."""
        network = self.networks[0]
        right = truth_of(network.task, network.config).right
        if right is None:
            return ()
        answers: list[int] = right(question.inputs[:, None])[:, 0].tolist()  # (T,)
        asked = answers if self.shape.every_step else answers[-1:]
        return asked if all(answer >= 0 for answer in asked) else ()

    def notices(self, question: TypedSequence) -> Iterator[str]:
        """Yield a sentence on a length that was not in training."""
        shortest, longest = self.config.lengths
        if not shortest <= len(question.inputs) <= longest:
            lengths = f"{shortest} to {longest}" if shortest < longest else f"{longest}"
            yield (
                f"These weights were trained on sequences of {lengths} steps; with fewer or more, "
                "their answers may be worse."
            )

    def outputs(
        self, network: SequenceNetwork, questions: Sequence[TypedSequence]
    ) -> Sequence[Array]:
        """Return what all replicas answer (R, A, O) to each of B sequences, A = T or 1.

        These are probabilities, or numbers.
        """
        every_step = network.shape.every_step
        order, lengths, read = longest_first([question.inputs for question in questions])
        answered = lengths if every_step else [1] * len(lengths)
        logits = [
            np.empty((len(network.replicas), count, network.outputs), np.float32)
            for count in answered
        ]
        for step, at_step in enumerate(network.steps(read, lengths)):  # (R, O, n)
            for place in range(at_step.shape[2]):
                logits[place][:, step if every_step else 0] = at_step[:, :, place]
        require_finite(*logits)
        outputs = [self._probabilities(network, values) for values in logits]
        return [outputs[place] for place in np.argsort(order)]

    def _probabilities(self, network: SequenceNetwork, logits: Array) -> Array:
        """Return probabilities (R, A, O), or numbers, of logits (R, A, O)."""
        if network.shape.numbers:
            return logits
        if network.outputs == 1:
            return sigmoid(logits)
        separate = np.asarray([replica.variant.loss == "bce" for replica in network.replicas])
        return np.where(separate[:, None, None], sigmoid(logits), softmax(logits))

    def answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the answer that is the most probable on the average of all voters."""
        return self._answer(question, outputs.mean(axis=0))

    def _answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the answer to one question from the mean outputs (A, O) of all that are asked."""
        shape = self.shape
        document: dict[str, Any] = {"query": question.text, "read": [*map(visible, question.words)]}
        if shape.numbers:
            return self._answer_of_numbers(question, document, self.numbers_of(outputs))
        answers = classes_of(outputs)  # (A,)
        right = self.right(question)
        words = [shape.answer_words[answer] for answer in answers]
        expected = [shape.answer_words[answer] for answer in right]
        correct = words == expected if expected else None
        document["answer"] = words if shape.every_step else words[0]
        document["expected"] = None
        if expected:
            document["expected"] = expected if shape.every_step else expected[0]
        document["correct"] = correct
        document["outputs"] = list(shape.outputs)
        document["probabilities"] = (outputs if shape.every_step else outputs[0]).tolist()
        shown = self.written(question.words)
        remark = remark_of(words, expected, confidence_of(outputs, answers), shape.every_step)
        return Answer(
            f"{shown} → {self.written(words)}",
            correct,
            remark,
            document,
            self.written(expected),
        )

    def _answer_of_numbers(
        self, question: TypedSequence, document: dict[str, Any], numbers: npt.NDArray[Any]
    ) -> Answer:
        """Return the answer to one question that is numbers (A, O)."""
        shape = self.shape
        words = [" ".join(f"{value:.4g}" for value in row) for row in numbers]
        document["answer"] = (numbers if shape.every_step else numbers[0]).tolist()
        document["expected"] = document["correct"] = None
        document["outputs"] = list(shape.outputs)
        text = f"{self.written(question.words)} → {self.written(words)}"
        return Answer(text, None, "", document)

    @staticmethod
    def written(words: Sequence[str]) -> str:
        """Return steps on a line, without space between single characters."""
        shown = words[:SHOWN_STEPS]
        between = ""
        if any(len(word) != 1 for word in words):
            between = "; " if any(" " in word for word in words) else " "
        return between.join(shown) + (" …" if len(words) > SHOWN_STEPS else "")


def columns_in_words(columns: Sequence[str]) -> str:
    """Return the names of the numbers of a step in their order, or the first ones of many."""
    shown = ", ".join(columns[:SHOWN_COLUMNS])
    return f"{shown}, …" if len(columns) > SHOWN_COLUMNS else shown


def classes_of(outputs: Array) -> npt.NDArray[np.int64]:
    """Return the answers (A,) of probabilities (A, O)."""
    if outputs.shape[1] == 1:
        return np.asarray(outputs[:, 0] >= 0.5, np.int64)
    return np.asarray(outputs.argmax(axis=1), np.int64)


def confidence_of(outputs: Array, answers: npt.NDArray[np.int64]) -> float:
    """Return the probability, 0 … 1, of the last of the answers (A,)."""
    if outputs.shape[1] == 1:
        of_yes = float(outputs[-1, 0])
        return of_yes if answers[-1] else 1 - of_yes
    return float(outputs[-1, answers[-1]])


def remark_of(
    answers: Sequence[str], expected: Sequence[str], confidence: float, every_step: bool
) -> str:
    """Return what follows the mark for right or wrong."""
    percent = f"{100 * confidence:.1f} %"
    if not every_step:
        wrong = bool(expected) and answers != expected
        return f"{expected[0]}  {percent}" if wrong else f" {percent}"
    if not expected:
        return ""
    count = sum(answer != true for answer, true in zip(answers, expected, strict=True))
    return f"{count} of {len(answers)} wrong" if count else ""
