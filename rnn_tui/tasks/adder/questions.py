"""Additions put to trained networks: as typed, and answered bit by bit."""

from collections.abc import Iterator, Sequence
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
    """A way to write numbers; the letter of its prefix is Python's for it."""

    name: str
    radix: int
    prefix: str

    @cached_property
    def most_digits(self) -> int:
        """Digits of the largest number, and as many again for zeros before it."""
        return 2 * len(self.format(2**MOST_BITS - 1))

    def format(self, value: int) -> str:
        """`value` in this base, without a prefix."""
        return format(value, self.prefix[-1])


BINARY = Base("binary", 2, "0b")
DECIMAL = Base("decimal", 10, "0d")
HEXADECIMAL = Base("hexadecimal", 16, "0x")
BASES = (BINARY, DECIMAL, HEXADECIMAL)


def read_number(text: str, base: Base = BINARY) -> tuple[int, Base]:
    """Read a number as typed, and its base: `base`, unless a prefix 0b, 0d or 0x overrules it; else
    `QueryError`.
    """
    if len(text) > 4 * BINARY.most_digits:  # before anything walks through a million characters
        raise QueryError(TOO_LONG)
    digits = "".join(text.split()).replace("_", "").lower()
    for other in BASES:
        # 0b1 and 0d1 are hexadecimal themselves
        if digits.startswith(other.prefix) and base in (other, BINARY, DECIMAL):
            base, digits = other, digits[2:]
            break
    if not digits:
        raise QueryError(f"Type a {base.name} number.")
    if wrong := digits.strip("0123456789abcdef"[: base.radix]):
        others = "; write 0d… for decimal and 0x… for hexadecimal numbers" if base is BINARY else ""
        raise QueryError(f"“{printable(wrong[0])}” is not a {base.name} digit{others}.")
    if len(digits) > base.most_digits or int(digits, base.radix).bit_length() > MOST_BITS:
        raise QueryError(TOO_LONG)
    return int(digits, base.radix), base


def vote(outputs: Array) -> tuple[npt.NDArray[np.bool_], Array]:
    """The bits (L,) that most of the replicas' outputs (R, L) say, a tie as their mean does, and
    the share (L,) that says 1.
    """
    share: Array = (outputs >= 0.5).mean(axis=0, dtype=np.float32)
    return np.where(share == 0.5, outputs.mean(axis=0) >= 0.5, share > 0.5), share


@dataclass(frozen=True)
class Addition:
    """Two numbers and what paper would show of their sum; bits are least significant first."""

    a: int
    b: int

    @cached_property
    def length(self) -> int:
        """Time steps: bits of the larger number and one for the carry; in training both are below
        2^(L−1): a + b fits.
        """
        return max(self.a.bit_length(), self.b.bit_length()) + 1

    @property
    def total(self) -> int:
        """The true sum."""
        return self.a + self.b

    def bits(self, value: int) -> npt.NDArray[np.uint8]:
        """The first `length` bits (L,) of a number."""
        raw = value.to_bytes((self.length + 7) // 8, "little")
        return np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little")[: self.length]

    @cached_property
    def carries(self) -> npt.NDArray[np.uint8]:
        """The carry (L,) that comes into each place."""
        return self.bits(self.a ^ self.b ^ self.total)


def number_of(bits: Sequence[int] | npt.NDArray[np.bool_]) -> int:
    """The number that these bits are, least significant first."""
    return int.from_bytes(
        np.packbits(np.asarray(bits, np.uint8), bitorder="little").tobytes(), "little"
    )


class AdderNetwork(SequenceNetwork):
    """Trained replicas that add."""

    task = ADDER

    def outputs_of(self, additions: Sequence[Addition]) -> list[Array]:
        """What each replica puts out for each addition: (R, L) between 0 and 1; a bit is 1 where it
        is at least 0.5.
        """
        order, lengths, inputs = longest_first(
            [np.array([one.bits(one.a), one.bits(one.b)]).T for one in additions]
        )
        logits = np.zeros((lengths[0], len(self.replicas), len(order)), np.float32)
        for step, at_step in enumerate(self.steps(inputs, lengths)):
            logits[step, :, : at_step.shape[2]] = at_step[:, 0]
        return [sigmoid(logits[: lengths[column], :, column].T) for column in np.argsort(order)]


MOST_BITS_LISTED = 4  # of more, wrong bits are counted


@dataclass(frozen=True)
class Sum:
    """What is a + b?"""

    text: str  #: the question as typed.
    numbers: Addition  #: a and b.
    base: Base  #: how to write the answer.
    prefix: str  #: what stands before every number that is shown; nothing unless typed.


class AdderQuestions(Questions[Sum, AdderNetwork]):
    """Pairs of numbers; `base` names the one of those without a prefix."""

    request = "Type two numbers, such as 1011 110"
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
            yield (
                f"These weights were trained on numbers of {trained} bits; other lengths may go "
                "wrong."
            )

    def answers(self, questions: Sequence[Sum]) -> Iterator[Answer]:
        """The number whose bits are 1 where the output is at least 0.5, or as most voters say."""
        additions = [question.numbers for question in questions]
        with np.errstate(all="ignore"):
            said = [network.outputs_of(additions) for network in self.networks]
        for question, *parts in zip(questions, *said, strict=True):
            require_finite(outputs := np.concatenate(parts))  # (R, L)
            bits, probabilities = vote(outputs) if self._vote else (outputs[0] >= 0.5, outputs[0])
            numbers, base, prefix, answer = (
                question.numbers,
                question.base,
                question.prefix,
                number_of(bits),
            )
            a, b, answered, right = (
                base.format(value) for value in (numbers.a, numbers.b, answer, numbers.total)
            )
            correct = answer == numbers.total
            remark = (
                ""
                if correct
                else f"{prefix}{right} ({_wrong_bits(answer ^ numbers.total, numbers.length)})"
            )
            asked = {
                "query": question.text,
                "a": str(numbers.a),
                "b": str(numbers.b),
                "base": base.name,
            }
            told = {
                "answer": answered,
                "expected": right,
                "correct": correct,
                "probabilities": probabilities.tolist(),
            }
            yield Answer(
                f"{prefix}{a} + {prefix}{b} = {prefix}{answered}", correct, remark, asked | told
            )


def _wrong_bits(differences: int, length: int) -> str:
    """Which bits are wrong, counted from 0, the least significant."""
    wrong = [str(at) for at in range(length) if differences >> at & 1]
    if len(wrong) > MOST_BITS_LISTED:
        return f"{len(wrong)} of {length} bits wrong"
    return f"bit{'s' * (len(wrong) > 1)} {in_words(wrong)} wrong"
