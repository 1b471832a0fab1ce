"""The answers of networks to test sequences, one a sequence, as lists show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_tui.tasks.data_sets.evaluation import DataSetEvaluation


@dataclass(frozen=True)
class AnsweredSequence:
    """The answer of a variant to a test sequence."""

    index: int  #: the place of the sequence in the data set.
    name: str  #: what the file calls it.
    #: the share of wrong answers, 0 … 1, or the root mean squared error in the unit of the test, as
    #: the mean over the seeds.
    error: float
    true: int | None = None  #: its class; None if it has none, or none is known.
    answer: int | None = None  #: the most probable class; None unless sequences are classified.
    probabilities: tuple[float, ...] = ()  #: of each class, the mean over the seeds.

    @property
    def confidence(self) -> float:
        """The probability of the answer, 0 … 1."""
        return max(self.probabilities, default=0.0)

    @property
    def wrong(self) -> bool:
        """Whether another class was answered."""
        return self.true is not None and self.answer != self.true


def answers_of_run(evaluation: "DataSetEvaluation", variant: int) -> list[AnsweredSequence]:
    """Return the answers of a variant, in the order of the data set."""
    indices = evaluation.indices.tolist()
    errors = evaluation.errors[variant].tolist()
    if evaluation.probabilities is None or evaluation.targets is None:
        pairs = zip(indices, evaluation.names, errors, strict=True)
        return sorted((AnsweredSequence(*pair) for pair in pairs), key=lambda answer: answer.index)
    probabilities = evaluation.probabilities[variant]  # (N, C)
    rows = zip(
        indices,
        evaluation.names,
        errors,
        evaluation.targets.tolist(),
        probabilities.argmax(axis=1).tolist(),
        probabilities.tolist(),
        strict=True,
    )
    answers = [
        AnsweredSequence(index, name, error, true if true >= 0 else None, answer, tuple(shares))
        for index, name, error, true, answer, shares in rows
    ]
    return sorted(answers, key=lambda answer: answer.index)


def worst_first(answers: Sequence[AnsweredSequence]) -> list[AnsweredSequence]:
    """Return the wrong answers, the most confident first; without classes, the largest errors."""
    if answers and answers[0].answer is not None:
        wrong = [answer for answer in answers if answer.wrong]
        return sorted(wrong, key=lambda answer: -answer.confidence)
    with_error = [answer for answer in answers if answer.error > 0]
    return sorted(with_error, key=lambda answer: -answer.error)


def matrix_of(answers: Sequence[AnsweredSequence], classes: int) -> list[list[int]]:
    """Return how often each class (rows) was answered by each other one (columns)."""
    matrix = [[0] * classes for _ in range(classes)]
    for answer in answers:
        if answer.true is not None and answer.answer is not None:
            matrix[answer.true][answer.answer] += 1
    return matrix
