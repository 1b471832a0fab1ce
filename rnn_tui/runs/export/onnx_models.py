"""Networks as ONNX models, made and checked here: PyTorch's exporter (2.13) is slow, and fixes the
length of LSTMs' inputs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from rnn_tui import __version__
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.problem import generator
from rnn_tui.engine.weights_file import WeightsFile, read_weights
from rnn_tui.networks.cell import Cell, OnnxOperator
from rnn_tui.networks.layers import predict
from rnn_tui.networks.stepwise import CellWeights
from rnn_tui.runs.export.formats import Export, file_name, imported, weights_of
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.inference import PIXEL_DEVIATION, PIXEL_MEAN, RowReaderNetwork
from rnn_tui.tasks.mnist.problem import build_model, to_pixels
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.problem import SequenceProblem

Array = npt.NDArray[np.float32]
# 17 is of 2022, RNN and LSTM are those of 14; of 2022 as well: the format, IR version 8
OPERATORS, FORMAT = 17, 8
# of float32: what rounding in another order makes, with room for logits of a hundred
TOLERANCE = 1e-3
CHECKED = 64


@dataclass(frozen=True)
class Model:
    """A network ready to be written."""

    #: what tells it from the run's other networks in a file name; empty if it is alone.
    suffix: str
    data: bytes  #: the file's contents.
    difference: float  #: the largest difference of its logits from ours, on real inputs.


class _Graph:
    """Nodes and constants of a model in the making."""

    def __init__(self) -> None:
        self._onnx = imported("onnx", "onnx", "ONNX models")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, array: npt.NDArray[Any]) -> str:
        """Add an array; returns its name."""
        name = f"constant{len(self._constants)}"
        self._constants.append(
            self._onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        )
        return name

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add an operator; returns the name of its output, the first where it has several."""
        name = f"{kind.lower()}{len(self._nodes)}"
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def recurrent(self, inputs: str, directions: Sequence[CellWeights]) -> str:
        """Add a layer over `inputs` (T, N, F); returns its states (T, N, D·H)."""
        operator = _operator(directions[0].cell)
        weights = [
            self.constant(np.stack(part)) for part in zip(*map(_in_order, directions), strict=True)
        ]
        ways = {
            "direction": "bidirectional" if len(directions) > 1 else "forward",
            **operator.attributes,
        }
        # (T, D, N, H)
        states = self.node(
            operator.name, [inputs, *weights], hidden_size=directions[0].hidden_size, **ways
        )
        return self.node(
            "Reshape",
            [
                self.node("Transpose", [states], perm=[0, 2, 1, 3]),
                self.constant(np.array([0, 0, -1])),
            ],
        )

    def linear(self, inputs: str, weight: Array, bias: Array) -> str:
        """Add `inputs` @ `weight`ᵀ + `bias`."""
        return self.node(
            "Add", [self.node("MatMul", [inputs, self.constant(weight.T)]), self.constant(bias)]
        )

    def finished(
        self,
        last: str,
        inputs: tuple[str, Sequence[Any]],
        outputs: tuple[str, Sequence[Any]],
        about: dict[str, str],
    ) -> bytes:
        """The model as a file whose output is `last`; of inputs and outputs name and shape, with
        words for free sizes.
        """
        onnx = self._onnx
        self._nodes.append(onnx.helper.make_node("Identity", [last], [outputs[0]]))
        ends = [
            [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)]
            for name, shape in (inputs, outputs)
        ]
        graph = onnx.helper.make_graph(self._nodes, "rnn-tui", *ends, self._constants)
        model = onnx.helper.make_model(
            graph,
            opset_imports=[onnx.helper.make_opsetid("", OPERATORS)],
            ir_version=FORMAT,
            producer_name="rnn-tui",
            producer_version=__version__,
        )
        onnx.helper.set_model_props(model, about)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def write_models(export: Export) -> list[Path]:
    """Write a model for each network of the runs; raises what `models_of` does."""
    models = ((run, model) for run in export.each() for model in models_of(weights_of(run)))
    return export.write_files(
        {f"{file_name(run)}{model.suffix}": model.data for run, model in models}
    )


def models_of(path: Path) -> list[Model]:
    """Every network in a file of weights, checked.

    `pixels` (N, 28, 28) from 0 to 1 become `logits` (N, 10). Sequences (N, T, F), whose name is
    `SequenceShape.inputs` of their task, become `logits` (N, O) after the last step, or (N, T, O)
    where every step has an answer; a single output has no axis of its own, and its sign tells the
    answer. So `digits`, one-hot (N, T, 10), become (N, 10) of the digit at the position, and `bits`
    (N, T, 2) become (N, T) of the bits of the sum. A CheckpointError if the weights can't be read,
    an ExportError if onnx or onnxruntime is not installed, or a model answers unlike ours.
    """
    for package in ("onnx", "onnxruntime"):
        imported(package, "onnx", "ONNX models")
    file = read_weights(path)
    if isinstance(file.config, ImageConfig):
        return [_checked("", _row_reader(RowReaderNetwork(file)), *_images(file, file.config))]
    network: SequenceNetwork = TASKS[file.config.task].network(file)
    inputs, expected = _sequences(network)
    suffixes = [
        f"-h{one.variant.hidden_size}-{one.variant.loss}-seed{one.seed}" for one in network.replicas
    ]
    named = enumerate(suffixes if len(suffixes) > 1 else [""])
    return [
        _checked(suffix, _sequence_reader(network, at), inputs, expected[at])
        for at, suffix in named
    ]


