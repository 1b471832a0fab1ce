"""Stacked layers of any cell, for those that PyTorch does not have."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell


class TorchOperations:
    """What `Cell.step` may use, of PyTorch."""

    sigmoid = staticmethod(torch.sigmoid)
    tanh = staticmethod(torch.tanh)


class StackedLayers(nn.Module):
    """Recurrent layers, each reading the states of the one below, with PyTorch's own gradient.

    The weights hold no values yet; they are called as those of `nn.LSTM` are.

    Args:
        cell: of every layer; reads in one direction.
        features: F of the input.
        hidden_size: units H of each layer.
        layers: how many.
    """

    def __init__(self, cell: Cell, features: int, hidden_size: int, layers: int) -> None:
        super().__init__()
        self.cell, self.hidden_size, self.num_layers = cell, hidden_size, layers
        rows = cell.blocks * hidden_size
        for layer in range(layers):
            columns = hidden_size if layer else features
            for name, shape in (
                ("weight_ih", (rows, columns)),
                ("weight_hh", (rows, hidden_size)),
                ("bias_ih", (rows,)),
                ("bias_hh", (rows,)),
            ):
                self.register_parameter(f"{name}_l{layer}", nn.Parameter(torch.empty(shape)))

    def forward(self, sequences: Tensor) -> tuple[Tensor, None]:
        """The top layer's states (N, T, H) of `sequences` (N, T, F)."""
        for layer in range(self.num_layers):
            sequences = self._layer(sequences, layer)
        return sequences, None

    def _layer(self, sequences: Tensor, layer: int) -> Tensor:
        of_input, of_state, input_bias, state_bias = (
            getattr(self, f"{name}_l{layer}")
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        read = nn.functional.linear(sequences, of_input, input_bias)  # (N, T, G·H)
        state: Any = sequences.new_zeros(len(sequences), self.hidden_size)
        memory = state if self.cell.has_memory else None
        states = []
        for at_step in read.unbind(1):
            recurrent = nn.functional.linear(state, of_state, state_bias)
            state, memory, _ = self.cell.step(
                TorchOperations,
                at_step.chunk(self.cell.blocks, 1),
                recurrent.chunk(self.cell.blocks, 1),
                state,
                memory,
            )
            states.append(state)
        return torch.stack(states, 1)
