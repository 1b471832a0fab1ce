"""Networks as ONNX models, made and checked here.

PyTorch's exporter (2.13) is slow, and fixes the length of LSTMs' inputs.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import torch

from rnn_tui.archive.export.formats import Export, file_name, imported, weights_of
from rnn_tui.archive.export.onnx_graph import Graph
from rnn_tui.data import store
from rnn_tui.data.description import Description
from rnn_tui.data.inputs import in_units, network_inputs
from rnn_tui.engine.config import Replica, RunConfig
from rnn_tui.engine.errors import ExportError, printable
from rnn_tui.engine.files.weights_file import WeightsFile, read_weights
from rnn_tui.engine.training.problem import generator
from rnn_tui.networks.dense import RELU
from rnn_tui.networks.layers import predict
from rnn_tui.networks.stack import Layer
from rnn_tui.networks.stepwise import CellWeights
from rnn_tui.tasks import TASKS
from rnn_tui.tasks.config import ImageConfig
from rnn_tui.tasks.images.inference import PIXEL_DEVIATION, PIXEL_MEAN, RowReaderNetwork
from rnn_tui.tasks.images.model import build_model
from rnn_tui.tasks.mnist.data import load_images
from rnn_tui.tasks.mnist.problem import to_pixels
from rnn_tui.tasks.sequences.inference import SequenceNetwork
from rnn_tui.tasks.sequences.replica_problem import ReplicaProblem

Array = npt.NDArray[np.float32]
# Sums of float32 in another order differ by about 1e-4 where logits are a hundred.
TOLERANCE = 1e-3
FLOAT, DOUBLE = 1, 11  # types of numbers by ONNX's `TensorProto`
CHECKED = 64  # inputs that a model is tried with


@dataclass(frozen=True)
class Model:
    """A network ready to be written."""

    #: tells it from the run's other networks in a file name; empty if it is alone.
    suffix: str
    data: bytes  #: the file's contents.
    difference: float  #: the largest difference of its logits from ours, on real inputs.


@dataclass(frozen=True)
class _Trial:
    """Inputs and expected logits with which a model is tested before it is written."""

    inputs: Array  #: as the model reads them: N of them.
    expected: Array  #: our logits for them.
    scale: float = 1.0  #: what differences are measured in: 1, or the size of numbers answered.


def write_models(export: Export) -> list[Path]:
    """Write a model for each network of the runs; raises what `models_of` does."""
    files = {}
    for run in export.each():
        for model in models_of(weights_of(run)):
            files[f"{file_name(run)}{model.suffix}"] = model.data
    return export.write_files(files)


def models_of(path: Path) -> list[Model]:
    """Return every network in a file of weights, checked.

    Of images, `pixels` (N, 28, 28) from 0 to 1 become `logits` (N, 10).

    Of sequences, the input (N, T, F) is called as `SequenceShape.inputs` of the task says. It
    becomes `logits` (N, O) after the last step, or (N, T, O) where every step has an answer. A
    single output has no axis of its own, and its sign tells the answer. So `digits`, one-hot
    (N, T, 10), become (N, 10) of the digit at the position, and `bits` (N, T, 2) become (N, T) of
    the bits of the sum.

    Networks on a data set read numbers in the units of its file, and answer numbers in them; words
    they read by their places in the vocabulary, `words` (N, T).

    Raises:
        CheckpointError: the weights can't be read.
        ExportError: onnx or onnxruntime is not installed, or a model answers unlike ours.
    """
    for package in ("onnx", "onnxruntime"):
        imported(package, "onnx", "ONNX models")
    file = read_weights(path)
    if isinstance(file.config, ImageConfig):
        data = row_reader(RowReaderNetwork(file))
        return [_checked("", data, _image_trial(file, file.config))]
    network: SequenceNetwork = TASKS[file.config.task].network(file)
    trials = _sequence_trials(network)
    models = []
    for replica, trial in enumerate(trials):
        suffix = _suffix_of(network.replicas[replica]) if len(trials) > 1 else ""
        models.append(_checked(suffix, _sequence_reader(network, replica), trial))
    return models


def _suffix_of(replica: Replica) -> str:
    """Return the part of a file's name that distinguishes a network from others of its set."""
    variant = replica.variant
    return f"-h{variant.hidden_size}-{variant.loss}-seed{replica.seed}"


