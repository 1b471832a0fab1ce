"""What the calculator shows: sums asked for, answers compared; fields, sums in words, tallies."""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
import numpy.typing as npt
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from rnn_tui.engine.errors import CheckpointError, QueryError
from rnn_tui.inside.adder import CarryAnalysis, analyse_carry, trace_addition
from rnn_tui.networks.stepwise import Array
from rnn_tui.runs.weights import NETWORKS, Source
from rnn_tui.tasks.adder.questions import (
    BASES,
    MOST_BITS,
    TOO_LONG,
    AdderNetwork,
    Addition,
    Base,
    number_of,
    read_number,
    vote,
)
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.ui.common.widgets.plain import TypedInput

Bits = npt.NDArray[np.bool_]
# a binary number with as many zeros before it and spaces in it as it has digits
MOST_CHARACTERS = 3 * MOST_BITS
MOST_DIGITS_SHOWN = 64  # more digits than these in a row are no longer read
GAP = "   "
# Content makes no use of the theme's $text-muted, whose colour is found by what is behind it
MUTED = "$foreground 60%"
TITLE = "Seeds that get the whole sum right"


@dataclass(frozen=True)
class SumAnswer:
    """A sum as one network, or all in a vote, have it; bits are least significant first."""

    addition: Addition  #: what was asked.
    config: SequenceConfig  #: the settings of the networks.
    replica: int | None  #: which of them answered; None where all voted.
    by: str  #: which weights answered, in words.
    bits: Bits  #: what came out (L,).
    #: of each bit (L,), 0.5 … 1: the output's distance from the other bit, or the share of the
    #: votes.
    confidence: Array
    #: of each variant, how many seeds have the whole sum right; empty unless all voted.
    seeds_right: tuple[int, ...]
    #: the carry into each place (L) as a linear probe reads it off the states; empty where none
    #: comes out, None if not asked.
    told: tuple[int, ...] | None = None

    @cached_property
    def wrong(self) -> Bits:
        """Which bits are not those of the true sum (L,)."""
        return np.not_equal(self.bits, self.addition.bits(self.addition.total))


