"""Networks as ONNX models, made and checked here.

PyTorch's exporter (2.13) is slow, and fixes the length of LSTMs' inputs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.problem import generator
from rnn_tui.engine.weights_file import WeightsFile, read_weights
from rnn_tui.networks.layers import predict
from rnn_tui.runs.export.formats import Export, file_name, imported, weights_of
from rnn_tui.runs.export.onnx_graph import Graph
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.mnist.data import load_mnist
from rnn_tui.tasks.mnist.inference import PIXEL_DEVIATION, PIXEL_MEAN, RowReaderNetwork
from rnn_tui.tasks.mnist.problem import build_model, to_pixels
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.problem import SequenceProblem

Array = npt.NDArray[np.float32]
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
    graph = Graph()
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
    graph, shape = Graph(), network.shape
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
