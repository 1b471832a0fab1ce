"""A network as a machine: a finite automaton learned by asking it, beside the true automaton.

A network that reads the symbols of a small alphabet, and answers each with one of a few answers, is
a Mealy machine (Mealy 1955): what it puts out depends on a state and on what it reads. It is
learned by Angluin's L* (1987), for Mealy machines as Shahbaz & Groz (2009) have it, by AALpy. As
Weiss et al. (2018, “Extracting automata from recurrent neural networks using queries and
counterexamples”) do it, the network answers what it puts out at any word, and what it is known to
put out at many decides whether a machine is its own. The true machine is learned in the same way,
from what is right.

Which words are asked, and how they are written, is the task's to say (`tasks.sequences.words`).
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import UserError
from rnn_tui.engine.extras import install_command
from rnn_tui.engine.progress import UNWATCHED, Progress
from rnn_tui.inside.probes import Analysis
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import answers_of
from rnn_tui.inside.trace import Indices, Record
from rnn_tui.networks.cell import Step
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import require_finite
from rnn_tui.tasks.sequences.inference import in_words
from rnn_tui.tasks.sequences.words import (
    NO_ANSWER,
    AnswerArray,
    AskedWord,
    TaskWords,
    WordArray,
)

#: a machine of more says little; a network that has not learned may have no machine at all.
MOST_STATES = 40
#: steps, in all, that the network reads for L* before it is given up: some seconds.
MOST_READ = 400_000
MOST_KEPT = 10_000_000  # numbers that a network holds after beginnings of words that it has read
BEGINNING = 200  # numbers that take as much memory as a beginning without those
#: words on which a machine is seen to fail, of which one must hold when asked alone.
MOST_TRIED = 20
CHUNK = 8192  # words that are asked at once
#: machines of more symbols stand below each other, not side by side.
MOST_COLUMNS_BESIDE = 4
MOST_STATES_NAMED = 4  # of machines of more, a sentence gives their number alone
START = "start"  #: the first state, if the hidden variable does not tell it from all others.
Word = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class MealyMachine(Record):
    """A finite automaton that puts out an answer at each symbol; it begins in its first state."""

    in_json = ("states", "outputs", "next_states")

    states: tuple[str, ...]  #: (S,) their names.
    #: (S, K), the answer that is put out in each state at each symbol; `NO_ANSWER` for none.
    outputs: AnswerArray
    next_states: Indices  #: (S, K), the state that follows, from 0.

    @property
    def symbols(self) -> int:
        """The number of symbols K."""
        return int(self.outputs.shape[1])

    def run(self, words: WordArray) -> AnswerArray:
        """Return the answers (T, N) put out while it reads words (T, N) of symbols."""
        outputs = np.empty(words.shape, np.uint8)
        state = np.zeros(words.shape[1], np.intp)
        for step, symbols in enumerate(words):  # (N,)
            outputs[step] = self.outputs[state, symbols]
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
            for symbol in range(self.symbols):
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

    def table(self, title: str, words: TaskWords) -> list[str]:
        """Return a table of `answer/next state` for each state and symbol, in lines of one width.

        Columns beside each other that are equal are joined.
        """
        columns = [["state", *self.states]]
        for symbol, name in enumerate(words.names):
            cells = [self._cell(state, symbol, words) for state in range(len(self.states))]
            if len(columns) > 1 and columns[-1][1:] == cells:
                columns[-1][0] += f", {name}"
            else:
                columns.append([name, *cells])
        padded = [_as_wide(column) for column in columns]
        return _as_wide([title, *map("│".join, zip(*padded, strict=True))])

    def _cell(self, state: int, symbol: int, words: TaskWords) -> str:
        """Return the output and next state for a state and a symbol, as `answer/next state`."""
        answer = words.answer_name(int(self.outputs[state, symbol]))
        return f"{answer}/{self.states[self.next_states[state, symbol]]}"

    def dot(self, name: str, title: str, words: TaskWords) -> Iterator[str]:
        """Yield the lines of a cluster in Graphviz's language.

        An edge from state to state has `symbol/answer` of all transitions between them.
        """
        yield f'  subgraph "cluster {name}" {{'
        yield f'    label="{title}";'
        for at, state in enumerate(self.states):
            shape = ", shape=doublecircle" if at == 0 else ""
            yield f'    "{name} {at}" [label={json.dumps(state)}{shape}];'
            for to in np.unique(self.next_states[at]):
                edge = ", ".join(
                    f"{words.names[symbol]}/{words.answer_name(int(self.outputs[at, symbol]))}"
                    for symbol in np.flatnonzero(self.next_states[at] == to)
                )
                label = json.dumps(edge, ensure_ascii=False)
                yield f'    "{name} {at}" -> "{name} {to}" [label={label}];'
        yield "  }"


def _as_wide(lines: Sequence[str]) -> list[str]:
    """Return the lines, filled up to the width of the widest."""
    width = max(map(len, lines))
    return [line.ljust(width) for line in lines]


def require_lstar() -> Any:
    """Import AALpy's L*; raise `UserError` if that is not installed."""
    try:
        from aalpy.learning_algs import run_Lstar  # an extra
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


