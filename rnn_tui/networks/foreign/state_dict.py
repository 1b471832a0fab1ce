"""Finds recurrent layers and a linear readout in a state_dict, by the shapes of its tensors.

Names are those of `nn.RNN`, `nn.LSTM`, `nn.GRU` or their cells, at the end of any module's name:
`encoder.rnn.weight_ih_l0`. Shapes: F features, H units, G blocks of H rows, O outputs, D
directions.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, permutations

import numpy as np

from rnn_tui.engine.errors import NetworkError, SafeText, printable
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
from rnn_tui.networks.stack import ALL_STATES, FINAL_STATES, LAST_STEP, Layer, Stack
from rnn_tui.networks.stepwise import Array, CellWeights

MOST_MODULES = 6  # recurrent ones, whose order is looked for
MOST_LISTED = 20  # names in a sentence
_RECURRENT = re.compile(
    r"(?:(?P<module>.+)\.)?(?P<kind>weight|bias)_(?P<part>ih|hh|hr)"
    r"(?:_l(?P<layer>\d{1,3})(?P<reverse>_reverse)?)?"
)


@dataclass(frozen=True)
class _Module:
    """A module with recurrent layers."""

    name: str
    #: tensors by layer, and whether they are of the backward direction, then by `weight_ih` …
    parts: dict[tuple[int, bool], dict[str, Array]] = field(default_factory=dict)

    @property
    def shown(self) -> SafeText:
        """Its name in a message; the network itself has none."""
        return printable(self.name or "the network itself")

    @property
    def layer_count(self) -> int:
        """Layers L."""
        return 1 + max(layer for layer, _ in self.parts)

    @property
    def directions(self) -> int:
        """Directions D."""
        return 1 + any(backward for _, backward in self.parts)

    @property
    def features(self) -> int:
        """Features F that the first layer reads."""
        return int(self.parts[0, False]["weight_ih"].shape[1])

    @property
    def width(self) -> int:
        """The D·H numbers of its states."""
        last = self.parts[self.layer_count - 1, False]["weight_hh"]
        return self.directions * int(last.shape[1])


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
    modules = _modules_in(tensors, file_name)
    chain, notices = _chain(modules, hints, file_name)
    others = {name: array for name, array in tensors.items() if _RECURRENT.fullmatch(name) is None}
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
        notices.append(f"Not read: {_shortened(unread)}.")
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
    modules: Sequence[_Module],
    linears: Sequence[_Linear],
    chain: Sequence[_Module],
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
        names = _shortened(list(map(printable, fitting)))
        raise NetworkError(
            f"{file_name} also has {names}, which may be part of what computes its answers; if it "
            f"is not, say so by --unused {printable(','.join(fitting[:MOST_LISTED]), 200)}."
        )


def _modules_in(tensors: Mapping[str, Array], file_name: str) -> dict[str, _Module]:
    """Return the recurrent modules by name, checked, each with all its tensors."""
    modules: dict[str, _Module] = {}
    for name, array in tensors.items():
        match = _RECURRENT.fullmatch(name)
        if match is None:
            continue
        if match["part"] == "hr":
            raise NetworkError(
                f"{file_name}: {printable(name)} is a projection of an LSTM's states (proj_size); "
                "layers without one are read."
            )
        module = modules.setdefault(match["module"] or "", _Module(match["module"] or ""))
        place = int(match["layer"] or 0), match["reverse"] is not None
        module.parts.setdefault(place, {})[f"{match['kind']}_{match['part']}"] = array
    if not modules:
        raise NetworkError(
            f"{file_name} has no weights of nn.RNN, nn.LSTM or nn.GRU, such as weight_ih_l0, so it "
            "is no recurrent network that can be read."
        )
    for module in modules.values():
        _check_module(module, file_name)
    return modules


def _check_module(module: _Module, file_name: str) -> None:
    """Raise `NetworkError` unless all layers and directions are there and fit each other."""
    layers = range(max(layer for layer, _ in module.parts) + 1)
    backwards = (False, True) if any(backward for _, backward in module.parts) else (False,)
    features, size, blocks = None, None, None
    for layer in layers:
        for backward in backwards:
            part = module.parts.get((layer, backward), {})
            of_input, of_state = part.get("weight_ih"), part.get("weight_hh")
            where = f"{file_name}: layer {layer} of {module.shown}"
            if of_input is None or of_state is None or of_input.ndim != 2 or of_state.ndim != 2:
                raise NetworkError(f"{where} has no weights of input and state in both axes.")
            rows, columns = of_state.shape
            size = size or columns
            blocks = blocks or (rows // columns if columns else 0)
            features = features or of_input.shape[1]
            wanted = {
                "weight_ih": (blocks * size, features),
                "weight_hh": (blocks * size, size),
                "bias_ih": (blocks * size,),
                "bias_hh": (blocks * size,),
            }
            for name, array in part.items():
                if array.shape != wanted[name] or not array.size:
                    raise NetworkError(
                        f"{where} has a {name} of {_shape(array)}, not {_words(wanted[name])}."
                    )
        features = len(backwards) * (size or 0)
    if blocks not in (1, *BY_BLOCKS):
        raise NetworkError(
            f"{file_name}: {module.shown} has {blocks} blocks of rows for each unit; an RNN has 1, "
            "a GRU 3 and an LSTM 4."
        )


def _shape(array: Array) -> str:
    return _words(array.shape)


def _words(shape: Sequence[int]) -> str:
    return "×".join(map(str, shape)) or "one number"


def _chain(
    modules: Mapping[str, _Module], hints: NetworkHints, file_name: str
) -> tuple[list[_Module], list[str]]:
    """Return the recurrent modules that read each other's states, in order, and notices."""
    named = hints.recurrent
    if named is not None:
        if named not in modules:
            raise NetworkError(
                f"{file_name} has no recurrent module {printable(named)}; it has "
                f"{_listed(modules.values())}."
            )
        return [modules[named]], []
    if len(modules) == 1:
        return list(modules.values()), []
    choice = f"{file_name} has several recurrent modules: {_listed(modules.values())}"
    in_order = sorted(modules.values(), key=lambda module: _natural(module.name))
    orders = [] if len(modules) > MOST_MODULES else [*permutations(in_order)]
    fitting = [list(order) for order in orders if _fits(order)]
    if not fitting:
        raise NetworkError(
            f"{choice}; they do not read each other's states, so name one, such as --recurrent "
            f"{in_order[0].shown}."
        )
    chain = in_order if in_order in fitting else fitting[0]
    return chain, [f"The recurrent modules are read in this order: {_listed(chain)}."]


