"""Small networks by chance, and the equations of the cells written out once more, in double
precision.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from rnn_tui.engine.files.weights_file import WeightsFile
from rnn_tui.inside.image_network import ImageNetwork
from rnn_tui.inside.reading import NetworkReading
from rnn_tui.inside.task_network import TaskNetwork
from rnn_tui.networks import CELLS
from rnn_tui.networks.stepwise import CellWeights
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig, SequenceConfig
from rnn_tui.tasks.images.inference import RowReaderNetwork
from rnn_tui.tasks.images.model import build_model


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
    spec, kind = TASKS[task], CELLS[cell]
    config = spec.config(cell, hidden_sizes=(size,), seeds=1)
    assert isinstance(config, SequenceConfig)
    config = config.replace(losses=config.losses[:1])
    assert spec.shape is not None
    columns = kind.replica_columns(spec.shape.features, size).count
    random = np.random.default_rng(size)
    shapes = {
        "gates": (1, kind.blocks * size, columns),
        "readout": (1, len(spec.shape.outputs), size + 1),
    }
    arrays = {
        name: random.normal(0, 0.8, shape).astype(np.float32) for name, shape in shapes.items()
    }
    arrays["readout"][:, :, -1] = 0  # no answer is the likelier one
    return spec.network(WeightsFile(config, arrays, 1, {}))


def reading_of(network: Any, replica: int = 0, inputs: Any = None, **facts: Any) -> NetworkReading:
    """A network of sequences, or a reader of images, that has read `inputs`, or a step of zeros."""
    if isinstance(network, RowReaderNetwork):
        digit = np.zeros((28, 28), np.float32) if inputs is None else inputs
        reader = ImageNetwork(network)
        return NetworkReading(reader, reader.trace_digit(digit), digit=digit, **facts)
    inputs = np.zeros((1, network.features), np.float32) if inputs is None else inputs
    alone = TaskNetwork(network, replica)
    return NetworkReading(alone, alone.trace(inputs), **facts)


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
    doubles = weights.mapped(np.float64)
    record = _Record(size, settings)
    state = memory = np.zeros(size)
    for step, at_step in enumerate(np.float64(inputs)):
        record.step = step
        x = (doubles.of_input @ at_step + doubles.input_bias).reshape(-1, size)
        h = np.zeros((1, size))
        if weights.cell.has_recurrent_weights:
            h = (doubles.of_state @ state + doubles.state_bias).reshape(-1, size)
        match weights.cell.name:
            case "mingru" | "mingru-signed" as name:
                update = record.put("update", logistic(x[0]))
                candidate = record.put("candidate", x[1])
                share = 2 * update if name == "mingru-signed" else update
                state = (1 - share) * state + share * candidate
            case "rnn":
                state = np.tanh(x[0] + h[0])
            case "gru":
                reset = record.put("reset", logistic(x[0] + h[0]))
                update = record.put("update", logistic(x[1] + h[1]))
                candidate = record.put("candidate", np.tanh(x[2] + reset * h[2]))
                state = (1 - update) * candidate + update * state
            case "lstm" | "bilstm":
                write = record.put("input", logistic(x[0] + h[0]))
                keep = record.put("forget", logistic(x[1] + h[1]))
                candidate = record.put("candidate", np.tanh(x[2] + h[2]))
                show = record.put("output", logistic(x[3] + h[3]))
                memory = record.put("cell", keep * memory + write * candidate)
                state = show * np.tanh(memory)
            case other:
                pytest.skip(f"no equations of {other} are written down here")
        state = record.put("state", state)
    return {name: np.array(values) for name, values in record.values.items()}


def logistic(values: Any) -> Any:
    return 1 / (1 + np.exp(-values))


class _Record:
    """The values of every quantity, step by step, with what is set in them."""

    def __init__(self, size: int, settings: Sequence[Setting]) -> None:
        self.values: dict[str, list[list[float]]] = {}  #: T lists of H numbers, by quantity.
        self.step = 0
        self._size = size
        self._settings = settings

    def put(self, quantity: str, computed: Any) -> np.ndarray:
        """Keep the values of this step, after the settings; returns them."""
        values = [float(value) for value in computed]
        steps = self.values.setdefault(quantity, [])
        previous = steps[-1] if steps else [0.0] * self._size
        for setting in self._settings:
            if setting.quantity == quantity and self.step in setting.steps:
                for unit in setting.units:
                    values[unit] = previous[unit] if setting.value is None else setting.value
        steps.append(values)
        return np.array(values)
