"""ONNX models that ask for all memory or time, or that hold what no network has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FEATURES, SIZE, OUTPUTS = 2, 3, 2


def whole_model() -> onnx.ModelProto:
    """An RNN of three units with a linear readout, which is read: x (T, N, F) → y (T, N, O)."""
    random = np.random.default_rng(0)
    weights = {
        "W": random.normal(size=(1, SIZE, FEATURES)),
        "R": random.normal(size=(1, SIZE, SIZE)),
        "B": random.normal(size=(1, 2 * SIZE)),
        "V": random.normal(size=(SIZE, OUTPUTS)),
        "c": random.normal(size=OUTPUTS),
    }
    constants = [
        numpy_helper.from_array(array.astype(np.float32), name) for name, array in weights.items()
    ]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    nodes = [
        helper.make_node("RNN", ["x", "W", "R", "B"], ["states"], hidden_size=SIZE),
        helper.make_node("Squeeze", ["states", "axis"], ["h"]),
        helper.make_node("MatMul", ["h", "V"], ["product"]),
        helper.make_node("Add", ["product", "c"], ["y"]),
    ]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["t", "n", FEATURES])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["t", "n", OUTPUTS])]
    graph = helper.make_graph(nodes, "g", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def _constant(model: onnx.ModelProto, name: str, values: Any, kind: Any = np.int64) -> str:
    """Add a constant; returns its name."""
    model.graph.initializer.append(numpy_helper.from_array(np.array(values, kind), name))
    return name


def _node(model: onnx.ModelProto, kind: str, inputs: list[str], **attributes: Any) -> str:
    """Add an operator; returns its output."""
    name = f"extra {len(model.graph.node)}"
    model.graph.node.append(helper.make_node(kind, inputs, [name], **attributes))
    return name


def _asked_for(model: onnx.ModelProto, name: str, axes: int, kind: int = TensorProto.FLOAT) -> None:
    """Make a value an output of the model."""
    shape = [f"{name} {axis}" for axis in range(axes)]
    model.graph.output.append(helper.make_tensor_value_info(name, kind, shape))


def _doubled(model: onnx.ModelProto, random: Random) -> None:
    """Twenty-nine doublings of a vector, of the input or a constant."""
    name = _constant(model, "one", [1.0], np.float32)
    if random.random() < 0.5:
        name = _node(model, "Reshape", ["x", _constant(model, "flat", [-1])])
    for _ in range(random.choice([29, 40])):
        name = _node(model, "Concat", [name, name], axis=0)
    _asked_for(model, name, 1)


def _filled(model: onnx.ModelProto, random: Random) -> None:
    """One operator that makes a billion numbers or more."""
    count = random.choice([10**9, 2**31, 2**62])
    _asked_for(model, _node(model, "ConstantOfShape", [_constant(model, "shape", [count])]), 1)


def _expanded(model: onnx.ModelProto, random: Random) -> None:
    count = random.choice([10**9, 2**33])
    one = _constant(model, "one", [1.0], np.float32)
    _asked_for(model, _node(model, "Expand", [one, _constant(model, "shape", [count])]), 1)


def _multiplied(model: onnx.ModelProto, random: Random) -> None:
    """An outer product of two vectors of 100,000 numbers."""
    shapes = {"tall": [100_000, 1], "wide": [1, 100_000]}
    parts = [
        _node(model, "ConstantOfShape", [_constant(model, name, shape)])
        for name, shape in shapes.items()
    ]
    _asked_for(model, _node(model, random.choice(["Add", "Mul", "Div"]), parts), 2)


def _gathered(model: onnx.ModelProto, random: Random) -> None:
    """A table of a thousand rows, each read a million times."""
    rows = _node(model, "ConstantOfShape", [_constant(model, "shape", [1000, 1000])])
    zeros = _constant(model, "many", [10**6])
    value = numpy_helper.from_array(np.zeros(1, np.int64))
    indices = _node(model, "ConstantOfShape", [zeros], value=value)
    _asked_for(model, _node(model, "Gather", [rows, indices]), 2)


def _many_nodes(model: onnx.ModelProto, random: Random) -> None:
    name = "x"
    for number in range(random.choice([4_000, 30_000])):
        model.graph.node.append(helper.make_node("Identity", [name], [f"n{number}"]))
        name = f"n{number}"


def _many_layers(model: onnx.ModelProto, random: Random) -> None:
    for number in range(500):
        again = helper.make_node("RNN", ["x", "W", "R", "B"], [f"s{number}"], hidden_size=SIZE)
        model.graph.node.append(again)


def _other_operator(model: onnx.ModelProto, random: Random) -> None:
    """An operator that makes much of little, or code of its own."""
    count = _constant(model, "count", [10**9])
    kind = random.choice(["Range", "Tile", "Pad", "Resize", "RandomNormal", "NonZero", "Python"])
    if kind == "RandomNormal":
        _node(model, kind, [], shape=[10**9])
    else:
        _node(model, kind, [count, count, count], domain=random.choice(["", "com.evil\x1b[31m"]))


def _nested(model: onnx.ModelProto, random: Random) -> None:
    """A Loop, Scan or If with graphs inside graphs."""
    kind = random.choice(["If", "Loop", "Scan", "Add"])
    body = helper.make_graph([], "inner", [], [])
    for _ in range(random.choice([1, 30])):
        inside = helper.make_node(kind, ["c"], ["o"], body=body)
        body = helper.make_graph([inside], "inner", [], [])
    _node(model, kind, ["c", "c"], body=body)


def _function(model: onnx.ModelProto, random: Random) -> None:
    """Functions that each call the one before twice."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    for level in range(40):
        called = f"f{level - 1}" if level else "Add"
        twice = helper.make_node(called, ["a", "a"], ["b"], domain="f" if level else "")
        model.functions.append(
            helper.make_function("f", f"f{level}", ["a"], ["b"], [twice], opsets)
        )
    _node(model, random.choice(["f39", "Add"]), ["c", "c"], domain="f")


