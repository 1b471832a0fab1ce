"""Finds recurrent layers and a linear readout in a state_dict, by the shapes of its tensors.

Shapes: F features, H units, G blocks of H rows, O outputs, D directions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.foreign.hints import (
    BY_BLOCKS,
    NONLINEARITIES,
    RELU,
    TANH,
    ForeignNetwork,
    NetworkHints,
    require,
    which_states,
)
from rnn_tui.networks.foreign.recurrent_modules import (
    MOST_LISTED,
    RecurrentModule,
    blocks_of,
    chain_of,
    is_recurrent,
    modules_in,
    shortened,
)
from rnn_tui.networks.stack import ALL_STATES, FINAL_STATES, LAST_STEP, Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights


@dataclass(frozen=True, eq=False)
class _Linear:
    """A module with a weight of two axes: a readout, or an embedding."""

    name: str
    weight_name: str
    weight: Array  #: (O, I).
    bias_name: str | None
    bias: Array  #: (O,), zeros where there is none.


def network_of_tensors(
    tensors: Mapping[str, Array], hints: NetworkHints, file_name: str
) -> ForeignNetwork:
    """Return the network that the tensors of a state_dict are the weights of.

    Args:
        tensors: by name.
        hints: what a user says of it.
        file_name: what errors call the file.

    Raises:
        NetworkError: if it is none of recurrent layers with a linear readout, or asks for what
            the shapes don't say.
    """
    tensors = _without(tensors, hints.unused, file_name)
    modules = modules_in(tensors, file_name)
    chain, notices = chain_of(modules, hints, file_name)
    others = {name: array for name, array in tensors.items() if not is_recurrent(name)}
    linears = _linears(others)
    embedding = _embedding(linears, chain, hints)
    if embedding is not None:
        linears.remove(embedding)
        notices.append(
            f"A symbol is read through the embedding {printable(embedding.name)} of "
            f"{len(embedding.weight):,} symbols."
        )
    readout = _readout(linears, chain[-1].width, hints, file_name)
    read_beside = [
        linear for linear in linears if linear.weight.shape[1] == readout.weight.shape[1]
    ]
    explained = [*read_beside] if embedding is None else [*read_beside, embedding]
    _refuse_unknown(others, explained, file_name)
    left_modules = [module for module in modules.values() if module not in chain]
    left_linears = [linear for linear in read_beside if linear is not readout]
    _refuse_between(left_modules, left_linears, chain, readout, file_name)
    unread = [module.shown for module in left_modules]
    unread += [printable(linear.name) for linear in left_linears]
    if unread:
        notices.append(f"Not read: {shortened(unread)}.")
    questions: list[str] = []
    cell = _cell(chain, hints, questions, file_name)
    takes = _takes(chain, readout, hints, questions)
    require(file_name, questions)
    layers = tuple(layer for module in chain for layer in _layers(module, cell))
    if embedding is not None:
        layers = (_after_embedding(layers[0], embedding.weight), *layers[1:])
    return ForeignNetwork(
        Stack.with_readout(layers, readout.weight, readout.bias, takes),
        printable(", ".join(module.shown for module in chain), 200),
        printable(readout.name),
        tuple(notices),
        embedded=embedding is not None,
    )


def _without(
    tensors: Mapping[str, Array], unused: Sequence[str], file_name: str
) -> Mapping[str, Array]:
    """Return the tensors that are of no module that a user calls unused."""
    kept = dict(tensors)
    for module in unused:
        names = [name for name in kept if name == module or name.startswith(f"{module}.")]
        if not names:
            raise NetworkError(
                f"{file_name} has no module {printable(module)}, which --unused names."
            )
        for name in names:
            del kept[name]
    return kept


def _refuse_between(
    modules: Sequence[RecurrentModule],
    linears: Sequence[_Linear],
    chain: Sequence[RecurrentModule],
    readout: _Linear,
    file_name: str,
) -> None:
    """Raise `NetworkError` for modules that are left over and fit between those that are read.

    A linear one may stand between the layers and the readout, or behind the readout; a recurrent
    one before or behind the layers.
    """
    first, last = chain[0], chain[-1]
    outputs, width = readout.weight.shape
    fitting = [linear.name for linear in linears if width in (len(linear.weight), outputs)]
    for module in modules:
        if module.width == first.features or (module.features, module.width) == (last.width, width):
            fitting.append(module.name)
    if fitting:
        names = shortened(list(map(printable, fitting)))
        raise NetworkError(
            f"{file_name} also has {names}, which may be part of what computes its answers; if it "
            f"is not, say so by --unused {printable(','.join(fitting[:MOST_LISTED]), 200)}."
        )


def _linears(tensors: Mapping[str, Array]) -> list[_Linear]:
    """Return the modules with a weight of two axes, and a bias that fits or none."""
    linears = []
    for name, weight in tensors.items():
        if weight.ndim != 2 or not weight.size:
            continue
        module, dot, kind = name.rpartition(".")
        bias_name: str | None = f"{module}{dot}bias" if kind == "weight" else None
        bias = tensors.get(bias_name or "")
        if bias is None or bias.shape != weight.shape[:1]:
            bias_name, bias = None, np.zeros(len(weight), np.float32)
        shown = module if kind == "weight" else name
        linears.append(_Linear(shown or name, name, weight, bias_name, bias))
    return linears


def _embedding(
    linears: Sequence[_Linear], chain: Sequence[RecurrentModule], hints: NetworkHints
) -> _Linear | None:
    """Return the embedding whose rows the first layer reads, if there is one."""
    fitting = [
        linear
        for linear in linears
        if linear.bias_name is None
        and linear.weight.shape[1] == chain[0].features
        and linear.name != hints.readout
    ]
    could_read_out = [linear for linear in linears if linear.weight.shape[1] == chain[-1].width]
    if len(fitting) != 1 or could_read_out == fitting:
        return None
    return fitting[0]


def _readout(
    linears: Sequence[_Linear], width: int, hints: NetworkHints, file_name: str
) -> _Linear:
    """Return the readout of states of `width` numbers."""
    fitting = [linear for linear in linears if linear.weight.shape[1] == width]
    fitting = fitting or [linear for linear in linears if linear.weight.shape[1] % width == 0]
    named = hints.readout
    if named is not None:
        fitting = [linear for linear in fitting if linear.name == named]
    if not fitting:
        sought = "linear readout" if named is None else f"linear readout {printable(named)}"
        raise NetworkError(
            f"{file_name} has no {sought} of the {width} numbers of the last layer's states; "
            "networks with one are read."
        )
    if len(fitting) > 1:
        names = shortened([printable(linear.name) for linear in fitting])
        raise NetworkError(
            f"{file_name} has several readouts ({names}); name one, such as --readout "
            f"{printable(fitting[0].name)}."
        )
    return fitting[0]


def _refuse_unknown(
    others: Mapping[str, Array], linears: Iterable[_Linear], file_name: str
) -> None:
    """Raise `NetworkError` for tensors that may have an effect on the answers.

    Args:
        others: all tensors but those of recurrent modules.
        linears: those of them that are known.
        file_name: what the error calls the file.
    """
    names = {name for linear in linears for name in (linear.weight_name, linear.bias_name)}
    unknown = [name for name in others if name not in names]
    if unknown:
        listed = ", ".join(printable(name) for name in unknown[:3])
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise NetworkError(
            f"{file_name} also has {listed}{more}, which belong neither to recurrent layers nor to "
            "a linear readout, so its answers can't be computed here."
        )


def _cell(
    chain: Sequence[RecurrentModule], hints: NetworkHints, questions: list[str], file_name: str
) -> Cell:
    """Return the kind of the layers; adds a question if the shapes don't say it."""
    blocks = blocks_of(chain[0])
    if blocks > 1:
        if hints.nonlinearity is not None:
            raise NetworkError(
                f"{file_name} is a network of {BY_BLOCKS[blocks].label}, whose gates are fixed; "
                "--nonlinearity is for a simple RNN."
            )
        return BY_BLOCKS[blocks]
    if hints.nonlinearity is None:
        questions.append(
            f"which nonlinearity its RNN has (give --nonlinearity {TANH} or --nonlinearity {RELU})"
        )
    return NONLINEARITIES[hints.nonlinearity or TANH]


