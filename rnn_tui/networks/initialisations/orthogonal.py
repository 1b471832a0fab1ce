"""Recurrent weights that turn the state and keep its length.

- Recurrent weights are orthogonal, gate by gate (Saxe et al. 2014).
- Input weights are Xavier-uniform with a gain (Glorot & Bengio 2010).
- Readout weights and biases are 0, but for the bias of the gate that keeps the last step: the
  forget gate (Jozefowicz et al. 2015), or the update gate (Tallec & Ollivier 2018).
"""

import torch
from torch import Tensor, nn

from rnn_tui.networks.initialisations import Draw


def fill(weight: Tensor, draw: Draw) -> None:
    """Fill a parameter of a recurrent layer or of a readout."""
    name, cell = draw.name, draw.cell
    gates = weight.chunk(cell.blocks)  # one below the other in the rows of a recurrent layer
    if name.startswith("weight_hh"):
        for gate in gates:
            nn.init.orthogonal_(gate, generator=draw.generator)
    elif name.startswith("weight_ih"):
        for gate in gates:
            nn.init.xavier_uniform_(gate, gain=draw.input_gain, generator=draw.generator)
    else:
        # The readout as well: from zero, the first steps fit it before they disturb the recurrent
        # weights.
        weight.zero_()
    # One of PyTorch's two biases is enough.
    if name.startswith("bias_ih") and cell.keep_gate is not None:
        bias = gates[cell.gates.index(cell.keep_gate)]  # (H,)
        biases = torch.linspace(*draw.forget_biases, len(bias))
        # σ(−b) = 1 − σ(b): a gate that keeps where it is shut has the negative bias.
        bias.copy_(biases if cell.open_gate_keeps else -biases)
