"""A network of the user's own, from a file: its name, what it reads and answers, its inspection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import QueryError, printable
from rnn_tui.inside.analyses import OF_RANDOM_INPUTS
from rnn_tui.inside.inspection import Inspection
from rnn_tui.inside.network import (
    MOST_CONSTANT_INPUTS,
    UNKNOWN,
    Colouring,
    DrawnSequences,
    InsideNetwork,
)
from rnn_tui.inside.own.inputs import (
    Alphabet,
    InputSequence,
    numbered_alphabet,
    read_alphabet,
    read_sequence,
    read_sequence_file,
)
from rnn_tui.inside.own.samples import draw_inputs, random_sequence
from rnn_tui.inside.probes import share
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.stack_trace import Wording, answers_of
from rnn_tui.networks.foreign.answers_file import FileTrial
from rnn_tui.networks.foreign.hints import ForeignNetwork, NetworkHints
from rnn_tui.networks.foreign.reading import read_network
from rnn_tui.networks.stack import ALL_STATES, EVERY_STEP, FINAL_STATES, LAST_STEP, Stack
from rnn_tui.networks.stepwise import Array
from rnn_tui.tasks.sequences.inference import Column
from rnn_tui.tasks.sequences.words import NO_ANSWER, TaskWords
from rnn_tui.tasks.shapes import MOST_SYMBOLS, Symbol
from rnn_tui.tasks.task import SequenceShape

TASK = "own"  #: what a trace calls the task of a network that has none here.
MOST_BACKWARD_STEPS = 400  # each answer before the last takes a pass of its own
MOST_VALUES = 50_000_000  # states and gates of all steps, in memory at once
SHOWN_STEPS = 20  # of an input, in a title
STEPS = 20  # of a sequence by chance
MOST_RANDOM_STEPS = 200  # of the random inputs of analyses
THIRDS = ("low", "middle", "high")  # of answers that are numbers
#: what a network answers, by which states its readout takes.
ANSWERING = {
    EVERY_STEP: "after every step",
    LAST_STEP: "after the last step",
    FINAL_STATES: "after the last step, from the last states of both directions",
    ALL_STATES: "after {steps} steps, from the states of all",
}


@dataclass(frozen=True)
class OwnDescription:
    """A network's file, and what a user says of it; None for what is to be taken from the file."""

    path: Path
    hints: NetworkHints = field(default_factory=NetworkHints)
    classes: str | None = None  #: the names of its outputs, with commas.
    alphabet: str | None = None  #: as `own.inputs.read_alphabet` reads it.
    numbers: bool = False  #: whether its outputs are numbers, in place of classes.
    check: Path | None = None  #: a file with inputs and answers of the real network.


