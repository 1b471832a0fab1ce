"""The adder as a machine: a finite automaton learned by asking the network, beside the true one of
two states.

An adder that reads the bits of two numbers place by place is a Mealy machine (Mealy 1955): what it
puts out depends on a state and on what it reads. It is learned by Angluin's L* (1987), for Mealy
machines as Shahbaz & Groz (2009) have it, by AALpy. As Weiss et al. (2018, “Extracting automata
from recurrent neural networks using queries and counterexamples”) do it, the network answers what
it puts out at any word, and what it is known to put out at many decides whether a machine is its
own.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.hidden import Bits
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.trace import Indices, Record
from rnn_tui.networks.stepwise import require_finite, sigmoid
from rnn_tui.tasks.adder.questions import AdderNetwork, Addition, number_of

#: what is read at a place: the bits of a and b there. A symbol is its index, 2·a + b.
SYMBOLS = ("00", "01", "10", "11")
#: a machine of more says little; a network that cannot add may have no machine at all.
MOST_STATES = 40
#: places, in all, that the network reads for L* before it is given up: some seconds.
MOST_READ = 400_000
#: words on which a machine is seen to fail, of which one must hold when asked alone.
MOST_TRIED = 20
#: bits of the longest sums.
LONGEST = 64
#: random sums of each number of bits; as many again have long carries.
OF_EACH_LENGTH = 16
LONG_CARRIES = (0.05, 0.45, 0.45, 0.05)  # how often each symbol comes in those
CHUNK = 8192  # sums that are asked at once
Word = tuple[int, ...]
Words = Bits  # (T, N): N words of T symbols, the lowest place first.


@dataclass(frozen=True, eq=False)
class MealyMachine(Record):
    """A finite automaton that puts out a bit at each symbol; it begins in its first state."""

    in_json = ("states", "outputs", "next_states")

    states: tuple[str, ...]  #: (S,) their names.
    outputs: Bits  #: (S, 4), the bit that is put out in each state at each of `SYMBOLS`.
    next_states: Indices  #: (S, 4), the state that follows, from 0.

    def run(self, words: Words) -> Bits:
        """Return the bits (T, N) put out while it reads words (T, N) of symbols."""
        outputs = np.empty(words.shape, np.uint8)
        state = np.zeros(words.shape[1], np.intp)
        for place, symbols in enumerate(words):  # (N,)
            outputs[place] = self.outputs[state, symbols]
            state = self.next_states[state, symbols]
        return outputs

    def difference(self, other: "MealyMachine") -> Word | None:
        """Return a shortest word after whose last symbol the outputs of the two differ.

        None if there is none.
        """
        # A walk, breadth first, through pairs of states: one of this machine, one of the other.
        words: dict[tuple[int, int], Word] = {(0, 0): ()}  # the words that lead to each pair
        waiting = deque(words)
        while waiting:
            own, others = pair = waiting.popleft()
            for symbol in range(len(SYMBOLS)):
                word = (*words[pair], symbol)
                if self.outputs[own, symbol] != other.outputs[others, symbol]:
                    return word
                following = (
                    int(self.next_states[own, symbol]),
                    int(other.next_states[others, symbol]),
                )
                if following not in words:
                    words[following] = word
                    waiting.append(following)
        return None

    def table(self, title: str) -> list[str]:
        """Return a table of `bit/next state` for each state and symbol, in lines of one width.

        The columns of 01 and 10 are joined if they are equal.
        """
        columns = [["state", *self.states]]
        for symbol, name in enumerate(SYMBOLS):
            columns.append(
                [name, *(self._cell(state, symbol) for state in range(len(self.states)))]
            )
        if columns[2][1:] == columns[3][1:]:
            columns[2:4] = [["01, 10", *columns[2][1:]]]
        padded = [_as_wide(column) for column in columns]
        return _as_wide([title, *map("│".join, zip(*padded, strict=True))])

    def _cell(self, state: int, symbol: int) -> str:
        """Return the output and next state for a state and a symbol, as `bit/next state`."""
        return f"{self.outputs[state, symbol]}/{self.states[self.next_states[state, symbol]]}"

    def dot(self, name: str, title: str) -> Iterator[str]:
        """Yield the lines of a cluster in Graphviz's language.

        An edge from state to state has `symbol/bit` of all transitions between them.
        """
        yield f'  subgraph "cluster {name}" {{'
        yield f'    label="{title}";'
        for at, state in enumerate(self.states):
            shape = ", shape=doublecircle" if at == 0 else ""
            yield f'    "{name} {at}" [label={json.dumps(state)}{shape}];'
            for to in np.unique(self.next_states[at]):
                edge = ", ".join(
                    f"{SYMBOLS[symbol]}/{self.outputs[at, symbol]}"
                    for symbol in np.flatnonzero(self.next_states[at] == to)
                )
                yield f'    "{name} {at}" -> "{name} {to}" [label="{edge}"];'
        yield "  }"


def _as_wide(lines: Sequence[str]) -> list[str]:
    """Return the lines, filled up to the width of the widest."""
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


CARRY_MACHINE = MealyMachine(  # what adding on paper is: the state is the carry into the place
    ("no carry", "carry"),
    np.array([[0, 1, 1, 0], [1, 0, 0, 1]], np.uint8),
    np.array([[0, 0, 0, 1], [0, 1, 1, 1]]),
)


def require_lstar() -> Any:
    """Import AALpy's L*; raise `UserError` if that is not installed."""
    try:
        from aalpy.learning_algs import run_Lstar  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UserError(
            "Learning a machine needs aalpy, which is not installed; "
            f"{install_command('automata')} installs it."
        ) from error
    return run_Lstar


