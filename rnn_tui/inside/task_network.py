"""A network of a task on sequences to look into, and sequences by chance, which it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import TaskError, UserError
from rnn_tui.inside.edits import Edit
from rnn_tui.inside.network import MOST_CONSTANT_INPUTS, Colouring, DrawnSequences, InsideNetwork
from rnn_tui.inside.stack_trace import Wording
from rnn_tui.inside.trace import Trace, words_of
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array, sigmoid

if TYPE_CHECKING:  # the first frame knows traces, and must not load what reads weights
    from rnn_tui.tasks.config import SequenceConfig
    from rnn_tui.tasks.sequences.inference import SequenceNetwork
    from rnn_tui.tasks.sequences.words import TaskWords
    from rnn_tui.tasks.task import Task


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

    def embedded(self, inputs: npt.NDArray[Any]) -> Array:
        """Return what its lowest layer reads (…, F) of what the task gives it: see its source."""
        return self.source.embedded(inputs, self.replica)

    def trace(self, inputs: Array, read: Sequence[str] = (), edits: Sequence[Edit] = ()) -> Trace:
        """Trace it while it reads a sequence, or words by their places (T, 1)."""
        if not self.source.shape.vocabulary:
            return super().trace(inputs, read, edits)
        trace = super().trace(self.embedded(inputs), read or self.words(inputs), edits)
        return replace(trace, places=inputs.astype(np.int64))

    def words(self, inputs: Array) -> Sequence[str]:
        """Return the symbols that are read, or the numbers."""
        return words_of(inputs, self.source.shape.alphabet)

    def draw(self, count: int, seed: int, steps: int) -> DrawnSequences:
        """Draw sequences of lengths as in training.

        For a network of several layers or both directions they are those of the most frequent
        length: it reads all drawn sequences to the last step of the longest.
        """
        del steps
        drawn = draw_examples(self.source.task, self.source.config, count, seed)
        drawn = replace(drawn, inputs=self.embedded(drawn.inputs))
        return drawn if self.stack.answers_as_it_reads else _of_one_length(drawn)

    def colouring(
        self, drawn: DrawnSequences, steps: npt.NDArray[np.int64], answers: Array
    ) -> Colouring:
        """Return the hidden variable, or of a task without one what is right."""
        from rnn_tui.tasks.sequences.words import truth_of  # on use only

        del answers
        shape, sequences = self.source.shape, np.arange(len(steps))
        truth = truth_of(self.source.task, self.source.config)
        if truth.variable is not None and truth.hidden is not None:
            values = truth.hidden(drawn.inputs)[steps, sequences]  # of (T, N)
            return Colouring(values.astype(np.int64), truth.variable.values, truth.variable.name)
        right = drawn.targets[sequences, steps if shape.every_step else 0]
        return Colouring(right.astype(np.int64), shape.answer_words, shape.answer)

    def constant_inputs(self, drawn: DrawnSequences) -> Mapping[str, Array] | None:
        """Return all inputs of a step, as the drawn sequences show them, short words first."""
        if self.stack.bidirectional:
            return None
        if self.source.shape.vocabulary:
            return {}
        read = np.arange(len(drawn.inputs))[:, None] < drawn.lengths  # (T, N)
        kinds = np.unique(drawn.inputs[read], axis=0)  # (K, F)
        if len(kinds) > MOST_CONSTANT_INPUTS:
            return {}
        by_word = dict(zip(self.words(kinds), kinds, strict=True))
        return {word: by_word[word] for word in sorted(by_word, key=_short_words_first)}

    def words_to_ask(self) -> "TaskWords":
        """Return those of its task."""
        from rnn_tui.tasks.sequences.words import words_for  # on use only

        if self.stack.bidirectional:
            raise UserError(
                "An automaton reads from the first symbol to the last; this network's answers "
                "depend on what comes later."
            )
        words = words_for(self.source.task, self.source.config)
        if words.no_automaton:
            raise UserError(words.no_automaton)
        return words


def _of_one_length(drawn: DrawnSequences) -> DrawnSequences:
    """Return those of the drawn sequences that have their most frequent length."""
    length = int(np.bincount(drawn.lengths).argmax())
    alike = drawn.lengths == length
    answers = length if drawn.targets.shape[1] > 1 else 1
    return DrawnSequences(
        drawn.inputs[:length, alike], drawn.targets[alike, :answers], drawn.lengths[alike]
    )


def _short_words_first(word: str) -> tuple[int, str]:
    return len(word), word


def trace_inputs(
    network: "SequenceNetwork", inputs: Array, replica: int = 0, *, read: Sequence[str] = ()
) -> Trace:
    """Return the trace of a replica that reads a sequence, as `InsideNetwork.trace` says."""
    return TaskNetwork(network, replica).trace(inputs, read)


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