@dataclass(frozen=True, eq=False)
class OwnNetwork(InsideNetwork):
    """A network from a file, with names for what it reads and answers."""

    knows_right: ClassVar[bool] = False

    path: Path
    foreign: ForeignNetwork  #: what was understood of the file.
    outputs: tuple[str, ...]  #: (O,) what its outputs mean.
    alphabet: Alphabet | None  #: the symbols that it reads; None for numbers.
    numbers: bool  #: whether its outputs are numbers, in place of classes.
    notices: tuple[str, ...]  #: sentences on what was assumed.

    @property
    def stack(self) -> Stack:
        """Its layers and its readout."""
        return self.foreign.stack

    @property
    def wording(self) -> Wording:
        """What its outputs mean."""
        return Wording(TASK, self.outputs, numbers=self.numbers)

    @property
    def summary(self) -> str:
        """What it is, in a few words, such as `LSTM, 2 layers of 32 units`."""
        stack = self.stack
        sizes = [layer.forward.hidden_size for layer in stack.layers]
        units = f"{', '.join(map(str, dict.fromkeys(sizes)))} units"
        layers = units if len(sizes) == 1 else f"{len(sizes)} layers of {units}"
        ways = ", both directions" if stack.bidirectional else ""
        reads = "1 number" if stack.features == 1 else f"{stack.features:,} numbers"
        if self.alphabet is not None:
            reads = f"{len(self.alphabet.symbols)} symbols"
        answers = "1 output" if stack.outputs == 1 else f"{stack.outputs:,} outputs"
        when = ANSWERING[stack.takes].format(steps=stack.only_steps)
        return f"{stack.cell.label}, {layers}{ways}; reads {reads}, {answers} {when}"

    def draw(self, count: int, seed: int, steps: int) -> DrawnSequences:
        """Draw inputs of so many steps, up to `MOST_RANDOM_STEPS`, or of those that it reads."""
        steps = self.stack.only_steps or min(steps, MOST_RANDOM_STEPS)
        drawn = draw_inputs(self.stack.features, self.alphabet, steps, count, seed)
        answers = steps if self.stack.every_step else 1
        targets = np.full((count, answers), UNKNOWN)
        return DrawnSequences(drawn.inputs, targets, np.full(count, steps), drawn.in_words)

    def colouring(
        self, drawn: DrawnSequences, steps: npt.NDArray[np.int64], answers: Array
    ) -> Colouring:
        """Return its own answers; of numbers thirds, by the first of them."""
        del drawn, steps
        if self.numbers:
            first = answers[:, 0]
            thirds = np.searchsorted(np.quantile(first, (1 / 3, 2 / 3)), first)
            return Colouring(thirds.astype(np.int64), THIRDS, "third of the answers")
        names = self.outputs if len(self.outputs) > 1 else ("0", "1")
        return Colouring(answers_of(answers), names, "answer")

    def constant_inputs(self, drawn: DrawnSequences) -> Mapping[str, Array] | None:
        """Return the symbols, or a step of zeros."""
        del drawn
        if self.stack.bidirectional:
            return None
        if self.alphabet is None:
            return {"zeros": np.zeros(self.stack.features, np.float32)}
        if len(self.alphabet.symbols) > MOST_CONSTANT_INPUTS:
            return {}
        return dict(zip(self.alphabet.symbols, self.alphabet.vectors, strict=True))

    def words_to_ask(self) -> TaskWords:
        """Return the words of its alphabet; nobody says what is right of them."""
        stack, alphabet = self.stack, self.alphabet
        if alphabet is None:
            raise QueryError(
                "An automaton is of a network that reads symbols; name them, such as --alphabet 01."
            )
        if self.numbers:
            raise QueryError("An automaton puts out classes; this network answers with numbers.")
        if len(alphabet.symbols) > MOST_SYMBOLS or stack.outputs >= NO_ANSWER:
            raise QueryError(
                f"An automaton is learned over at most {MOST_SYMBOLS} symbols and {NO_ANSWER - 1} "
                f"outputs; here are {len(alphabet.symbols):,} and {stack.outputs:,}."
            )
        if stack.bidirectional or stack.takes == ALL_STATES:
            raise QueryError(
                "An automaton reads from the first symbol to the last; this network's answers "
                "depend on what comes later, or on the number of steps."
            )
        symbols = zip(alphabet.symbols, alphabet.vectors.astype(int).tolist(), strict=True)
        return TaskWords(
            SequenceShape(
                features=stack.features,
                outputs=self.outputs,
                every_step=True,
                inputs="symbols",
                alphabet=tuple(Symbol(name, tuple(numbers)) for name, numbers in symbols),
            )
        )

    @property
    def random_inputs_note(self) -> str:
        """Sentences on the analyses of the whole network."""
        kind = "normally distributed numbers" if self.alphabet is None else "symbols"
        note = (
            f"This analysis reads random {kind}, and compares with the network's own answers: its "
            "file does not say what it was trained on."
        )
        if self.stack.bidirectional:
            note += (
                " Fixed points are those of networks that read in one direction; this one reads in "
                "both."
            )
        return note

    @property
    def lines(self) -> list[str]:
        """What was understood of the file, line by line."""
        answers = ", ".join(self.outputs[:SHOWN_STEPS])
        if self.stack.outputs == 1 and not self.numbers:
            answers = "yes or no"
        alphabet = "numbers" if self.alphabet is None else self.alphabet.in_words
        comparison = self.foreign.comparison
        checked = "its shapes alone" if comparison is None else comparison.in_words
        return [
            f"network    {self.summary}",
            f"order      {self.foreign.order}",
            f"recurrent  {self.foreign.recurrent}",
            f"readout    {self.foreign.readout}",
            f"reads      {alphabet}",
            f"answers    {answers}",
            f"checked    {checked}",
        ]

    def document(self) -> dict[str, Any]:
        """Return a JSON-ready form."""
        stack, comparison = self.stack, self.foreign.comparison
        return {
            "source": "file",
            "path": str(self.path),
            "cell": stack.cell.name,
            "recurrent": self.foreign.recurrent,
            "readout": self.foreign.readout,
            "hidden_sizes": [layer.forward.hidden_size for layer in stack.layers],
            "directions": [len(layer.directions) for layer in stack.layers],
            "features": stack.features,
            "outputs": list(self.outputs),
            "numbers": self.numbers,
            "answers": stack.takes,
            "alphabet": None if self.alphabet is None else list(self.alphabet.symbols),
            "order": self.foreign.order,
            "checked": self.foreign.comparison is not None,
            "difference": None if comparison is None else comparison.difference,
        }


