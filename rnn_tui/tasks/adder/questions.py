"""What is a + b? Questions as typed, and what networks answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnn_tui.engine.errors import QueryError
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.adder.inference import (
    BASES,
    BINARY,
    AdderNetwork,
    Addition,
    Base,
    number_of,
    read_number,
    vote,
)
from rnn_tui.tasks.questions import Answer, Questions, ReplicaChoice

# Beyond these, wrong bits are counted in place of listed.
MOST_BITS_LISTED = 4


@dataclass(frozen=True)
class Sum:
    """What is a + b?

    Attributes:
        text: the question as typed.
        numbers: a and b.
        base: how to write the answer.
        prefix: what stands before every number that is shown; nothing unless typed.
    """

    text: str
    numbers: Addition
    base: Base
    prefix: str


class AdderQuestions(Questions[Sum, AdderNetwork]):
    """Pairs of numbers.

    Args:
        network: every network that a file of weights holds.
        label: what to call the weights.
        path: the file.
        choice: which of the networks are asked.
        base: how numbers without a prefix are written; the name of one of `BASES`.
    """

    request = "Type two numbers, such as 1011 110"
    preferred_loss = "bce"

    def __init__(
        self,
        network: AdderNetwork,
        label: str,
        path: Path,
        choice: ReplicaChoice,
        base: str = BINARY.name,
    ) -> None:
        super().__init__(network, label, path, choice)
        [self._base] = (one for one in BASES if one.name == base)

    def read(self, text: str) -> Sum:
        """Read two numbers with a plus or only space between them."""
        parts = text.split("+") if "+" in text else text.split()
        if len(parts) != 2:
            raise QueryError(f"{self.request}.")
        (first, base), (second, _) = (read_number(part, self._base) for part in parts)
        return Sum(text, Addition(first, second), base, base.prefix * (base is not self._base))

    def length(self, question: Sum) -> int:
        """One step a bit of the sum."""
        return question.numbers.length

    def notices(self, question: Sum) -> Iterator[str]:
        """Numbers of other lengths than in training."""
        shortest, longest = (length - 1 for length in self.config.lengths)
        if not shortest < question.numbers.length <= longest + 1:
            trained = f"{shortest} to {longest}" if shortest else f"at most {longest}"
            yield f"These weights were trained on numbers of {trained} bits; others may go wrong."

    def answers(self, questions: Sequence[Sum]) -> Iterator[Answer]:
        """The number whose bits are 1 where the output is at least 0.5, or as most voters say."""
        numbers = [question.numbers for question in questions]
        with np.errstate(all="ignore"):
            said = [network.outputs_of(numbers) for network in self.networks]
        for question, *parts in zip(questions, *said, strict=True):
            outputs = self.checked(parts[0] if len(parts) == 1 else np.concatenate(parts))  # (R, L)
            bits, probabilities = outputs[0] >= 0.5, outputs[0]
            if self._vote:
                bits, probabilities = vote(outputs)
            yield _answer(question, number_of(bits), probabilities)


def _answer(question: Sum, answer: int, probabilities: Array) -> Answer:
    numbers, base, expected = question.numbers, question.base, question.numbers.total
    a, b, answered, right = (
        base.format(value) for value in (numbers.a, numbers.b, answer, expected)
    )
    prefix = question.prefix
    remark = ""
    if answer != expected:
        remark = f"{prefix}{right} ({_wrong_bits(answer ^ expected, numbers.length)})"
    return Answer(
        f"{prefix}{a} + {prefix}{b} = {prefix}{answered}",
        answer == expected,
        remark,
        {
            "query": question.text,
            "a": str(numbers.a),
            "b": str(numbers.b),
            "base": base.name,
            "answer": answered,
            "expected": right,
            "correct": answer == expected,
            "probabilities": probabilities.tolist(),
        },
    )


def _wrong_bits(differences: int, length: int) -> str:
    """Which bits are wrong, counted from 0, the least significant."""
    wrong = [str(at) for at in range(length) if differences >> at & 1]
    if len(wrong) > MOST_BITS_LISTED:
        return f"{len(wrong)} of {length} bits wrong"
    *others, last = wrong
    return f"bits {', '.join(others)} and {last} wrong" if others else f"bit {last} wrong"
