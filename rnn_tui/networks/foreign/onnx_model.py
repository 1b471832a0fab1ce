"""Finds recurrent and linear layers in an ONNX model, and checks its answers.

The operators RNN, GRU and LSTM hold the layers; matrix products before and behind them are linear
layers (`onnx_path.py`). Which states the readout takes is seen by its answers: the model reads
random inputs in ONNX Runtime, and what answers alike here is the same network. Shapes: F features,
H units, G blocks of H rows, D directions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from rnn_tui.engine.errors import printable
from rnn_tui.networks import CELLS
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import NONE
from rnn_tui.networks.foreign.hints import (
    NONLINEARITIES,
    AnswerComparison,
    ForeignNetwork,
    NetworkHints,
    require,
    which_states,
)
from rnn_tui.networks.foreign.onnx_file import ACTIVATIONS, OnnxFile
from rnn_tui.networks.foreign.onnx_path import Affine, Inlet, head_of, inlet_of
from rnn_tui.networks.foreign.onnx_trial import OnnxTrial
from rnn_tui.networks.foreign.plans import ARROW, with_table
from rnn_tui.networks.stack import (
    ALL_STATES,
    EVERY_STEP,
    FINAL_STATES,
    LAST_STEP,
    Layer,
    Stack,
)
from rnn_tui.networks.stepwise import Array, CellWeights

ONNX_RUNTIME = "ONNX Runtime on random inputs"
#: attributes that change what an operator computes, with the values that change nothing.
NO_EFFECT: Mapping[str, tuple[Any, ...]] = {"clip": (), "input_forget": (0,), "layout": (0,)}


def network_of_model(data: bytes, hints: NetworkHints, file_name: str) -> ForeignNetwork:
    """Return the network that an ONNX model computes.

    Args:
        data: the bytes of the file.
        hints: what a user says of it.
        file_name: what errors call the file.

    Raises:
        NetworkError: if it is none of recurrent layers and linear ones in a row.
    """
    model = OnnxFile(data, file_name)
    inlet = inlet_of(model)
    head = head_of(model)
    head.check_products(inlet.products, model)
    layers = _layers(model, inlet)
    first, *rest = head.linears
    columns = first.weight.shape[1]
    stacks = [
        replace(
            Stack.with_readout(layers, first.weight, first.bias, takes),
            inlet=inlet.linears,
            state_activation=head.state_activation,
            readout_activation=first.activation if rest else NONE,
            head=tuple(rest),
        )
        for takes in _possible(layers, columns, hints)
    ]
    if not stacks:
        raise model.refusal(
            f"reads out {columns:,} numbers, which are not the states of its last layer"
        )
    stacks = [with_table(stack, inlet.table) for stack in stacks]
    trial = OnnxTrial(model, symbols=inlet.table is not None, numbers=hints.numbers)
    answering = trial.answering_alike(stacks)
    if not answering:
        otherwise = "answers otherwise than its layers do here"
        if hints.numbers:
            otherwise += "; probabilities, behind a softmax or sigmoid, are no numbers"
        raise model.refusal(otherwise)
    questions = [which_states(bidirectional=True)] if len(answering) > 1 else []
    require(file_name, questions)  # a model of one step leaves it open
    recurrent = [printable(node.name or node.op_type) for node in model.recurrent]
    words = [*inlet.words, *recurrent, *head.words]
    stack, difference = answering[0]
    return ForeignNetwork(
        stack,
        printable(", ".join(recurrent), 200),
        printable(", ".join(head.names), 200),
        printable(ARROW.join(words), 300),
        embedded=inlet.table is not None,
        comparison=AnswerComparison(printable(ONNX_RUNTIME), difference),
    )


def _possible(layers: tuple[Layer, ...], columns: int, hints: NetworkHints) -> Iterator[str]:
    """Yield which states a readout of so many columns may take."""
    width = sum(weights.hidden_size for weights in layers[-1].directions)
    if columns == width:
        possible = [EVERY_STEP, LAST_STEP]
        if layers[-1].backward is not None:
            possible.append(FINAL_STATES)
        yield from [hints.takes] if hints.takes in possible else possible
    elif columns % width == 0:
        yield ALL_STATES


def _layers(model: OnnxFile, inlet: Inlet) -> tuple[Layer, ...]:
    """Return the layers, from the input up."""
    directions = [_directions(model, node) for node in model.recurrent]
    *below, last = directions
    if below and len(below[-1]) == len(last) == 1 and not _fit(below[-1], last):
        # Two operators that read the same: a layer whose backward direction is one of its own.
        directions = [*below[:-1], [*below[-1], *last]]
    if not all(_fit(low, high) for low, high in pairwise(directions)):
        raise model.refusal("has recurrent layers that do not read each other's states")
    directions[0] = [_after(weights, inlet.affine, model) for weights in directions[0]]
    return tuple(Layer(*layer) for layer in directions)


def _fit(low: Sequence[CellWeights], high: Sequence[CellWeights]) -> bool:
    """Return whether a layer can read the states of the one below."""
    width = sum(weights.hidden_size for weights in low)
    return width == high[0].of_input.shape[1] and low[0].cell is high[0].cell


def _directions(model: OnnxFile, node: Any) -> list[CellWeights]:
    """Return the weights of a recurrent operator, a direction each."""
    cell = _cell(model, node)
    of_input = model.constant(node, 1)  # (D, G·H, F)
    of_state = model.constant(node, 2)  # (D, G·H, H)
    if of_input is None or of_state is None or of_input.ndim != 3 or of_state.ndim != 3:
        raise model.refusal("has a recurrent layer whose weights are no constants")
    count, rows, size = of_state.shape
    bias = model.constant(node, 3)  # (D, 2·G·H)
    if bias is None:
        bias = np.zeros((count, 2 * rows), np.float32)
    fits = (
        rows == cell.blocks * size
        and of_input.shape[:2] == (count, rows)
        and bias.shape == (count, 2 * rows)
        and count in (1, 2)
    )
    if not fits:
        raise model.refusal("has a recurrent layer whose weights do not fit each other")
    assert cell.onnx is not None or cell.blocks == 1
    order = cell.onnx.rows if cell.onnx is not None else (0,)
    return [
        CellWeights(
            cell,
            _in_our_order(of_input[at], order),
            _in_our_order(of_state[at], order),
            _in_our_order(bias[at, :rows], order),
            _in_our_order(bias[at, rows:], order),
        )
        for at in range(count)
    ]


def _in_our_order(rows: Array, order: Sequence[int]) -> Array:
    """Return rows (G·H, …) in ONNX's order of blocks with the blocks in our order."""
    by_block = rows.reshape(len(order), -1, *rows.shape[1:])  # (G, H, …)
    return by_block[np.argsort(order)].reshape(rows.shape)