def _takes(
    chain: Sequence[RecurrentModule],
    readout: _Linear,
    hints: NetworkHints,
    questions: list[str],
) -> str:
    """Return which states the readout takes; adds a question if neither shapes nor user say it."""
    top = chain[-1]
    if readout.weight.shape[1] != top.width:
        return ALL_STATES
    takes = hints.takes
    if takes is None or takes == ALL_STATES:
        questions.append(which_states(bidirectional=top.directions > 1))
    return LAST_STEP if takes == FINAL_STATES and top.directions == 1 else takes or LAST_STEP


def _layers(module: RecurrentModule, cell: Cell) -> Iterator[Layer]:
    """Yield the layers of a module from the input up."""
    for number in range(module.layer_count):
        directions = [
            _weights(module.parts[number, backward], cell)
            for backward in (False, True)[: module.directions]
        ]
        yield Layer(*directions)


def _weights(part: Mapping[str, Array], cell: Cell) -> CellWeights:
    """Return the weights of a layer in one direction; biases that are missing are zero."""
    zeros = np.zeros(len(part["weight_ih"]), np.float32)
    return CellWeights.named(cell, {"bias_ih": zeros, "bias_hh": zeros, **part})


def _after_embedding(layer: Layer, embedding: Array) -> Layer:
    """Return a layer that reads one-hot symbols in place of their rows of an embedding (V, F)."""
    directions = [
        replace(weights, of_input=weights.of_input @ embedding.T) for weights in layer.directions
    ]
    return Layer(*directions)
