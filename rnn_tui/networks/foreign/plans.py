"""The ways in which the modules of a state_dict can follow each other, by their shapes.

    embedding → linear modules → recurrent modules → linear modules

Each module has a place, or the network is refused. What is without weights leaves no trace:
activations are asked for, or found by a comparison. Shapes: F features, H units, O outputs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from rnn_tui.engine.errors import NetworkError, printable
from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import NONE, Dense, activated
from rnn_tui.networks.foreign.hints import NetworkHints
from rnn_tui.networks.foreign.linear_modules import LinearModule
from rnn_tui.networks.foreign.recurrent_modules import (
    CHECK,
    RecurrentModule,
    natural,
    shortened,
)
from rnn_tui.networks.stack import Layer, Stack
from rnn_tui.networks.stepwise import NUMPY, Array, CellWeights

MOST_PLANS = 100
ARROW = " → "


@dataclass(frozen=True)
class PlanChoice:
    """What shapes do not say of a plan."""

    cell: Cell
    takes: str  #: which states the readout takes, one of `stack.READOUTS`.
    activations: Mapping[str, str] = field(default_factory=dict)  #: by the module before.


@dataclass(frozen=True)
class Gap:
    """The place behind a module, before the next one."""

    module: str
    #: whether something is known to stand there, or usual: it is to be said what.
    is_asked: bool
    is_linear: bool  #: whether it is behind a linear module.


@dataclass(frozen=True, eq=False)
class ModulePlan:
    """Modules in the order of computation."""

    embedding: LinearModule | None
    before: tuple[LinearModule, ...]
    recurrent: tuple[RecurrentModule, ...]
    head: tuple[LinearModule, ...]  #: the first one reads states.
    names: frozenset[str] = frozenset()  #: of all modules in the file and of those around them.

    @property
    def steps(self) -> int:
        """Of how many steps the head reads the states, side by side."""
        return self.head[0].inputs // self.recurrent[-1].width

    @property
    def modules(self) -> tuple[LinearModule | RecurrentModule, ...]:
        """All of them, in order."""
        first = () if self.embedding is None else (self.embedding,)
        return (*first, *self.before, *self.recurrent, *self.head)

    @property
    def in_words(self) -> str:
        """Their names in order."""
        return ARROW.join(module.shown for module in self.modules)

    def order(self, activations: Mapping[str, str]) -> str:
        """Return their names in order with activations between them."""
        words = []
        for module in self.modules:
            words.append(str(module.shown))
            if activations.get(module.name, NONE) != NONE:
                words.append(activations[module.name])
        return ARROW.join(words)

    @property
    def gaps(self) -> list[Gap]:
        """The places where an activation may stand, in order."""
        between = set(self.recurrent[:-1])
        return [
            Gap(
                module.name,
                (isinstance(module, LinearModule) and module is not self.embedding)
                or self._is_passed_over(module.name, following.name),
                isinstance(module, LinearModule) and module is not self.embedding,
            )
            for module, following in pairwise(self.modules)
            if module not in between
        ]

    def _is_passed_over(self, name: str, following: str) -> bool:
        """Return whether a number between two names is of no module that has weights.

        In an `nn.Sequential` something without weights is there.
        """
        parent, dot, number = following.rpartition(".")
        if not number.isdecimal() or len(number) > 4:
            return False
        own_parent, _, own_number = name.rpartition(".")
        first = int(own_number) + 1 if own_parent == parent and own_number.isdecimal() else 0
        return any(f"{parent}{dot}{at}" not in self.names for at in range(first, int(number)))

    @property
    def is_in_order(self) -> bool:
        """Whether modules with numbers follow each other as these do."""
        return all(
            natural(low.name) < natural(high.name)
            for row in (self.before, self.head)
            for low, high in pairwise(row)
            if low.name.rpartition(".")[0] == high.name.rpartition(".")[0]
            and low.name.rpartition(".")[2].isdecimal()
            and high.name.rpartition(".")[2].isdecimal()
        )

    def stack(self, choice: PlanChoice) -> Stack:
        """Return the network behind the embedding."""
        activations = choice.activations
        first, *rest = self.head
        stack = Stack.with_readout(
            tuple(layer for module in self.recurrent for layer in _layers(module, choice.cell)),
            first.weight,
            first.bias_or_zeros,
            choice.takes,
        )
        return replace(
            stack,
            inlet=tuple(_dense(linear, activations) for linear in self.before),
            state_activation=activations.get(self.recurrent[-1].name, NONE),
            readout_activation=activations.get(first.name, NONE) if rest else NONE,
            head=tuple(_dense(linear, activations) for linear in rest),
        )

    def table(self, choice: PlanChoice) -> Array | None:
        """Return what each symbol is read as (V, F), behind the embedding's activation."""
        if self.embedding is None:
            return None
        activation = choice.activations.get(self.embedding.name, NONE)
        table: Array = activated(activation, self.embedding.weight, NUMPY)
        return table


def with_table(stack: Stack, table: Array | None) -> Stack:
    """Return a network that reads one-hot symbols in place of their rows of a table (V, F)."""
    if table is None:
        return stack
    if stack.inlet:
        first, *rest = stack.inlet
        return replace(stack, inlet=(replace(first, weight=first.weight @ table.T), *rest))
    lowest = stack.layers[0]
    directions = [
        replace(weights, of_input=weights.of_input @ table.T) for weights in lowest.directions
    ]
    return replace(stack, layers=(Layer(*directions), *stack.layers[1:]))


