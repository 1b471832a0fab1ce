"""Follows an ONNX model from its input to the recurrent operators, and from these to an output.

What lies on the way are linear layers, activations, an embedding, and operators that only bring
numbers into another shape. Whether all is understood is seen by the model's answers afterwards.
Shapes: F features, I inputs and O outputs of a linear layer, V symbols.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rnn_tui.engine.errors import printable
from rnn_tui.networks.dense import NONE, Dense, activated
from rnn_tui.networks.foreign.onnx_file import ACTIVATIONS as RECURRENT
from rnn_tui.networks.foreign.onnx_file import OnnxFile
from rnn_tui.networks.stepwise import NUMPY, Array

PRODUCTS = ("Gemm", "MatMul")
ACTIVATIONS = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "sigmoid"}
SHAPING = frozenset("Cast Flatten Identity Reshape Squeeze Transpose Unsqueeze".split())  # noqa: SIM905


@dataclass(frozen=True, eq=False)
class Affine:
    """What is done to numbers one by one: scale · x + shift."""

    scale: Array = field(default_factory=lambda: np.ones((), np.float32))  #: () or (F,).
    shift: Array = field(default_factory=lambda: np.zeros((), np.float32))

    def then(self, operator: str, number: Array) -> "Affine":
        """Return it with an operation after it."""
        number = number.reshape(-1)
        match operator:
            case "Add":
                return Affine(self.scale, self.shift + number)
            case "Sub":
                return Affine(self.scale, self.shift - number)
            case "Mul":
                return Affine(self.scale * number, self.shift * number)
            case _:
                return Affine(self.scale / number, self.shift / number)

    def into(self, weight: Array, model: OnnxFile) -> tuple[Array, Array]:
        """Return a weight (O, F) that reads numbers as they are before it, and what is added.

        Raises:
            NetworkError: if the sizes do not fit.
        """
        features = weight.shape[1]
        if any(part.size not in (1, features) for part in (self.scale, self.shift)):
            raise model.refusal("scales its inputs by numbers of another size")
        shift = np.broadcast_to(self.shift.reshape(-1), features)
        return (weight * self.scale).astype(np.float32), (weight @ shift).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Inlet:
    """What stands before the recurrent operators."""

    linears: tuple[Dense, ...]
    affine: Affine  #: behind them.
    table: Array | None  #: (V, F) what each symbol is read as; None for numbers.
    words: tuple[str, ...]  #: what it consists of, in order.
    products: int  #: matrix products.


@dataclass(frozen=True, eq=False)
class Head:
    """What stands behind the recurrent operators."""

    state_activation: str
    linears: tuple[Dense, ...]
    names: tuple[str, ...]  #: of these.
    words: tuple[str, ...]  #: what it consists of, in order.

    def check_products(self, others: int, model: OnnxFile) -> None:
        """Raise `NetworkError` if the model has more matrix products than those on its way."""
        products = sum(node.op_type in PRODUCTS for node in model.nodes)
        if products > others + len(self.linears):
            raise model.refusal(
                f"has {products} matrix products beside its recurrent layers, of which "
                f"{others + len(self.linears)} follow each other in a row"
            )


def inlet_of(model: OnnxFile) -> Inlet:
    """Return what is done to the inputs on their way to the first recurrent operator.

    Raises:
        NetworkError: if that is something else than what is read here.
    """
    linears: list[Dense] = []
    words: list[str] = []
    affine = Affine()
    table: Array | None = None
    for node in reversed(list(_back_to_input(model))):
        constants = [model.constant(node, place) for place in range(len(node.input))]
        number = next((array for array in constants if array is not None), None)
        if node.op_type == "Gather":
            table = number
            words.append(_name(node))
        elif node.op_type in PRODUCTS:
            weight, bias = _product(model, node)
            weight, shift = affine.into(weight, model)
            linears.append(Dense(weight, bias + shift))
            affine = Affine()
            words.append(_name(node))
        elif node.op_type in ACTIVATIONS:
            activation = ACTIVATIONS[node.op_type]
            words.append(activation)
            if linears:
                last = linears[-1]
                weight, bias = _scaled(last, affine)
                linears[-1] = Dense(weight, bias, activation)
            elif table is not None:
                table = activated(activation, table * affine.scale + affine.shift, NUMPY)
            else:
                raise model.refusal(f"has {printable(node.op_type)} before its first layer")
            affine = Affine()
        elif number is not None and node.op_type not in SHAPING:
            affine = affine.then(node.op_type, number)
    return Inlet(tuple(linears), affine, table, tuple(words), len(linears))


def _scaled(dense: Dense, affine: Affine) -> tuple[Array, Array]:
    """Return the weight and the bias of a layer with what is done to its outputs."""
    scale = np.broadcast_to(affine.scale.reshape(-1), dense.bias.shape)
    weight, bias = dense.weight * scale[:, None], dense.bias * scale + affine.shift
    return weight.astype(np.float32), bias.astype(np.float32)


def _back_to_input(model: OnnxFile) -> Iterator[Any]:
    """Yield the nodes from the first recurrent operator back to the input.

    Raises:
        NetworkError: if there is another one than those that are read here.
    """
    name = model.recurrent[0].input[0]
    inputs = {value.name for value in model.inputs}
    for _ in range(len(model.nodes) + 1):
        if name in inputs:
            return
        node = model.producers.get(name)
        if node is None:
            break
        constants = [model.constant(node, place) for place in range(len(node.input))]
        kind = node.op_type
        if kind in SHAPING or kind in ACTIVATIONS:
            name = node.input[0]
        elif kind == "Gather" and constants[0] is not None and constants[0].ndim == 2:
            if model.attributes(node).get("axis", 0):
                raise model.refusal("has an embedding that is read by columns")
            name = node.input[1]
        elif kind in PRODUCTS and constants[1] is not None:
            name = node.input[0]
        elif kind in ("Add", "Mul") and sum(array is None for array in constants) == 1:
            name = node.input[0 if constants[0] is None else 1]
        elif kind in ("Sub", "Div") and constants[1] is not None:
            name = node.input[0]
        else:
            raise model.refusal(f"has {printable(kind)} before its recurrent layers")
        yield node
    raise model.refusal("has recurrent layers that do not read its input")


def head_of(model: OnnxFile) -> Head:
    """Return what is done to the states on their way to an output.

    Raises:
        NetworkError: if there is no linear layer.
    """
    for output in model.graph.output:
        head = _head(model, output.name)
        if head is not None:
            return head
    raise model.refusal("has no linear readout behind its recurrent layers")


def _head(model: OnnxFile, output: str) -> Head | None:
    """Return what is before an output; None if no linear layer is."""
    state_activation = NONE
    linears: list[Dense] = []
    names: list[str] = []
    words: list[str] = []
    for node in reversed(list(_back_to_recurrent(model, output))):
        constants = [model.constant(node, place) for place in range(len(node.input))]
        if node.op_type in PRODUCTS:
            linears.append(Dense(*_product(model, node)))
            names.append(_name(node))
            words.append(_name(node))
        elif node.op_type in ACTIVATIONS:
            activation = ACTIVATIONS[node.op_type]
            words.append(activation)
            if linears:
                linears[-1] = replace(linears[-1], activation=activation)
            else:
                state_activation = activation
        elif node.op_type == "Add" and linears:
            number = next((array for array in constants if array is not None), None)
            last = linears[-1]
            if number is not None and number.size in (1, len(last.bias)):
                linears[-1] = replace(last, bias=last.bias + number.reshape(-1))
    if not linears:
        return None
    # what is behind the last one is compared with every end that is known
    linears[-1] = replace(linears[-1], activation=NONE)
    return Head(state_activation, tuple(linears), tuple(names), tuple(words))


def _back_to_recurrent(model: OnnxFile, name: str) -> Iterator[Any]:
    """Yield the nodes from an output back to a recurrent operator."""
    for _ in model.nodes:
        node = model.producers.get(name)
        if node is None or node.op_type in RECURRENT:
            return
        yield node
        constants = [model.constant(node, place) for place in range(len(node.input))]
        places = [at for at, array in enumerate(constants) if array is None]
        name = node.input[places[0]] if places else ""


def _product(model: OnnxFile, node: Any) -> tuple[Array, Array]:
    """Return the weight (O, I) and the bias (O,) of a matrix product."""
    weight = model.constant(node, 1)
    if weight is None or weight.ndim != 2:
        raise model.refusal("has a linear layer whose weights are no constants")
    attributes = model.attributes(node)
    factors = [attributes.get("alpha", 1.0), attributes.get("beta", 1.0)]
    if node.op_type == "Gemm" and (factors != [1.0, 1.0] or attributes.get("transA")):
        raise model.refusal("has a linear layer that scales what it reads")
    if not attributes.get("transB"):
        weight = weight.T
    bias = model.constant(node, 2)
    if bias is None:
        bias = np.zeros(len(weight), np.float32)
    if bias.size not in (1, len(weight)):
        raise model.refusal("has a linear layer whose bias does not fit")
    return weight, np.broadcast_to(bias.reshape(-1), len(weight)).copy()


def _name(node: Any) -> str:
    return str(printable(node.name or node.op_type))
