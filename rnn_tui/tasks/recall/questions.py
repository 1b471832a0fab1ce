"""Which digit stood at a position? Questions as typed, and what networks answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnn_tui.tasks.questions import Answer, Questions, ReplicaChoice
from rnn_tui.tasks.recall.inference import RecallNetwork, check_position, parse_digits


@dataclass(frozen=True)
class Recollection:
    """Which digit stood at a position, counted from 1?"""

    text: str
    digits: tuple[int, ...]
    position: int


class RecallQuestions(Questions[Recollection, RecallNetwork]):
    """Sequences of digits, of which one is to be recalled.

    Args:
        network: every network that a file of weights holds.
        label: what to call the weights.
        path: the file.
        choice: which of the networks are asked.
        position: the digit to recall; None for the one that the weights were trained for.
    """

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

    def read(self, text: str) -> Recollection:
        """Read digits."""
        digits = parse_digits(text)
        return Recollection(text, digits, check_position(self.position, digits))

    def length(self, question: Recollection) -> int:
        """One step a digit."""
        return len(question.digits)

    def notices(self, question: Recollection) -> Iterator[str]:
        """Another position than the one in training, or another length."""
        shortest, longest = self.config.lengths
        if question.position != self.config.position:
            yield (
                f"These weights were trained for position {self.config.position}, not for "
                f"{question.position}; rnn-tui train recall --position {question.position} "
                f"--lengths {max(shortest, question.position)}-"
                f"{max(longest, question.position + 8)} makes others."
            )
        if not shortest <= len(question.digits) <= longest:
            yield (
                f"These weights were trained on {shortest} to {longest} digits; where there are "
                "fewer or more, they may answer worse."
            )

    def answers(self, questions: Sequence[Recollection]) -> Iterator[Answer]:
        """The digit that is the most probable on the average of all voters."""
        sequences = [question.digits for question in questions]
        with np.errstate(all="ignore"):
            said = np.concatenate([one.probabilities(sequences) for one in self.networks])
        means = self.checked(said.mean(axis=0))  # (N, 10)
        for question, probabilities in zip(questions, means, strict=True):
            answer = int(probabilities.argmax())
            at = question.position - 1
            expected = question.digits[at]
            shown = [*map(str, question.digits)]
            shown[at] = f"[{expected}]"
            percent = f"{100 * probabilities[answer]:.1f} %"
            yield Answer(
                f"{' '.join(shown)} → {answer}",
                answer == expected,
                f" {percent}" if answer == expected else f"{expected}  {percent}",
                {
                    "query": question.text,
                    "digits": question.digits,
                    "position": question.position,
                    "answer": answer,
                    "expected": expected,
                    "correct": answer == expected,
                    "probabilities": probabilities.tolist(),
                },
            )
