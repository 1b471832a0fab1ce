"""Compares what a network answers here with what the real one answers to the same inputs.

Shapes: T steps, N sequences, F features, V symbols, A answers of O outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import NetworkError, SafeText
from rnn_tui.networks.foreign.hints import EQUAL, AnswerComparison
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, Floats, sigmoid, softmax

FIRST_SEQUENCES = 4  # by which most candidates are ruled out
AT_ONCE, MOST_AT_ONCE = 64, 10_000_000  # sequences, and the numbers that these are read as
TELLING_STEPS, TELLING_SIZE = 6, 3.0  # of the inputs that tell two networks from each other
Answers = npt.NDArray[Any]
Ends = Sequence[Callable[[Array], Array]]


def _same(logits: Array) -> Array:
    return logits


def _log_softmax(logits: Array) -> Array:
    with np.errstate(divide="ignore"):  # of a probability of 0
        return np.asarray(np.log(softmax(logits)))


#: what may be done with the answers at the end of a network; it leaves their order as it is. Of a
#: single output the first and the third.
ENDS: Ends = (_same, softmax, sigmoid, _log_softmax)


def ends_of(*, numbers: bool) -> Ends:
    """Return what may be done with answers at the end; numbers are shown as they are."""
    return ENDS[:1] if numbers else ENDS


@dataclass(frozen=True, eq=False)
class Candidate:
    """One of the ways in which a network may compute its answers."""

    stack: Stack  #: in double precision, behind the embedding.
    table: Array | None  #: (V, F) what each symbol is read as; None for numbers.
    in_words: str
    one_hot: bool = False  #: whether it reads symbols without a table, one-hot.
    numbers: bool = False  #: whether its answers are numbers, in place of classes.

    @property
    def features(self) -> int:
        """Numbers that it reads at a step, or of a table the symbols."""
        return self.stack.features if self.table is None else len(self.table)

    @property
    def reads_symbols(self) -> bool:
        """Whether it reads symbols, as whole numbers."""
        return self.table is not None or self.one_hot


class AnswerTrial(ABC):
    """Inputs, and what a network answers to them."""

    source: SafeText  #: what gave the answers.
    problem = ""  #: why it gives none, where that is so.

    @abstractmethod
    def answered(self, candidate: Candidate) -> Sequence[tuple[Answers, Sequence[Answers]]]:
        """Return inputs that a candidate may read, each with all that was answered to it."""


def equal_to(
    trial: AnswerTrial, candidates: Sequence[Candidate], file_name: str
) -> tuple[int, AnswerComparison]:
    """Return the place of the candidate that answers as the real network does.

    Raises:
        NetworkError: if none does, or if several do that are not the same.
    """
    differences = [_difference(trial, candidate) for candidate in candidates]
    closest = min(differences, default=np.inf)
    if closest > EQUAL:
        raise NetworkError(_refusal(trial, candidates, differences, file_name))
    first, *others = [at for at, difference in enumerate(differences) if difference <= EQUAL]
    for other in others:
        if not _are_the_same(candidates[first], candidates[other]):
            raise NetworkError(
                f"{file_name} answers alike, by these inputs, as {candidates[first].in_words} and "
                f"as {candidates[other].in_words}; compare with more steps and larger numbers, or "
                "say which it is."
            )
    return first, AnswerComparison(trial.source, differences[first])


def _refusal(
    trial: AnswerTrial,
    candidates: Sequence[Candidate],
    differences: Sequence[float],
    file_name: str,
) -> str:
    """Return the sentence on candidates of which none answers alike."""
    ways = "as it is read" if len(candidates) == 1 else f"in any of {len(candidates):,} ways"
    closest = min(differences, default=np.inf)
    refusal = f"{file_name} does not answer here, {ways}, what {trial.source} has"
    if not np.isfinite(closest) and trial.problem:
        return trial.problem
    if not np.isfinite(closest):
        return (
            f"{refusal}: no shapes of answers fit. Inputs are (sequences, steps, numbers), or "
            "symbols as whole numbers (sequences, steps); answers are what comes out, not classes."
        )
    nearest = candidates[int(np.argmin(differences))].in_words
    sentence = f"{refusal}: the nearest, {nearest}, differs by {closest:.1e}."
    if closest < 100 * EQUAL:
        sentence += " Single precision may differ so; compare with answers of net.double()."
    else:
        sentence += " Something else is computed between its layers, which is not read here."
    if candidates[0].numbers:
        sentence += " Probabilities, behind a softmax or sigmoid, are of classes and no numbers."
    return sentence


def _difference(trial: AnswerTrial, candidate: Candidate) -> float:
    """Return the largest difference of a candidate's answers, as a share of the largest above 1.

    It has to answer all inputs alike, each in the order of axes that suits best.
    """
    largest = np.inf
    for batch, (inputs, answers) in enumerate(trial.answered(candidate)):
        smallest = np.inf
        for read in _readings(inputs, candidate):
            for answer in answers:
                smallest = min(smallest, _smallest_difference(candidate, read, answer))
        largest = max(largest, smallest) if batch else smallest
        if largest > EQUAL:
            break
    return float(largest)


def _readings(inputs: Answers, candidate: Candidate) -> Iterator[Answers]:
    """Yield inputs as a candidate may read them: symbols (T, N), or numbers (T, N, F).

    Sequences come first or second; a single one may have no axis of its own.
    """
    own_axes = 1 if candidate.reads_symbols else 2
    if not candidate.reads_symbols and candidate.features == 1 and inputs.ndim < 3:
        inputs = inputs[..., None]
    if candidate.reads_symbols:
        if inputs.ndim == 3 and inputs.shape[2] == 1:
            inputs = inputs[..., 0]
        whole = inputs.size and (inputs == np.floor(inputs)).all()
        if not whole or inputs.min() < 0 or inputs.max() >= candidate.features:
            return
    elif inputs.ndim < 2 or inputs.shape[-1] != candidate.features:
        return
    if inputs.ndim == own_axes:
        yield inputs[:, None]
    elif inputs.ndim == own_axes + 1:
        yield inputs.swapaxes(0, 1)
        yield inputs


def _smallest_difference(candidate: Candidate, read: Answers, answer: Answers) -> float:
    """Return the difference from an answer, in the order of axes and the end that suit best."""
    steps, count = read.shape[:2]
    stack = candidate.stack
    if stack.only_steps not in (None, steps):
        return np.inf
    number = steps if stack.every_step else 1
    first = slice(0, FIRST_SEQUENCES)
    at_once = max(1, min(AT_ONCE, MOST_AT_ONCE // (steps * stack.features)))
    logits: Answers | None = None
    smallest = np.inf
    for axes in ((0, 1, 2), (1, 0, 2)):
        shape = tuple(np.array((number, count, stack.outputs))[list(axes)])
        if answer.squeeze().shape != tuple(size for size in shape if size > 1):
            continue
        by_answer = answer.reshape(shape).transpose(np.argsort(axes))  # (A, N, O)
        if logits is None:
            logits = logits_of(candidate, read[:, first])
        for end in ends_of(numbers=candidate.numbers)[:: 2 if stack.outputs == 1 else 1]:
            difference = _largest(end(logits), by_answer[:, first], answer)
            if difference <= EQUAL:
                parts = [slice(start, start + at_once) for start in range(0, count, at_once)]
                difference = max(
                    _largest(end(logits_of(candidate, read[:, part])), by_answer[:, part], answer)
                    for part in parts
                )
            smallest = min(smallest, difference)
    return smallest


def _largest(ours: Answers, theirs: Answers, scale: Answers) -> float:
    """Return the largest difference, as a share of the largest of `scale` above 1."""
    with np.errstate(all="ignore"):
        difference = float(np.abs(ours - theirs).max())
    return difference / max(1.0, float(np.abs(scale).max())) if np.isfinite(difference) else np.inf


def logits_of(candidate: Candidate, read: Answers) -> Array:
    """Return the answers (A, N, O) of a candidate to symbols (T, N) or numbers (T, N, F)."""
    if candidate.table is not None:
        inputs: Answers = candidate.table[read.astype(int)]
    elif candidate.one_hot:
        inputs = one_hot(read, candidate.features)
    else:
        inputs = read.astype(float)
    with np.errstate(all="ignore"):
        return candidate.stack.logits(inputs)


def one_hot(symbols: Answers, count: int) -> Floats:
    """Return symbols (…) of so many as numbers (…, V), of which one is 1."""
    ones: Floats = (symbols[..., None] == np.arange(count)).astype(float)
    return ones


def _are_the_same(first: Candidate, second: Candidate) -> bool:
    """Return whether two candidates answer alike to large inputs as well."""
    if first.stack.takes != second.stack.takes or first.features != second.features:
        return False
    if (first.table is None) != (second.table is None):
        return False
    random = np.random.default_rng(0)
    shape = first.stack.only_steps or TELLING_STEPS, FIRST_SEQUENCES
    if first.table is None:
        read: Answers = TELLING_SIZE * random.normal(size=(*shape, first.features))
    else:
        read = random.integers(0, first.features, shape)
    ours, theirs = logits_of(first, read), logits_of(second, read)
    return bool(np.abs(ours - theirs).max() <= EQUAL * max(1.0, float(np.abs(ours).max())))
