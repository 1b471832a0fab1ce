"""Inside a network that reads sequences: one sequence, step by step, whatever its task is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import TaskError
from rnn_tui.inside.trace import Trace, against_the_mean, checked, layer_trace
from rnn_tui.networks.stepwise import Array, sigmoid, softmax
from rnn_tui.tasks.config import SequenceConfig
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.task import Task

EVERY_STEP_NOTE = (
    "The output after a step is the answer to that step; it depends on nothing that is read later."
)
LAST_STEP_NOTE = (
    "The network answers after the last step; an answer after an earlier one is what it would say "
    "if the sequence ended there."
)


def trace_inputs(
    network: SequenceNetwork,
    inputs: Array,
    replica: int = 0,
    *,
    read: Sequence[str] = (),
    prefix_note: str = "",
) -> Trace:
    """What a replica of `network` holds while it reads `inputs` (T, F).

    Args:
        network: the networks.
        inputs: as the network reads them.
        replica: which of them.
        read: (T) what is read at each step, in a word or two; by default made of the inputs.
        prefix_note: what an answer before the last step means, in a sentence.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    shape = network.shape
    weight, bias = network.readout(replica)  # (O, H), (O,)
    with np.errstate(all="ignore"):
        activations = network.cell(replica).run(inputs[:, None])
        states = activations.states[:, 0]  # (T, H)
        logits = states @ weight.T + bias  # (T, O)
        if network.outputs == 1:
            answers = (logits[:, 0] >= 0).astype(np.int64)
        else:
            answers = logits.argmax(axis=1).astype(np.int64)
        separate = network.outputs == 1 or network.replicas[replica].variant.loss == "bce"
        probabilities = sigmoid(logits) if separate else softmax(logits)
        importance = _importance(states, weight, answers, every_step=shape.every_step)
    return checked(
        Trace(
            task=network.task.name,
            read=tuple(read or words_of(inputs)),
            inputs=inputs,
            layers=(layer_trace("layer 1", activations, importance),),
            outputs=shape.outputs,
            every_step=shape.every_step,
            logits=logits,
            probabilities=probabilities,
            answers=answers,
            prefix_note=prefix_note or (EVERY_STEP_NOTE if shape.every_step else LAST_STEP_NOTE),
        )
    )


def _importance(
    states: Array, weight: Array, answers: npt.NDArray[np.int64], *, every_step: bool
) -> Array:
    """How much each unit (H,) matters, as `LayerTrace.importance` says."""

    def towards(answer: int) -> Array:
        return weight[0] if len(weight) == 1 else against_the_mean(weight, answer)

    if not every_step:
        last: Array = states[-1] * towards(int(answers[-1]))
        return last
    by_answer = np.stack([towards(answer) for answer in range(max(2, len(weight)))])
    importance: Array = np.abs(states * by_answer[answers]).mean(axis=0)
    return importance


def words_of(inputs: Array) -> list[str]:
    """A word for each step of `inputs` (T, F): the class of a one-hot step, else its numbers."""
    if (
        inputs.shape[1] > 1
        and ((inputs == 1).sum(axis=1) == 1).all()
        and (inputs.sum(1) == 1).all()
    ):
        return [str(step.argmax()) for step in inputs]
    return [" ".join(f"{value:g}" for value in step) for step in inputs]


def draw_example(
    task: Task, config: SequenceConfig, number: int
) -> tuple[Array, npt.NDArray[np.uint8]]:
    """A sequence of a task by chance, of a length in training.

    Args:
        task: whose.
        config: of the networks that are to read it.
        number: decides which.

    Returns:
        What is read (T, F), and what is right: (1,), or (T,) where every step has an answer.

    Raises:
        TaskError: if the task can't be loaded, or is not of sequences.
    """
    import torch  # noqa: PLC0415 - seconds, on use only

    from rnn_tui.engine.seeding import generator  # noqa: PLC0415
    from rnn_tui.tasks.sequences.problem import SequenceProblem  # noqa: PLC0415

    # One small network: only the data is wanted.
    small = replace(config, hidden_sizes=config.hidden_sizes[:1], losses=config.losses[:1], seeds=1)
    kind = task.load()
    if not issubclass(kind, SequenceProblem):
        raise TaskError(f"The task {task.name} has no sequences to look into.")
    problem = kind(small, torch.device("cpu"), lambda _: None)
    random = generator(config.seed, "inside", number)
    drawn = problem.draw(problem.random_lengths(1, random), random)
    return drawn.inputs[0, 0].numpy().astype(np.float32), drawn.targets[0, 0].reshape(-1).numpy()