def _elsewhere(model: onnx.ModelProto, random: Random) -> None:
    """Weights that are to be read from another file, in any place where there are tensors."""
    tensor = TensorProto(name="V2", data_type=TensorProto.FLOAT, dims=[10])
    if random.random() < 0.5:
        tensor.data_location = TensorProto.EXTERNAL
    path = random.choice(["/dev/zero", "../../../etc/passwd", "/dev/stdin", "w.bin", ""])
    tensor.external_data.add(key="location", value=path)
    if random.random() < 0.5:
        model.graph.initializer.append(tensor)
    else:
        _node(model, "Constant", [], value=tensor)


def _sparse(model: onnx.ModelProto, random: Random) -> None:
    values = numpy_helper.from_array(np.ones(1, np.float32), "s")
    indices = numpy_helper.from_array(np.zeros(1, np.int64), "i")
    sparse = helper.make_sparse_tensor(values, indices, [10**6, 10**6])
    if random.random() < 0.5:
        model.graph.sparse_initializer.append(sparse)
    else:
        _node(model, "Constant", [], sparse_value=sparse)


def _other_weights(model: onnx.ModelProto, random: Random) -> None:
    """Weights that are no numbers, or not those that their shape says."""
    tensor = random.choice(list(model.graph.initializer))
    match random.randrange(6):
        case 0:
            count = len(tensor.raw_data) // 4
            tensor.raw_data = np.full(count, random.choice([np.nan, np.inf]), "f").tobytes()
        case 1:
            tensor.dims[0] = random.choice([-1, 2**62, 2**31, 0, 10**6])
        case 2:
            del tensor.dims[:]
            tensor.dims.extend([1] * random.choice([0, 40, 1000]))
        case 3:
            tensor.data_type = random.choice([*range(30), 999, -1])
        case 4:
            tensor.ClearField("raw_data")
            tensor.data_type = TensorProto.STRING
            tensor.string_data.extend([b"\x1b[31m", b"\xff"] * 3)
        case _:
            tensor.raw_data = tensor.raw_data[: random.randrange(len(tensor.raw_data))]


def _other_input(model: onnx.ModelProto, random: Random) -> None:
    """An input of no size that there is."""
    value = model.graph.input[0]
    sizes = random.choice(
        [[-1, 2, 2], [2, -(2**63), 2], [2**62, 2**62, 2], [4096, 4096, 2], [0, 0, 0], [2], [],
         ["t"] * 3, ["t"] * 100]
    )  # fmt: skip
    kind = random.choice([TensorProto.FLOAT, TensorProto.STRING, TensorProto.FLOAT16, 0, 99])
    value.CopyFrom(helper.make_tensor_value_info("x", kind or TensorProto.FLOAT, sizes))
    value.type.tensor_type.elem_type = kind


def _other_version(model: onnx.ModelProto, random: Random) -> None:
    number = random.choice([0, -1, 10**9, 2**62, 1])
    if random.random() < 0.5:
        model.opset_import[0].version = number
    else:
        model.ir_version = number


def _other_name(model: onnx.ModelProto, random: Random) -> None:
    """Names that move the cursor, stand twice, or are very long."""
    name = random.choice(["\x1b[2J\x1b[31m", "x", "", "n" * 100_000, "\u202e"])
    node = random.choice(list(model.graph.node))
    match random.randrange(4):
        case 0:
            node.name = name
        case 1:
            node.op_type = name
        case 2:
            node.output[0] = name
        case _:
            random.choice(list(model.graph.initializer)).name = name


def _other_attribute(model: onnx.ModelProto, random: Random) -> None:
    """Attributes of the recurrent layer that make no sense."""
    node = model.graph.node[0]
    attributes = (
        {"hidden_size": 10**9},
        {"hidden_size": -1},
        {"direction": "\x1b[31m"},
        {"direction": "bidirectional"},
        {"activations": ["\x1b[31m"]},
        {"activations": []},
        {"activations": ["Tanh"] * 5},
        {"clip": float("nan")},
        {"layout": 1},
        {"\x1b[31m": 1},
    )
    attribute = random.choice(attributes)
    kept = [field for field in node.attribute if field.name not in attribute]
    del node.attribute[:]
    node.attribute.extend(kept)
    for key, value in attribute.items():
        kinds = {"attr_type": onnx.AttributeProto.STRINGS} if value == [] else {}
        node.attribute.append(helper.make_attribute(key, value, **kinds))


def _circle(model: onnx.ModelProto, random: Random) -> None:
    """Operators that read what they write."""
    model.graph.node[random.randrange(4)].input[0] = "y"


CHANGES: Mapping[str, Callable[[onnx.ModelProto, Random], None]] = {
    change.__name__.strip("_"): change
    for change in (
        _doubled,
        _filled,
        _expanded,
        _multiplied,
        _gathered,
        _many_nodes,
        _many_layers,
        _other_operator,
        _nested,
        _function,
        _elsewhere,
        _sparse,
        _other_weights,
        _other_input,
        _other_version,
        _other_name,
        _other_attribute,
        _circle,
    )
}


def hostile_model(name: str, random: Random) -> bytes:
    """The bytes of a model with a change, by the change's name."""
    model = whole_model()
    CHANGES[name](model, random)
    return bytes(model.SerializeToString())