#: puts out answers (T, N) while it reads words (T, N): a network, or what is right.
Answering: TypeAlias = Callable[[WordArray], AnswerArray]


@dataclass(eq=False)
class MachineLearner:
    """Learns a machine: to AALpy it is the system under learning, and the equivalence oracle as
    well.
    """

    answering: Answering  #: what is asked.
    symbols: int  #: the number of symbols K.
    #: words (T, N) and what is put out at them, the short ones first.
    answered: Sequence[tuple[WordArray, AnswerArray]]
    true: MealyMachine | None = None  #: the one that it may turn out to be.
    progress: Progress = UNWATCHED  #: the number of states so far, and the most there may be.
    read: int = 0  #: steps that have been read.
    stopped: bool = False  #: whether the rest was left.
    agreed: MealyMachine | None = None  #: the first machine that agrees on the short words.
    # which AALpy would report
    num_queries = 0
    num_steps = 0

    def learn(self) -> tuple[MealyMachine | None, bool] | None:
        """Learn a machine that agrees on the short words.

        Returns the machine, if one was found, and whether it also agrees on the long words; None if
        stopped.
        """
        try:
            hypothesis = require_lstar()(
                [*range(self.symbols)],
                self,
                self,
                "mealy",
                cache_and_non_det_check=False,
                print_level=0,
            )
        except _LeftError:
            return None if self.stopped else (self.agreed, False)
        return self._machine_of(hypothesis), True

    def query(self, word: Word) -> list[int]:
        """Return the answers that are put out at the symbols of a word."""
        self.read += len(word)
        self.stopped = self.progress.stopping
        if self.stopped or self.read > MOST_READ:
            raise _LeftError
        outputs = self.answering(_as_column(word))  # (T, 1)
        return [int(answer) for [answer] in outputs]

    def find_cex(self, hypothesis: Any) -> Word | None:
        """Return a word on which AALpy's machine differs from what is asked.

        None if both agree on all words whose outputs are known.
        """
        machine = self._machine_of(hypothesis)
        self.progress.advance(min(len(machine.states), MOST_STATES), MOST_STATES)
        if len(machine.states) > MOST_STATES:
            raise _LeftError
        suspects: list[Word] = []
        difference = None if self.true is None else machine.difference(self.true)
        if difference is not None:
            suspects.append(difference)  # the first thing that will be said of the machine
        for words, outputs in self.answered:
            suspects += _shortest_failures(machine, words, outputs)
            for word in suspects:  # alone, a network may round otherwise than in a batch
                if self.query(word) != machine.run(_as_column(word))[:, 0].tolist():
                    return word
            if self.agreed is None:
                self.agreed = machine
        return None

    def _machine_of(self, hypothesis: Any) -> MealyMachine:
        """Convert AALpy's machine: states by the words that lead there, short ones first.

        If it is the true machine, that is returned.
        """
        states = sorted(hypothesis.states, key=lambda state: (len(state.prefix), state.prefix))
        symbols = range(self.symbols)
        outputs = [[state.output_fun[symbol] for symbol in symbols] for state in states]
        next_states = [
            [states.index(state.transitions[symbol]) for symbol in symbols] for state in states
        ]
        machine = MealyMachine(
            tuple(f"q{at}" for at in range(len(states))),
            np.array(outputs, np.uint8),
            np.array(next_states),
        )
        if self.true is not None and machine.difference(self.true) is None:
            return self.true
        return machine


def _as_column(word: Word) -> WordArray:
    """Return a word as the only one of (T, 1)."""
    return np.array(word, np.uint8)[:, None]