class _LeftError(Exception):
    """L* is left before its end: to be stopped, or there is no machine of at most `MOST_STATES`
    states as far as one looks.
    """


@dataclass(eq=False)
class MachineLearner:
    """Learns the machine of a network: to AALpy it is the system under learning, and the
    equivalence oracle as well.
    """

    network: AdderNetwork  #: the network, of one replica.
    #: words (T, N) and what it puts out at them, the short ones first.
    answered: Sequence[tuple[Words, Bits]]
    progress: Progress  #: the number of states so far, and the most there may be.
    read: int = 0  #: places that the network has read.
    stopped: bool = False  #: whether the rest was left.
    agreed: MealyMachine | None = None  #: the first machine that agrees on the short words.
    # which AALpy would report
    num_queries = 0
    num_steps = 0

    def learn(self) -> tuple[MealyMachine | None, bool] | None:
        """Learn a machine that agrees with the network on the short words.

        Returns the machine, if one was found, and whether it also agrees on the long words; None if
        stopped.
        """
        try:
            hypothesis = require_lstar()(
                [*range(len(SYMBOLS))],
                self,
                self,
                "mealy",
                cache_and_non_det_check=False,
                print_level=0,
            )
        except _LeftError:
            return None if self.stopped else (self.agreed, False)
        return _machine_of(hypothesis), True

    def query(self, word: Word) -> list[int]:
        """Return the bits that the network puts out at the symbols of a word."""
        self.read += len(word)
        self.stopped = self.progress.stopping
        if self.stopped or self.read > MOST_READ:
            raise _LeftError
        outputs = _outputs(self.network, _as_column(word))  # (T, 1)
        return [int(bit) for [bit] in outputs]

    def find_cex(self, hypothesis: Any) -> Word | None:
        """Return a word on which AALpy's machine differs from the network.

        None if both agree on all words whose outputs are known.
        """
        machine = _machine_of(hypothesis)
        self.progress.advance(min(len(machine.states), MOST_STATES), MOST_STATES)
        if len(machine.states) > MOST_STATES:
            raise _LeftError
        suspects: list[Word] = []
        difference = machine.difference(CARRY_MACHINE)
        if difference is not None:
            suspects.append(difference)  # the first thing that will be said of the machine
        for words, outputs in self.answered:
            suspects += _shortest_failures(machine, words, outputs)
            for word in suspects:  # alone, the network may round otherwise than in a batch
                if self.query(word) != machine.run(_as_column(word))[:, 0].tolist():
                    return word
            if self.agreed is None:
                self.agreed = machine
        return None


def _as_column(word: Word) -> Words:
    """Return a word as the only one of (T, 1)."""
    return np.array(word, np.uint8)[:, None]


