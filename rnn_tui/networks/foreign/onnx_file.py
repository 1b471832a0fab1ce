"""An ONNX file as nodes and constants, of the operators that recurrent networks are made of.

A file is refused for what it has too many of, and for whatever else than nodes and numbers is in
it, before a library does more with it than parse it.
"""

import importlib
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import NetworkError, printable, why
from rnn_tui.engine.extras import install_command
from rnn_tui.networks.foreign.hints import MOST_LAYERS
from rnn_tui.networks.stepwise import Array

#: operators without a loop, by which exporters connect layers and readout.
PLUMBING = frozenset(
    """
    Add Cast Concat Constant ConstantOfShape Div Expand Flatten Gather Gemm Identity LogSoftmax
    MatMul Mul Relu Reshape Shape Sigmoid Slice Softmax Split Squeeze Sub Tanh Transpose Unsqueeze
    """.split()  # noqa: SIM905 - a table, which is easier to read so
)
#: what the operators compute unless attributes say otherwise, by direction.
ACTIVATIONS = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}

MOST_NODES = 5_000  # an export has some dozens
MOST_CONSTANTS = 5_000
MOST_RECURRENT = 2 * MOST_LAYERS  # operators: a direction each, at most
MOST_OF_A_NODE = 100  # inputs, outputs and attributes


class OnnxFile:
    """An ONNX model's nodes and constants.

    Raises:
        NetworkError: if it holds operators or data that are not read here.
    """

    def __init__(self, data: bytes, file_name: str) -> None:
        self.file_name = file_name
        self.data = data
        model = self._parsed(data)
        self.graph = model.graph
        self._check_counts()
        self.nodes = list(self.graph.node)
        self._check_kinds(model)
        self._check_model(model)
        self.producers = {output: node for node in self.nodes for output in node.output}
        self.constants: dict[str, npt.NDArray[Any]] = {}
        for tensor in self.graph.initializer:
            self._keep(tensor.name, tensor)
        for node in self.nodes:
            if node.op_type == "Constant":
                for attribute in node.attribute:
                    if attribute.name == "value":
                        self._keep(node.output[0], attribute.t)

    def _parsed(self, data: bytes) -> Any:
        """Return a model as its file has it, unchecked."""
        onnx = imported("onnx")
        try:
            return onnx.load_model_from_string(data)
        except MemoryError:
            raise
        except Exception as error:  # protobuf's have no class that every version has
            raise self._unreadable(error) from error

    def _check_counts(self) -> None:
        """Refuse a model of more parts than any network that is read here has."""
        counts = {
            "nodes": (len(self.graph.node), MOST_NODES),
            "constants": (len(self.graph.initializer), MOST_CONSTANTS),
            "inputs": (len(self.graph.input), MOST_CONSTANTS),
        }
        for noun, (count, most) in counts.items():
            if count > most:
                raise self.refusal(f"has {count:,} {noun}, more than {most:,}")
        for node in self.graph.node:
            if max(len(node.input), len(node.output), len(node.attribute)) > MOST_OF_A_NODE:
                raise self.refusal(
                    f"has a node with more than {MOST_OF_A_NODE} inputs, outputs or attributes"
                )

    def _check_kinds(self, model: Any) -> None:
        """Refuse operators that are not known here, and whatever else may hold some."""
        if not self.recurrent:
            raise self.refusal(
                "has no operator RNN, GRU or LSTM (PyTorch's exporter unrolls nn.RNN, unless it is "
                "called with dynamo=False)"
            )
        if len(self.recurrent) > MOST_RECURRENT:
            raise self.refusal(f"has {len(self.recurrent):,} recurrent layers")
        names = sorted({node.op_type for node in self.nodes} - PLUMBING - {*ACTIVATIONS})
        if names or any(node.domain not in ("", "ai.onnx") for node in self.nodes):
            raise self.refusal(f"uses {printable(', '.join(names) or 'operators of its own')}")
        if model.functions or model.training_info or self.graph.sparse_initializer:
            raise self.refusal("has functions, sparse weights or a training of its own")
        external = imported("onnx").TensorProto.EXTERNAL
        for tensor in self._tensors():
            if tensor.data_location == external or tensor.external_data:
                raise self.refusal("keeps weights in another file; export it as one file")
            if any(size < 0 for size in tensor.dims):
                raise self.refusal("has weights with a negative size")

    def _tensors(self) -> Iterator[Any]:
        """Yield all tensors of the model; an attribute that holds operators is refused."""
        yield from self.graph.initializer
        for node in self.nodes:
            for attribute in node.attribute:
                if attribute.HasField("g") or attribute.graphs:
                    raise self.refusal("has operators inside its operators")
                if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                    raise self.refusal("has sparse weights")
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors

    def _check_model(self, model: Any) -> None:
        """Refuse a model that does not follow the rules of ONNX."""
        onnx = imported("onnx")
        try:
            onnx.checker.check_model(model)
        except MemoryError:
            raise
        except Exception as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> NetworkError:
        """Return the error for what a library does not read."""
        return NetworkError(f"{self.file_name} is no ONNX file that can be read ({why(error)}).")

    def _keep(self, name: str, tensor: Any) -> None:
        """Keep a constant."""
        onnx = imported("onnx")
        try:
            self.constants[name] = onnx.numpy_helper.to_array(tensor)
        except MemoryError:
            raise
        except Exception as error:  # of a kind of numbers that it does not know, for one
            raise NetworkError(f"{self.file_name} is damaged ({why(error)}).") from error

    def refusal(self, reason: str) -> NetworkError:
        """Return the error that says why a model is not read."""
        return NetworkError(
            f"{self.file_name} {reason}; models of RNN, GRU or LSTM layers, with linear layers "
            "before and behind them, are read."
        )

    def attributes(self, node: Any) -> dict[str, Any]:
        """Return a node's attributes by name."""
        onnx = imported("onnx")
        return {
            attribute.name: onnx.helper.get_attribute_value(attribute)
            for attribute in node.attribute
        }

    def constant(self, node: Any, place: int) -> Array | None:
        """Return a node's input of that place if it is a constant of finite numbers."""
        if place >= len(node.input):
            return None
        array = self.constants.get(node.input[place])
        if array is None or array.dtype.kind != "f":
            return None
        with np.errstate(over="ignore"):  # an infinite number is refused
            single = array.astype(np.float32)
        if not np.isfinite(single).all():
            raise self.refusal("has weights that are not finite numbers")
        return single

    @cached_property
    def recurrent(self) -> list[Any]:
        """Its recurrent operators in order."""
        return [node for node in self.nodes if node.op_type in ACTIVATIONS]

    @cached_property
    def inputs(self) -> list[Any]:
        """Its inputs; earlier versions of ONNX list the weights among them."""
        return [value for value in self.graph.input if value.name not in self.constants]


def imported(package: str) -> Any:
    """Import a package of the extra `onnx`; raise `NetworkError` if that is not installed."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise NetworkError(
            f"Reading an ONNX file needs {package}, which is not installed; "
            f"{install_command('onnx')} installs it."
        ) from error