def row_reader(network: RowReaderNetwork) -> bytes:
    """Return the model of a reader of images: T = 28 rows of F = 28 pixels."""
    graph = Graph()
    rows = graph.node("Transpose", ["pixels"], perm=[1, 0, 2])  # (T, N, F)
    if network.config.recipe.standardise:
        centred = graph.node("Sub", [rows, graph.constant(np.array([PIXEL_MEAN], np.float32))])
        rows = graph.node("Div", [centred, graph.constant(np.array([PIXEL_DEVIATION], np.float32))])
    *below, top = network.layers
    for layer in below:
        directions = [layer.forward]
        if layer.backward is not None:
            directions.append(layer.backward)
        rows = graph.recurrent(rows, directions)  # (T, N, D·H)
    if top.backward is None:
        states = graph.recurrent(rows, [top.forward])  # (T, N, H)
        by_image = graph.node("Transpose", [states], perm=[1, 0, 2])  # (N, T, H)
        read = graph.node("Flatten", [by_image])  # (N, T·H)
    else:
        read = _last_of_both(graph, rows, top.forward, top.backward)  # (N, 2·H)
    logits = graph.linear(read, *network.readout)  # (N, 10)
    properties = _properties(network.config)
    properties["dataset"] = network.config.dataset
    properties["classes"] = ",".join(network.config.classes)
    return graph.finished(logits, ("pixels", ["N", 28, 28]), ("logits", ["N", 10]), properties)


def _last_of_both(graph: Graph, rows: str, forward: CellWeights, backward: CellWeights) -> str:
    """Add the states (N, 2·H) of both directions at the last row.

    The backward direction reads that row alone.
    """
    last = graph.constant(np.array(-1))
    last_row = graph.node("Gather", [rows, graph.constant(np.array([-1]))])  # (1, N, F)
    ahead = graph.node("Gather", [graph.recurrent(rows, [forward]), last])  # (N, H)
    back = graph.node("Gather", [graph.recurrent(last_row, [backward]), last])  # (N, H)
    return graph.node("Concat", [ahead, back], axis=1)


def _sequence_reader(network: SequenceNetwork, replica: int) -> bytes:
    """Return the model of one replica of a set that reads sequences."""
    graph = Graph()
    shape = network.shape
    units = _units_of(network.config)
    size: list[Any] = ["N", "T"] if shape.vocabulary else ["N", "T", network.features]
    axes = [1, 0, *range(2, len(size))]
    by_step = graph.node("Transpose", [shape.inputs], perm=axes)  # (T, N, F), or places (T, N)
    if shape.vocabulary:
        words = np.arange(network.features)[:, None]
        table = graph.constant(network.embedded(words, replica))  # (F, E)
        by_step = graph.node("Gather", [table, by_step])  # (T, N, E)
    if units is not None and units.means:
        numbers = graph.node("Cast", [by_step], to=DOUBLE)  # for numbers far from zero
        centred = graph.node("Sub", [numbers, graph.constant(np.array(units.means))])
        divided = graph.node("Div", [centred, graph.constant(np.array(units.deviations))])
        by_step = graph.node("Cast", [divided], to=FLOAT)
    stack = network.stack(replica)
    states = by_step
    for layer in stack.layers:
        states = graph.recurrent(states, layer.directions)  # (T, N, D·H)
    if stack.state_activation == RELU:
        states = graph.node("Relu", [states])
    outputs: list[Any]
    if shape.every_step:
        outputs = ["N", "T", network.outputs]
        read = graph.node("Transpose", [states], perm=[1, 0, 2])  # (N, T, D·H)
    else:
        outputs = ["N", network.outputs]
        read = _final_states(graph, states, stack.layers[-1])  # (N, D·H)
    logits = graph.linear(read, *network.readout(replica))  # (N, O) or (N, T, O)
    if units is not None and units.output_means:
        deviations = np.array(units.output_deviations, np.float32)
        means = np.array(units.output_means, np.float32)
        spread = graph.node("Mul", [logits, graph.constant(deviations)])
        logits = graph.node("Add", [spread, graph.constant(means)])
    if network.outputs == 1:
        logits = graph.node("Squeeze", [logits, graph.constant(np.array([len(outputs) - 1]))])
        outputs.pop()
    properties = _properties(network.config)
    properties["network"] = str(network.replicas[replica])
    return graph.finished(
        logits,
        (shape.inputs, size),
        ("logits", outputs),
        properties,
        reads_places=shape.vocabulary,
    )