def _shortest_failures(machine: MealyMachine, words: Words, outputs: Bits) -> list[Word]:
    """Return the shortest words up to the place where a machine's output differs."""
    differs = machine.run(words) != outputs  # (T, N)
    failing = np.flatnonzero(differs.any(axis=0))
    first_places = differs.argmax(axis=0)  # (N,)
    shortest = failing[np.argsort(first_places[failing], kind="stable")][:MOST_TRIED]
    return [tuple(words[: first_places[at] + 1, at].tolist()) for at in shortest]


def _machine_of(hypothesis: Any) -> MealyMachine:
    """Convert AALpy's machine: states by the words that lead there, short ones first.

    If it is the true machine, that is returned.
    """
    states = sorted(hypothesis.states, key=lambda state: (len(state.prefix), state.prefix))
    symbols = range(len(SYMBOLS))
    outputs = [[state.output_fun[symbol] for symbol in symbols] for state in states]
    next_states = [
        [states.index(state.transitions[symbol]) for symbol in symbols] for state in states
    ]
    machine = MealyMachine(
        tuple(f"q{at}" for at in range(len(states))),
        np.array(outputs, np.uint8),
        np.array(next_states),
    )
    return CARRY_MACHINE if machine.difference(CARRY_MACHINE) is None else machine


@dataclass(frozen=True)
class AskedSum(Record):
    """A network's answer to an addition, as `rnn-tui add` prints it; all numbers are binary."""

    in_json = ("query", "answer", "expected", "correct")

    numbers: Addition  #: a and b.
    query: str  #: as one types it.
    answer: str  #: what the network says their sum is.
    expected: str  #: the true sum.

    @property
    def correct(self) -> bool:
        """Whether the network is right."""
        return self.answer == self.expected

    def __str__(self) -> str:
        answered = f"{self.query} = {self.answer}"
        return answered if self.correct else f"{answered}, not {self.expected}"


@dataclass(frozen=True, eq=False)
class AutomatonAnalysis(Analysis):
    """The machine learned from a network, whether it adds, and sums that the network gets wrong.

    Of two sums, the smaller has fewer bits in a and b together; of those with as many, the smaller
    a + b; then the larger a.
    """

    name = "automaton"
    in_json = (
        "machine",
        "holds_beyond",
        "equivalent",
        "difference",
        "bits",
        "verified",
        "failing",
        "smallest",
        "longer",
        "longer_failing",
        "counterexamples",
    )
    in_arrays = ("verified", "failing", "longer", "longer_failing")

    #: does what the network does on all sums of up to `bits` bits; None if none of at most
    #: `MOST_STATES` states was found.
    machine: MealyMachine | None
    holds_beyond: bool  #: whether it does so on all longer words that were tried, too.
    equivalent: bool  #: whether it is the true machine of two states.
    #: asked of the network: a sum that begins with a shortest word on which the two differ.
    difference: AskedSum | None
    bits: int  #: of the numbers in all sums that were verified, at most.
    verified: int  #: how many these are.
    failing: int  #: how many of them the network gets wrong.
    smallest: AskedSum | None  #: the smallest of those.
    longer: int  #: how many sums were tried whose larger number has more bits, up to `LONGEST`.
    longer_failing: int  #: how many of them the network gets wrong.
    #: the smallest of those of the kind 1…1 + 1, and of all others, if there are any.
    counterexamples: tuple[AskedSum, ...]

    @property
    def summary(self) -> str:
        """A sentence on whether the network is the true machine, and whether it adds."""
        sums = f"sums of numbers of up to {self.bits} bits"
        sentences = [self._machine_sentence(sums)]
        if self.machine is not None and not self.holds_beyond:
            sentences.append(
                "It does what the network does on short words, but not on all longer ones."
            )
        if self.smallest is None:
            sentences.append(f"All {self.verified:,} {sums} are right.")
        else:
            sentences.append(
                f"{self.failing:,} of {self.verified:,} {sums} are wrong; the smallest: "
                f"{self.smallest}."
            )
        return " ".join(sentences)

    def _machine_sentence(self, sums: str) -> str:
        """Return a sentence on whether the machine is the true one."""
        if self.machine is None:
            return (
                f"No automaton with at most {MOST_STATES} states was found that agrees with the "
                f"network on all {sums}."
            )
        if self.difference is None:
            return (
                "The automaton extracted from the network is the true one, with two states: no "
                "carry and carry."
            )
        count = len(self.machine.states)
        states = "1 state" if count == 1 else f"{count} states"
        sentence = f"The automaton extracted from the network has {states} and is not the true one"
        if self.difference.correct:
            return f"{sentence}."
        return f"{sentence}: the network fails at {self.difference}."

    @property
    def findings(self) -> list[str]:
        """The summary, both machines beside each other, and where the longer sums go wrong."""
        tables = [CARRY_MACHINE.table("true automaton")]
        if self.machine is not None:
            tables.insert(0, self.machine.table("extracted from the network"))
        empty = " " * len(tables[0][0])
        rows = zip_longest(*tables, fillvalue=empty)
        return [
            self.summary,
            "",
            *("   ".join(row).rstrip() for row in rows),
            "Columns: the two input bits. Entries: the bit of the sum/the next state.",
            f"Of {self.longer:,} sums of longer numbers, up to {LONGEST} bits, "
            f"{self.longer_failing:,} are wrong.",
            *(f"Fails at {counterexample}." for counterexample in self.counterexamples),
        ]

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the machine's (S, 4), too; of no states if there is none."""
        machine = self.machine or MealyMachine(
            (), np.zeros((0, 4), np.uint8), np.zeros((0, 4), np.intp)
        )
        return {
            **super().arrays(),
            "automaton_outputs": machine.outputs,
            "automaton_next_states": machine.next_states,
        }

    @property
    def dot(self) -> str:
        """Both machines in Graphviz's language."""
        learned: Iterable[str] = ()
        if self.machine is not None:
            learned = self.machine.dot("learned", "learned from the network")
        true = CARRY_MACHINE.dot("true", "true automaton")
        return "\n".join(["digraph {", "  rankdir=LR;", *learned, *true, "}", ""])


