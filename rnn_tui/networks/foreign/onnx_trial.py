"""Has an ONNX model answer random inputs, to see which network answers alike.

Shapes: T steps, N sequences, F features, A answers of O outputs.
"""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import NetworkError, why
from rnn_tui.networks.foreign.comparing import Ends, ends_of, one_hot
from rnn_tui.networks.foreign.onnx_file import OnnxFile, imported
from rnn_tui.networks.stack import Stack
from rnn_tui.networks.stepwise import Array

STEPS, SEQUENCES = 5, 2  # of the trial, where the model leaves them open
TOLERANCE = 1e-4  # of the answers' largest number: sums in another order differ by less
MOST_TRIED = 4096  # steps of the trial, and sequences
MOST_NUMBERS = 10_000_000  # that are read in the trial
#: the whole numbers that symbols may be, by how ONNX calls their kind.
KINDS = {6: np.int32, 7: np.int64}
#: in what ONNX Runtime says where it gets no memory.
NO_MEMORY = ("bad_alloc", "bad allocation", "allocate memory")


class OnnxTrial:
    """Random inputs, and a model's answers to them.

    Args:
        model: what answers.
        symbols: whether it reads symbols, as whole numbers.
        numbers: whether its answers are numbers, in place of classes.
    """

    def __init__(self, model: OnnxFile, *, symbols: bool, numbers: bool = False) -> None:
        self._model = model
        self._symbols = symbols
        self._ends = ends_of(numbers=numbers)
        if len(model.inputs) != 1:
            raise model.refusal(f"has {len(model.inputs)} inputs, not one")
        runtime = imported("onnxruntime")
        options = runtime.SessionOptions()
        options.log_severity_level = 4  # what it says of a model that fails is in the error
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Each operator is computed as it stands: nothing is computed before it is asked for.
        options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
        try:
            self._session = runtime.InferenceSession(
                model.data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            _pass_on_no_memory(error)
            raise NetworkError(
                f"{model.file_name} is refused by ONNX Runtime ({why(error)})."
            ) from error

    def answering_alike(self, stacks: Sequence[Stack]) -> list[tuple[Stack, float]]:
        """Return the networks that answer as the model does, and the largest difference of each."""
        answers = {}
        for batch_first in (True, False):
            for steps in sorted({stack.only_steps or STEPS for stack in stacks}):
                inputs = self._inputs(stacks[0].features, steps, batch_first=batch_first)
                if inputs is not None:
                    answers[batch_first, steps] = inputs, self._answers(inputs)
        alike = []
        for stack in stacks:
            differences = [
                _difference(
                    stack,
                    self._as_numbers(inputs, stack),
                    output,
                    self._ends,
                    batch_first=batch_first,
                )
                for (batch_first, steps), (inputs, outputs) in answers.items()
                if stack.only_steps in (None, steps)
                for output in outputs
            ]
            if differences and min(differences) <= TOLERANCE:
                alike.append((stack, min(differences)))
        return alike

    def _as_numbers(self, inputs: npt.NDArray[Any], stack: Stack) -> Array:
        """Return inputs as the network reads them here: symbols one-hot."""
        if not self._symbols:
            return inputs
        return one_hot(inputs, stack.features).astype(np.float32)

    def _inputs(self, features: int, steps: int, *, batch_first: bool) -> npt.NDArray[Any] | None:
        """Return random inputs in the shape that the model declares; None if that does not fit."""
        declared = self._model.inputs[0].type.tensor_type
        if any(dim.dim_value < 0 for dim in declared.shape.dim):
            raise self._model.refusal("has an input with a negative size")
        own = [] if self._symbols else [features]
        wanted = [SEQUENCES, steps, *own] if batch_first else [steps, SEQUENCES, *own]
        dims = [dim.dim_value or None for dim in declared.shape.dim]
        if len(dims) == len(wanted) - 1:  # one sequence, without an axis of its own
            wanted = [steps, *own]
        if len(dims) != len(wanted):
            return None
        shape = [dim or size for dim, size in zip(dims, wanted, strict=True)]
        numbers = math.prod(shape) * (features if self._symbols else 1)
        if shape[len(shape) - len(own) :] != own or numbers > MOST_NUMBERS:
            return None
        if max(shape[: len(shape) - len(own)]) > MOST_TRIED:
            return None
        random = np.random.default_rng(0)
        if self._symbols:
            kind = KINDS.get(declared.elem_type)
            return None if kind is None else random.integers(0, features, shape, kind)
        return random.normal(size=shape).astype(np.float32)

    def _answers(self, inputs: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Return the model's outputs that are numbers with a point; none if it can't read these."""
        try:
            outputs = self._session.run(None, {self._model.inputs[0].name: inputs})
        except Exception as error:  # noqa: BLE001 - as above; the shape does not fit the model
            _pass_on_no_memory(error)
            return []
        return [
            output
            for output in outputs
            if isinstance(output, np.ndarray) and output.dtype.kind == "f"
        ]


def _pass_on_no_memory(error: Exception) -> None:
    """Raise `MemoryError` if an error of ONNX Runtime's means that."""
    if isinstance(error, MemoryError) or any(words in str(error) for words in NO_MEMORY):
        raise MemoryError from error


def _difference(
    stack: Stack, inputs: Array, output: npt.NDArray[Any], ends: Ends, *, batch_first: bool
) -> float:
    """Return how far a network's answers to inputs are from a model's output, in any order of axes.

    It is a share of the largest answer, if that is above 1.
    """
    read = inputs[:, None] if inputs.ndim == 2 else inputs  # (T, 1, F)
    if batch_first and inputs.ndim == 3:
        read = inputs.transpose(1, 0, 2)  # (T, N, F)
    if stack.only_steps not in (None, len(read)):
        return np.inf
    with np.errstate(all="ignore"):
        logits = stack.logits(read)  # (A, N, O)
    smallest = np.inf
    for order, end in product(((0, 1, 2), (1, 0, 2)), ends):
        expected = end(logits).transpose(order)
        if expected.size == output.size:
            difference = float(np.abs(expected.reshape(-1) - output.reshape(-1)).max())
            smallest = min(smallest, difference / max(1.0, float(np.abs(expected).max())))
    return smallest
