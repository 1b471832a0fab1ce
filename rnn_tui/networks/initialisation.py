"""Initial weights, drawn from a generator of our own and never from the global random state."""

import math

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import StackedLayers

Recurrent = nn.RNNBase | nn.RNNCellBase | StackedLayers


@torch.no_grad()
def initialise(
    model: nn.Module,
    cell: Cell,
    scheme: str,
    generator: torch.Generator,
    forget_bias: float = 1.0,
) -> None:
    """Fill every weight of `model` in place.

    Args:
        model: made of recurrent and Linear modules, on the CPU.
        cell: of its recurrent modules.
        scheme: `pytorch`, the distributions of `reset_parameters` in PyTorch's own modules; or
            `orthogonal`: recurrent weights orthogonal gate by gate (Saxe et al. 2014), input
            weights Xavier-uniform with gain 0.5 (Glorot & Bengio 2010), readout weights and all
            biases 0 but for that of the gate that keeps the last step: the forget gate's
            (Jozefowicz et al. 2015), or the update gate's (Tallec & Ollivier 2018).
        generator: a CPU generator.
        forget_bias: that gate's bias in the `orthogonal` scheme.
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            _initialise_linear(module, scheme, generator)
        elif isinstance(module, Recurrent):
            for name, weight in module.named_parameters(recurse=False):
                if scheme == "pytorch":
                    bound = 1 / math.sqrt(module.hidden_size)
                    weight.uniform_(-bound, bound, generator=generator)
                else:
                    _initialise_recurrent(name, weight, cell, generator, forget_bias)


def _initialise_linear(module: nn.Linear, scheme: str, generator: torch.Generator) -> None:
    if scheme == "pytorch":
        bound = 1 / math.sqrt(module.in_features)
        module.weight.uniform_(-bound, bound, generator=generator)
        module.bias.uniform_(-bound, bound, generator=generator)
    else:
        # From zero, the first steps fit the readout before they disturb the recurrent weights.
        module.weight.zero_()
        module.bias.zero_()


def _initialise_recurrent(
    name: str, weight: Tensor, cell: Cell, generator: torch.Generator, forget_bias: float
) -> None:
    """One parameter of a recurrent layer; the gates lie one below the other in its rows."""
    if name.startswith("weight_hh"):
        for gate in weight.chunk(cell.blocks):
            nn.init.orthogonal_(gate, generator=generator)
    elif name.startswith("weight_ih"):
        for gate in weight.chunk(cell.blocks):
            nn.init.xavier_uniform_(gate, gain=0.5, generator=generator)
    else:
        weight.zero_()
        if name.startswith("bias_ih") and cell.keep_gate is not None:
            # One of the two biases is enough.
            weight.chunk(cell.blocks)[cell.gates.index(cell.keep_gate)].fill_(forget_bias)
