"""Many small networks trained side by side, each with weights of its own.

A network of ten units keeps no processor busy: nearly all of a step is the overhead of calling each
operation. So R replicas run through the same operations, with a leading dimension R on every
tensor, and R seeds take little longer than one.

Replicas of different hidden sizes share one tensor. A unit that a smaller replica lacks has zero
weights everywhere: its state stays exactly zero, and so do all its gradients.

Comments give shapes: R replicas, T time steps, B sequences, F input features, H units of the
largest replica, G blocks of H rows, O outputs. The batch comes last, since there is most to
vectorise over.

The backward passes of the simple RNN, the GRU and the LSTM over time are written by hand
(`networks.by_hand`).
"""

from collections.abc import Iterator, Sequence
from pkgutil import resolve_name
from typing import Any, cast

import torch
from torch import Tensor, nn

from rnn_tui.networks.cell import Cell
from rnn_tui.networks.dense import NONE, activated
from rnn_tui.networks.layers import TORCH


def replicas_of(
    cell: Cell,
    hidden_sizes: Sequence[int],
    features: int,
    outputs: int,
    *,
    state_activation: str = NONE,
) -> "Replicas":
    """Make a set of networks of a cell, of the class that the cell names, with weights of zero."""
    kind = resolve_name(cell.replica_class)
    network = cast("Replicas", kind(cell, hidden_sizes, features, outputs))
    network.state_activation = state_activation
    return network


class Embedding(nn.Module):
    """Numbers in place of symbols, for each replica its own; they are learned with the weights.

    Args:
        replicas: R.
        symbols: V that there are.
        features: F numbers that each is read as.
    """

    def __init__(self, replicas: int, symbols: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(replicas, symbols, features))  #: (R, V, F).

    def forward(self, places: Tensor) -> Tensor:
        """Return the numbers (…, R, F, B) of symbols by their places (…, R, B), 0 up to V."""
        replicas, symbols, features = self.weight.shape
        firsts = torch.arange(replicas, device=places.device)[:, None] * symbols  # (R, 1)
        table = self.weight.view(replicas * symbols, features)
        return nn.functional.embedding(places + firsts, table).transpose(-1, -2)


class SymbolReader(nn.Module):
    """R networks that may read symbols by an embedding.

    With one, what takes inputs (T, R, F, B) takes symbols by their places (T, R, B) as well.
    """

    features: int  #: F of the input.
    hidden_sizes: tuple[int, ...]  #: units of each of the R replicas.
    #: between the states and the readout, one of `networks.dense.STATE_ACTIVATIONS`.
    state_activation: str = NONE

    def __init__(self) -> None:
        super().__init__()
        self.embedding: Embedding | None = None  #: what symbols are read as; None for numbers.

    def embed(self, symbols: int) -> Embedding:
        """Read so many symbols by an embedding of F numbers, zeros at first, and return it."""
        self.embedding = Embedding(len(self.hidden_sizes), symbols, self.features)
        return self.embedding

    def embedded(self, inputs: Tensor) -> Tensor:
        """Return inputs (…, R, F, B) as they are; of places (…, R, B), what they are read as."""
        if self.embedding is None or inputs.is_floating_point():
            return inputs
        embedded: Tensor = self.embedding(inputs)
        return embedded

    def activated(self, states: Tensor) -> Tensor:
        """Return what the readout takes of states."""
        taken: Tensor = activated(self.state_activation, states, TORCH)
        return taken


