"""Many small networks trained side by side, each with weights of its own.

A network of ten units keeps no processor busy: nearly all of a step is the overhead of calling
each operation. So R replicas run through the same operations, with a leading dimension R on every
tensor, and R seeds take little longer than one.

Replicas of different hidden sizes share one tensor. A unit that a smaller replica lacks has zero
weights everywhere: its state stays exactly zero, and so do all its gradients.

Comments give shapes: R replicas, T time steps, B sequences, F input features, H units of the
largest replica, G blocks of H rows, O outputs. The batch comes last, where there is most to
vectorise over.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.layers import TORCH


class Replicas(nn.Module):
    """R one-layer networks of a cell with a linear readout each, with PyTorch's own gradient.

    Of R `hidden_sizes`, F `features` of the input and O `outputs`. The weights hold no values yet:
    see `set_replica`.
    """

    def __init__(self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int) -> None:
        super().__init__()
        self.cell, self.hidden_sizes, self.features = cell, tuple(hidden_sizes), features
        self.hidden_size = max(hidden_sizes)
        replicas, width = len(hidden_sizes), self.hidden_size
        #: (R, G·H, H + F + 2), everything that the gates are made of: the columns are recurrent
        #: weights, input weights and PyTorch's two biases (input's, state's); the rows are blocks
        #: in the order of `Cell.replica_rows`.
        self.gates = nn.Parameter(torch.zeros(replicas, cell.blocks * width, width + features + 2))
        self.readout = nn.Parameter(torch.zeros(replicas, outputs, width + 1))  #: (R, O, H + 1), the bias in the last column.

    def forward(self, inputs: Tensor) -> Tensor:
        """The readout's first output (T, R, B) after each step of `inputs` (T, R, F, B).

        Inputs may be of any type, such as bytes; they become that of the weights.
        """
        states = torch.stack([*self.steps(inputs)])  # (T, R, H, B)
        return (states * self.readout[:, 0, :-1, None]).sum(dim=2) + self.readout[:, 0, -1:]

    def at_end(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """The readout (R, O, B) after the last step of each sequence of `inputs` (T, R, F, B), of any type.

        These are zero after a sequence's end; `lengths` are (R, B) steps, or None where all are T.
        """
        states = [*self.steps(inputs)]
        if lengths is None:
            return self.logits(states[-1])
        at = (lengths - 1)[None, :, None].expand(1, -1, self.hidden_size, -1)
        return self.logits(torch.stack(states).gather(0, at)[0])

    def logits(self, states: Tensor) -> Tensor:
        """The readout (R, O, B) of states (R, H, B)."""
        return torch.baddbmm(self.readout[:, :, -1:], self.readout[:, :, :-1], states)

    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """The states (R, H, B) after each step of `inputs` (T, R, F, B), of which it keeps none.

        For answers over thousands of steps, to be asked for without gradients: those of `forward`
        need all states of a pass.
        """
        width, blocks = self.hidden_size, self.cell.blocks
        of_state, of_input = self.gates[:, :, :width], self.gates[:, :, width:-2]
        input_bias, state_bias = self.gates[:, :, -2:-1], self.gates[:, :, -1:]
        last = self.cell.start(self.gates.new_zeros(inputs.shape[1], width, inputs.shape[3]))
        for at_step in inputs:
            read = torch.baddbmm(input_bias, of_input, at_step.to(self.gates.dtype))
            recurrent = torch.baddbmm(state_bias, of_state, last.state)  # (R, G·H, B)
            last = self.cell.step(TORCH, read.chunk(blocks, 1), recurrent.chunk(blocks, 1), last)
            yield last.state

    @torch.no_grad()
    def set_replica(self, replica: int, recurrent: nn.Module, readout: nn.Linear) -> None:
        """Take over the weights of an ordinary network of the replica's hidden size.

        `recurrent` is one layer, whose parameters are called as those of `nn.LSTM` are.
        """
        size, width = self.hidden_sizes[replica], self.hidden_size
        gates = self.gates[replica].view(self.cell.blocks, width, -1)  # (G, H, H + F + 2)
        rows, weights = self.cell.rows_to_pytorch, dict(recurrent.named_parameters())
        gates[rows, :size, :size] = weights["weight_hh_l0"].view(-1, size, size)
        gates[rows, :size, width:-2] = weights["weight_ih_l0"].view(-1, size, self.features)
        gates[rows, :size, -2] = weights["bias_ih_l0"].view(-1, size)
        gates[rows, :size, -1] = weights["bias_hh_l0"].view(-1, size)
        self.readout[replica, :, :size] = readout.weight
        self.readout[replica, :, -1] = readout.bias
