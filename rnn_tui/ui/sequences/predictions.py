"""What a network predicts of a sequence of a data set, beside what is true."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.archive.weights import NETWORKS, run_weights
from rnn_tui.data.data_set import UNKNOWN, DataSet
from rnn_tui.data.description import Description
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.data.options import Goal
from rnn_tui.inside.task_network import trace_inputs
from rnn_tui.inside.trace import Trace
from rnn_tui.tasks.config import replica_of
from rnn_tui.tasks.task import Task


@dataclass(frozen=True)
class Predictor:
    """The network of a run that predicts."""

    task: Task  #: its task, of a data set.
    run_id: str
    variant: str  #: a `Variant.label`.
    seed: int | None = None  #: the first one if it is None, or none of the run's.


@dataclass(frozen=True, eq=False)
class Prediction:
    """What is true of a sequence, and what a network predicts, step by step.

    Both are numbers (A, O) in the units of the file, NaN where nothing is known; or classes (A,),
    `UNKNOWN` there. A is the number of steps, or 1 where a whole sequence is answered.
    """

    index: int  #: the place of the sequence in the data set.
    network: str  #: its variant and seed.
    true: npt.NDArray[Any]
    predicted: npt.NDArray[Any]  #: at the step that it is about.


def predict(predictor: Predictor, data_set: DataSet, index: int) -> Prediction:
    """Have a network read a sequence; call it in a thread.

    Raises:
        CheckpointError: if its weights are missing, or too large to compute with.
    """
    task = predictor.task
    description = data_set.description
    source = run_weights(task.name, predictor.run_id)
    network = NETWORKS.get(source.path, task.network)
    replica, label, seed = replica_of(network.config, predictor.variant, predictor.seed)
    inputs = network_inputs(description, data_set.sequence(index)).astype(np.float32)
    predicted = predictions_of(
        description, trace_inputs(network, inputs, replica), data_set.sequence(index)
    )
    return Prediction(index, f"{label}, seed {seed}", truth_of(data_set, index), predicted)


def truth_of(data_set: DataSet, index: int) -> npt.NDArray[Any]:
    """Return what is true of a sequence, as `Prediction.true` has it."""
    description = data_set.description
    if description.goal is Goal.NEXT:
        values = data_set.sequence(index)
        return values[:, 0].astype(np.int64) if description.alphabet else values
    target = np.asarray(data_set.target(index))
    return target if description.goal.every_step else target[None]


def predictions_of(
    description: Description, trace: Trace, read: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Return what a network predicts, as `Prediction.predicted` has it.

    Of several steps ahead that are answered as numbers, it is the first.
    """
    outputs = trace.logits if description.goal.every_step else trace.logits[-1:]  # (A, O)
    if description.classifies:
        classes = outputs.argmax(axis=1)  # (A,)
        is_ahead = description.goal is Goal.NEXT
        return _later(classes, description.horizon, UNKNOWN) if is_ahead else classes
    numbers = in_units(description, outputs, read)
    if description.goal is Goal.NEXT:
        return _later(numbers[:, : len(description.features)], 1, np.nan)
    return numbers


def _later(values: npt.NDArray[Any], steps: int, unknown: float) -> npt.NDArray[Any]:
    """Return values (T, …) so many steps later; those of the first steps are unknown."""
    later = np.full_like(values, unknown)
    later[steps:] = values[:-steps]
    return later