def _hints(own: OwnDescription) -> NetworkHints:
    """Return what is said of how the network computes its answers."""
    return replace(own.hints, numbers=own.numbers)


def read_own_network(own: OwnDescription) -> OwnNetwork:
    """Read a network from its file.

    Raises:
        NetworkError: if it can't be read, or if something about it is to be said.
        QueryError: if what is said of it does not fit.
    """
    return own_network(own, read_network(own.path, _hints(own), own.check))


def read_own_module(module: Any, own: OwnDescription) -> OwnNetwork:
    """Read a network from a module of PyTorch.

    Args:
        module: an `nn.Module`.
        own: what is said of it; its path is the name of its class.

    Raises:
        NetworkError: if it can't be read, or if something about it is to be said.
        QueryError: if what is said of it does not fit.
    """
    from rnn_tui.networks.foreign.live_module import read_module  # torch

    trial = None if own.check is None else FileTrial(own.check)
    return own_network(own, read_module(module, _hints(own), trial))


def own_network(own: OwnDescription, foreign: ForeignNetwork) -> OwnNetwork:
    """Return a network with names for what it reads and answers.

    Raises:
        QueryError: if what is said of it does not fit.
    """
    stack = foreign.stack
    notices = list(foreign.notices)
    outputs = _outputs(own, stack.outputs, notices)
    alphabet = None
    if own.alphabet is not None:
        alphabet = read_alphabet(own.alphabet, stack.features)
    elif foreign.embedded:
        alphabet = numbered_alphabet(stack.features)
    return OwnNetwork(own.path, foreign, outputs, alphabet, own.numbers, tuple(notices))


def _outputs(own: OwnDescription, count: int, notices: list[str]) -> tuple[str, ...]:
    """Return the names of the outputs; adds a notice on what they are taken for."""
    classes = own.classes
    if classes is None and own.numbers:
        return tuple(map(str, range(1, count + 1)))
    if classes is None:
        if count == 1:
            notices.append(
                "Its only output is taken for a yes or no, 1 where it is positive; --numbers takes "
                "outputs for numbers."
            )
            return ("1",)
        notices.append(
            f"Its outputs are taken for {count:,} classes, called 0 to {count - 1}; --classes "
            "names them, with commas."
        )
        return tuple(map(str, range(count)))
    names = tuple(str(printable(name.strip(), 30)) for name in classes.split(","))
    if len(names) != count or len(set(names)) != count or "" in names:
        raise QueryError(
            f"--classes names {count:,} different outputs, with commas; these are {len(names)}."
        )
    return names