def _shortest_failures(machine: MealyMachine, words: WordArray, outputs: AnswerArray) -> list[Word]:
    """Return the shortest words up to the step where a machine's output differs."""
    differs = machine.run(words) != outputs  # (T, N)
    failing = np.flatnonzero(differs.any(axis=0))
    first_steps = differs.argmax(axis=0)  # (N,)
    shortest = failing[np.argsort(first_steps[failing], kind="stable")][:MOST_TRIED]
    return [tuple(words[: first_steps[at] + 1, at].tolist()) for at in shortest]


def true_machine(words: TaskWords, length: int, seed: int = 0) -> MealyMachine | None:
    """Learn the machine of what is right.

    Args:
        words: of which it is known what is right.
        length: of short words, on all of which it agrees.
        seed: draws longer words, on which it agrees too.

    Returns:
        None if there is none of at most `MOST_STATES` states.
    """

    def right(asked: WordArray) -> AnswerArray:
        answers = words.right(asked)
        assert answers is not None
        return answers

    short, long = words.short(length), np.hstack(words.long(length, seed))
    answered = [(short, right(short)), (long, right(long))]
    learned = MachineLearner(right, len(words.names), answered).learn()
    assert learned is not None  # nobody stops it
    machine, holds = learned
    return _named(machine, words) if machine is not None and holds else None


def _named(machine: MealyMachine, words: TaskWords) -> MealyMachine:
    """Name the states by the hidden variable, if that tells them apart."""
    variable, hidden = words.truth.variable, words.truth.hidden
    if variable is None or hidden is None:
        return machine
    values: list[int] = []
    for state in range(len(machine.states)):
        word = _word_to(machine, state)
        if word is None:  # nothing leads back to the first one
            return machine
        inputs = words.inputs(np.array(word, np.uint8)[:, None])  # (T, 1, F)
        values.append(int(hidden(inputs)[-1, 0]))
    names = [variable.state_names[value] for value in values]
    if len({*values}) < len(values):
        # before anything was read, a task may ask nothing yet
        names[0] = START
    if len({*names}) < len(names):
        return machine
    return replace(machine, states=tuple(names))


def _word_to(machine: MealyMachine, state: int) -> Word | None:
    """Return a shortest word, of at least one symbol, to a state; None if there is none."""
    seen = {0}
    waiting: deque[tuple[int, Word]] = deque([(0, ())])
    while waiting:
        at, word = waiting.popleft()
        for symbol, following in enumerate(machine.next_states[at].tolist()):
            if following == state:
                return (*word, symbol)
            if following not in seen:
                seen.add(following)
                waiting.append((following, (*word, symbol)))
    return None


@dataclass(frozen=True, eq=False)
class Verification:
    """What a network answers to many words, beside what is right."""

    verified: int  #: how many short words were asked: all of their length.
    failing: int  #: how many of them the network gets wrong.
    smallest: AskedWord | None  #: the smallest of those.
    longer: int  #: how many longer words were tried.
    longer_failing: int  #: how many of them the network gets wrong.
    #: the smallest wrong one of each group of longer words, if there is one.
    counterexamples: tuple[AskedWord, ...]


