"""The calculator's answers, its fields and its texts: numbers, sums, votes."""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from rnn_tui.archive.weights import NETWORKS
from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.inside.hidden import HiddenAnalysis, analyse_hidden
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.adder.questions import (
    BASES,
    MOST_BITS,
    TOO_LONG,
    AdderQuestions,
    Addition,
    Base,
    number_of,
    read_number,
)
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.ui.calculator_prompt.asking import NetworkAnswers
from rnn_tui.ui.widgets.plain import FewCharacters, TypedInput

Bits = npt.NDArray[np.bool_]
# a binary number with as many zeros before it and spaces in it as it has digits
MOST_CHARACTERS = 3 * MOST_BITS
MOST_DIGITS_SHOWN = 64  # nobody reads more digits than these in a row
GAP = "   "
# Content cannot use the theme's $text-muted, whose colour depends on the background
MUTED = "$foreground 60%"
TITLE = "Seeds that get the whole sum right"


@dataclass(frozen=True)
class SumAnswer:
    """The answer of one network, or of all in a vote; its L bits are least significant first."""

    addition: Addition  #: the sum in question.
    config: SequenceConfig  #: the settings of the networks.
    answered_by: str  #: which weights answered, in words.
    bits: Bits  #: the sum that came out (L,).
    #: (L,), 0.5 … 1: the probability that the network gives each bit, or its share of the votes.
    confidence: Array
    #: how many seeds have the whole sum right, by variant; empty unless all voted.
    seeds_right: tuple[int, ...]
    #: the carry into each place (L,) as a linear probe reads it from the states; empty before it is
    #: asked, in a vote, and if the probe can't be fitted.
    probed_carries: tuple[int, ...] = ()

    @property
    def voted(self) -> bool:
        """Whether all networks voted."""
        return bool(self.seeds_right)

    @cached_property
    def wrong(self) -> Bits:
        """The bits (L,) that differ from those of the true sum."""
        return np.not_equal(self.bits, self.addition.bits(self.addition.total))


def sum_answer(answers: NetworkAnswers) -> SumAnswer:
    """Return what is shown of answers to an addition."""
    questions = answers.questions
    assert isinstance(questions, AdderQuestions)
    bits, ones = questions.bits(answers.outputs[0])
    return SumAnswer(
        answers.asked[0].numbers,
        answers.config,
        answers.answered_by,
        bits,
        np.maximum(ones, 1 - ones).astype(np.float32),
        answers.seeds_right,
    )


class CarryProbes:
    """Linear probes for the carry, fitted to other sums, once for each network."""

    def __init__(self) -> None:
        #: By network; None if its weights give no numbers.
        self._analyses: dict[Hashable, HiddenAnalysis | None] = {}

    def read(self, answers: NetworkAnswers) -> SumAnswer:
        """Return the answer of one network, with the carries that a probe reads from its states."""
        [network] = answers.questions.networks
        answer = sum_answer(answers)
        key = (NETWORKS.version_of(answers.source.path), answers.variant, answers.seed)
        with suppress(CheckpointError):
            inputs = answer.addition.pairs.astype(np.float32)  # (L, 2)
            alone = TaskNetwork(network)
            trace = alone.trace(inputs)
            if key not in self._analyses:
                self._analyses[key] = None
                self._analyses[key] = analyse_hidden(NetworkReading(alone, trace))
            analysis = self._analyses[key]
            if analysis is not None:
                return replace(answer, probed_carries=tuple(analysis.probe_row(trace).tolist()))
        return answer