def analyse_automaton(
    network: AdderNetwork,
    replica: int = 0,
    progress: Progress = UNWATCHED,
    *,
    bits: int = 8,
    seed: int = 0,
) -> AutomatonAnalysis | None:
    """Learn a machine from a replica, and look for sums that it gets wrong; None if it was
    stopped.

    Args:
        network: replicas of adders.
        replica: which of them.
        progress: in parts of sums, then in states.
        bits: of the numbers, 1 to 10, all of whose sums are asked.
        seed: draws longer sums.

    Raises:
        CheckpointError: if the weights are too large to compute with.
        UserError: if AALpy is not installed.
    """
    require_lstar()  # before the work
    network = network.only(replica)
    short = _all_sums(bits)
    long = _longer_sums(bits, seed)
    parts = [*np.array_split(short, -(-short.shape[1] // CHUNK), axis=1), long]
    total = len(parts) + MOST_STATES
    outputs = []
    for done, words in enumerate(parts):
        if progress.stopping:
            return None
        progress.advance(done, total)
        outputs.append(_outputs(network, words))
    short_outputs, long_outputs = np.concatenate(outputs[:-1], axis=1), outputs[-1]
    answered = [(short, short_outputs), (long, long_outputs)]
    learned = MachineLearner(network, answered, progress.after(len(parts))).learn()
    if learned is None:
        return None
    machine, holds_beyond = learned
    word = None if machine is None else machine.difference(CARRY_MACHINE)
    failing = _failing(short, short_outputs)
    longer_failing = _failing(long, long_outputs)
    progress.advance(total, total)
    return AutomatonAnalysis(
        machine=machine,
        holds_beyond=holds_beyond,
        equivalent=machine is CARRY_MACHINE,
        difference=None if word is None else _ask(network, np.array(word), len(word)),
        bits=bits,
        verified=short.shape[1],
        failing=int(failing.sum()),
        smallest=_smallest(network, short[:, failing]),
        longer=long.shape[1],
        longer_failing=int(longer_failing.sum()),
        counterexamples=_counterexamples(network, bits, long, longer_failing),
    )


def _counterexamples(
    network: AdderNetwork, bits: int, long: Words, failing: npt.NDArray[np.bool_]
) -> tuple[AskedSum, ...]:
    """Return the smallest failing sum of two groups.

    They are the sums 1…1 + 1, with which `_longer_sums` begins, and all others.
    """
    is_chain = np.arange(long.shape[1]) < 2 * (LONGEST - bits)
    smallest = [_smallest(network, long[:, failing & kind]) for kind in (is_chain, ~is_chain)]
    return tuple(asked_sum for asked_sum in smallest if asked_sum is not None)


def _all_sums(bits: int) -> Words:
    """Return every pair of numbers of at most so many bits, with a place for the last carry."""
    pairs = np.indices((4,) * bits, np.uint8).reshape(bits, -1)
    return np.pad(pairs, ((0, 1), (0, 0)))


def _longer_sums(bits: int, seed: int) -> Words:
    """Return 1…1 + 1 and 1 + 1…1, then random sums.

    The larger number has `bits` + 1 to `LONGEST` bits.

    Half of the random ones have bits of equal chance, the others those that carry far.
    """
    random = np.random.default_rng(seed)
    places = np.arange(LONGEST + 1)[:, None]
    lengths = np.arange(bits + 1, LONGEST + 1)
    all_ones = places < lengths  # (T, L)
    lowest = places < 1
    size = (len(places), OF_EACH_LENGTH * len(lengths))
    even = random.choice(4, size)
    carrying = random.choice(4, size, p=LONG_CARRIES)
    drawn = np.hstack([even, carrying])  # (T, N)
    of_drawn = np.tile(lengths, 2 * OF_EACH_LENGTH)
    # the highest bit is 1 in one number at least, or the sum would be shorter
    drawn[of_drawn - 1, np.arange(len(of_drawn))] = random.integers(1, 4, len(of_drawn))
    drawn *= places < of_drawn
    sums = [2 * all_ones + lowest, all_ones + 2 * lowest, drawn]
    return np.hstack(sums).astype(np.uint8)


def _outputs(network: AdderNetwork, words: Words) -> Bits:
    """Return the bits (T, N) that a network of one replica puts out while it reads words (T, N)."""
    inputs = np.stack([words >> 1, words & 1], axis=1)  # (T, 2, N)
    with np.errstate(all="ignore"):
        steps = network.steps(inputs, [len(words)] * words.shape[1])
        logits = np.array([step[0, 0] for step in steps])  # (T, N)
    require_finite(logits)
    return (sigmoid(logits) >= 0.5).astype(np.uint8)


def _failing(words: Words, outputs: Bits) -> npt.NDArray[np.bool_]:
    """Return which sums (N,) are wrong in a place that an `Addition` of these numbers has."""
    places = np.arange(1, len(words) + 1)[:, None]
    length = ((words > 0) * places).max(axis=0) + 1  # (N,)
    wrong = (outputs != CARRY_MACHINE.run(words)) & (places <= length)  # (T, N)
    failing: npt.NDArray[np.bool_] = wrong.any(axis=0)
    return failing


def _smallest(network: AdderNetwork, words: Words) -> AskedSum | None:
    """Return the smallest sum that is wrong when asked alone, of words (T, N) with wrong ones.

    Rounding differs then, so that a sum may come out right.
    """
    places = np.arange(1, len(words) + 1)[:, None]
    bits_of_a = (((words >> 1) > 0) * places).max(axis=0)
    bits_of_b = (((words & 1) > 0) * places).max(axis=0)
    # by bits, then a + b, then the larger a
    order = np.lexsort([*(words < 2), *CARRY_MACHINE.run(words), bits_of_a + bits_of_b])
    for place in order:
        asked_sum = _ask(network, words[:, place])
        if not asked_sum.correct:
            return asked_sum
    return None


def _ask(network: AdderNetwork, word: Words, least: int = 0) -> AskedSum:
    """Return the network's answer to the sum that a word (T,) describes.

    If the sum has fewer than `least` places, a gets one more 1.
    """
    numbers = Addition(number_of(word > 1), number_of(word % 2 > 0))
    if numbers.length < least:
        numbers = Addition(numbers.a | 1 << least, numbers.b)
    symbols = 2 * numbers.bits(numbers.a) + numbers.bits(numbers.b)  # (T,)
    outputs = _outputs(network, symbols[:, None])  # (T, 1)
    return AskedSum(
        numbers,
        query=f"{numbers.a:b} + {numbers.b:b}",
        answer=f"{number_of(outputs[:, 0] > 0):b}",
        expected=f"{numbers.total:b}",
    )