@dataclass(frozen=True, eq=False)
class AutomatonAnalysis(Analysis):
    """The machine learned from a network, whether it is the true one, and words that the network
    gets wrong.

    `TaskWords.order` says which of two words is the smaller.
    """

    name = "automaton"

    words: TaskWords  #: of the network's task.
    length: int  #: of short words, all of which were asked.
    asked: int  #: how many these are.
    true: MealyMachine | None  #: the machine of what is right, if that is known and has one.
    #: does what the network does on all short words; None if none of at most `MOST_STATES` states
    #: was found.
    machine: MealyMachine | None
    holds_beyond: bool  #: whether it does so on all longer words that were tried, too.
    #: asked of the network: a question that begins with a shortest word on which it and the true
    #: machine differ.
    difference: AskedWord | None
    verification: Verification | None  #: None if nobody knows what is right.

    @property
    def equivalent(self) -> bool:
        """Whether it is the true machine."""
        return self.machine is not None and self.machine is self.true

    @property
    def summary(self) -> str:
        """A sentence on whether the network is the true machine, and whether it is right."""
        asked = self.words.short_text(self.length)
        sentences = [self._machine_sentence(asked)]
        if self.machine is not None and not self.holds_beyond:
            sentences.append(
                "It does what the network does on short words, but not on all longer ones."
            )
        verification = self.verification
        if verification is None:
            return " ".join(sentences)
        if verification.smallest is None:
            sentences.append(f"All {verification.verified:,} {asked} are right.")
        else:
            sentences.append(
                f"{verification.failing:,} of {verification.verified:,} {asked} are wrong; the "
                f"smallest: {verification.smallest}."
            )
        return " ".join(sentences)

    def _machine_sentence(self, asked: str) -> str:
        """Return a sentence on the machine, and whether it is the true one."""
        if self.machine is None:
            return (
                f"No automaton with at most {MOST_STATES} states was found that agrees with the "
                f"network on all {asked}."
            )
        if self.equivalent:
            return (
                "The automaton extracted from the network is the true one, with "
                f"{_states_in_words(self.machine)}."
            )
        count = len(self.machine.states)
        states = "1 state" if count == 1 else f"{count} states"
        sentence = f"The automaton extracted from the network has {states}"
        if self.true is None:
            return f"{sentence}."
        sentence += " and is not the true one"
        if self.difference is None or self.difference.correct:
            return f"{sentence}."
        return f"{sentence}: the network fails at {self.difference}."

    @property
    def findings(self) -> list[str]:
        """The summary, the machines, and where longer words go wrong."""
        lines = [self.summary, "", *self._table_lines(), self.words.table_text]
        verification = self.verification
        if verification is None:
            return lines
        return [
            *lines,
            f"Of {verification.longer:,} {self.words.long_text} "
            f"{verification.longer_failing:,} are wrong.",
            *(f"Fails at {word}." for word in verification.counterexamples),
        ]

    def _table_lines(self) -> list[str]:
        """Return the machines beside each other, or below each other if they are wide."""
        tables = []
        if self.machine is not None:
            tables.append(self.machine.table("extracted from the network", self.words))
        is_wide = len(self.words.names) > MOST_COLUMNS_BESIDE
        if self.true is not None and not (is_wide and self.equivalent):
            tables.append(self.true.table("true automaton", self.words))
        if not tables:
            return []
        if is_wide:
            return [line.rstrip() for table in tables for line in (*table, "")]
        empty = " " * len(tables[0][0])
        rows = zip_longest(*tables, fillvalue=empty)
        return ["   ".join(row).rstrip() for row in rows]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        document: dict[str, Any] = {
            "machine": None if self.machine is None else self.machine.to_dict(),
            "holds_beyond": self.holds_beyond,
            "equivalent": self.equivalent,
            "difference": None if self.difference is None else self.difference.document,
            self.words.length_name: self.length,
            "verified": None,
            "failing": None,
            "smallest": None,
            "longer": None,
            "longer_failing": None,
            "counterexamples": [],
        }
        verification = self.verification
        if verification is not None:
            smallest = verification.smallest
            document |= {
                "verified": verification.verified,
                "failing": verification.failing,
                "smallest": None if smallest is None else smallest.document,
                "longer": verification.longer,
                "longer_failing": verification.longer_failing,
                "counterexamples": [word.document for word in verification.counterexamples],
            }
        return document

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the machine's (S, K), of no states if there is none; and how many words failed."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        verification = self.verification
        if verification is not None:
            for name in ("verified", "failing", "longer", "longer_failing"):
                arrays[f"automaton_{name}"] = np.asarray(getattr(verification, name))
        size = (0, len(self.words.names))
        machine = self.machine or MealyMachine(
            (), np.zeros(size, np.uint8), np.zeros(size, np.intp)
        )
        arrays["automaton_outputs"] = machine.outputs
        arrays["automaton_next_states"] = machine.next_states
        return arrays

    @property
    def dot(self) -> str:
        """The machines in Graphviz's language."""
        lines = ["digraph {", "  rankdir=LR;"]
        if self.machine is not None:
            lines += self.machine.dot("learned", "learned from the network", self.words)
        if self.true is not None:
            lines += self.true.dot("true", "true automaton", self.words)
        return "\n".join([*lines, "}", ""])


def _states_in_words(machine: MealyMachine) -> str:
    """Return how many states a machine has, and their names if they are few."""
    count = len(machine.states)
    if count == 1:
        return "one state"
    if count > MOST_STATES_NAMED:
        return f"{count} states"
    names = in_words(machine.states)
    return f"{('two', 'three', 'four')[count - 2]} states: {names}"


