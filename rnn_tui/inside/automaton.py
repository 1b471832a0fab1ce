"""The adder as a machine: a finite automaton learned by asking the network, beside the true one of two states.

An adder that reads the bits of two numbers place by place is a Mealy machine: what it puts out at a place depends on
a state and on what it reads there. Where it is not the carry machine of paper, there are sums that it gets wrong; they
are looked for in all sums of short numbers, in long ones, and in the machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from rnn_tui.inside.lstar import MOST_STATES, MachineLearner, require_aalpy
from rnn_tui.inside.mealy import CARRY_MACHINE, Bits, MealyMachine, Words
from rnn_tui.inside.probes import Progress, Stopping, Study
from rnn_tui.inside.trace import Indices, Record
from rnn_tui.networks.stepwise import require_finite, sigmoid
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of

# Longer sums: random ones of each number of bits, as many with long carries, and 1…1 + 1.
LONGEST, OF_EACH_LENGTH = 64, 16
LONG_CARRIES = (0.05, 0.45, 0.45, 0.05)  # how often each symbol comes in them
CHUNK = 8192  # sums that are asked at once


@dataclass(frozen=True)
class AskedSum(Record):
    """What a network answers to an addition, as `rnn-tui add` would have it; all numbers are binary."""

    in_json = ("query", "answer", "expected", "correct")

    numbers: Addition  #: a and b.
    answered: int  #: what the network says their sum is.

    @property
    def query(self) -> str:
        """As one types it."""
        return f"{self.numbers.a:b} + {self.numbers.b:b}"

    @property
    def answer(self) -> str:
        """What the network says."""
        return f"{self.answered:b}"

    @property
    def expected(self) -> str:
        """The true sum."""
        return f"{self.numbers.total:b}"

    @property
    def correct(self) -> bool:
        """Whether the network is right."""
        return self.answered == self.numbers.total

    def __str__(self) -> str:
        return f"{self.query} = {self.answer}" + ("" if self.correct else f", not {self.expected}")


@dataclass(frozen=True, eq=False)
class AutomatonStudy(Study):
    """The machine learned from a network, whether it adds, and sums that the network gets wrong.

    Sums are of ordered pairs. Of two, the smaller one has fewer bits in a and b together; of those with as
    many, the smaller a + b; of those with the same, the larger a.
    """

    name = "automaton"
    in_json = (
        "machine", "holds_beyond", "equivalent", "difference", "bits", "verified", "failing", "smallest",
        "longer", "longer_failing", "counterexamples",
    )  # fmt: skip
    in_arrays = ("outputs", "next_states", "verified", "failing", "longer", "longer_failing")

    #: does what the network does on all sums of up to `bits` bits; None where none of at most `MOST_STATES` states was found.
    machine: MealyMachine | None
    holds_beyond: bool  #: whether it does so on all longer words that were tried, too.
    equivalent: bool  #: whether it is the true machine of two states.
    difference: AskedSum | None  #: asked of the network: a sum that begins with a shortest word on which the two differ.
    bits: int  #: of the numbers in all sums that were verified, at most.
    verified: int  #: how many these are.
    failing: int  #: how many of them the network gets wrong.
    smallest: AskedSum | None  #: the smallest of those.
    longer: int  #: how many sums were tried whose larger number has more bits, up to `LONGEST`.
    longer_failing: int  #: how many of them the network gets wrong.
    counterexamples: tuple[AskedSum, ...]  #: the smallest of those of the kind 1…1 + 1, and of all others, where there are any.

    @property
    def outputs(self) -> Bits:
        """(S, 4), the machine's; of no states where there is none."""
        return np.zeros((0, 4), np.uint8) if self.machine is None else self.machine.outputs

    @property
    def next_states(self) -> Indices:
        """(S, 4), the machine's; of no states where there is none."""
        return np.zeros((0, 4), np.intp) if self.machine is None else self.machine.next_states

    @property
    def summary(self) -> str:
        """Whether it is the true machine, and whether it adds."""
        sums = f"sums of numbers of up to {self.bits} bits"
        what = "The machine learned from the network"
        if self.machine is None:
            what = f"No machine of at most {MOST_STATES} states was found that does what the network does on all {sums}."
        elif self.equivalent:
            what += " is the true one of two states, no carry and carry."
        else:
            count = len(self.machine.states)
            what += f" has {count} state{'s' * (count > 1)} and is not the true one"
            fails = self.difference is not None and not self.difference.correct
            what += f": the network fails at {self.difference}." if fails else "."
        if self.machine is not None and not self.holds_beyond:
            what += " It does what the network does on short words, but not on all longer ones."
        if self.smallest is None:
            return f"{what} All {self.verified:,} {sums} are right."
        return f"{what} {self.failing:,} of {self.verified:,} {sums} are wrong; the smallest: {self.smallest}."

    @property
    def findings(self) -> list[str]:
        """The summary, both machines beside each other, and where they and the sums go wrong."""
        tables = [CARRY_MACHINE.table("true machine")]
        if self.machine is not None:
            tables.insert(0, self.machine.table("learned from the network"))
        blank = " " * len(tables[0][0])
        lines = ["   ".join(row).rstrip() for row in zip_longest(*tables, fillvalue=blank)]
        lines = [self.summary, "", *lines, "At 00, 01, 10, 11, the bits of both numbers: the bit of the sum/the next state."]
        fails = "".join(f" Fails at {one}." for one in self.counterexamples)
        lines.append(
            f"Of {self.longer:,} sums of longer numbers, up to {LONGEST} bits, {self.longer_failing:,} are wrong.{fails}"
        )
        return lines

    @property
    def dot(self) -> str:
        """Both machines in Graphviz's language."""
        learned = () if self.machine is None else self.machine.dot("learned", "learned from the network")
        return "\n".join(["digraph {", "  rankdir=LR;", *learned, *CARRY_MACHINE.dot("true", "true machine"), "}", ""])


