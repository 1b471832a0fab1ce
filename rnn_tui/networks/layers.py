"""Recurrent layers in PyTorch: those of any cell, for what PyTorch lacks, and initial weights.

Initial weights are drawn from a generator of our own and never from the global random state.
"""

import math

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell, Operations

TORCH = Operations(torch.sigmoid, torch.tanh)
# A layer's parameters, as `nn.LSTM` calls them.
_WEIGHTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")


class StackedLayers(nn.Module):
    """Layers of a cell that reads in one direction, each on the states of the one below, with PyTorch's own gradient.

    Of F `features` of the input and H units each. The weights hold no values yet; they are called
    as those of `nn.LSTM` are.
    """

    def __init__(self, cell: Cell, features: int, hidden_size: int, layers: int) -> None:
        super().__init__()
        self.cell, self.hidden_size, self.num_layers = cell, hidden_size, layers
        rows = cell.blocks * hidden_size
        for layer in range(layers):
            shapes = ((rows, hidden_size if layer else features), (rows, hidden_size), (rows,), (rows,))
            for name, shape in zip(_WEIGHTS, shapes, strict=True):
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(torch.empty(shape)))

    def forward(self, sequences: Tensor) -> tuple[Tensor, None]:
        """The top layer's states (N, T, H) of `sequences` (N, T, F)."""
        blocks = self.cell.blocks
        for layer in range(self.num_layers):
            of_input, of_state, input_bias, state_bias = (getattr(self, f"{name}_l{layer}") for name in _WEIGHTS)
            read = nn.functional.linear(sequences, of_input, input_bias)  # (N, T, G·H)
            states = []
            last = self.cell.start(sequences.new_zeros(len(sequences), self.hidden_size))
            for at_step in read.unbind(1):
                recurrent = nn.functional.linear(last.state, of_state, state_bias)
                last = self.cell.step(TORCH, at_step.chunk(blocks, 1), recurrent.chunk(blocks, 1), last)
                states.append(last.state)
            sequences = torch.stack(states, 1)
        return sequences, None


Recurrent = nn.RNNBase | nn.RNNCellBase | StackedLayers


@torch.no_grad()
def initialise(model: nn.Module, cell: Cell, scheme: str, generator: torch.Generator, forget_bias: float = 1.0) -> None:
    """Fill every weight of `model`, made of `cell`'s recurrent modules and Linear ones, in place, on the CPU.

    The scheme `pytorch` is the distributions of `reset_parameters` in PyTorch's own modules. In
    `orthogonal`, recurrent weights are orthogonal gate by gate (Saxe et al. 2014), input weights
    Xavier-uniform with gain 0.5 (Glorot & Bengio 2010), readout weights and all biases 0 but for
    the `forget_bias` of the gate that keeps the last step: the forget gate (Jozefowicz et al.
    2015), or the update gate (Tallec & Ollivier 2018).
    """
    for module in model.modules():
        if isinstance(module, nn.Linear):
            width = module.in_features
        elif isinstance(module, Recurrent):
            width = module.hidden_size
        else:
            continue
        for name, weight in module.named_parameters(recurse=False):
            if scheme == "pytorch":
                bound = 1 / math.sqrt(width)
                weight.uniform_(-bound, bound, generator=generator)
                continue
            gates = weight.chunk(cell.blocks)  # one below the other in the rows of a recurrent layer
            if name.startswith("weight_hh"):
                for gate in gates:
                    nn.init.orthogonal_(gate, generator=generator)
            elif name.startswith("weight_ih"):
                for gate in gates:
                    nn.init.xavier_uniform_(gate, gain=0.5, generator=generator)
            else:
                # The readout as well: from zero, the first steps fit it before they disturb the recurrent weights.
                weight.zero_()
            if name.startswith("bias_ih") and cell.keep_gate is not None:  # one of the two biases is enough
                gates[cell.gates.index(cell.keep_gate)].fill_(forget_bias)