def _dense(linear: LinearModule, activations: Mapping[str, str]) -> Dense:
    return Dense(linear.weight, linear.bias_or_zeros, activations.get(linear.name, NONE))


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


def plans_of(
    chains: Sequence[Sequence[RecurrentModule]],
    linears: Sequence[LinearModule],
    hints: NetworkHints,
    file_name: str,
) -> list[ModulePlan]:
    """Return the plans in which each module has a place.

    Raises:
        NetworkError: if there is none.
    """
    _check_names(linears, hints, file_name)
    named = [*(linear.name for linear in linears), *(module.name for module in chains[0])]
    names = frozenset(
        ".".join(parts[: count + 1])
        for parts in (name.split(".") for name in named)
        for count in range(len(parts))
    )
    plans: list[ModulePlan] = []
    most_used: list[LinearModule] = []
    for chain in chains:
        for head in _heads(linears, chain[-1].width, hints.readout):
            most_used = max(most_used, [*head], key=len)
            rest = [linear for linear in linears if linear not in head]
            for embedding, before in _beginnings(rest, chain[0].features, hints):
                used = [*head, *before, *([] if embedding is None else [embedding])]
                most_used = max(most_used, used, key=len)
                if len(used) == len(linears) and len(plans) < MOST_PLANS:
                    plans.append(ModulePlan(embedding, before, tuple(chain), head, names))
    if not most_used:
        width = chains[0][-1].width
        sought = f" {printable(','.join(hints.readout))}" if hints.readout else ""
        raise NetworkError(
            f"{file_name} has no linear readout{sought} of the {width} numbers of the last layer's "
            "states; networks with one are read."
        )
    if not plans:
        left = [linear.name for linear in linears if linear not in most_used]
        listed = shortened([linear.shown for linear in linears])
        raise NetworkError(
            f"{file_name} has linear modules that do not follow each other in a row with the "
            f"recurrent ones: {listed}. Attention, or what is added or joined, is not read. What "
            "is no part of the answers, such as a second readout, can be left out: --unused "
            f"{printable(','.join(left), 200)}."
        )
    in_order = [plan for plan in plans if plan.is_in_order]
    return in_order or plans


def _check_names(linears: Sequence[LinearModule], hints: NetworkHints, file_name: str) -> None:
    """Raise `NetworkError` for a name of a hint that no linear module has."""
    present = {linear.name for linear in linears}
    embedding = () if hints.embedding is None else (hints.embedding,)
    for option, names in (
        ("readout", hints.readout),
        ("before", hints.before),
        ("embedding", embedding),
    ):
        for name in names:
            if name not in present:
                listed = shortened([linear.shown for linear in linears]) or "none"
                raise NetworkError(
                    f"{file_name} has no linear module {printable(name)}, which --{option} names; "
                    f"it has {listed}."
                )


def _heads(
    linears: Sequence[LinearModule], width: int, named: Sequence[str]
) -> Iterator[tuple[LinearModule, ...]]:
    """Yield the rows of modules that can read states of `width` numbers; only one that is named."""
    firsts = [linear for linear in linears if linear.inputs % width == 0]
    for row in _rows(firsts, linears):
        if tuple(linear.name for linear in row) == tuple(named) or (
            not named and not any(linear.is_called_embedding for linear in row)
        ):
            yield row


def _rows(
    firsts: Sequence[LinearModule], linears: Sequence[LinearModule]
) -> Iterator[tuple[LinearModule, ...]]:
    """Yield the rows of different modules, of which each reads what the one before answers."""
    for first in firsts:
        yield (first,)
        rest = [linear for linear in linears if linear is not first]
        nexts = [linear for linear in rest if linear.inputs == first.outputs]
        for row in _rows(nexts, rest):
            yield (first, *row)


def _beginnings(
    linears: Sequence[LinearModule], features: int, hints: NetworkHints
) -> Iterator[tuple[LinearModule | None, tuple[LinearModule, ...]]]:
    """Yield embeddings and rows of modules that end with so many features, from none at all on."""
    rows = [row for row in _rows(linears, linears) if row[-1].outputs == features]
    named = tuple(hints.before)
    for row in ((), *rows):
        if named and tuple(linear.name for linear in row) != named:
            continue
        if not named and any(linear.is_called_embedding for linear in row):
            continue
        if hints.embedding is None:
            yield None, row
        read = row[0].inputs if row else features
        for linear in linears:
            is_named = hints.embedding in (None, linear.name)
            if linear not in row and linear.can_embed and linear.inputs == read and is_named:
                yield linear, row


def only_plan(plans: Sequence[ModulePlan], file_name: str) -> ModulePlan:
    """Return the only plan.

    Raises:
        NetworkError: if there are several.
    """
    if len(plans) == 1:
        return plans[0]
    ways = "; or ".join(plan.in_words for plan in plans[:3])
    head = printable(",".join(linear.name for linear in plans[0].head), 200)
    raise NetworkError(
        f"{file_name} has modules that fit in several orders: {ways}. Give those behind the states "
        f"in order, such as --readout {head}, and those before by --before; or compare with its "
        f"answers: {CHECK}."
    )
