"""Answers of trained replicas at once, in numpy; and what the kinds of questions to them have in
common.

The forward pass of `networks.replicas` once more, so that no question waits seconds for torch. A
test holds the two together.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.config import Replica
from rnn_tui.engine.errors import CheckpointError, SettingError, printable
from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks import CELLS
from rnn_tui.networks.stepwise import Array, CellWeights
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.task import Task


class SequenceNetwork:
    """Replicas of a task's run, for answers; `CheckpointError` if they are another task's, or do
    not fit their settings.
    """

    task: Task  #: whose networks they are; a class for one task has it, and need not be told.

    def __init__(self, file: WeightsFile, task: Task | None = None) -> None:
        self.task = task or self.task
        config, shape = file.config, self.task.shape
        if not isinstance(config, SequenceConfig) or config.task != self.task.name or shape is None:
            raise CheckpointError(f"These weights are for {config.task}, not for {self.task.name}.")
        self.shape, self.features, self.outputs = shape, shape.features, len(shape.outputs)
        self.config, self.metrics, self.kind = config, file.metrics, CELLS[config.cell]
        self.replicas: tuple[Replica, ...] = config.replicas
        gates, readout = file.arrays.get("gates"), file.arrays.get("readout")
        width, count = max(config.hidden_sizes), len(self.replicas)
        shapes = (
            (count, self.kind.blocks * width, width + self.features + 2),
            (count, self.outputs, width + 1),
        )
        if gates is None or readout is None or (gates.shape, readout.shape) != shapes:
            raise CheckpointError("These weights do not fit the settings that come with them.")
        if not (np.isfinite(gates).all() and np.isfinite(readout).all()):
            raise CheckpointError("Some of these weights are not finite numbers.")
        self._gates, self._readout = gates.astype(np.float32), readout.astype(np.float32)

    def only(self, replica: int, silenced: Collection[int] = ()) -> Self:
        """The network with one of its replicas alone, without what others' sizes add; and without
        silenced units, as if their states were always zero.
        """
        chosen = copy(self)
        size, width = self.replicas[replica].variant.hidden_size, self._readout.shape[2] - 1
        units = [unit for unit in range(size) if unit not in silenced]
        columns = [*units, *range(width, self._gates.shape[2])]
        rows = [gate * width + unit for gate in range(self.kind.blocks) for unit in units]
        variant = replace(self.replicas[replica].variant, hidden_size=len(units))
        chosen.replicas = (replace(self.replicas[replica], variant=variant),)
        # of another network of this class
        chosen._gates = self._gates[replica][np.ix_(rows, columns)][None]  # noqa: SLF001
        chosen._readout = self._readout[replica][:, [*units, width]][None]  # noqa: SLF001
        return chosen

    def cell(self, replica: int) -> CellWeights:
        """The weights of a replica's layer, in PyTorch's order, without what others' sizes add."""
        size = self.replicas[replica].variant.hidden_size
        alone = self.only(replica)._gates[0]  # noqa: SLF001
        rows = alone.reshape(self.kind.blocks, size, -1)[self.kind.rows_to_pytorch].reshape(
            alone.shape
        )
        return CellWeights(
            self.kind, rows[:, size:-2].copy(), rows[:, :size].copy(), rows[:, -2], rows[:, -1]
        )

    def readout(self, replica: int) -> tuple[Array, Array]:
        """Weights (O, H) and bias (O,) of a replica's readout."""
        size = self.replicas[replica].variant.hidden_size
        return self._readout[replica, :, :size], self._readout[replica, :, -1]

    def steps(self, inputs: npt.NDArray[np.uint8], lengths: list[int]) -> Iterator[Array]:
        """Logits (R, O, n) after each time step, of the n sequences that have not ended; as
        `in_order` makes them.

        Of `inputs` (T, F, B), the longest sequence first; `lengths` are B steps, descending, the
        first of them T.
        """
        weight, bias = self._readout[:, :, :-1], self._readout[:, :, -1:]
        for states in self.kind.replica_states(self._gates, inputs, lengths):
            yield weight @ states + bias


def in_order(
    sequences: Sequence[npt.NDArray[np.uint8]],
) -> tuple[list[int], list[int], npt.NDArray[np.uint8]]:
    """Sequences (T, F) as `SequenceNetwork.steps` takes them: which stands at each place, lengths,
    inputs (T, F, B).
    """
    order = sorted(range(len(sequences)), key=lambda at: -len(sequences[at]))
    lengths = [len(sequences[at]) for at in order]
    inputs = np.zeros((lengths[0], sequences[0].shape[1], len(order)), np.uint8)
    for column, at in enumerate(order):
        inputs[: lengths[column], :, column] = sequences[at]
    return order, lengths, inputs