def read_own_input(network: OwnNetwork, text: str | None, path: Path | None) -> InputSequence:
    """Read a sequence as typed, or from a file; without either, random.

    Raises:
        QueryError: if it is none for this network.
    """
    features = network.stack.features
    if path is not None:
        return read_sequence_file(path, features, network.alphabet)
    if text is None:
        steps = network.stack.only_steps or STEPS
        return random_sequence(features, network.alphabet, steps, 0)
    return read_sequence(text, features, network.alphabet)


def read_own(network: OwnNetwork, sequence: InputSequence) -> NetworkReading:
    """Have an own network read a sequence.

    Raises:
        QueryError: if the sequence is too long for it.
        CheckpointError: if weights or inputs are too large to compute with.
    """
    _check_length(network.stack, len(sequence.numbers))
    return NetworkReading(network, network.trace(sequence.numbers, sequence.words))


def _check_length(stack: Stack, steps: int) -> None:
    """Raise `QueryError` if a sequence has too many steps, or others than the readout takes."""
    if stack.only_steps not in (None, steps):
        raise QueryError(
            f"The readout takes the states of exactly {stack.only_steps} steps; this sequence has "
            f"{steps:,}."
        )
    most = MOST_VALUES // (stack.features + stack.numbers_a_step)
    if stack.bidirectional and not stack.every_step:
        most = min(most, MOST_BACKWARD_STEPS)
    if steps > most:
        raise QueryError(
            f"This network is looked into over at most {most:,} steps; this sequence has {steps:,}."
        )


class OwnInspection(Inspection):
    """One sequence, and the own network that reads it."""

    def __init__(self, network: OwnNetwork, sequence: InputSequence) -> None:
        self.network = network
        self.label = f"{printable(network.path, 200)}: {network.summary}"
        self.weights: Mapping[str, Any] = network.document()
        self.reading = read_own(network, sequence)
        self.notices = [*network.notices, self.reading.trace.prefix_note]

    def findings(self) -> list[str]:
        """Return the lines below the table, and what analyses read, if that is random."""
        lines = super().findings()
        if any(name in OF_RANDOM_INPUTS for name in self.analyses):
            lines += ["", self.network.random_inputs_note]
        return lines

    @property
    def network_lines(self) -> list[str]:
        """What was understood of the file."""
        return [*self.network.lines, *self.network.notices]

    @property
    def title(self) -> str:
        """The sequence and its answer on a line."""
        trace = self.reading.trace
        shown = self._written(trace.read, symbols=self.network.alphabet is not None)
        if trace.every_step:
            answers = [trace.answer_word(step) for step in range(trace.steps)]
            return f"{shown}: {self._written(answers, symbols=not trace.numbers)}"
        last = trace.steps - 1
        if trace.numbers:
            return f"{shown}: {trace.answer_word(last)}"
        return f"{shown}: {trace.answer_word(last)} ({share(trace.confidence(last))})"

    @staticmethod
    def _written(words: Sequence[str], *, symbols: bool) -> str:
        """Return words in a line; symbols of one character stand side by side."""
        single = symbols and all(len(word) == 1 for word in words)
        joined = ("" if single else " | ").join(words[:SHOWN_STEPS])
        return f"{joined} …" if len(words) > SHOWN_STEPS else joined

    def _columns(self) -> list[Column]:
        trace = self.trace
        steps = range(trace.steps)
        return [
            ("step", range(trace.first_step, trace.first_step + trace.steps)),
            ("input", trace.read),
            ("answer", map(trace.answer_word, steps)),
            *([] if trace.numbers else [self._probability_column()]),
            self._unit_column(),
        ]

    def _probability_column(self) -> Column:
        trace = self.trace
        return "probability", (share(trace.confidence(step)) for step in range(trace.steps))

    @property
    def input_document(self) -> dict[str, Any]:
        """The sequence and the answers."""
        trace = self.reading.trace
        answers: list[Any] = [trace.answer_word(step) for step in range(trace.steps)]
        if trace.numbers:
            answers = trace.logits.tolist()
        return {
            "read": list(trace.read),
            "answer": answers if trace.every_step else answers[-1],
        }
