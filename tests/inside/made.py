"""Small networks by chance, and the equations of the cells written out once more, in double
precision.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from rnn_tui.engine.weights_file import WeightsFile
from rnn_tui.networks.stepwise import CellWeights
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from rnn_tui.tasks.mnist.inference import RowReaderNetwork
from rnn_tui.tasks.mnist.problem import build_model


def reader(
    model: str, layers: int, preset: str = "report", scale: float = 0.4
) -> tuple[nn.Module, RowReaderNetwork]:
    """A row reader by chance, as PyTorch's module and for answers."""
    config = TASKS["mnist"].config(model, preset, hidden_size=6, layers=layers)
    assert isinstance(config, ImageConfig)
    module = build_model(config)
    random = torch.Generator().manual_seed(layers)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-scale, scale, generator=random)
    arrays = {name: tensor.numpy().copy() for name, tensor in module.state_dict().items()}
    return module, RowReaderNetwork(WeightsFile(config, arrays, 1, {}))


def sequences(task: str, cell: str, size: int = 4) -> Any:
    """One network by chance that reads sequences."""
    spec = TASKS[task]
    config = spec.config(cell, hidden_sizes=(size,), seeds=1)
    assert isinstance(config, SequenceConfig)
    config = config.replace(losses=config.losses[:1])
    assert spec.shape is not None
    rows = {"rnn": 1, "gru": 3, "lstm": 4}[cell] * size
    random = np.random.default_rng(size)
    shapes = {
        "gates": (1, rows, size + spec.shape.features + 2),
        "readout": (1, len(spec.shape.outputs), size + 1),
    }
    arrays = {
        name: random.normal(0, 0.8, shape).astype(np.float32) for name, shape in shapes.items()
    }
    arrays["readout"][:, :, -1] = 0  # no answer is the likelier one
    return spec.network(WeightsFile(config, arrays, 1, {}))


class Setting(NamedTuple):
    """What one quantity of these units is set to at these steps, from 0; None for what the step
    before left.
    """

    quantity: str
    units: Sequence[int]
    steps: Sequence[int]
    value: float | None


def held(
    weights: CellWeights, inputs: Any, settings: Sequence[Setting] = ()
) -> dict[str, np.ndarray]:
    """All that a cell holds (T, H) while it reads `inputs` (T, F), by name: unit by unit, as the
    equations have it.
    """
    size = weights.hidden_size
    of_input, of_state, bias, state_bias = (
        np.float64(part)
        for part in (weights.of_input, weights.of_state, weights.input_bias, weights.state_bias)
    )
    left: dict[str, list[float]] = {}
    found: dict[str, list[list[float]]] = {}

    def put(name: str, values: Any, step: int) -> np.ndarray:
        values, before = [float(one) for one in values], left.get(name, [0.0] * size)
        for quantity, units, steps, value in settings:
            for unit in units:
                if quantity == name and step in steps:
                    values[unit] = before[unit] if value is None else value
        left[name] = values
        found.setdefault(name, []).append(values)
        return np.array(values)

    def logistic(values: Any) -> Any:
        return 1 / (1 + np.exp(-values))

    state = memory = np.zeros(size)
    for step, at_step in enumerate(np.float64(inputs)):
        x = (of_input @ at_step + bias).reshape(-1, size)
        h = (of_state @ state + state_bias).reshape(-1, size)
        match weights.cell.name:
            case "rnn":
                state = np.tanh(x[0] + h[0])
            case "gru":
                reset = put("reset", logistic(x[0] + h[0]), step)
                update = put("update", logistic(x[1] + h[1]), step)
                candidate = put("candidate", np.tanh(x[2] + reset * h[2]), step)
                state = (1 - update) * candidate + update * state
            case "lstm" | "bilstm":
                gates = [
                    put(name, logistic(x[at] + h[at]), step)
                    for at, name in ((0, "input"), (1, "forget"), (3, "output"))
                ]
                candidate = put("candidate", np.tanh(x[2] + h[2]), step)
                memory = put("cell", gates[1] * memory + gates[0] * candidate, step)
                state = gates[2] * np.tanh(memory)
        state = put("state", state, step)
    return {name: np.array(values) for name, values in found.items()}