class NumberEntry(FewCharacters, TypedInput):
    """An input for a number in any base.

    A digit that its base does not have can be typed: a sentence then says what is wrong.
    """

    characters = frozenset("0123456789abcdefABCDEFxX_ ")

    def __init__(self, label: str, value: str) -> None:
        super().__init__(value, MOST_CHARACTERS, id=f"number-{label}")
        self.label = label

    def read(self, base: Base) -> int:
        """Return the number typed; raises a `QueryError` with the sentence to show."""
        if self.cut:  # a paste that was cut is not the number that the user meant
            raise QueryError(TOO_LONG)
        return read_number(self.value, base)[0]

    def convert(self, old: Base, new: Base) -> None:
        """Write the number in another base; text that is no number stays as typed."""
        with suppress(QueryError):
            self.hold(new.format(self.read(old)))


def shorten(digits: str, width: int) -> str:
    """Cut digits in the middle to at most `width` cells, followed by their number."""
    if len(digits) <= min(width, MOST_DIGITS_SHOWN):
        return digits
    count = f" ({len(digits):,} digits)"
    shown = max(2, min(width - len(count), MOST_DIGITS_SHOWN) - 1)
    return f"{digits[: (shown + 1) // 2]}…{digits[-(shown // 2) :]}{count}"


class SumText(Widget):
    """Shows whether the sum is right, the sum in all bases, and after a vote the right seeds."""

    # Always taken as new: arrays in answers have no single truth value to compare them by.
    answer: reactive[SumAnswer | None] = reactive(None, always_update=True, layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        return [] if self.answer is None else sum_lines(self.answer, width)


def sum_lines(answer: SumAnswer, width: int) -> list[Content]:
    """Say whether the sum is right, give it in all bases, and after a vote the right seeds."""
    wrong = int(answer.wrong.sum())
    if wrong:
        verdict = (f"✗ {wrong:,} of {answer.addition.length:,} bits wrong", "$text-error bold")
    else:
        verdict = ("✓ right", "$text-success bold")
    lines = [Content.assemble(verdict, f" · {answer.answered_by}"), *_in_all_bases(answer, width)]
    if answer.voted:
        lines += [Content(""), Content(TITLE).stylize(MUTED), *_seeds_right(answer, width)]
    return lines


def _in_all_bases(answer: SumAnswer, width: int) -> list[Content]:
    """Write the answer in the three bases, with the true sum beside it if that differs."""
    label_width = max(len(base.name) for base in BASES) + 2
    room = width - label_width
    answered, true = number_of(answer.bits), answer.addition.total
    wrong = answered != true
    if wrong:
        room = (room - len(f"{GAP}true ")) // 2
    answers = [shorten(base.format(answered), room) for base in BASES]
    truths = [shorten(base.format(true), room) for base in BASES]
    column_width = max(map(len, answers))
    lines = []
    for base, answer_text, true_text in zip(BASES, answers, truths, strict=True):
        line = Content.assemble((base.name.ljust(label_width), MUTED), (answer_text, "bold"))
        if wrong:
            label = " " * (column_width - len(answer_text)) + f"{GAP}true "
            # Where both are cut they may differ in the part that is left out.
            differs = true_text != answer_text
            line += Content.assemble(
                (label, MUTED), true_text if differs else "differs in the middle"
            )
        lines.append(line)
    return lines


def _seeds_right(answer: SumAnswer, width: int) -> list[Content]:
    """Count the right seeds of every variant, a loss to a line where its hidden sizes fit."""
    config = answer.config
    labels = [f"{variant.label}  " for variant in config.variants]
    counts = [f"{right} of {config.seeds}" for right in answer.seeds_right]
    label_width, count_width = max(map(len, labels)), max(map(len, counts))
    cells = []
    for label, count, right in zip(labels, counts, answer.seeds_right, strict=True):
        style = "$text-success" if right == config.seeds else "$text-error bold"
        cells.append(Content.assemble(label.ljust(label_width), (count.rjust(count_width), style)))
    cell_width = label_width + count_width + len(GAP)
    fitting = (width + len(GAP)) // cell_width
    per_line = max(1, min(fitting, len(config.hidden_sizes)))
    return [
        Content(GAP).join(cells[start : start + per_line])
        for start in range(0, len(cells), per_line)
    ]