class Adders:
    """The replicas of one file of weights; raises a `CheckpointError` if it can't be read, or is
    for another task.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._network = NETWORKS.get(source.path, AdderNetwork)
        self.config = self._network.config  #: the settings of all its networks.
        # A replica alone costs a fraction of all of them, and is asked at every keystroke.
        self._only = cache(self._network.only)
        # How the states of a replica tell the carry; None where nothing comes out of its weights.
        self._analyses: dict[int, CarryAnalysis | None] = {}

    @np.errstate(all="ignore")
    def answer(self, addition: Addition, replica: int | None) -> SumAnswer:
        """Add with one replica, or where it is None let all vote for each bit: in a tie the mean of
        the outputs decides.
        """
        seeds_right: tuple[int, ...] = ()
        if replica is None:
            outputs = self._network.outputs_of([addition])[0]  # (R, L)
            bits, ones = vote(outputs)
            confidence = np.maximum(ones, 1 - ones)
            by = f"all {len(outputs)} vote"
            right = ((outputs >= 0.5) == addition.bits(addition.total)).all(axis=1)
            seeds_right = tuple(right.reshape(-1, self.config.seeds).sum(axis=1).tolist())
        else:
            output = self._only(replica).outputs_of([addition])[0][0]  # (L,)
            bits, confidence = output >= 0.5, np.maximum(output, 1 - output)
            one = self._network.replicas[replica]
            by = f"{one.variant.label} · seed {one.seed}"
        # where weights are so large that none comes out
        confidence = np.nan_to_num(confidence.astype(np.float32), nan=0.5)
        return SumAnswer(
            addition,
            self.config,
            replica,
            f"{self.source.label} · {by}",
            bits,
            confidence,
            seeds_right,
        )

    def with_told_carries(self, answer: SumAnswer) -> SumAnswer:
        """The same answer of one replica, with the carries that its states tell by a probe, first
        fitted to others.
        """
        replica, told = answer.replica, ()
        assert replica is not None
        with suppress(CheckpointError):
            if replica not in self._analyses:
                self._analyses[replica] = None
                self._analyses[replica] = analyse_carry(self._network, replica)
            if (analysis := self._analyses[replica]) is not None:
                told = tuple(
                    analysis.carry_row(
                        trace_addition(self._network, answer.addition, replica)
                    ).tolist()
                )
        return replace(answer, told=told)


class NumberEntry(TypedInput):
    """An input for a number that takes all keys as text: `2` or `x` is an answer too, a wrong one,
    as a sentence says.
    """

    def __init__(self, label: str, value: str) -> None:
        super().__init__(value, MOST_CHARACTERS, id=f"number-{label}")
        self.label = label

    def read(self, base: Base) -> int:
        """The number typed; raises a `QueryError` with the sentence to show."""
        if self.cut:  # what is left of a paste is not the number that was meant
            raise QueryError(f"{self.cut} {TOO_LONG}")
        return read_number(self.value, base)[0]

    def convert(self, old: Base, new: Base) -> None:
        """Write the number in another base; what is none stays as typed."""
        with suppress(QueryError):
            self.hold(new.format(self.read(old)))


def shorten(digits: str, width: int) -> str:
    """`digits` in at most `width` cells: cut in the middle, with the number of digits after it."""
    if len(digits) <= min(width, MOST_DIGITS_SHOWN):
        return digits
    count = f" ({len(digits):,} digits)"
    shown = max(2, min(width - len(count), MOST_DIGITS_SHOWN) - 1)
    return f"{digits[: (shown + 1) // 2]}…{digits[-(shown // 2) :]}{count}"


class SumText(Widget):
    """Right or not, the answer in all bases, and where all voted which seeds are right."""

    # Always taken as new: arrays in answers have no single truth value to compare them by.
    answer: reactive[SumAnswer | None] = reactive(None, always_update=True, layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        return [] if self.answer is None else sum_lines(self.answer, width)


def sum_lines(answer: SumAnswer, width: int) -> list[Content]:
    """Right or not, the answer in all bases, and where all voted which seeds are right."""
    verdict = ("✓ right", "$text-success bold")
    if wrong := int(answer.wrong.sum()):
        verdict = (f"✗ {wrong:,} of {answer.addition.length:,} bits wrong", "$text-error bold")
    lines = [Content.assemble(verdict, f" · {answer.by}"), *_in_all_bases(answer, width)]
    if answer.replica is None:
        lines += [Content(""), Content(TITLE).stylize(MUTED), *_tallies(answer, width)]
    return lines


def _in_all_bases(answer: SumAnswer, width: int) -> list[Content]:
    """The answer in the three bases, beside it the true sum where that differs."""
    label_width = max(len(base.name) for base in BASES) + 2
    room = width - label_width
    given, total = number_of(answer.bits), answer.addition.total
    if wrong := given != total:
        room = (room - len(f"{GAP}true ")) // 2
    written = [[shorten(base.format(one), room) for one in (given, total)] for base in BASES]
    column = max(len(answered) for answered, _ in written)
    lines = []
    for base, (answered, true) in zip(BASES, written, strict=True):
        line = Content.assemble((base.name.ljust(label_width), MUTED), (answered, "bold"))
        if wrong:
            label = " " * (column - len(answered)) + f"{GAP}true "
            # Where both are cut they may differ in the part that is left out.
            line += Content.assemble(
                (label, MUTED), true if true != answered else "differs in the middle"
            )
        lines.append(line)
    return lines


def _tallies(answer: SumAnswer, width: int) -> list[Content]:
    """Every variant with its seeds that are right, a loss to a row where its hidden sizes fit."""
    config, cells = answer.config, []
    labels = [f"{variant.label}  " for variant in config.variants]
    counts = [f"{right} of {config.seeds}" for right in answer.seeds_right]
    label_width, count_width = max(map(len, labels)), max(map(len, counts))
    for label, count, right in zip(labels, counts, answer.seeds_right, strict=True):
        style = "$text-success" if right == config.seeds else "$text-error bold"
        cells.append(Content.assemble(label.ljust(label_width), (count.rjust(count_width), style)))
    in_a_row = max(
        1,
        min((width + len(GAP)) // (label_width + count_width + len(GAP)), len(config.hidden_sizes)),
    )
    return [Content(GAP).join(cells[at : at + in_a_row]) for at in range(0, len(cells), in_a_row)]
