"""Finds the recurrent modules in a state_dict by the names of their tensors, and their order.

Names are those of `nn.RNN`, `nn.LSTM`, `nn.GRU` or their cells, at the end of any module's name:
`encoder.rnn.weight_ih_l0`. Shapes: F features, H units, G blocks of H rows, D directions.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations

from rnn_tui.engine.errors import NetworkError, SafeText, printable
from rnn_tui.networks.foreign.hints import BY_BLOCKS, NetworkHints
from rnn_tui.networks.stepwise import Array

MOST_MODULES = 6  # recurrent ones, whose order is looked for
MOST_LISTED = 20  # names in a sentence
CHECK = "--check FILE.npz, with arrays x and y of its inputs and outputs"
RECURRENT_NAME = re.compile(
    r"(?:(?P<module>.+)\.)?(?P<kind>weight|bias)_(?P<part>ih|hh|hr)"
    r"(?:_l(?P<layer>\d{1,3})(?P<reverse>_reverse)?)?"
)


@dataclass(frozen=True, eq=False)
class RecurrentModule:
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


def is_recurrent(name: str) -> bool:
    """Return whether a tensor is one of a recurrent module's, by its name."""
    return RECURRENT_NAME.fullmatch(name) is not None


def modules_in(tensors: Mapping[str, Array], file_name: str) -> dict[str, RecurrentModule]:
    """Return the recurrent modules by name, checked, each with all its tensors."""
    modules: dict[str, RecurrentModule] = {}
    for name, array in tensors.items():
        match = RECURRENT_NAME.fullmatch(name)
        if match is None:
            continue
        if match["part"] == "hr":
            raise NetworkError(
                f"{file_name}: {printable(name)} is a projection of an LSTM's states (proj_size); "
                "layers without one are read."
            )
        module = modules.setdefault(match["module"] or "", RecurrentModule(match["module"] or ""))
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


def _check_module(module: RecurrentModule, file_name: str) -> None:
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


def chains_of(
    modules: Mapping[str, RecurrentModule], hints: NetworkHints, file_name: str, *, compared: bool
) -> list[list[RecurrentModule]]:
    """Return the orders of the recurrent modules in which each can read the one before.

    Args:
        modules: all, by name.
        hints: what a user says of them.
        file_name: what errors call the file.
        compared: whether answers will tell which order is right; else there is only one.

    Raises:
        NetworkError: if there is none, or if one is to be named.
    """
    for name in hints.recurrent:
        if name not in modules:
            raise NetworkError(
                f"{file_name} has no recurrent module {printable(name)}; it has "
                f"{_listed(modules.values())}."
            )
    if hints.recurrent:
        left = [module for name, module in modules.items() if name not in hints.recurrent]
        if left:
            raise NetworkError(refusal_of([module.name for module in left], file_name))
        orders = [[modules[name] for name in hints.recurrent]]
    else:
        in_order = sorted(modules.values(), key=lambda module: natural(module.name))
        orders = (
            [] if len(modules) > MOST_MODULES else [[*order] for order in permutations(in_order)]
        )
    fitting = [order for order in orders if _fits(order)]
    choice = f"{file_name} has several recurrent modules: {_listed(modules.values())}"
    if not fitting:
        raise NetworkError(
            f"{choice}; they do not read each other's states, one after another and of one kind, "
            "so its answers can't be computed here. Those that are not part of it can be left out: "
            f"--unused {printable(max(modules, key=natural))}."
        )
    if len(modules) > 1 and not hints.recurrent and not compared:
        example = printable(",".join(module.name for module in fitting[0]), 200)
        raise NetworkError(
            f"{choice}. It does not say whether each reads the states of the one before at each "
            "step; two side by side, an encoder and a decoder, or a sum with what was read look "
            f"the same. If so, give them in order, such as --recurrent {example}; or compare with "
            f"its answers: {CHECK}."
        )
    return fitting


def refusal_of(names: Sequence[str], file_name: str) -> str:
    """Return the sentence that refuses modules which may have a part in the answers."""
    listed = shortened(list(map(printable, names)))
    return (
        f"{file_name} also has {listed}, which may be part of what computes its answers, in a way "
        "that is not read here; if it is not, say so by --unused "
        f"{printable(','.join(names[:MOST_LISTED]), 200)}."
    )


def _fits(order: Sequence[RecurrentModule]) -> bool:
    """Return whether each module can read the states of the one before, of one kind of cell."""
    blocks = {blocks_of(module) for module in order}
    return len(blocks) == 1 and all(low.width == high.features for low, high in pairwise(order))


def blocks_of(module: RecurrentModule) -> int:
    """Return the blocks G of rows for each unit."""
    rows, columns = module.parts[0, False]["weight_hh"].shape
    return int(rows // columns)


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts `layer10` after `layer9`."""
    parts = re.split(r"([0-9]{1,9})", name)
    return [(int(part), "") if position % 2 else (-1, part) for position, part in enumerate(parts)]


def _listed(modules: Iterable[RecurrentModule]) -> str:
    return shortened([module.shown for module in modules])


def shortened(names: Sequence[SafeText]) -> str:
    """Return names with commas, of very many the first ones."""
    more = f" and {len(names) - MOST_LISTED:,} more" if len(names) > MOST_LISTED else ""
    return ", ".join(names[:MOST_LISTED]) + more
