"""What became of a photo: the digits in it, how sure each answer is, and why it is doubted."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnn_tui.networks.stepwise import Array
from rnn_tui.photos.digit.picture import PreparedDigit, Shares
from rnn_tui.tasks.mnist.centre import Digit

WEAK = 0.7  # the share of its confidence that an answer keeps which only a second look shows
NO_DIGIT = "No digit found"
UNSURE = "Unsure"


@dataclass(frozen=True)
class PhotoAnswer:
    """What a network makes of a photo that was prepared in one way."""

    way: PreparedDigit  #: what it read.
    probabilities: Array  #: (10,) of the digits, if it is one.
    #: the probability that it is none; 0 where the network has not learned what is none.
    no_digit: float
    first: bool = True  #: whether this is the likeliest way to see the photo.

    @property
    def confidence(self) -> float:
        """How probable it is that the most probable digit is right, 0 … 1."""
        return (1 if self.first else WEAK) * float((1 - self.no_digit) * self.probabilities.max())


@dataclass(frozen=True)
class Reading:
    """What became of one photo, or of one of several digits in it."""

    path: Path  #: where it lies.
    digit: Digit | None = None  #: (28, 28) as the network reads it, 0 … 1; None after an error.
    probabilities: Array | None = None  #: (10,) of the digits, if it is one; None after an error.
    #: the probability that it is none; 0 where the network has not learned what is none.
    no_digit: float = 0.0
    #: how probable it is that `best` is right, 0 … 1; None after an error.
    confidence: float | None = None
    hint: str = ""  #: what speaks against a digit in the photo, in a sentence.
    doubt: str = ""  #: why `prediction` is None although the photo could be read, in a sentence.
    error: str = ""  #: why it could not be read, in a few words.
    #: which digit it is, where its name says so and that was asked for, or where the user does.
    label: int | None = None
    given: bool = False  #: whether it is the user who said so.
    #: where the digit lies in the photo; None where it was not looked for.
    box: Shares | None = None
    #: the digits of a photo of several, each on its own, row by row from the left; empty where it
    #: shows one.
    rows: "tuple[tuple[Reading, ...], ...]" = ()

    @property
    def best(self) -> int | None:
        """The most probable digit, however little that says."""
        return None if self.probabilities is None else int(self.probabilities.argmax())

    @property
    def prediction(self) -> int | None:
        """The most probable digit, unless there is reason to doubt it."""
        return None if self.doubt else self.best

    @property
    def digits(self) -> "tuple[Reading, ...]":
        """All digits in the photo, each on its own: of a photo of one, that."""
        return tuple(itertools.chain(*self.rows)) or ((self,) if self.digit is not None else ())

    @property
    def text(self) -> str:
        """What is read: a digit, or rows of digits with blanks between them; `?` for each that is
        doubted.
        """
        if not self.rows:
            return "?" if self.prediction is None else str(self.prediction)
        return " ".join("".join(one.text for one in row) for row in self.rows)

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None without a label or after an error."""
        return None if self.label is None or self.error else self.prediction == self.label

    def answered(self, answer: PhotoAnswer) -> "Reading":
        """The same photo with an answer."""
        way, said, sure = answer.way, answer.probabilities, answer.confidence
        return replace(
            self,
            digit=way.digit,
            hint=way.doubt,
            probabilities=said,
            no_digit=answer.no_digit,
            confidence=sure,
            box=way.box,
        )

    def of_rows(self, rows: "Sequence[Sequence[Reading]]") -> "Reading":
        """The same photo with several digits in it, as sure as the least sure of them."""
        return replace(
            self,
            rows=tuple(map(tuple, rows)),
            confidence=min(one.confidence or 0.0 for row in rows for one in row),
        )

    def judged(self, threshold: float) -> "Reading":
        """The same reading, doubted where the answer is less certain than `threshold`, 0 … 1."""
        if self.rows:
            judged = self.of_rows([[one.judged(threshold) for one in row] for row in self.rows])
            doubted, count = sum(bool(one.doubt) for one in judged.digits), len(judged.digits)
            return replace(
                judged, doubt=f"{UNSURE}: {doubted:,} of {count:,} digits" if doubted else ""
            )
        if self.digit is None or self.confidence is None:
            return self
        return replace(
            self,
            doubt=""
            if self.confidence >= threshold and self.digit.any() and not self.hint
            else self._doubt(),
        )

    @property
    def why(self) -> str:
        """Why it is doubted, in a word or three; empty if it is not."""
        if not self.doubt or self.doubt.startswith(NO_DIGIT):
            return self.doubt and "no digit"
        return re.sub(r" \([0-9]+ %\)", "", self.doubt.removeprefix(f"{UNSURE}: "))

    def _doubt(self) -> str:
        """What speaks against the answer, in a sentence."""
        assert self.probabilities is not None
        first, second, *_ = np.argsort(-self.probabilities).tolist()
        shares = (1 - self.no_digit) * self.probabilities
        if (
            self.hint
            or self.digit is None
            or not self.digit.any()
            or self.no_digit >= shares[first]
        ):
            return f"{NO_DIGIT}: {self.hint or 'What stands out does not look like one.'}"
        return (
            f"{UNSURE}: {first} ({100 * shares[first]:.0f} %) or {second} "
            f"({100 * shares[second]:.0f} %)"
        )
