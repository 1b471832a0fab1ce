"""How the first weights of a network are drawn: a file for each way, and a line in this registry,
which loads no torch before weights are drawn.

The setting `initialisation` of runs has the names in the registry as its values.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, cast

from rnn_tui.engine.errors import SettingError
from rnn_tui.engine.settings import ChoiceSetting, check_choice, register
from rnn_tui.networks.cell import Cell

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Draw:
    """What a parameter is drawn for."""

    name: str  #: the parameter's, such as `weight_ih_l0`; `weight` and `bias` are of the readout.
    cell: Cell  #: the kind of the recurrent layer, or of those that the readout reads.
    features: int  #: numbers that its layer reads at each step.
    width: int  #: units H of its recurrent layer; of the readout, the numbers that it reads.
    generator: "torch.Generator"  #: draws all numbers.
    #: how strongly the last step is kept at first, by unit 0 and by the last unit; those between go
    #: evenly from the one to the other.
    forget_biases: tuple[float, float] = (1.0, 1.0)
    input_gain: float = 0.5  #: of the input weights.


@dataclass(frozen=True)
class Initialisation:
    """A way to draw the first weights."""

    name: str  #: as typed.
    label: str  #: as a form shows it.
    #: `module:function` that fills a parameter in place, called with the parameter and a `Draw`;
    #: imported on use, and torch with it.
    function: str
    #: whether it is for cells alone whose weights are one block of rows, with recurrent ones: a
    #: gate or a candidate would need more said than the way does.
    only_without_gates: bool = False

    def suits(self, cell: Cell) -> bool:
        """Return whether the weights of a cell can be drawn so."""
        return not self.only_without_gates or (not cell.gates and cell.has_recurrent_weights)

    @property
    def fill(self) -> "Callable[[torch.Tensor, Draw], None]":
        """The function that fills a parameter."""
        return cast("Callable[[torch.Tensor, Draw], None]", resolve_name(self.function))


INITIALISATIONS: dict[str, Initialisation] = {
    initialisation.name: initialisation
    for initialisation in (
        Initialisation(
            "pytorch", "As PyTorch draws them", "rnn_tui.networks.initialisations.uniform:fill"
        ),
        Initialisation(
            "orthogonal", "Orthogonal", "rnn_tui.networks.initialisations.orthogonal:fill"
        ),
        Initialisation(
            "identity",
            "Identity",
            "rnn_tui.networks.initialisations.identity:fill",
            only_without_gates=True,
        ),
        Initialisation(
            "haiku", "As Haiku draws them", "rnn_tui.networks.initialisations.haiku:fill"
        ),
    )
}

register(
    ChoiceSetting(
        "initialisation",
        "Initialisation",
        "how the first weights are drawn",
        {each.name: each.label for each in INITIALISATIONS.values()},
        in_names="{}-start",
        advanced=True,
    )
)


def suiting(name: str, cell: Cell) -> str:
    """Return the initialisation of this name, or `pytorch`, which all have, if none of the cell."""
    return name if INITIALISATIONS[name].suits(cell) else "pytorch"


def check_initialisation(name: str, cell: Cell) -> None:
    """Refuse an initialisation that is not there, or that a cell can't have.

    Raises:
        SettingError: says which cells have it.
    """
    check_choice("Initialisation", name, tuple(INITIALISATIONS))
    if not INITIALISATIONS[name].suits(cell):
        raise SettingError(
            f"Initialisation {name} is for cells without gates, such as rnn, and {cell.name} has "
            "gates; choose another initialisation, or another cell."
        )
