"""Questions to networks that were trained on a user's data set, in the units of its file."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.data import store
from rnn_tui.data.data_set import TEST
from rnn_tui.data.description import LARGEST, UNKNOWN_WORD
from rnn_tui.data.files.cells import is_missing
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.data.options import Goal, Layout
from rnn_tui.data.typed import SPACE, check_steps, typed_numbers, typed_symbols
from rnn_tui.data.words import word_of_cell, words_of
from rnn_tui.engine.counts import count_of
from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.data_sets.calibration import kept_temperatures
from rnn_tui.tasks.sequences.inference import Answer, ReplicaChoice, SequenceNetwork
from rnn_tui.tasks.sequences.questions import (
    SequenceQuestions,
    TypedSequence,
    classes_of,
    confidence_of,
)

_CELL = re.compile(r"[^\s,;]+")
_WORD = re.compile(r"[^\s,;]*[^\s,;.+-][^\s,;]*")  # not the beginning of a number, such as a minus


class DataSetQuestions(SequenceQuestions):
    """Sequences as they stand in the file that the networks were trained on.

    Raises:
        DataError: if the data set is kept no more.
    """

    largest = LARGEST

    def __init__(
        self, network: SequenceNetwork, label: str, path: Path, choice: ReplicaChoice
    ) -> None:
        super().__init__(network, label, path, choice)
        self._description = store.describe(self.config.task)

    def random(self, random: np.random.Generator) -> str:
        """Return a sequence of the test part by chance, as it is typed."""
        data_set = store.load(self.config.task)
        values = data_set.sequence(int(random.choice(data_set.of_part(TEST))))  # (T, F)
        alphabet = self._description.alphabet
        if not alphabet:
            return typed_numbers(values.tolist())
        symbols = [alphabet[place] for place in values[:, 0].astype(int)]
        return typed_symbols(symbols, alphabet)

    def read(self, text: str) -> TypedSequence:
        """Read symbols or numbers; raises `QueryError`, also where a number is missing."""
        alphabet = self._description.alphabet
        if self._description.words:
            return self._read_words(text)
        if not alphabet:
            _refuse_gaps(text)
        elif " " in alphabet and SPACE not in alphabet:
            text = text.replace(SPACE, " ")
        return super().read(text)

    def _read_words(self, text: str) -> TypedSequence:
        """Read the words of a text, or tokens with blanks between them if training had tokens."""
        reading = self._description.reading
        words = words_of(text)
        if reading is not None and reading.layout is Layout.LONG:
            words = [*map(word_of_cell, text.split())]
        check_steps(len(words))
        vocabulary = self._description.alphabet
        known = {word: place for place, word in enumerate(vocabulary)}
        places = np.array([known.get(word, 0) for word in words])
        read = tuple(vocabulary[place] for place in places.tolist())
        return TypedSequence(text, network_inputs(self._description, places[:, None]), read)

    def notices(self, question: TypedSequence) -> Iterator[str]:
        """Yield sentences on a length that was not in training, and on unknown words."""
        yield from super().notices(question)
        unknown = question.words.count(UNKNOWN_WORD) if self._description.words else 0
        if unknown:
            verb = "is" if unknown == 1 else "are"
            of_all = count_of(len(question.words), "word")
            yield f"{unknown:,} of {of_all} {verb} unknown, and read as {UNKNOWN_WORD}."

    def check_lines(self, questions: Sequence[TypedSequence], head: str) -> None:
        """Refuse lines that are the rows of a table, each a step.

        Raises:
            QueryError: if each is one step, or has as many numbers as the head has names, and no
                sequence in training was so short.
        """
        lengths = {len(question.inputs) for question in questions}
        if len(questions) < 2 or len(lengths) > 1 or self._description.alphabet:
            return
        [length] = lengths
        names = len(_CELL.findall(head))
        is_row = length == 1 or names == length * self._description.input_size
        if is_row and length < self._description.shortest:
            raise QueryError(
                "Each line is a sequence, and these are short and all alike, as the rows of a "
                "table are; training had sequences of at least "
                f"{self._description.shortest:,} steps. rnn-tui predict --run RUN FILE reads a "
                "table with a row a step."
            )

    def inputs_of(self, numbers: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Return numbers (T, F) standardised, as networks read them."""
        as_kept = numbers.astype(np.float32)
        return network_inputs(self._description, as_kept)

    def outputs(
        self, network: SequenceNetwork, questions: Sequence[TypedSequence]
    ) -> Sequence[Array]:
        """Return what all replicas answer (R, A, O), logits divided by their temperatures."""
        outputs = super().outputs(network, questions)
        places = [self.config.replicas.index(replica) for replica in network.replicas]
        divisors = kept_temperatures(network.metrics, places)[:, None, None]
        return [(logits / divisors).astype(logits.dtype) for logits in outputs]

    def numbers_of(self, outputs: Array) -> npt.NDArray[Any]:
        """Return the outputs (…, O) in the units of the file."""
        return in_units(self._description, outputs)

    def _answer(self, question: TypedSequence, outputs: Array) -> Answer:
        """Return the answer to one question; of inputs to come, those after the last step."""
        answer = super()._answer(question, outputs)
        if self._description.goal is not Goal.NEXT:
            return answer
        read = self.written(question.words)
        if self._description.alphabet:
            confidence = confidence_of(outputs, classes_of(outputs))
            symbol = answer.document["answer"][-1]
            return replace(answer, text=f"{read} → {symbol}", remark=f"{100 * confidence:.1f} %")
        return replace(answer, text=f"{read} → {self._forecast(answer.document['answer'][-1])}")

    def _columns_answered(self) -> tuple[str, ...]:
        """Return the columns whose next numbers are answered."""
        return self._description.features

    def _forecast(self, numbers: list[float]) -> str:
        """Return the numbers (O,) of all steps ahead on a line, such as `+1 2.5; +2 2.7`."""
        columns = self._columns_answered()
        names = [""] if len(columns) == 1 else [f"{column} " for column in columns]
        steps: list[str] = []
        for start in range(0, len(numbers), len(columns)):
            values = numbers[start : start + len(columns)]
            words = [f"{name}{value:.4g}" for name, value in zip(names, values, strict=True)]
            steps.append(f"+{len(steps) + 1} {', '.join(words)}")
        return "; ".join(steps)


def _refuse_gaps(text: str) -> None:
    """Raise `QueryError` if a word among numbers stands for a missing one."""
    for word in _WORD.findall(text):
        if is_missing(word):
            raise QueryError(
                f"“{printable(word)}” stands for a missing number, and a typed sequence may have "
                "no gaps; type a number, such as the one before."
            )
