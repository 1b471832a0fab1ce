"""The graph of an ONNX model in the making: its nodes and constants, and recurrent layers of any
cell.

Where ONNX has a cell, its operator computes a layer. Elsewhere the cell's own `step` is asked once,
of values that note down what is done with them; an ONNX `Scan` loops these operations over time.

Comments give shapes: T time steps, N sequences, F features, D directions, H units, G blocks of H
rows of weights.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_tui import __version__
from rnn_tui.archive.export.formats import imported
from rnn_tui.engine.errors import ExportError
from rnn_tui.networks.cell import Cell, OnnxOperator, Operations, Step
from rnn_tui.networks.stepwise import Array, CellWeights

#: the set of operators: 17 is of 2022, its RNN and LSTM are those of 14, its Scan is that of 16.
OPERATORS = 17
#: the version of the file's format (IR), of 2022 as well.
FORMAT = 8


class Graph:
    """Nodes and constants.

    Args:
        outer: the graph whose loop this is the body of; it may use that one's values.
    """

    def __init__(self, outer: "Graph | None" = None) -> None:
        self._onnx = imported("onnx", "onnx", "ONNX models")
        self._nodes: list[Any] = []
        #: arrays; a loop's body has its own among those of the graph around it.
        self.constants: list[Any] = [] if outer is None else outer.constants
        #: makes the names of values different, in a loop's body as well.
        self.numbers: Iterator[int] = count() if outer is None else outer.numbers

    def constant(self, array: npt.NDArray[Any]) -> str:
        """Add an array; returns its name."""
        name = f"constant{next(self.numbers)}"
        self.constants.append(
            self._onnx.numpy_helper.from_array(np.asarray(array, order="C"), name)
        )
        return name

    def node(self, kind: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Add an operator; returns the name of its output, the first if it has several."""
        [name] = self.nodes(kind, inputs, 1, **attributes)
        return name

    def nodes(self, kind: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Add an operator; returns the names of so many outputs."""
        names = [f"{kind.lower()}{next(self.numbers)}" for _ in range(outputs)]
        self._nodes.append(self._onnx.helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def linear(self, inputs: str, weight: Array, bias: Array) -> str:
        """Add `inputs` @ `weight`ᵀ + `bias`."""
        product = self.node("MatMul", [inputs, self.constant(weight.T)])
        return self.node("Add", [product, self.constant(bias)])

    def recurrent(self, inputs: str, directions: Sequence[CellWeights]) -> str:
        """Add a layer over `inputs` (T, N, F); returns its states (T, N, D·H).

        Of its `directions`, the second reads from the last step to the first.

        Raises:
            ExportError: if the cell's step does with its values what ONNX can't.
        """
        operator = directions[0].cell.onnx
        if operator is not None:
            return self._by_operator(inputs, directions, operator)
        states = [
            self._by_scan(inputs, weights, backward=at > 0) for at, weights in enumerate(directions)
        ]
        return states[0] if len(states) == 1 else self.node("Concat", states, axis=2)

    def _by_operator(
        self, inputs: str, directions: Sequence[CellWeights], operator: OnnxOperator
    ) -> str:
        """Add a layer by ONNX's own operator for the cell; return its output's name."""
        by_direction = [_in_order(weights, operator) for weights in directions]
        # (D, G·H, F), (D, G·H, H), (D, 2·G·H)
        weights = [self.constant(np.stack(parts)) for parts in zip(*by_direction, strict=True)]
        attributes: dict[str, Any] = dict(operator.attributes)
        if operator.activation:
            attributes["activations"] = [operator.activation] * len(directions)
        states = self.node(  # (T, D, N, H)
            operator.name,
            [inputs, *weights],
            hidden_size=directions[0].hidden_size,
            direction="bidirectional" if len(directions) > 1 else "forward",
            **attributes,
        )
        transposed = self.node("Transpose", [states], perm=[0, 2, 1, 3])  # (T, N, D, H)
        return self.node("Reshape", [transposed, self.constant(np.array([0, 0, -1]))])

    def _by_scan(self, inputs: str, weights: CellWeights, *, backward: bool) -> str:
        """Add a layer in one direction as a loop over the cell's step; return its output's name."""
        cell, size = weights.cell, weights.hidden_size
        sums = self.linear(inputs, weights.of_input, weights.input_bias)  # (T, N, G·H)
        start = cell.start(Value(self, self._zeros(inputs, size)))  # (N, H)
        body = Graph(outer=self)
        last = Step(body.value("state"), body.value("memory") if cell.has_memory else None)
        read = body.value("sum")
        after = _traced_step(body, weights, read, last)
        body_inputs = [value.name for value in (*_carried(last), read)]
        body_outputs = [
            body.node("Identity", [value.name]) for value in (*_carried(after), after.state)
        ]
        *_, states = self.nodes(
            "Scan",
            [value.name for value in _carried(start)] + [sums],
            len(body_outputs),
            body=body.as_body(body_inputs, body_outputs, size, cell.blocks),
            num_scan_inputs=1,
            scan_input_directions=[int(backward)],
            scan_output_directions=[int(backward)],
        )
        return states  # (T, N, H)

    def value(self, kind: str) -> "Value":
        """Return a new value with a unique name; the caller of the graph passes it in."""
        return Value(self, f"{kind}{next(self.numbers)}")

    def _zeros(self, inputs: str, size: int) -> str:
        """Add zeros (N, size), for as many sequences as `inputs` (T, N, F) have."""
        shape = self.node("Shape", [inputs])
        sequences = self.node("Gather", [shape, self.constant(np.array([1]))])
        wanted = self.node("Concat", [sequences, self.constant(np.array([size]))], axis=0)
        zero = self._onnx.numpy_helper.from_array(np.zeros(1, np.float32))
        return self.node("ConstantOfShape", [wanted], value=zero)

    def as_body(self, inputs: Sequence[str], outputs: Sequence[str], size: int, blocks: int) -> Any:
        """Return the body of a `Scan`: from states (N, H) and a sum (N, G·H) to states (N, H)."""
        widths = [size] * (len(inputs) - 1) + [blocks * size]  # the sum is the last
        return self._onnx.helper.make_graph(
            self._nodes,
            "step",
            [self._floats(name, ["N", width]) for name, width in zip(inputs, widths, strict=True)],
            [self._floats(name, ["N", size]) for name in outputs],
        )

    def _integers(self, name: str, shape: Sequence[Any]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self._onnx.TensorProto.INT64, shape)

    def _floats(self, name: str, shape: Sequence[Any]) -> Any:
        onnx = self._onnx
        return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    def finished(
        self,
        last: str,
        inputs: tuple[str, Sequence[Any]],
        outputs: tuple[str, Sequence[Any]],
        properties: dict[str, str],
        *,
        reads_places: bool = False,
    ) -> bytes:
        """Return the model as a file.

        Args:
            last: the value that is its output.
            inputs: the input's name and shape, with words for free sizes.
            outputs: the output's name and shape, with words for free sizes.
            properties: what the file says of the network.
            reads_places: whether the input is whole numbers (int64), in place of floats.
        """
        onnx = self._onnx
        self._nodes.append(onnx.helper.make_node("Identity", [last], [outputs[0]]))
        graph = onnx.helper.make_graph(
            self._nodes,
            "rnn-tui",
            [self._integers(*inputs) if reads_places else self._floats(*inputs)],
            [self._floats(*outputs)],
            self.constants,
        )
        model = onnx.helper.make_model(
            graph,
            opset_imports=[onnx.helper.make_opsetid("", OPERATORS)],
            ir_version=FORMAT,
            producer_name="rnn-tui",
            producer_version=__version__,
        )
        onnx.helper.set_model_props(model, properties)
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


class Value:
    """A value of a graph, of which arithmetic makes others: it adds the operators to the graph."""

    def __init__(self, graph: Graph, name: str) -> None:
        self.graph = graph
        self.name = name  #: its name in the graph.

    def apply(self, kind: str, *others: "Value | float") -> "Value":
        """Apply an operator to this value and others, and return its output."""
        names = [self.name, *(self._as_value(other).name for other in others)]
        return Value(self.graph, self.graph.node(kind, names))

    def _as_value(self, other: "Value | float") -> "Value":
        if isinstance(other, Value):
            return other
        return Value(self.graph, self.graph.constant(np.array(other, np.float32)))

    def __add__(self, other: "Value | float") -> "Value":
        return self.apply("Add", other)

    def __radd__(self, other: float) -> "Value":
        return self._as_value(other) + self

    def __sub__(self, other: "Value | float") -> "Value":
        return self.apply("Sub", other)

    def __rsub__(self, other: float) -> "Value":
        return self._as_value(other) - self

    def __mul__(self, other: "Value | float") -> "Value":
        return self.apply("Mul", other)

    def __rmul__(self, other: float) -> "Value":
        return self._as_value(other) * self

    def __truediv__(self, other: "Value | float") -> "Value":
        return self.apply("Div", other)

    def __rtruediv__(self, other: float) -> "Value":
        return self._as_value(other) / self

    def __pow__(self, other: "Value | float") -> "Value":
        return self.apply("Pow", other)

    def __neg__(self) -> "Value":
        return self.apply("Neg")


def _sigmoid(value: Value) -> Value:
    return value.apply("Sigmoid")


def _tanh(value: Value) -> Value:
    return value.apply("Tanh")


def _relu(value: Value) -> Value:
    return value.apply("Relu")


def _split(rows: Value, blocks: int) -> list[Value]:
    if blocks == 1:
        return [rows]
    return [
        Value(rows.graph, name) for name in rows.graph.nodes("Split", [rows.name], blocks, axis=1)
    ]


ONNX = Operations(_sigmoid, _tanh, _relu, _split)


def _carried(step: Step) -> list[Value]:
    """Return the values that pass from a step to the next."""
    return [step.state] if step.memory is None else [step.state, step.memory]


def _traced_step(body: Graph, weights: CellWeights, read: Value, last: Step) -> Step:
    """Return a step of a cell in the body of a loop, of W·x + b (N, G·H)."""
    recurrent = None
    if weights.of_state is not None:
        recurrent = Value(body, body.linear(last.state.name, weights.of_state, weights.state_bias))
    try:
        return weights.cell.step_of_sums(ONNX, read, recurrent, last)
    except (AttributeError, TypeError) as error:
        raise _not_traced(weights.cell) from error


def _not_traced(cell: Cell) -> ExportError:
    return ExportError(
        f"The step of {cell.label} can't be exported to ONNX; it may use +, -, *, /, ** and the "
        "operations that it is given, and nothing else."
    )


def _in_order(weights: CellWeights, operator: OnnxOperator) -> list[npt.NDArray[Any]]:
    """Return weights (G·H, F) and (G·H, H) and both biases (2·G·H,), in ONNX's order of gates."""
    order = list(operator.rows)
    biases = [_reordered(weights.input_bias, order), _reordered(weights.state_bias, order)]
    return [
        _reordered(weights.of_input, order),
        _reordered(weights.of_state, order),
        np.concatenate(biases),
    ]


def _reordered(rows: npt.NDArray[Any], order: Sequence[int]) -> npt.NDArray[Any]:
    """Return rows (G·H, …) with the gates, of H rows each, in another order."""
    by_gate = rows.reshape(len(order), -1, *rows.shape[1:])  # (G, H, …)
    return by_gate[list(order)].reshape(rows.shape)
