"""An ONNX file as nodes and constants, of the operators that recurrent networks are made of."""

import importlib
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.errors import NetworkError, printable, why
from rnn_tui.engine.extras import install_command
from rnn_tui.networks.stepwise import Array

#: operators without a loop, by which exporters connect layers and readout.
PLUMBING = frozenset(
    """
    Add Cast Concat Constant ConstantOfShape Div Expand Flatten Gather Gemm Identity LogSoftmax
    MatMul Mul Reshape Shape Sigmoid Slice Softmax Split Squeeze Sub Transpose Unsqueeze
    """.split()  # noqa: SIM905 - a table, which is easier to read so
)
#: what the operators compute unless attributes say otherwise, by direction.
ACTIVATIONS = {"LSTM": ("sigmoid", "tanh", "tanh"), "GRU": ("sigmoid", "tanh"), "RNN": ("tanh",)}


class OnnxFile:
    """An ONNX model's nodes and constants.

    Raises:
        NetworkError: if it holds operators or data that are not read here.
    """

    def __init__(self, data: bytes, file_name: str) -> None:
        self.file_name = file_name
        self.data = data
        self.graph = self._parsed(data)
        self.nodes = list(self.graph.node)
        if not self.recurrent:
            raise self.refusal(
                "has no operator RNN, GRU or LSTM (PyTorch's exporter unrolls nn.RNN, unless it is "
                "called with dynamo=False)"
            )
        names = sorted({node.op_type for node in self.nodes} - PLUMBING - {*ACTIVATIONS})
        if names or any(node.domain not in ("", "ai.onnx") for node in self.nodes):
            raise self.refusal(f"uses {printable(', '.join(names) or 'operators of its own')}")
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
        """Return the graph of a model that holds all its weights and is well formed."""
        onnx = imported("onnx")
        try:
            model = onnx.load_model_from_string(data)
            elsewhere = onnx.TensorProto.EXTERNAL
            whole = all(tensor.data_location != elsewhere for tensor in model.graph.initializer)
            if whole:
                onnx.checker.check_model(model)
        except Exception as error:  # those of protobuf and of onnx have no class in common
            raise NetworkError(
                f"{self.file_name} is no ONNX file that can be read ({why(error)})."
            ) from error
        if not whole:
            raise self.refusal("keeps weights in another file; export it as one file")
        return model.graph

    def _keep(self, name: str, tensor: Any) -> None:
        """Keep a constant; of a file beside the model, nothing is read."""
        onnx = imported("onnx")
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise self.refusal("keeps weights in another file; export it as one file")
        try:
            self.constants[name] = onnx.numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError) as error:
            raise NetworkError(f"{self.file_name} is damaged ({why(error)}).") from error

    def refusal(self, reason: str) -> NetworkError:
        """Return the error that says why a model is not read."""
        return NetworkError(
            f"{self.file_name} {reason}; models of RNN, GRU or LSTM layers with a linear readout "
            "are read."
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