def _fits(order: Sequence[_Module]) -> bool:
    """Return whether each module can read the states of the one before, of one kind of cell."""
    blocks = {_blocks(module) for module in order}
    return len(blocks) == 1 and all(low.width == high.features for low, high in pairwise(order))


def _blocks(module: _Module) -> int:
    rows, columns = module.parts[0, False]["weight_hh"].shape
    return int(rows // columns)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts `layer10` after `layer9`."""
    parts = re.split(r"([0-9]{1,9})", name)
    return [(int(part), "") if position % 2 else (-1, part) for position, part in enumerate(parts)]


def _listed(modules: Iterable[_Module]) -> str:
    return _shortened([module.shown for module in modules])


def _shortened(names: Sequence[SafeText]) -> str:
    """Return names with commas, of very many the first ones."""
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more


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
    linears: Sequence[_Linear], chain: Sequence[_Module], hints: NetworkHints
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
        names = _shortened([printable(linear.name) for linear in fitting])
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
    chain: Sequence[_Module], hints: NetworkHints, questions: list[str], file_name: str
) -> Cell:
    """Return the kind of the layers; adds a question if the shapes don't say it."""
    blocks = _blocks(chain[0])
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
    chain: Sequence[_Module],
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


def _layers(module: _Module, cell: Cell) -> Iterator[Layer]:
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
