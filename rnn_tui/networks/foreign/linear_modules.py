"""Finds linear modules and embeddings in a state_dict: a `weight` of two axes, with a bias or none.

Shapes: I inputs, O outputs.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.errors import NetworkError, SafeText, printable
from rnn_tui.networks.foreign.recurrent_modules import is_recurrent, refusal_of
from rnn_tui.networks.stepwise import Array

MOST_LINEAR = 7  # modules, whose order is looked for
#: of a module that symbols are read through.
EMBEDDING_NAME = re.compile(r"emb|tok|wte|lookup|vocab", re.IGNORECASE)
#: of what is added to inputs, or what a network begins with, though it be an `nn.Embedding`.
OTHER_NAME = re.compile(r"pos|type|segment|speaker|[hc]_?0|init|start|state|hidden", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class LinearModule:
    """A module with a weight of two axes: `nn.Linear`, or `nn.Embedding`."""

    name: str
    weight: Array  #: (O, I).
    bias: Array | None  #: (O,).

    @property
    def shown(self) -> SafeText:
        """Its name in a message; the network itself has none."""
        return printable(self.name or "the network itself")

    @property
    def inputs(self) -> int:
        """Numbers I that it reads; of an embedding those of a symbol."""
        return int(self.weight.shape[1])

    @property
    def outputs(self) -> int:
        """Numbers O that it answers; of an embedding its symbols."""
        return int(self.weight.shape[0])

    @property
    def bias_or_zeros(self) -> Array:
        """Its bias (O,)."""
        return np.zeros(self.outputs, np.float32) if self.bias is None else self.bias

    @property
    def can_embed(self) -> bool:
        """Whether it may be an embedding, by its shapes."""
        return self.bias is None and self.outputs > 1

    @property
    def is_called_embedding(self) -> bool:
        """Whether its name says that symbols are read through it."""
        called = EMBEDDING_NAME.search(self.name) and not OTHER_NAME.search(self.name)
        return self.can_embed and bool(called)


def linears_in(tensors: Mapping[str, Array], file_name: str) -> list[LinearModule]:
    """Return the linear modules and embeddings of a state_dict.

    Raises:
        NetworkError: if there is anything besides them and recurrent modules, such as a learned
            first state or a normalisation.
    """
    others = {name: array for name, array in tensors.items() if not is_recurrent(name)}
    linears = []
    for name in [name for name in others if name.rpartition(".")[2] == "weight"]:
        weight = others[name]
        if weight.ndim != 2 or not weight.size:
            continue
        del others[name]
        module = name.removesuffix("weight").removesuffix(".")
        bias_name = f"{name.removesuffix('weight')}bias"
        bias = others.get(bias_name)
        if bias is not None and bias.shape == weight.shape[:1]:
            del others[bias_name]
        else:
            bias = None
        linears.append(LinearModule(module, weight, bias))
    if others:
        raise NetworkError(refusal_of([*others], file_name))
    if len(linears) > MOST_LINEAR:
        raise NetworkError(
            f"{file_name} has {len(linears):,} linear modules; networks of at most {MOST_LINEAR} "
            "are read."
        )
    return linears