def study_automaton(
    network: AdderNetwork, replica: int = 0, progress: Progress = lambda *_: None, stopping: Stopping = lambda: False,
    *, bits: int = 8, seed: int = 0,
) -> AutomatonStudy | None:  # fmt: skip
    """Learn a machine from a replica, and look for sums that it gets wrong; None where it was stopped.

    Args:
        network: the trained replicas.
        replica: which of them, from 0.
        progress: told how much is done.
        stopping: asked whether to leave the rest.
        bits: of the numbers whose sums are all verified, 1 to 10.
        seed: of the random longer sums.

    Raises:
        CheckpointError: if its weights are too large to compute with.
        UserError: if AALpy is not installed.
    """
    require_aalpy()  # before the work
    asked = _Asked(network.only(replica))
    short, long = _all_sums(bits), _longer_sums(bits, seed)
    parts = [*np.array_split(short, -(-short.shape[1] // CHUNK), axis=1), long]
    total, outputs = len(parts) + MOST_STATES, []
    for done, words in enumerate(parts):
        if stopping():
            return None
        progress(done, total)
        outputs.append(asked.outputs(words))
    said = np.concatenate(outputs[:-1], axis=1), outputs[-1]
    known = [*zip((short, long), said, strict=True)]
    learner = MachineLearner(asked.network, known, lambda states: progress(len(parts) + states, total), stopping)
    if (learned := learner.learn()) is None:
        return None
    machine, holds = learned
    failing, longer_failing = (_failing(*one) for one in known)
    chains = np.arange(long.shape[1]) < 2 * (LONGEST - bits)
    found = [asked.smallest(long, longer_failing & kind) for kind in (chains, ~chains)]
    word = None if machine is None else machine.difference(CARRY_MACHINE)
    progress(total, total)
    return AutomatonStudy(
        machine=machine, holds_beyond=holds, equivalent=machine is not None and word is None,
        difference=None if word is None else asked.ask(_beginning_with(word)),
        bits=bits, verified=short.shape[1], failing=int(failing.sum()), smallest=asked.smallest(short, failing),
        longer=long.shape[1], longer_failing=int(longer_failing.sum()),
        counterexamples=tuple(one for one in found if one is not None),
    )  # fmt: skip


# Words.


def _all_sums(bits: int) -> Words:
    """Every pair of numbers of at most that many bits (bits + 1, 4^bits), with a place for the last carry."""
    words = np.zeros((bits + 1, 4**bits), np.uint8)
    words[:bits] = np.indices((4,) * bits, np.uint8).reshape(bits, -1)
    return words


def _longer_sums(bits: int, seed: int) -> Words:
    """1…1 + 1 and 1 + 1…1, then random sums, the larger number of `bits` + 1 to `LONGEST` bits."""
    random = np.random.default_rng(seed)
    places, lengths = np.arange(LONGEST + 1)[:, None], np.arange(bits + 1, LONGEST + 1)
    ones, one = places < lengths, places < 1
    lengths = np.tile(lengths, 2 * OF_EACH_LENGTH)
    even, carrying = (random.choice(4, (LONGEST + 1, len(lengths) // 2), p=chances) for chances in (None, LONG_CARRIES))
    drawn = np.concatenate([even, carrying], axis=1) * (places < lengths)
    drawn[lengths - 1, np.arange(len(lengths))] = random.integers(1, 4, len(lengths))
    return np.concatenate([2 * ones + one, ones + 2 * one, drawn], axis=1).astype(np.uint8)


def _lengths(words: Words) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """How many bits a and b have (N,) each."""
    places = np.arange(1, len(words) + 1)[:, None]
    a, b = (((words & bit) > 0) * places for bit in (2, 1))
    return a.max(axis=0), b.max(axis=0)


def _failing(words: Words, outputs: Bits) -> npt.NDArray[np.bool_]:
    """Which sums (N,) are wrong in a place that an `Addition` of these numbers has."""
    length = np.maximum(*_lengths(words)) + 1
    wrong = (outputs != CARRY_MACHINE.run(words)) & (np.arange(len(words))[:, None] < length)
    found: npt.NDArray[np.bool_] = wrong.any(axis=0)
    return found


def _addition(word: Words) -> Addition:
    return Addition(number_of(word >= 2), number_of(word % 2 == 1))


def _beginning_with(symbols: Sequence[int]) -> Addition:
    """An addition whose places are first those of a word: with one more 1 in a where it would end before them."""
    addition = _addition(np.array(symbols, np.uint8))
    return addition if addition.length >= len(symbols) else Addition(addition.a | 1 << len(symbols), addition.b)


# Asking.


class _Asked:
    """A network of one replica, asked in batches as it answers questions."""

    def __init__(self, network: AdderNetwork) -> None:
        self.network = network

    def outputs(self, words: Words) -> Bits:
        """The bits (T, N) that it puts out while it reads words (T, N)."""
        inputs = np.stack([words >> 1, words & 1], axis=1)  # (T, 2, N)
        with np.errstate(all="ignore"):
            logits = np.array([at_step[0, 0] for at_step in self.network.steps(inputs, [len(words)] * words.shape[1])])
        require_finite(logits)
        return (sigmoid(logits) >= 0.5).astype(np.uint8)

    def ask(self, addition: Addition) -> AskedSum:
        """What it answers to an addition as one types it."""
        with np.errstate(all="ignore"):
            [[outputs]] = self.network.outputs_of([addition])
        require_finite(outputs)
        return AskedSum(addition, number_of(outputs >= 0.5))

    def smallest(self, words: Words, failing: npt.NDArray[np.bool_]) -> AskedSum | None:
        """The smallest of the sums `failing` (N,) that is wrong when asked alone: other rounding may save one."""
        total_bits = np.add(*_lengths(words))
        for bits in np.unique(total_bits[failing]):
            sums = (_addition(words[:, at]) for at in np.flatnonzero(failing & (total_bits == bits)))
            for one in sorted(sums, key=lambda one: (one.total, -one.a)):
                if not (asked := self.ask(one)).correct:
                    return asked
        return None