def _cell(model: OnnxFile, node: Any) -> Cell:
    """Return the cell that a recurrent operator computes."""
    attributes = model.attributes(node)
    for name, values in NO_EFFECT.items():
        if name in attributes and attributes[name] not in values:
            raise model.refusal(f"has a {node.op_type} with {name} {attributes[name]}")
    if attributes.get("direction") == b"reverse":
        raise model.refusal(f"has a {node.op_type} that reads backward only")
    if len(node.input) > 7 and node.input[7]:
        raise model.refusal("has an LSTM with peepholes")
    usual = ACTIVATIONS[node.op_type]
    named = [name.decode().lower() for name in attributes.get("activations", ())]
    kinds = {tuple(named[at : at + len(usual)]) for at in range(0, len(named), len(usual))}
    kinds = kinds or {usual}
    if node.op_type == "RNN" and len(kinds) == 1:
        [[nonlinearity]] = kinds
        if nonlinearity in NONLINEARITIES:
            return NONLINEARITIES[nonlinearity]
    if kinds != {usual}:
        raise model.refusal(f"has a {node.op_type} with other activations")
    if node.op_type == "GRU" and not attributes.get("linear_before_reset"):
        raise model.refusal(
            "has a GRU that resets the state before it is multiplied, unlike PyTorch's"
        )
    return CELLS[node.op_type.lower()]


def _after(weights: CellWeights, affine: Affine, model: OnnxFile) -> CellWeights:
    """Return weights that read inputs as they are: W·(s·x + t) + b = (W·s)·x + (W·t + b)."""
    of_input = weights.of_input  # (G·H, F)
    weight, shift = affine.into(of_input, model)
    return replace(
        weights, of_input=weight, input_bias=(weights.input_bias + shift).astype(np.float32)
    )
