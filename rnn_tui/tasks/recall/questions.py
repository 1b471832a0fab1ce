"""Questions to trained recall networks: as typed, and what networks answer."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.networks.stepwise import Array, require_finite, sigmoid, softmax
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.recall import DIGITS, RECALL
from rnn_tui.tasks.sequences.inference import (
    Answer,
    Questions,
    ReplicaChoice,
    SequenceNetwork,
    longest_first,
)

MOST_DIGITS = 1000
_DIGIT = re.compile(r"[0-9]")
_WRONG = re.compile(r"[^0-9 ,;\t\n\r]")


def parse_digits(text: str) -> tuple[int, ...]:
    """Read digits as typed, maybe with spaces or commas.

    Raises:
        QueryError: if there are none, more than 1,000, or anything else among them.
    """
    wrong = _WRONG.search(text)
    if wrong is not None:
        place, character = wrong.start() + 1, printable(wrong[0])
        raise QueryError(
            f"Only the digits 0 to 9 can be recalled; character {place} is “{character}”."
        )
    digits = tuple(map(int, _DIGIT.findall(text)))
    if len(digits) > MOST_DIGITS:
        raise QueryError(f"A sequence may have at most {MOST_DIGITS:,} digits.")
    if not digits:
        raise QueryError("Type a sequence of digits, such as 3 1 4 1 5.")
    return digits


def parse_position(text: str) -> int:
    """Read a position as typed; `QueryError` if it is not a whole number from 1."""
    typed = text.strip()
    if not typed:
        raise QueryError("Type the position to recall; the first digit's is 1.")
    if not (typed.isascii() and typed.isdigit()) or int(typed) < 1:
        raise QueryError(
            f"A position is a whole number from 1, such as 3, not “{printable(typed, 24)}”."
        )
    return int(typed)


def check_position(position: int, digits: Sequence[int]) -> int:
    """Return `position` (from 1), or raise `QueryError` if the sequence has no such digit."""
    if not 1 <= position <= len(digits):
        have = f"{len(digits)} digits" if len(digits) > 1 else "one digit"
        raise QueryError(
            f"Position {printable(position, 24)} is beyond the sequence, which has {have}."
        )
    return position


def one_hot(digits: Sequence[int]) -> npt.NDArray[np.uint8]:
    """Return digits as networks read them (T, 10)."""
    return np.asarray(np.eye(DIGITS, dtype=np.uint8)[np.asarray(digits)])


def kept_digits(inputs: npt.NDArray[Any], config: SequenceConfig) -> npt.NDArray[np.int64]:
    """Return the digit (T, N) to recall after each step, −1 before it was read.

    Args:
        inputs: (T, N, 10), one-hot.
        config: its position is the one to recall.
    """
    position = config.position or 1
    kept = np.full(inputs.shape[:2], -1)
    if position <= len(inputs):
        kept[position - 1 :] = inputs[position - 1].argmax(axis=1)
    return kept


class RecallNetwork(SequenceNetwork):
    """Trained replicas that name the digit at the position they were trained for."""

    task = RECALL

    def probabilities(self, sequences: Sequence[Sequence[int]]) -> Array:
        """Return the probabilities (R, N, 10) of the digits that are recalled from N sequences.

        After `bce` they are separate ones, else a softmax.

        Raises:
            CheckpointError: if the weights are too large to compute with.
        """
        order, lengths, inputs = longest_first([one_hot(digits) for digits in sequences])
        final = np.empty((len(self.replicas), DIGITS, len(order)), np.float32)
        with np.errstate(all="ignore"):
            for logits in self.steps(inputs, lengths):  # (R, 10, n): the last of each counts
                final[:, :, : logits.shape[2]] = logits
        require_finite(final)
        answers = np.empty((len(self.replicas), len(order), DIGITS), np.float32)
        answers[:, order] = final.transpose(0, 2, 1)
        separate = np.asarray([replica.variant.loss == "bce" for replica in self.replicas])
        probabilities = np.where(separate[:, None, None], sigmoid(answers), softmax(answers))
        return np.asarray(probabilities)


@dataclass(frozen=True)
class Recollection:
    """The question which digit is at a position, counted from 1."""

    text: str  #: the question as typed.
    digits: tuple[int, ...]  #: 0 … 9 each.
    position: int  #: from 1.


class RecallQuestions(Questions[Recollection, RecallNetwork]):
    """Sequences of digits, of which one is recalled: at `position`, or where training had it."""

    request = "Type a sequence of digits, such as 3 1 4 1 5"

    def __init__(
        self,
        network: RecallNetwork,
        label: str,
        path: Path,
        choice: ReplicaChoice,
        position: int | None = None,
    ) -> None:
        super().__init__(network, label, path, choice)
        self.position = position or self.config.position or 1

    @property
    def example(self) -> str:
        """Zeros up to the position."""
        return "0" * self.position

    def read(self, text: str) -> Recollection:
        """Read digits."""
        digits = parse_digits(text)
        return Recollection(text, digits, check_position(self.position, digits))

    def length(self, question: Recollection) -> int:
        """Return the number of steps: one a digit."""
        return len(question.digits)

    def notices(self, question: Recollection) -> Iterator[str]:
        """Yield a sentence for a position or a length that was not in training."""
        shortest, longest = self.config.lengths
        position = question.position
        if position != self.config.position:
            command = (
                f"rnn-tui train recall --position {position} --lengths "
                f"{max(shortest, position)}-{max(longest, position + 8)}"
            )
            yield (
                f"These weights were trained for position {self.config.position}, not for "
                f"{position}; {command} makes others."
            )
        if not shortest <= len(question.digits) <= longest:
            yield (
                f"These weights were trained on {shortest} to {longest} digits; with fewer or "
                "more, their answers may be worse."
            )

    def inputs(self, question: Recollection) -> npt.NDArray[np.uint8]:
        """Return the digits one-hot (T, 10)."""
        return one_hot(question.digits)

    def right(self, question: Recollection) -> list[int]:
        """Return the digit at the position."""
        return [question.digits[question.position - 1]]

    def title(self, answer: Answer) -> str:
        """Return the sequence with the position marked, and the answer."""
        return answer.text.replace(" → ", ": ")

    def outputs(self, network: RecallNetwork, questions: Sequence[Recollection]) -> Sequence[Array]:
        """Return the probabilities of the digits (R, 10) for each sequence."""
        of_replicas = network.probabilities([question.digits for question in questions])
        return [*of_replicas.swapaxes(0, 1)]

    def answer(self, question: Recollection, outputs: Array) -> Answer:
        """Return the digit that is the most probable on the average of all voters."""
        return _answer(question, outputs.mean(axis=0))


def _answer(question: Recollection, probabilities: Array) -> Answer:
    """Return the answer to one question from the probabilities (10,) of the digits."""
    index = question.position - 1
    answer = int(probabilities.argmax())
    expected = question.digits[index]
    correct = answer == expected
    digits = [str(digit) for digit in question.digits]
    digits[index] = f"[{digits[index]}]"
    percent = f"{100 * probabilities[answer]:.1f} %"
    remark = f" {percent}" if correct else f"{expected}  {percent}"
    document = {
        "query": question.text,
        "digits": question.digits,
        "position": question.position,
        "answer": answer,
        "expected": expected,
        "correct": correct,
        "probabilities": probabilities.tolist(),
    }
    return Answer(f"{' '.join(digits)} → {answer}", correct, remark, document, str(expected))
