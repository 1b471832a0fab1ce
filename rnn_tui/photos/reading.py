"""The results of reading a photo: its digits, the confidence of each answer, its doubts."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from rnn_tui.networks.stepwise import Array
from rnn_tui.photos.digit.picture import PreparedDigit, Shares
from rnn_tui.tasks.mnist.centre import Digit

#: The share of its confidence that an answer keeps if it is not from the likeliest proposal.
WEAK = 0.7
NO_DIGIT = "No digit found"
UNSURE = "Unsure"
SECOND_LOOK = ", found by a second look"


@dataclass(frozen=True)
class PhotoAnswer:
    """A network's answer to one proposal of the digit that a photo shows."""

    prepared: PreparedDigit  #: what it read.
    probabilities: Array  #: (10,) of the digits, if it is one.
    #: the probability that it is none; 0 if the network has not learned what is none.
    no_digit: float
    likeliest: bool = True  #: whether the proposal is the likeliest one of its digit.

    @property
    def confidence(self) -> float:
        """The probability that the most probable digit is right, 0 … 1."""
        share = 1 if self.likeliest else WEAK
        return share * self.certainty

    @property
    def certainty(self) -> float:
        """The same probability whether the proposal is likely or not."""
        return float((1 - self.no_digit) * self.probabilities.max())

    @property
    def undoubted(self) -> "PhotoAnswer":
        """The same answer without what the preparation says against it."""
        return replace(self, prepared=replace(self.prepared, doubt=""))


@dataclass(frozen=True)
class Reading:
    """The result of reading one photo, or one of several digits in it."""

    path: Path  #: where it lies.
    digit: Digit | None = None  #: (28, 28) as the network reads it, 0 … 1; None after an error.
    probabilities: Array | None = None  #: (10,) of the digits, if it is one; None after an error.
    #: the probability that it is none; 0 if the network has not learned what is none.
    no_digit: float = 0.0
    #: how probable it is that `best` is right, 0 … 1; None after an error.
    confidence: float | None = None
    hint: str = ""  #: what speaks against a digit in the photo, in a sentence.
    doubt: str = ""  #: why `prediction` is None although the photo could be read, in a sentence.
    error: str = ""  #: why it could not be read, in a few words.
    label: int | None = None  #: which digit it is, by its name or by the user; None if unknown.
    labelled_by_user: bool = False  #: whether `label` is the user's word.
    #: where the digit lies in the photo; None if it was not looked for.
    box: Shares | None = None
    #: the digits of a photo of several, each on its own, row by row from the left; empty if it
    #: shows one.
    rows: "tuple[tuple[Reading, ...], ...]" = ()
    #: beside a number, how many marks that look like digits are part of no answer.
    unread: int = 0

    @property
    def best(self) -> int | None:
        """The most probable digit, however improbable; None after an error."""
        return None if self.probabilities is None else int(self.probabilities.argmax())

    @property
    def prediction(self) -> int | None:
        """The most probable digit, unless there is reason to doubt it."""
        return None if self.doubt else self.best

    @property
    def digits(self) -> "tuple[Reading, ...]":
        """All digits in the photo; the reading itself for a photo of one."""
        if self.rows:
            return tuple(itertools.chain(*self.rows))
        return () if self.digit is None else (self,)

    @property
    def text(self) -> str:
        """The digits as text: one, or rows with blanks between them.

        A `?` stands for each digit that is doubted.
        """
        if not self.rows:
            return "?" if self.prediction is None else str(self.prediction)
        return " ".join("".join(digit.text for digit in row) for row in self.rows)

    @property
    def correct(self) -> bool | None:
        """Whether the prediction is the label; None without a label or after an error."""
        if self.label is None or self.error:
            return None
        return self.prediction == self.label

    @property
    def reason(self) -> str:
        """The reason for a doubt in a word or three; empty without one."""
        if not self.doubt:
            return ""
        if self.doubt.startswith(NO_DIGIT):
            return "no digit"
        if self.doubt.endswith(SECOND_LOOK):
            return "second look"
        without_percents = re.sub(r" \([0-9]+ %\)", "", self.doubt)
        return without_percents.removeprefix(f"{UNSURE}: ")

    def with_answer(self, answer: PhotoAnswer) -> "Reading":
        """Return the same photo with an answer."""
        return replace(
            self,
            digit=answer.prepared.digit,
            hint=answer.prepared.doubt,
            probabilities=answer.probabilities,
            no_digit=answer.no_digit,
            confidence=answer.confidence,
            box=answer.prepared.box,
        )

    def with_rows(self, rows: "Sequence[Sequence[Reading]]") -> "Reading":
        """Return the same photo with several digits in it, as sure as the least sure of them."""
        least = min(digit.confidence or 0.0 for row in rows for digit in row)
        return replace(self, rows=tuple(map(tuple, rows)), confidence=least)

    def judged(self, threshold: float) -> "Reading":
        """Return the reading, doubted if its answer is less certain than `threshold`, 0 … 1."""
        if self.rows:
            return self._judged_number(threshold)
        if self.digit is None or self.confidence is None:
            return self
        is_sure = self.confidence >= threshold and self.digit.any() and not self.hint
        return replace(self, doubt="" if is_sure else self._doubt())

    def _judged_number(self, threshold: float) -> "Reading":
        """Return the reading of several digits, each of which is judged on its own.

        It is also doubted for marks that are part of no answer.
        """
        judged = self.with_rows([[digit.judged(threshold) for digit in row] for row in self.rows])
        doubted = sum(bool(digit.doubt) for digit in judged.digits)
        reasons = []
        if doubted:
            reasons.append(f"{doubted:,} of {len(judged.digits):,} digits")
        if self.unread:
            marks = "1 mark was" if self.unread == 1 else f"{self.unread:,} marks were"
            reasons.append(f"{marks} not read")
        doubt = f"{UNSURE}: {'; '.join(reasons)}" if reasons else ""
        return replace(judged, doubt=doubt)

    def _doubt(self) -> str:
        """Return a sentence on what speaks most against the answer."""
        assert self.digit is not None
        assert self.probabilities is not None
        assert self.confidence is not None
        first, second, *_ = np.argsort(-self.probabilities).tolist()
        shares = (1 - self.no_digit) * self.probabilities
        is_none = self.no_digit >= shares[first]
        if self.hint or not self.digit.any() or is_none:
            return f"{NO_DIGIT}: {self.hint or 'What stands out does not look like one.'}"
        lost_by_second_look = shares[first] - self.confidence
        _, alternative = max(
            (shares[second], f" or {second} ({100 * shares[second]:.0f} %)"),
            (self.no_digit, f" or no digit ({100 * self.no_digit:.0f} %)"),
            (lost_by_second_look, SECOND_LOOK),
        )
        return f"{UNSURE}: {first} ({100 * self.confidence:.0f} %){alternative}"