def _row_reader(network: RowReaderNetwork) -> bytes:
    graph = _Graph()
    rows = graph.node("Transpose", ["pixels"], perm=[1, 0, 2])  # (28, N, 28)
    if network.config.recipe.standardise:
        centred = graph.node("Sub", [rows, graph.constant(np.array([PIXEL_MEAN], np.float32))])
        rows = graph.node("Div", [centred, graph.constant(np.array([PIXEL_DEVIATION], np.float32))])
    *below, top = network.layers
    for layer in below:
        rows = graph.recurrent(
            rows, [one for one in (layer.forward, layer.backward) if one is not None]
        )
    if top.backward is None:
        read = graph.node(
            "Flatten",
            [graph.node("Transpose", [graph.recurrent(rows, [top.forward])], perm=[1, 0, 2])],
        )
    else:
        last = graph.constant(np.array(-1))
        ahead = graph.node("Gather", [graph.recurrent(rows, [top.forward]), last])
        row = graph.node("Gather", [rows, graph.constant(np.array([-1]))])  # (1, N, F)
        back = graph.node("Gather", [graph.recurrent(row, [top.backward]), last])
        read = graph.node("Concat", [ahead, back], axis=1)
    logits = graph.linear(read, *network.readout)
    return graph.finished(
        logits, ("pixels", ["N", 28, 28]), ("logits", ["N", 10]), _about(network.config)
    )


def _sequence_reader(network: SequenceNetwork, replica: int) -> bytes:
    graph, shape = _Graph(), network.shape
    # (T, N, H)
    states = graph.recurrent(
        graph.node("Transpose", [shape.inputs], perm=[1, 0, 2]), [network.cell(replica)]
    )
    outputs: list[Any] = ["N", "T", network.outputs] if shape.every_step else ["N", network.outputs]
    if shape.every_step:
        read = graph.node("Transpose", [states], perm=[1, 0, 2])
    else:
        read = graph.node("Gather", [states, graph.constant(np.array(-1))])
    logits = graph.linear(read, *network.readout(replica))
    if network.outputs == 1:
        logits = graph.node("Squeeze", [logits, graph.constant(np.array([len(outputs) - 1]))])
        outputs.pop()
    about = _about(network.config, str(network.replicas[replica]))
    return graph.finished(
        logits, (shape.inputs, ["N", "T", network.features]), ("logits", outputs), about
    )


def _operator(cell: Cell) -> OnnxOperator:
    """What ONNX has for a cell; an ExportError if that is nothing."""
    if cell.onnx is None:
        raise ExportError(f"ONNX has no operator for {cell.label}, so it can't be exported there.")
    return cell.onnx


def _in_order(weights: CellWeights) -> list[npt.NDArray[Any]]:
    """Weights (G·H, F) and (G·H, H) and both biases (2·G·H,), in ONNX's order of the gates."""
    order, size = list(_operator(weights.cell).rows), weights.hidden_size
    parts = (weights.of_input, weights.of_state, weights.input_bias, weights.state_bias)
    of_input, of_state, *biases = (
        rows.reshape(len(order), size, -1)[order].reshape(rows.shape) for rows in parts
    )
    return [of_input, of_state, np.concatenate(biases)]


def _about(config: Any, network: str = "") -> dict[str, str]:
    about = {"task": config.task, "preset": config.preset, "seed": str(config.seed)}
    return about | {"network": network} if network else about


def _images(file: WeightsFile, config: ImageConfig) -> tuple[Array, Array]:
    """Test images, and what our model in torch says to them."""
    images = load_mnist(config.data_dir).test_images[:CHECKED]
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    logits = predict(build_model(config), weights, to_pixels(images, config.recipe.standardise))
    return (images.float() / 255).numpy(), logits.numpy()


def _sequences(network: SequenceNetwork) -> tuple[Array, Array]:
    """Sequences (N, T, F) as in training, and what our networks say to them (R, N, …)."""
    config, length = network.config, network.config.lengths[1]
    problem = cast(type[SequenceProblem], network.task.load())(
        config, torch.device("cpu"), lambda _: None
    )
    inputs = (
        problem.draw(torch.full((CHECKED,), length), generator(config.seed, "export"))
        .inputs[0]
        .numpy()
    )
    # (T, R, O, N)
    steps = np.stack([*network.steps(inputs.transpose(1, 2, 0), [length] * CHECKED)])
    logits = (
        steps.transpose(1, 3, 0, 2) if network.shape.every_step else steps[-1].transpose(0, 2, 1)
    )
    return inputs.astype(np.float32), logits[..., 0] if network.outputs == 1 else logits


def _checked(suffix: str, data: bytes, inputs: Array, expected: Array) -> Model:
    """Ask the model what ours was asked; an ExportError if it says something else."""
    session = imported("onnxruntime", "onnx", "ONNX models").InferenceSession(
        data, providers=["CPUExecutionProvider"]
    )
    (answers,) = session.run(None, {session.get_inputs()[0].name: inputs})
    difference = float(np.abs(answers - expected).max())
    if answers.shape != expected.shape or not difference <= TOLERANCE:
        what = f"gives other answers than ours (by {difference:.2g}), so it was not written"
        raise ExportError(
            f"The exported model{printable(suffix)} {what}; this is a fault of rnn-tui or of "
            "ONNX Runtime."
        )
    return Model(suffix, data, difference)