@dataclass(frozen=True)
class ReplicaChoice:
    """Which of the networks that a file of weights holds are asked."""

    #: ask networks of this size only; None for the largest, or for all in a vote.
    hidden_size: int | None = None
    loss: str | None = None  #: ask networks trained with this loss only; None likewise.
    seed: int | None = None  #: ask networks of this seed only; None likewise.
    vote: bool = False  #: ask all that fit, in place of one.

    def pick(self, replicas: Sequence[Replica], preferred_loss: str | None) -> list[int]:
        """The places of those who answer, in `replicas`, which are every variant with every seed,
        variant by variant.

        Networks of `preferred_loss` come first among the largest. `SettingError` if there is none
        that was asked for.
        """
        asked = {"hidden size": self.hidden_size, "loss": self.loss, "seed": self.seed}
        wanted = {what: value for what, value in asked.items() if value is not None}
        have: list[dict[str, Any]] = [
            {"hidden size": one.variant.hidden_size, "loss": one.variant.loss, "seed": one.seed}
            for one in replicas
        ]
        for what, value in wanted.items():
            there = list(dict.fromkeys(properties[what] for properties in have))
            if value not in there:
                raise SettingError(
                    f"These weights have no {what} {printable(value)}, only {listed(there)}."
                )
        fitting = [at for at, properties in enumerate(have) if wanted.items() <= properties.items()]
        largest = max(
            fitting, key=lambda at: (have[at]["hidden size"], have[at]["loss"] == preferred_loss)
        )
        return fitting if self.vote else [largest]  # of equal ones, the first


@dataclass(frozen=True)
class Answer:
    """An answer as both outputs take it."""

    said: str  #: question and answer on a line.
    correct: bool  #: whether the answer is right.
    remark: str  #: what follows the mark for right or wrong.
    document: Mapping[str, Any]  #: the JSON-ready form.


Question = TypeVar("Question")
AnyNetwork = TypeVar("AnyNetwork", bound=SequenceNetwork)


class Questions(ABC, Generic[Question, AnyNetwork]):
    """Questions of one task, and the networks that answer them: of all that the file at `path`
    holds, those of a choice.

    `label` is what to call the weights, such as `pretrained`. `SettingError` if no network is as
    asked for.
    """

    request: ClassVar[str]  #: what to type, in a sentence without its full stop.
    #: whose networks come first among the largest; None for any.
    preferred_loss: ClassVar[str | None] = None

    def __init__(self, network: AnyNetwork, label: str, path: Path, choice: ReplicaChoice) -> None:
        self._source, self._path, whole = label, path, network
        picked = choice.pick(whole.replicas, self.preferred_loss)
        self.networks = (
            [whole] if len(picked) == len(whole.replicas) else [whole.only(at) for at in picked]
        )
        self.replicas = [whole.replicas[at] for at in picked]
        self.config, self._vote = whole.config, choice.vote
        self._figures = {
            name: values[picked[0]]
            for name, values in whole.metrics.items()
            if isinstance(values, tuple) and len(values) == len(whole.replicas)
        }

    @abstractmethod
    def read(self, text: str) -> Question:
        """Read a question as typed; raises `QueryError`."""

    @abstractmethod
    def length(self, question: Question) -> int:
        """The time steps that an answer takes."""

    @abstractmethod
    def notices(self, question: Question) -> Iterator[str]:
        """Sentences on why the answer may be worse than the figures of these weights."""

    @abstractmethod
    def answers(self, questions: Sequence[Question]) -> Iterator[Answer]:
        """Answer them, in their order; raises `CheckpointError` where weights are too large."""

    @property
    def label(self) -> str:
        """Which networks answer, such as `pretrained (H 10 ce, seed 0)`."""
        replica = self.replicas[0]
        who = (
            f"vote of {len(self.replicas)}"
            if self._vote
            else f"{replica.variant.label}, seed {replica.seed}"
        )
        return f"{self._source} ({who})"

    def document(self) -> dict[str, Any]:
        """The same for JSON; in a vote, lists of all sizes, losses and seeds that take part."""
        config = self.config
        about: dict[str, Any] = {
            "source": self._source,
            "path": str(self._path),
            "task": config.task,
            "preset": config.preset,
        }
        if self._vote:
            about |= {
                "hidden_sizes": sorted({r.variant.hidden_size for r in self.replicas}),
                "losses": list(dict.fromkeys(r.variant.loss for r in self.replicas)),
                "seeds": sorted({r.seed for r in self.replicas}),
            }
        else:
            [replica] = self.replicas
            about |= {
                "hidden_size": replica.variant.hidden_size,
                "loss": replica.variant.loss,
                "seed": replica.seed,
            }
            about["metrics"] = self._figures
        position = {} if config.position is None else {"position": config.position}
        return {**about, **position, "lengths": list(config.lengths)}


def listed(values: Sequence[object]) -> str:
    """Values in words: `1, 2 and 3`."""
    if len(values) > 8:  # seeds, which are consecutive
        return f"{values[0]} to {values[-1]}"
    *others, last = map(str, values)
    return f"{', '.join(others)} and {last}" if others else last
