"""Answers of trained replicas at once, in NumPy; and what questions to them have in common.

The forward pass of `networks.replicas` once more, so that no question waits seconds for torch. A
test holds the two together.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.config import Replica
from rnn_tui.engine.errors import CheckpointError, SettingError, printable
from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.dense import activated
from rnn_tui.networks.stack import (
    EVERY_STEP,
    FINAL_STATES,
    LAST_STEP,
    Layer,
    Stack,
    direction_names,
)
from rnn_tui.networks.stepwise import NUMPY, Array, CellWeights, replica_states, still_going
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.task import Task

NOT_FITTING = "These weights do not fit the settings that come with them."


class SequenceNetwork:
    """R replicas of a task's run, which answer at once.

    Their layers are as wide as the largest of them, W units: rows and columns of others are padded
    with zeros.

    Args:
        file: their weights.
        task: whose networks they are; None for a class that is of one task and names it.

    Raises:
        CheckpointError: if the weights are another task's, or do not fit their settings.
    """

    task: Task  #: whose networks they are.

    def __init__(self, file: WeightsFile, task: Task | None = None) -> None:
        self.task = task or self.task
        config, shape = file.config, self.task.shape
        if not isinstance(config, SequenceConfig) or config.task != self.task.name or shape is None:
            raise CheckpointError(f"These weights are for {config.task}, not for {self.task.name}.")
        self.config = config
        self.metrics = file.metrics
        self.shape = shape
        self.features = shape.features  #: numbers F that are read at each step, or words.
        self.outputs = len(shape.outputs)  #: numbers O of each answer.
        self.kind = CELLS[config.cell]  #: of their layers.
        self.replicas: tuple[Replica, ...] = config.replicas

        #: what the directions of each layer are called, from the input up.
        self._names = direction_names(config.layers, bidirectional=config.bidirectional)
        readout = file.arrays.get("readout")
        #: (R, F, E) what words are read as; None for numbers, and for symbols, whose weights are
        #: multiplied by theirs once.
        self._table = self._table_of(file) if shape.vocabulary else None
        #: numbers that the lowest layer reads at each step.
        self._below = self.features if self._table is None else self._table.shape[2]
        size = len(self._names[0]) * max(config.hidden_sizes)  # D·W
        if readout is None or readout.shape != (len(self.replicas), self.outputs, size + 1):
            raise CheckpointError(NOT_FITTING)
        #: by direction (R, G·W, columns): a row for each unit of each gate; columns for states,
        #: what is read, the bias of the input and that of the state, as `Cell.replica_columns`
        #: says.
        self._gates = {
            name: self._gates_of(file, name, size if layer else self._below)
            for layer, names in enumerate(self._names)
            for name in names
        }
        #: (R, O, D·W + 1): columns for the states of each direction, the bias.
        self._readout = readout.astype(np.float32)
        table = () if self._table is None else (self._table,)
        if not all(np.isfinite(each).all() for each in (readout, *table, *self._gates.values())):
            raise CheckpointError("Some of these weights are not finite numbers.")

    def _gates_of(self, file: WeightsFile, name: str, features: int) -> Array:
        """Return the weights of a direction, which reads so many features.

        Raises:
            CheckpointError: if the file has none that fit.
        """
        gates = file.arrays.get(f"directions.{name}.gates" if self.config.stacked else "gates")
        width = max(self.config.hidden_sizes)
        is_lowest = name in self._names[0]
        if self.config.recipe.embedding and self._table is None and is_lowest:
            gates = self._with_embedding(gates, file.arrays.get("embedding.weight"), width)
        if gates is not None and gates.ndim == 3:
            gates = gates[:, :, self.kind.columns_in_use(gates.shape[2], features, width)]
        columns = self.kind.replica_columns(features, width).count
        shape = (len(self.replicas), self.kind.blocks * width, columns)
        if gates is None or gates.shape != shape:
            raise CheckpointError(NOT_FITTING)
        return gates.astype(np.float32)

    def _table_of(self, file: WeightsFile) -> Array:
        """Return what each word is read as (R, F, E): one-hot without an embedding.

        Raises:
            CheckpointError: if the file has none that fits.
        """
        numbers = self.config.recipe.embedding
        if not numbers:
            one_hot = np.eye(self.features, dtype=np.float32)
            return np.broadcast_to(one_hot, (len(self.replicas), *one_hot.shape))
        table = file.arrays.get("embedding.weight")
        if table is None or table.shape != (len(self.replicas), self.features, numbers):
            raise CheckpointError(NOT_FITTING)
        return table.astype(np.float32)

    def _with_embedding(
        self, gates: Array | None, embedding: Array | None, width: int
    ) -> Array | None:
        """Return weights that read one-hot symbols as these read their embedding (R, F, E).

        The weights of the symbols are W·E: a step reads one of its columns. None if they don't
        fit each other.
        """
        numbers = self.config.recipe.embedding
        columns = self.kind.replica_columns(numbers, width)
        expected = (len(self.replicas), self.features, numbers)
        if gates is None or embedding is None or embedding.shape != expected:
            return None
        if gates.ndim != 3 or gates.shape[::2] != (len(self.replicas), columns.count):
            return None
        with np.errstate(all="ignore"):  # what is no finite number is refused with the others
            of_symbols = gates[:, :, columns.input] @ embedding.transpose(0, 2, 1)  # (R, G·W, F)
        before, after = gates[:, :, columns.state], gates[:, :, columns.input.stop :]
        return np.concatenate([before, of_symbols, after], 2)

    def only(self, replica: int) -> Self:
        """Return the network with one of its replicas alone, cut to that one's size."""
        size = self.replicas[replica].variant.hidden_size
        width = (self._readout.shape[2] - 1) // len(self._names[0])
        of_states = [  # the places of the replica's states among those of all units
            direction * width + unit
            for direction in range(len(self._names[0]))
            for unit in range(size)
        ]
        rows = [gate * width + unit for gate in range(self.kind.blocks) for unit in range(size)]
        gates = {}
        for layer, names in enumerate(self._names):
            read = of_states if layer else list(range(self._below))
            for name in names:
                of_all = self._gates[name][replica]  # (G·W, columns)
                columns = self._columns(of_all.shape[1], width, size, read)
                gates[name] = of_all[np.ix_(rows, columns)][None]

        alone = copy(self)
        alone.replicas = (self.replicas[replica],)
        if self._table is not None:
            alone._table = self._table[replica][None]  # noqa: SLF001
        alone._gates = gates  # noqa: SLF001 - of another network of this class
        alone._readout = self._readout[replica][:, [*of_states, -1]][None]  # noqa: SLF001
        return alone

    def _columns(self, count: int, width: int, size: int, read: Sequence[int]) -> list[int]:
        """Return which of the columns of W units are those of `size` units that read `read`."""
        of_states = width if self.kind.has_recurrent_weights else 0
        biases = range(count - (2 if self.kind.has_recurrent_weights else 1), count)
        return [*range(min(size, of_states)), *(of_states + place for place in read), *biases]

    def cell(self, replica: int, name: str = "l0") -> CellWeights:
        """Return the weights of H units of a replica, in PyTorch's order of gates.

        Args:
            replica: its place.
            name: what the direction of one of its layers is called.
        """
        size = self.replicas[replica].variant.hidden_size
        gates = self.only(replica)._gates[name][0]  # (G·H, columns)  # noqa: SLF001
        by_gate = gates.reshape(self.kind.blocks, size, -1)  # (G, H, columns)
        rows = by_gate[self.kind.rows_to_pytorch].reshape(gates.shape)
        features = self._below if name in self._names[0] else len(self._names[0]) * size
        columns = self.kind.replica_columns(features, size)
        recurrent = columns.state_bias is not None
        return CellWeights(
            cell=self.kind,
            of_input=rows[:, columns.input].copy(),
            of_state=rows[:, columns.state].copy() if recurrent else None,
            input_bias=rows[:, columns.input_bias],
            state_bias=rows[:, columns.state_bias] if recurrent else None,
        )

    def readout(self, replica: int) -> tuple[Array, Array]:
        """Return the weights (O, D·H) and bias (O,) of a replica's readout."""
        readout = np.ascontiguousarray(self.only(replica)._readout[0])  # noqa: SLF001
        return readout[:, :-1], readout[:, -1]

    def stack(self, replica: int) -> Stack:
        """Return a replica alone, as a stack of its layers."""
        weight, bias = self.readout(replica)
        takes = LAST_STEP
        if self.shape.every_step:
            takes = EVERY_STEP
        elif self.config.bidirectional:
            takes = FINAL_STATES
        layers = tuple(
            Layer(*(self.cell(replica, name) for name in names)) for names in self._names
        )
        return Stack.with_readout(layers, weight, bias, takes, self.config.state_activation)

    def embedded(self, inputs: npt.NDArray[Any], replica: int) -> npt.NDArray[Any]:
        """Return what a replica's lowest layer reads of inputs (…, F): of words (…, 1) (…, E)."""
        if self._table is None:
            return inputs
        embedded: Array = self._table[replica][inputs[..., 0].astype(np.int64)]
        return embedded

    def steps(self, inputs: npt.NDArray[Any], lengths: list[int]) -> Iterator[Array]:
        """Read B sequences, and give logits after each time step.

        Of both directions, those that are no answers at every step are of use at the last one.

        Args:
            inputs: (T, F, B), or places of words (T, 1, B), the longest sequence first, as
                `longest_first` makes them.
            lengths: B of them in steps, descending, the first of which is T.

        Yields:
            (R, O, n) of the n sequences that have not ended.
        """
        if self.config.stacked:
            yield from self._steps_of_stacks(inputs, lengths)
            return
        weight, bias = self._readout[:, :, :-1], self._readout[:, :, -1:]  # (R, O, W), (R, O, 1)
        if self._table is not None:
            inputs = np.stack([*self._read_by_each(inputs)], 1)  # (T, R, E, B)
        for states in replica_states(self.kind, self._gates["l0"], inputs, lengths):  # (R, W, n)
            yield weight @ activated(self.config.state_activation, states, NUMPY) + bias

    def _read_by_each(self, inputs: npt.NDArray[Any]) -> Iterator[npt.NDArray[Any]]:
        """Yield what the lowest layer of each replica reads (T, E, B) of inputs (T, F, B)."""
        by_sequence = inputs.transpose(0, 2, 1)  # (T, B, F)
        for replica in range(len(self.replicas)):
            yield self.embedded(by_sequence, replica).transpose(0, 2, 1)

    def _steps_of_stacks(self, inputs: npt.NDArray[Any], lengths: list[int]) -> Iterator[Array]:
        """Yield what `steps` does, of several layers or both directions."""
        stacks = [self.stack(replica) for replica in range(len(self.replicas))]
        read = zip(stacks, self._read_by_each(inputs), strict=True)
        logits = np.stack([stack.answers_to_whole(each, lengths) for stack, each in read])
        for step in range(len(inputs)):
            yield logits[:, step, :, : still_going(lengths, step)]