class Replicas(SymbolReader):
    """R one-layer networks of a cell with a linear readout each, with PyTorch's own gradient.

    The weights are zero at first: see `set_replica`.

    Args:
        cell: the kind of all of them.
        hidden_sizes: units of each of the R replicas.
        features: F of the input.
        outputs: O of the readout; 0 for a layer without one.
    """

    def __init__(
        self, cell: Cell, hidden_sizes: Sequence[int], features: int, outputs: int
    ) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_sizes = tuple(hidden_sizes)
        self.features = features
        self.hidden_size = max(hidden_sizes)
        replicas, width = len(hidden_sizes), self.hidden_size
        self.columns = cell.replica_columns(features, width)
        #: (R, G·H, columns), everything that the gates are made of: the columns are recurrent
        #: weights, input weights and PyTorch's two biases (input's, state's), as `self.columns`
        #: says; the rows are blocks in the order of `Cell.replica_rows`.
        self.gates = nn.Parameter(torch.zeros(replicas, cell.blocks * width, self.columns.count))
        if outputs:
            #: (R, O, H + 1), the bias in the last column.
            self.readout = nn.Parameter(torch.zeros(replicas, outputs, width + 1))
        self.register_load_state_dict_pre_hook(_drop_lacking)  # type: ignore[no-untyped-call]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the readout's first output (T, R, B) after each step of `inputs` (T, R, F, B).

        Inputs may have any type, such as bytes.
        """
        return self.at_every_step(inputs)[:, :, 0]

    def at_every_step(self, inputs: Tensor) -> Tensor:
        """Return the readout (T, R, O, B) after each step of `inputs` (T, R, F, B)."""
        return read_out(self.readout, self.activated(torch.stack([*self.steps(inputs)])))

    def at_end(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Return the readout (R, O, B) at each sequence's end.

        Args:
            inputs: (T, R, F, B), zero after the end of a sequence.
            lengths: (R, B) of the sequences; None if all have T steps.
        """
        states = [*self.steps(inputs)]
        if lengths is None:
            return self.logits(states[-1])
        last_steps = (lengths - 1)[None, :, None].expand(1, -1, self.hidden_size, -1)
        return self.logits(torch.stack(states).gather(0, last_steps)[0])

    def states(self, inputs: Tensor) -> Tensor:
        """Return the states (T, R, H, B) after each step of `inputs` (T, R, F, B)."""
        return torch.stack([*self.steps(inputs)])

    def logits(self, states: Tensor) -> Tensor:
        """Return the readout (R, O, B) of states (R, H, B)."""
        taken = self.activated(states)
        return torch.baddbmm(self.readout[:, :, -1:], self.readout[:, :, :-1], taken)

    def steps(self, inputs: Tensor) -> Iterator[Tensor]:
        """Yield the states (R, H, B) after each step of `inputs` (T, R, F, B), keeping none.

        Only for use without gradients.
        """
        columns = self.columns
        of_input = self.gates[:, :, columns.input]  # (R, G·H, F)
        of_state = self.gates[:, :, columns.state]  # (R, G·H, H)
        input_bias = self.gates[:, :, columns.input_bias, None]  # (R, G·H, 1)
        replicas, batch = inputs.shape[1], inputs.shape[-1]
        last = self.cell.start(self.gates.new_zeros(replicas, self.hidden_size, batch))
        for at_step in inputs:
            numbers = self.embedded(at_step).to(self.gates.dtype)  # (R, F, B)
            read = torch.baddbmm(input_bias, of_input, numbers)  # (R, G·H, B)
            recurrent = None
            if columns.state_bias is not None:
                state_bias = self.gates[:, :, columns.state_bias, None]  # (R, G·H, 1)
                recurrent = torch.baddbmm(state_bias, of_state, last.state)  # (R, G·H, B)
            last = self.cell.step_of_sums(TORCH, read, recurrent, last)
            yield last.state

    def layer_gradients(self) -> dict[str, list[Tensor]]:
        """Return the last gradients (R, …) of input, recurrent and readout weights, with biases."""
        gates, readout = self.gates.grad, self.readout.grad
        if gates is None or readout is None:
            return {}
        columns = self.columns
        by_layer = {"input": [gates[:, :, columns.input], gates[:, :, columns.input_bias]]}
        if columns.state_bias is not None:
            by_layer["recurrent"] = [gates[:, :, columns.state], gates[:, :, columns.state_bias]]
        by_layer["readout"] = [readout]
        return by_layer

    @torch.no_grad()
    def set_replica(self, replica: int, recurrent: nn.Module, readout: nn.Linear) -> None:
        """Take over an ordinary network of the replica's size: one layer, its weights called as
        `nn.LSTM`'s, and a readout.
        """
        size = self.hidden_sizes[replica]
        self.set_layer(replica, recurrent, "_l0", range(self.features))
        self.readout[replica, :, :size] = readout.weight
        self.readout[replica, :, -1] = readout.bias

    @torch.no_grad()
    def set_layer(
        self, replica: int, recurrent: nn.Module, suffix: str, read: Sequence[int]
    ) -> None:
        """Take over a layer of an ordinary network of the replica's size.

        Args:
            replica: its place.
            recurrent: has weights called as `nn.LSTM`'s.
            suffix: what the names of the layer's weights end in, such as `_l0_reverse`.
            read: which of the F features are what the layer reads, in its order.
        """
        size, columns = self.hidden_sizes[replica], self.columns
        gates = self.gates[replica].view(self.cell.blocks, self.hidden_size, -1)  # (G, H, columns)
        weights = dict(recurrent.named_parameters())
        rows = self.cell.rows_to_pytorch
        of_input = weights[f"weight_ih{suffix}"].view(-1, size, len(read))
        for block, row in enumerate(rows):
            gates[row, :size, columns.input][:, read] = of_input[block]
        gates[rows, :size, columns.input_bias] = weights[f"bias_ih{suffix}"].view(-1, size)
        if columns.state_bias is not None:
            gates[rows, :size, :size] = weights[f"weight_hh{suffix}"].view(-1, size, size)
            gates[rows, :size, columns.state_bias] = weights[f"bias_hh{suffix}"].view(-1, size)


def read_out(readout: Tensor, states: Tensor) -> Tensor:
    """Return the readout (T, R, O, B), of weights (R, O, H + 1), of what it takes (T, R, H, B)."""
    weight, bias = readout[:, :, :-1], readout[:, :, -1:]
    if readout.shape[1] == 1:  # a tenth of an LSTM's step is saved by no product of matrices
        return (states * weight.transpose(1, 2)).sum(dim=2, keepdim=True) + bias
    return torch.matmul(weight, states) + bias


def _drop_lacking(
    network: Replicas, weights: dict[str, Any], prefix: str, *_context: object
) -> None:
    """Take the recurrent weights that earlier versions kept from those of a cell that has none."""
    gates = weights.get(f"{prefix}gates")
    if gates is not None:
        columns = network.cell.columns_in_use(gates.shape[2], network.features, network.hidden_size)
        weights[f"{prefix}gates"] = gates[:, :, columns]
