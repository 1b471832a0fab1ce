"""Reads an ONNX model in a process with limits, since a small file can ask for all memory.

ONNX Runtime runs a stranger's program. In the child, `read_model` does all that libraries do with
the file; what comes back are the weights of the network that was found, or a sentence.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.engine.process.bounded import BoundedCallError, BoundedProcess, Limits, call_bounded
from rnn_tui.engine.process.bounded_child import Message
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import Dense
from rnn_tui.networks.foreign.hints import (
    NONLINEARITIES,
    AnswerComparison,
    ForeignNetwork,
    NetworkHints,
)
from rnn_tui.networks.stack import Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights

#: for libraries and for a model as small as most are: 0.2 GB are taken by imports.
LEAST_MEMORY = 2**30
MEMORY_A_BYTE = 8  # bytes for each of the file: it is there parsed, in ONNX Runtime, and as arrays
SECONDS = 30.0
READ_MODEL = "rnn_tui.networks.foreign.onnx_child:read_model"
#: the arrays of `CellWeights`.
ARRAYS = ("of_input", "of_state", "input_bias", "state_bias")


def limits_of(data: bytes) -> Limits:
    """Return what reading a model may take."""
    return Limits(LEAST_MEMORY + MEMORY_A_BYTE * len(data), SECONDS)


def network_read_apart(
    data: bytes, hints: NetworkHints, file_name: str, process: BoundedProcess | None = None
) -> ForeignNetwork:
    """Return the network that an ONNX model computes, read in a process of its own.

    Args:
        data: the bytes of the file.
        hints: what a user says of it.
        file_name: what errors call the file.
        process: one that is there already; by default one that ends with the call.

    Raises:
        NetworkError: if it is none of recurrent layers with a linear readout, or takes too much.
    """
    arguments = {"takes": hints.takes, "numbers": hints.numbers, "file_name": file_name}
    request = Message(arguments, {"data": np.frombuffer(data, np.uint8)})
    try:
        call = call_bounded if process is None else process.call
        answer = call(READ_MODEL, request, limits_of(data))
    except BoundedCallError as error:
        raise NetworkError(
            f"{file_name} can't be read: {error}; models of RNN, GRU or LSTM layers with a linear "
            "readout are read."
        ) from error
    assert answer is not None  # nothing stops it
    return _unpacked(answer)


def read_model(request: Message) -> Message:
    """Read a model; runs in the child."""
    from rnn_tui.networks.foreign.onnx_model import network_of_model  # there only

    hints = NetworkHints(takes=request.document["takes"], numbers=request.document["numbers"])
    data = request.arrays["data"].tobytes()
    return _packed(network_of_model(data, hints, request.document["file_name"]))


def _packed(network: ForeignNetwork) -> Message:
    """Return a network as values and arrays."""
    stack, comparison = network.stack, network.comparison
    assert comparison is not None
    arrays = {f"readout {at}": weights for at, weights in enumerate(stack.weights)}
    arrays["bias"] = stack.bias
    for at, weights in enumerate(_directions(stack)):
        for name in ARRAYS:
            arrays[f"{name} {at}"] = getattr(weights, name)
    for row, denses in (("inlet", stack.inlet), ("head", stack.head)):
        for at, dense in enumerate(denses):
            arrays[f"{row} weight {at}"] = dense.weight
            arrays[f"{row} bias {at}"] = dense.bias
    document = {
        "cell": stack.layers[0].forward.cell.name,
        "directions": [len(layer.directions) for layer in stack.layers],
        "readouts": len(stack.weights),
        "takes": stack.takes,
        "inlet": [dense.activation for dense in stack.inlet],
        "head": [dense.activation for dense in stack.head],
        "state_activation": stack.state_activation,
        "readout_activation": stack.readout_activation,
        "recurrent": network.recurrent,
        "readout": network.readout,
        "order": network.order,
        "embedded": network.embedded,
        "source": comparison.source,
        "difference": comparison.difference,
    }
    return Message(document, arrays)


def _directions(stack: Stack) -> Iterator[CellWeights]:
    for layer in stack.layers:
        yield from layer.directions


def _unpacked(message: Message) -> ForeignNetwork:
    """Return the network of `_packed`."""
    document: Mapping[str, Any] = message.document
    cell = _cell(document["cell"])
    arrays: Mapping[str, Array] = message.arrays
    layers = []
    at = 0
    for count in document["directions"]:
        directions = [
            CellWeights(cell, *(arrays[f"{name} {at + direction}"] for name in ARRAYS))
            for direction in range(count)
        ]
        layers.append(Layer(*directions))
        at += count
    readouts = tuple(arrays[f"readout {number}"] for number in range(document["readouts"]))
    stack = Stack(
        tuple(layers),
        readouts,
        arrays["bias"],
        document["takes"],
        inlet=_denses("inlet", message),
        state_activation=document["state_activation"],
        readout_activation=document["readout_activation"],
        head=_denses("head", message),
    )
    return ForeignNetwork(
        stack,
        printable(document["recurrent"], 200),
        printable(document["readout"], 200),
        printable(document["order"], 300),
        embedded=document["embedded"],
        comparison=AnswerComparison(printable(document["source"]), document["difference"]),
    )


def _denses(row: str, message: Message) -> tuple[Dense, ...]:
    """Return the linear layers of one end of the network."""
    arrays = message.arrays
    return tuple(
        Dense(arrays[f"{row} weight {at}"], arrays[f"{row} bias {at}"], activation)
        for at, activation in enumerate(message.document[row])
    )


def _cell(name: str) -> Cell:
    """Return the cell of that name; a simple RNN has several, by its nonlinearity."""
    for cell in (*NONLINEARITIES.values(), *CELLS.values()):
        if cell.name == name:
            return cell
    raise NetworkError(f"Networks of the cell {printable(name)} are not read.")