def longest_first(
    sequences: Sequence[npt.NDArray[Any]],
) -> tuple[list[int], list[int], npt.NDArray[Any]]:
    """Put B sequences (T, F) together as `SequenceNetwork.steps` takes them.

    Returns:
        which sequence stands at each place; the lengths there; inputs (T, F, B), zero after the end
        of each sequence.
    """
    order = sorted(range(len(sequences)), key=lambda index: -len(sequences[index]))
    lengths = [len(sequences[index]) for index in order]
    inputs = np.zeros((lengths[0], sequences[0].shape[1], len(order)), sequences[0].dtype)
    for place, index in enumerate(order):
        inputs[: lengths[place], :, place] = sequences[index]
    return order, lengths, inputs


@dataclass(frozen=True)
class ReplicaChoice:
    """The choice of networks that answer, out of those in a file of weights."""

    #: ask networks of this size only; None for the largest, or for all in a vote.
    hidden_size: int | None = None
    loss: str | None = None  #: ask only networks trained with this loss; None for any.
    seed: int | None = None  #: ask only networks of this seed; None for any.
    vote: bool = False  #: ask all that fit, in place of one.

    def pick(self, replicas: Sequence[Replica], preferred_loss: str | None) -> list[int]:
        """Return the places in `replicas` of the networks that answer.

        Args:
            replicas: every variant with every seed, variant by variant.
            preferred_loss: the loss whose networks come first among the largest; None for any.

        Raises:
            SettingError: if there is none that was asked for.
        """
        asked = {"hidden size": self.hidden_size, "loss": self.loss, "seed": self.seed}
        wanted = {name: value for name, value in asked.items() if value is not None}
        properties = [_properties(replica) for replica in replicas]
        for name, value in wanted.items():
            choices = list(dict.fromkeys(having[name] for having in properties))
            if value not in choices:
                raise SettingError(
                    f"These weights have no {name} {printable(value)}, only {in_words(choices)}."
                )
        fitting = [
            place for place, having in enumerate(properties) if wanted.items() <= having.items()
        ]
        if self.vote:
            return fitting

        def size_and_loss(place: int) -> tuple[int, bool]:
            having = properties[place]
            return having["hidden size"], having["loss"] == preferred_loss

        return [max(fitting, key=size_and_loss)]  # of equal ones, the first


