"""Additions put to trained networks: as typed, and answered bit by bit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.networks.stepwise import Array, require_finite, sigmoid
from rnn_tui.tasks.adder import ADDER
from rnn_tui.tasks.config import PREFERRED_LOSS
from rnn_tui.tasks.sequences.inference import (
    Answer,
    Column,
    Questions,
    ReplicaChoice,
    SequenceNetwork,
    in_words,
    longest_first,
)

MOST_BITS = 4096
TOO_LONG = f"A number may have at most {MOST_BITS:,} bits."


@dataclass(frozen=True)
class Base:
    """A way to write numbers."""

    name: str  #: as messages and `--base` say it.
    radix: int  #: how many digits there are.
    prefix: str  #: may precede a number; its letter is Python's for the base.

    @cached_property
    def most_digits(self) -> int:
        """Digits of the largest number, and as many again for zeros before it."""
        return 2 * len(self.format(2**MOST_BITS - 1))

    def format(self, value: int) -> str:
        """Return `value` in this base, without a prefix."""
        return format(value, self.prefix[-1])


BINARY = Base("binary", 2, "0b")
DECIMAL = Base("decimal", 10, "0d")
HEXADECIMAL = Base("hexadecimal", 16, "0x")
BASES = (BINARY, DECIMAL, HEXADECIMAL)


def read_number(text: str, base: Base = BINARY) -> tuple[int, Base]:
    """Read a number as typed, and its base.

    Args:
        text: the number, maybe with spaces, underscores and a prefix 0b, 0d or 0x.
        base: its base, unless the prefix names another.

    Raises:
        QueryError: if it is no number, or too long.
    """
    if len(text) > 4 * BINARY.most_digits:  # before anything walks through a million characters
        raise QueryError(TOO_LONG)
    digits = "".join(text.split()).replace("_", "").lower()
    for other in BASES:
        # 0b1 and 0d1 are hexadecimal numbers themselves
        if digits.startswith(other.prefix) and base in (other, BINARY, DECIMAL):
            base = other
            digits = digits.removeprefix(other.prefix)
            break
    if not digits:
        raise QueryError(f"Type a {base.name} number.")
    wrong = digits.strip("0123456789abcdef"[: base.radix])
    if wrong:
        others = "; write 0d… for decimal, 0x… for hexadecimal" if base is BINARY else ""
        raise QueryError(f"“{printable(wrong[0])}” is not a {base.name} digit{others}.")
    if len(digits) > base.most_digits:
        raise QueryError(TOO_LONG)
    number = int(digits, base.radix)
    if number.bit_length() > MOST_BITS:
        raise QueryError(TOO_LONG)
    return number, base


def vote(outputs: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """Let replicas vote on each bit; a tie is decided by the mean of their outputs.

    Args:
        outputs: (R, L), 0 … 1.

    Returns:
        the bits (L,), and the share (L,) of replicas that answer 1.
    """
    share: Array = (outputs >= 0.5).mean(axis=0, dtype=np.float32)
    bits = np.where(share == 0.5, outputs.mean(axis=0) >= 0.5, share > 0.5)
    return bits, share


@dataclass(frozen=True)
class Addition:
    """Two numbers and the written addition of them; bits are least significant first."""

    a: int  #: at least 0.
    b: int  #: at least 0.

    @cached_property
    def length(self) -> int:
        """Time steps L: bits of the larger number and one for the carry.

        As in training, both numbers are below 2^(L − 1), so that the sum fits.
        """
        return max(self.a.bit_length(), self.b.bit_length()) + 1

    @property
    def total(self) -> int:
        """The true sum."""
        return self.a + self.b

    def bits(self, value: int) -> npt.NDArray[np.uint8]:
        """Return the first `length` bits (L,) of a number."""
        raw = value.to_bytes((self.length + 7) // 8, "little")
        return np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: self.length]

    @property
    def pairs(self) -> npt.NDArray[np.uint8]:
        """The bits of both numbers (L, 2), as networks read them."""
        return np.array([self.bits(self.a), self.bits(self.b)]).T

    @cached_property
    def carries(self) -> npt.NDArray[np.uint8]:
        """The carry (L,) that comes into each place."""
        return self.bits(self.a ^ self.b ^ self.total)


def number_of(bits: Sequence[int] | npt.NDArray[np.bool_]) -> int:
    """Return the number that these bits are, least significant first."""
    packed = np.packbits(np.asarray(bits, np.uint8), bitorder="little")
    return int.from_bytes(packed.tobytes(), "little")


class AdderNetwork(SequenceNetwork):
    """Trained replicas that add."""

    task = ADDER

    def outputs_of(self, additions: Sequence[Addition]) -> list[Array]:
        """Return the outputs of R replicas for each addition of L steps: (R, L), 0 … 1.

        A bit is 1 if the output is at least 0.5.
        """
        order, lengths, inputs = longest_first([numbers.pairs for numbers in additions])
        logits = np.zeros((lengths[0], len(self.replicas), len(order)), np.float32)  # (T, R, B)
        for step, of_step in enumerate(self.steps(inputs, lengths)):  # (R, 1, n)
            logits[step, :, : of_step.shape[2]] = of_step[:, 0]
        places = np.argsort(order)  # of the additions, as they were given
        return [sigmoid(logits[: lengths[place], :, place].T) for place in places]


MOST_BITS_LISTED = 4  # if there are more wrong bits, they are counted


@dataclass(frozen=True)
class Sum:
    """The question for a + b."""

    text: str  #: the question as typed.
    numbers: Addition  #: a and b.
    base: Base  #: how to write the answer.
    prefix: str  #: precedes every number that is shown; empty unless typed.


class AdderQuestions(Questions[Sum, AdderNetwork]):
    """Pairs of numbers; `base` names the one of those without a prefix."""

    request = "Type two numbers, such as 1011 110"
    example = "0 0"
    preferred_loss = PREFERRED_LOSS

    def __init__(
        self,
        network: AdderNetwork,
        label: str,
        path: Path,
        choice: ReplicaChoice,
        base: str = BINARY.name,
    ) -> None:
        super().__init__(network, label, path, choice)
        self._base = next(number_base for number_base in BASES if number_base.name == base)

    def read(self, text: str) -> Sum:
        """Read two numbers with a plus or only space between them."""
        parts = text.split("+") if "+" in text else text.split()
        if len(parts) != 2:
            raise QueryError(f"{self.request}.")
        (first, base), (second, _) = (read_number(part, self._base) for part in parts)
        prefix = "" if base is self._base else base.prefix
        return Sum(text, Addition(first, second), base, prefix)

    def length(self, question: Sum) -> int:
        """Return the number of steps: one a bit of the sum."""
        return question.numbers.length

    def notices(self, question: Sum) -> Iterator[str]:
        """Yield a sentence on numbers of lengths that were not in training."""
        shortest, longest = (length - 1 for length in self.config.lengths)
        if not shortest < question.numbers.length <= longest + 1:
            trained = f"{shortest} to {longest}" if shortest else f"at most {longest}"
            yield (
                f"These weights were trained on numbers of {trained} bits; other lengths may go "
                "wrong."
            )

    def inputs(self, question: Sum) -> npt.NDArray[np.uint8]:
        """Return the bits of both numbers (L, 2)."""
        return question.numbers.pairs

    def right(self, question: Sum) -> list[int]:
        """Return the bits of the true sum."""
        return [*map(int, question.numbers.bits(question.numbers.total))]

    def columns(self, question: Sum) -> Sequence[Column]:
        """Return the places, the bits of both numbers, the true carry into each place."""
        numbers = question.numbers
        return [
            ("bit", range(numbers.length)),
            ("a", numbers.bits(numbers.a)),
            ("b", numbers.bits(numbers.b)),
            ("carry", numbers.carries),
        ]

    def facts(self, question: Sum) -> Mapping[str, npt.NDArray[np.uint8]]:
        """Return the true carries."""
        return {"carries": question.numbers.carries}

    def outputs(self, network: AdderNetwork, questions: Sequence[Sum]) -> Sequence[Array]:
        """Return the probability of a 1 at each place (R, L) of each sum."""
        outputs = network.outputs_of([question.numbers for question in questions])
        require_finite(*outputs)
        return outputs

    def bits(self, outputs: Array) -> tuple[npt.NDArray[np.bool_], Array]:
        """Return the bits (L,) that come out, and the probability or share of votes for a 1 (L,).

        A bit is 1 if its output (R, L) is at least 0.5, or if most voters say so.
        """
        return vote(outputs) if self.votes else (outputs[0] >= 0.5, outputs[0])

    def answer(self, question: Sum, outputs: Array) -> Answer:
        """Return the sum that these outputs (R, L) are."""
        bits, probabilities = self.bits(outputs)
        numbers, base = question.numbers, question.base
        answer = number_of(bits)
        correct = answer == numbers.total
        a, b = base.format(numbers.a), base.format(numbers.b)
        answered, expected = base.format(answer), base.format(numbers.total)
        prefix = question.prefix
        remark = ""
        if not correct:
            wrong_bits = _wrong_bits(answer ^ numbers.total, numbers.length)
            remark = f"{prefix}{expected} ({wrong_bits})"
        document = {
            "query": question.text,
            "a": str(numbers.a),
            "b": str(numbers.b),
            "base": base.name,
            "answer": answered,
            "expected": expected,
            "correct": correct,
            "probabilities": probabilities.tolist(),
        }
        text = f"{prefix}{a} + {prefix}{b} = {prefix}{answered}"
        return Answer(text, correct, remark, document, f"{prefix}{expected}")


def _wrong_bits(differences: int, length: int) -> str:
    """Return which bits of a number are wrong, in words, counted from 0, the least significant."""
    wrong = [str(place) for place in range(length) if differences >> place & 1]
    if len(wrong) > MOST_BITS_LISTED:
        return f"{len(wrong)} of {length} bits wrong"
    noun = "bit" if len(wrong) == 1 else "bits"
    return f"{noun} {in_words(wrong)} wrong"
