"""A network of a task on sequences to look into, and sequences by chance, which it reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import TaskError
from rnn_tui.inside.network import InsideNetwork
from rnn_tui.inside.stack_trace import Wording
from rnn_tui.inside.trace import Trace, words_of
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, sigmoid

if TYPE_CHECKING:  # the first frame knows traces, and must not load what reads weights
    from rnn_tui.tasks.config import SequenceConfig
    from rnn_tui.tasks.sequences.inference import SequenceNetwork
    from rnn_tui.tasks.task import Task

UNKNOWN = -1  # in the place of a right answer


@dataclass(frozen=True, eq=False)
class TaskNetwork(InsideNetwork):
    """A replica of a run on sequences."""

    source: "SequenceNetwork"  #: all replicas.
    replica: int = 0  #: which of them.

    @cached_property
    def stack(self) -> Stack:
        """Its layer and its readout."""
        return self.source.stack(self.replica)

    @property
    def wording(self) -> Wording:
        """What its inputs and outputs mean, by the shape of its task."""
        shape = self.source.shape
        # trained with a probability for each output by itself
        separate = self.source.replicas[self.replica].variant.loss == "bce"
        return Wording(
            task=self.source.task.name,
            outputs=shape.outputs,
            step=shape.step,
            first_step=shape.first_step,
            numbers=shape.numbers,
            of_logits=sigmoid if separate else None,
        )

    def words(self, inputs: Array) -> Sequence[str]:
        """Return the symbols that are read, or the numbers."""
        return words_of(inputs, self.source.shape.alphabet)


def trace_inputs(
    network: "SequenceNetwork", inputs: Array, replica: int = 0, *, read: Sequence[str] = ()
) -> Trace:
    """Return the trace of a replica that reads a sequence, as `InsideNetwork.trace` says."""
    return TaskNetwork(network, replica).trace(inputs, read)


@dataclass(frozen=True, eq=False)
class DrawnSequences:
    """Sequences by chance with what is right."""

    inputs: Array  #: (T, N, F), zero after a sequence's end.
    #: (N, T) where each step has an answer, else (N, 1); `UNKNOWN` where nobody knows.
    targets: npt.NDArray[Any]
    lengths: npt.NDArray[np.int64]  #: (N,) steps.


def draw_examples(
    task: "Task", config: "SequenceConfig", count: int, number: int, *, length: int | None = None
) -> DrawnSequences:
    """Return sequences of a task by chance.

    Args:
        task: of sequences.
        config: settings of its networks; the seed is theirs.
        count: how many; a set of data may have fewer.
        number: draws others for another one.
        length: of all of them; by default lengths as in training.

    Raises:
        TaskError: if the task gives none.
    """
    import torch  # seconds, on use only

    from rnn_tui.engine.training.problem import generator
    from rnn_tui.tasks.sequences.replica_problem import ReplicaProblem

    # One small network: only the data is wanted.
    small = replace(config, hidden_sizes=config.hidden_sizes[:1], losses=config.losses[:1], seeds=1)
    kind = task.load()
    if not issubclass(kind, ReplicaProblem):
        raise TaskError(f"The task {task.name} has no sequences to look into.")
    problem = kind(small, torch.device("cpu"), lambda _: None)
    examples = problem.sample(count, generator(config.seed, "inside", number), length)
    return DrawnSequences(
        inputs=examples.inputs[0].movedim(1, 0).numpy().astype(np.float32),  # (T, N, F)
        targets=examples.targets[0].reshape(examples.count, -1).numpy(),
        lengths=examples.lengths[0].numpy().astype(np.int64),
    )