def _properties(replica: Replica) -> dict[str, Any]:
    """Return the properties by which a replica is chosen, by their names in messages."""
    variant = replica.variant
    return {"hidden size": variant.hidden_size, "loss": variant.loss, "seed": replica.seed}


@dataclass(frozen=True)
class Answer:
    """An answer, as lines and JSON show it."""

    text: str  #: question and answer on a line.
    correct: bool | None  #: whether the answer is right; None if nobody knows.
    remark: str  #: what follows the mark for right or wrong.
    document: Mapping[str, Any]  #: the JSON-ready form.
    expected: str = ""  #: what is right, as it is shown; empty if nobody knows.


Column: TypeAlias = tuple[str, Iterable[object]]  # its head, and a cell for each step


Question = TypeVar("Question")
AnyNetwork = TypeVar("AnyNetwork", bound=SequenceNetwork)


class Questions(ABC, Generic[Question, AnyNetwork]):
    """Questions of one task, and the networks that answer them.

    Args:
        network: all networks that a file of weights holds.
        label: what to call the weights, such as `pretrained`.
        path: where the file lies.
        choice: which of the networks are asked.

    Raises:
        SettingError: if no network is as asked for.
    """

    #: whose networks come first among the largest; None for any.
    preferred_loss: ClassVar[str | None] = None

    def __init__(self, network: AnyNetwork, label: str, path: Path, choice: ReplicaChoice) -> None:
        self._source = label
        self.path = path  #: the file of the weights.
        self.votes = choice.vote  #: whether all that are asked give one answer.
        self.config = network.config
        places = choice.pick(network.replicas, self.preferred_loss)
        self.replicas = [network.replicas[place] for place in places]
        asks_all = len(places) == len(network.replicas)
        #: all of them in one, or one a replica.
        self.networks = [network] if asks_all else [network.only(place) for place in places]
        #: the figures that training measured for the first replica.
        self._metrics = {
            name: values[places[0]]
            for name, values in network.metrics.items()
            if isinstance(values, tuple) and len(values) == len(network.replicas)
        }

    @property
    def request(self) -> str:
        """What to type, in a sentence without its full stop."""
        raise NotImplementedError

    @property
    def example(self) -> str:
        """Something that can be asked, where it does not matter what."""
        raise NotImplementedError

    @abstractmethod
    def read(self, text: str) -> Question:
        """Read a question as typed; raises `QueryError`."""

    @abstractmethod
    def length(self, question: Question) -> int:
        """Return the time steps that an answer takes."""

    def check_lines(self, questions: Sequence[Question], head: str) -> None:
        """Raise `QueryError` if several questions, a line each, were meant to be one.

        Args:
            questions: the first ones.
            head: the first line, if it is no question; else empty.
        """

    @abstractmethod
    def notices(self, question: Question) -> Iterator[str]:
        """Yield sentences on why the answer may be worse than the figures of these weights."""

    @abstractmethod
    def outputs(self, network: AnyNetwork, questions: Sequence[Question]) -> Sequence[Array]:
        """Return what R replicas give for each question: (R, …), or (R, A, O) for A answers.

        Raises:
            CheckpointError: if the weights are too large to compute with.
        """

    @abstractmethod
    def answer(self, question: Question, outputs: Array) -> Answer:
        """Return the one answer of several replicas, which gave these outputs (R, …)."""

    def all_outputs(self, questions: Sequence[Question]) -> list[Array]:
        """Return what all replicas that are asked give for each question (R, …).

        Raises:
            CheckpointError: if the weights are too large to compute with.
        """
        with np.errstate(all="ignore"):
            of_networks = [self.outputs(network, questions) for network in self.networks]
        return [np.concatenate(outputs) for outputs in zip(*of_networks, strict=True)]

    def answers(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answer them, in their order; raises `CheckpointError` if weights are too large."""
        for question, outputs in zip(questions, self.all_outputs(questions), strict=True):
            yield self.answer(question, outputs)

    # How a question is looked into.

    @abstractmethod
    def inputs(self, question: Question) -> npt.NDArray[Any]:
        """Return what networks read of a question (T, F)."""

    @abstractmethod
    def right(self, question: Question) -> Sequence[int]:
        """Return the right answers (T,), or (1,) after the last step; empty if nobody knows."""

    def numbers_of(self, outputs: Array) -> npt.NDArray[Any]:
        """Return the numbers (…, O) that outputs (…, O) mean, where they are numbers."""
        return outputs

    def numbers_answered(self, question: Question, outputs: Array) -> npt.NDArray[Any]:  # noqa: ARG002
        """Return the numbers (T, O) that the outputs (T, O) to a question mean."""
        return self.numbers_of(outputs)

    def title(self, answer: Answer) -> str:
        """Return question and answer on a line, without whether it is right."""
        return answer.text

    def words(self, question: Question) -> Sequence[str]:  # noqa: ARG002
        """Return a word for each step (T,) that is read; none for what networks read."""
        return ()

    def columns(self, question: Question) -> Sequence[Column]:  # noqa: ARG002
        """Return the columns of what is read; none for the steps and their inputs."""
        return ()

    def facts(self, question: Question) -> Mapping[str, npt.NDArray[Any]]:  # noqa: ARG002
        """Return what else is true of a question, by name, for documents."""
        return {}

    @property
    def label(self) -> str:
        """The networks that answer, such as `pretrained (H 10 ce, seed 0)`."""
        if self.votes:
            return f"{self._source} (vote of {len(self.replicas)})"
        replica = self.replicas[0]
        return f"{self._source} ({replica.variant.label}, seed {replica.seed})"

    def document(self) -> dict[str, Any]:
        """Return the choice of networks for JSON.

        In a vote, it lists all sizes, losses and seeds that take part.
        """
        document: dict[str, Any] = {
            "source": self._source,
            "path": str(self.path),
            "task": self.config.task,
            "preset": self.config.preset,
        }
        if self.votes:
            variants = [replica.variant for replica in self.replicas]
            document["hidden_sizes"] = sorted({variant.hidden_size for variant in variants})
            document["losses"] = list(dict.fromkeys(variant.loss for variant in variants))
            document["seeds"] = sorted({replica.seed for replica in self.replicas})
        else:
            [replica] = self.replicas
            document["hidden_size"] = replica.variant.hidden_size
            document["loss"] = replica.variant.loss
            document["seed"] = replica.seed
            document["metrics"] = self._metrics
        if self.config.position is not None:
            document["position"] = self.config.position
        document["lengths"] = list(self.config.lengths)
        return document


def in_words(values: Sequence[object]) -> str:
    """Return values in a sentence: `1, 2 and 3`."""
    if len(values) > 8:  # seeds, which are consecutive
        return f"{values[0]} to {values[-1]}"
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}" if others else last