def analyse_automaton(
    reading: NetworkReading,
    progress: Progress = UNWATCHED,
    *,
    length: int | None = None,
    seed: int = 0,
) -> AutomatonAnalysis | None:
    """Learn the machine that puts out a network's answers, and look for words that it gets wrong.

    Returns None if it was stopped. Of a network that answers after the last step, an answer before
    is what it would be if the word ended there.

    Args:
        reading: of a network that reads an alphabet.
        progress: in parts of words, then in states.
        length: of short words, all of which are asked; by default as long as there is time for.
        seed: draws longer words.

    Raises:
        CheckpointError: if the weights are too large to compute with.
        UserError: if AALpy is not installed, or there is no automaton of the network.
    """
    require_lstar()  # before the work
    words = reading.network.words_to_ask()
    answering = WordReader(reading.network.stack, words)
    return automaton_of(words, answering, progress, length=length, seed=seed)


def automaton_of(
    words: TaskWords,
    answering: Answering,
    progress: Progress = UNWATCHED,
    *,
    length: int | None = None,
    seed: int = 0,
) -> AutomatonAnalysis | None:
    """Learn a machine from what answers words, and look for those that it gets wrong.

    Args:
        words: what is asked.
        answering: what answers.
        progress: in parts of words, then in states.
        length: of short words, all of which are asked; by default as long as there is time for.
        seed: draws longer words.

    Returns:
        None if it was stopped.

    Raises:
        UserError: if AALpy is not installed.
    """
    require_lstar()  # before the work
    length = length or words.short_length
    short, groups = words.short(length), words.long(length, seed)
    long = np.hstack(groups)
    knows = words.truth.right is not None
    parts = [*np.array_split(short, -(-short.shape[1] // CHUNK), axis=1), long]
    total = len(parts) + MOST_STATES
    outputs = []
    for done, part in enumerate(parts):
        if progress.stopping:
            return None
        progress.advance(done, total)
        outputs.append(answering(part))
    short_outputs, long_outputs = np.concatenate(outputs[:-1], axis=1), outputs[-1]
    true = true_machine(words, length, seed) if knows else None
    learned = MachineLearner(
        answering,
        len(words.names),
        [(short, short_outputs), (long, long_outputs)],
        true,
        progress.after(len(parts)),
    ).learn()
    if learned is None:
        return None
    machine, holds_beyond = learned
    exam = _Exam(words, answering)
    ends = np.cumsum([group.shape[1] for group in groups])[:-1]
    outputs_of_groups = np.split(long_outputs, ends, axis=1)
    answered = [(short, short_outputs), *zip(groups, outputs_of_groups, strict=True)]
    analysis = AutomatonAnalysis(
        words=words,
        length=length,
        asked=short.shape[1],
        true=true,
        machine=machine,
        holds_beyond=holds_beyond,
        difference=exam.difference(machine, true),
        verification=exam.verification(answered) if knows else None,
    )
    progress.advance(total, total)
    return analysis


def outputs_of(stack: Stack, words: TaskWords, asked: WordArray) -> AnswerArray:
    """Return the answers (T, N) of a network while it reads words (T, N).

    Where the task knows that nothing is to be answered yet, they are `NO_ANSWER`.
    """
    inputs = words.inputs(asked)  # (T, N, F)
    with np.errstate(all="ignore"):
        if stack.answers_as_it_reads:
            by_feature = np.ascontiguousarray(inputs.transpose(0, 2, 1))  # (T, F, N)
            steps = stack.answers(by_feature, [len(asked)] * asked.shape[1])
            logits = np.array([*steps]).swapaxes(1, 2)  # (T, N, O)
        else:
            logits = stack.logits_after_steps(inputs.astype(np.float32))
    require_finite(logits)
    return _where_asked(answers_of(logits).astype(np.uint8), stack, words, asked)


@dataclass(eq=False)
class _Beginning:
    """The beginning of a word that a network has read."""

    steps: tuple[Step, ...] = ()  #: what each layer holds after it.
    answer: int = NO_ANSWER  #: the answer after it.
    next: dict[int, "_Beginning"] = field(default_factory=dict)  #: by the next symbol.


class WordReader:
    """What a network answers while it reads words, as `outputs_of` has it.

    A word alone is read on from where it departs from those before: L* asks thousands of words that
    begin alike, of one GRU 400,000 steps, of which 23,000 were not among those before.

    Args:
        stack: the network, of one direction.
        words: what is asked.
    """

    def __init__(self, stack: Stack, words: TaskWords) -> None:
        self._stack = stack
        self._words = words
        self._root = _Beginning()
        #: how many beginnings there is room for.
        self._room = self._most = MOST_KEPT // (BEGINNING + stack.numbers_a_step)

    def __call__(self, asked: WordArray) -> AnswerArray:
        """Return the answers (T, N) to words (T, N).

        Raises:
            CheckpointError: if the weights are too large to compute with.
        """
        if asked.shape[1] != 1:
            return outputs_of(self._stack, self._words, asked)
        answers = np.array(self._read(asked), np.uint8)[:, None]
        return _where_asked(answers, self._stack, self._words, asked)

    def _read(self, asked: WordArray) -> list[int]:
        """Return the answers (T,) to a word (T, 1)."""
        beginning, answers = self._root, list[int]()
        symbols = asked[:, 0].tolist()
        for symbol in symbols:
            if symbol not in beginning.next:
                break
            beginning = beginning.next[symbol]
            answers.append(beginning.answer)
        rest = symbols[len(answers) :]
        inputs = self._words.inputs(asked)[len(answers) :].astype(np.float32)
        if self._room < len(rest):
            self._root, self._room = _Beginning(), self._most
        self._room -= len(rest)
        with np.errstate(all="ignore"):
            reading = self._stack.read_on(inputs, beginning.steps) if rest else ()
            for symbol, (steps, logits) in zip(rest, reading, strict=True):
                require_finite(logits)
                beginning.next[symbol] = _Beginning(steps, int(answers_of(logits)[0]))
                beginning = beginning.next[symbol]
                answers.append(beginning.answer)
        return answers


def _where_asked(
    answers: AnswerArray, stack: Stack, words: TaskWords, asked: WordArray
) -> AnswerArray:
    """Return answers (T, N) with `NO_ANSWER` where the task knows that nothing is asked yet."""
    right = words.right(asked)
    if right is not None and stack.outputs > 1:
        answers[right == NO_ANSWER] = NO_ANSWER
    return answers


@dataclass(frozen=True)
class _Exam:
    """Compares the answers of a network with what is right."""

    words: TaskWords
    answering: Answering  #: the network.

    def verification(self, answered: Sequence[tuple[WordArray, AnswerArray]]) -> Verification:
        """Compare the answers to words with what is right; the first ones are the short ones."""
        counts = []
        smallest = []
        for words, outputs in answered:
            right = self.words.right(words)
            assert right is not None
            wrong = (outputs != right) & self.words.is_asked(words, right)  # (T, N)
            failing = wrong.any(axis=0)  # (N,)
            counts.append(int(failing.sum()))
            smallest.append(self._smallest(words[:, failing], right[:, failing], wrong[:, failing]))
        return Verification(
            verified=answered[0][0].shape[1],
            failing=counts[0],
            smallest=smallest[0],
            longer=sum(words.shape[1] for words, _ in answered[1:]),
            longer_failing=sum(counts[1:]),
            counterexamples=tuple(word for word in smallest[1:] if word is not None),
        )

    def _smallest(
        self, words: WordArray, right: AnswerArray, wrong: npt.NDArray[np.bool_]
    ) -> AskedWord | None:
        """Return the smallest question that is wrong when asked alone, of words (T, N).

        Rounding differs then, so that an answer may come out right.
        """
        first_wrong = wrong.argmax(axis=0)  # (N,)
        for place in self.words.order(words, right, wrong):
            asked = self._ask(words[:, place], int(first_wrong[place]) + 1)
            if not asked.correct:
                return asked
        return None

    def difference(
        self, machine: MealyMachine | None, true: MealyMachine | None
    ) -> AskedWord | None:
        """Ask a question that begins with a shortest word on which two machines differ."""
        if machine is None or true is None:
            return None
        word = machine.difference(true)
        return None if word is None else self._ask(np.array(word, np.uint8), len(word))

    def _ask(self, word: WordArray, steps: int) -> AskedWord:
        """Return the answer to the question that a word (T,) describes, at least so many steps."""
        question = self.words.question(word, steps)
        return self.words.asked(question, self.answering(question[:, None])[:, 0])