def _final_states(graph: Graph, states: str, top: Layer) -> str:
    """Add what each direction ends with (N, D·H), of states (T, N, D·H)."""
    last = graph.node("Gather", [states, graph.constant(np.array(-1))])  # (N, D·H)
    if top.backward is None:
        return last
    first = graph.node("Gather", [states, graph.constant(np.array(0))])
    size = top.forward.hidden_size
    ahead = graph.node("Gather", [last, graph.constant(np.arange(size))], axis=1)  # (N, H)
    back = graph.node("Gather", [first, graph.constant(np.arange(size, 2 * size))], axis=1)
    return graph.node("Concat", [ahead, back], axis=1)


def _units_of(config: RunConfig) -> Description | None:
    """Return the data set that networks were trained on; None for those of another task.

    Raises:
        DataError: if it is kept no more.
    """
    if not store.NAME.fullmatch(config.task):
        return None
    description = store.describe(config.task)
    if description.forecast is not None:
        raise ExportError(
            "Networks that forecast answer relative to numbers before, which ONNX models of them "
            "do not do yet; export their weights in another format."
        )
    return description


def _properties(config: RunConfig) -> dict[str, str]:
    """Return the metadata that a file has of its network."""
    return {"task": config.task, "preset": config.preset, "seed": str(config.seed)}


def _image_trial(file: WeightsFile, config: ImageConfig) -> _Trial:
    """Return test images (N, 28, 28), and the logits (N, 10) of our model in PyTorch."""
    images = load_images(config).test_images[:CHECKED]
    weights = {name: torch.from_numpy(array) for name, array in file.arrays.items()}
    pixels = to_pixels(images, config.recipe.standardise)
    logits = predict(build_model(config), weights, pixels)
    return _Trial((images.float() / 255).numpy(), logits.numpy())


def _sequence_trials(network: SequenceNetwork) -> list[_Trial]:
    """Return for each replica sequences (N, T, F) as in training, and its logits (N, …).

    Of words they are places (N, T).
    """
    config = network.config
    length = config.lengths[1]
    build = cast(type[ReplicaProblem], network.task.load())
    problem = build(config, torch.device("cpu"), lambda _: None)
    examples = problem.sample(CHECKED, generator(config.seed, "export"), length)
    inputs = read = examples.inputs[0].numpy()  # (N, T, F)
    units = _units_of(config)
    if units is not None and units.means:
        numbers = inputs.astype(np.float64) * np.array(units.deviations) + np.array(units.means)
        read = numbers.astype(np.float32)
        inputs = network_inputs(units, read)  # as rounding leaves them
    steps = network.steps(inputs.transpose(1, 2, 0), [inputs.shape[1]] * len(inputs))
    logits = np.stack([*steps])  # (T, R, O, N)
    if network.shape.every_step:
        by_replica = logits.transpose(1, 3, 0, 2)  # (R, N, T, O)
    else:
        by_replica = logits[-1].transpose(0, 2, 1)  # (R, N, O)
    scale = 1.0
    if units is not None and units.output_means:
        by_replica = in_units(units, by_replica).astype(np.float32)
        scale = max(1.0, *units.output_deviations, *np.abs(units.output_means))
    if network.outputs == 1:
        by_replica = by_replica[..., 0]
    read = read[:, :, 0].astype(np.int64) if network.shape.vocabulary else read.astype(np.float32)
    return [_Trial(read, expected, scale) for expected in by_replica]


def _checked(suffix: str, data: bytes, trial: _Trial) -> Model:
    """Return a model that answers as our network does; an ExportError if it does not."""
    session = imported("onnxruntime", "onnx", "ONNX models").InferenceSession(
        data, providers=["CPUExecutionProvider"]
    )
    (answers,) = session.run(None, {session.get_inputs()[0].name: trial.inputs})
    difference = float(np.abs(answers - trial.expected).max()) / trial.scale
    same_shape = answers.shape == trial.expected.shape
    if not same_shape or not difference <= TOLERANCE:  # NaN is not below it either
        raise ExportError(
            f"The exported model{printable(suffix)} gives other answers than ours (by "
            f"{difference:.2g}), so it was not written; this is a fault of rnn-tui or of ONNX "
            "Runtime."
        )
    return Model(suffix, data, difference)
