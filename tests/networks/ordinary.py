"""A replica as an ordinary network of PyTorch."""

from collections.abc import Mapping

from torch import Tensor

from rnn_tui.networks.cell import Cell


def pytorch_weights(
    cell: Cell, weights: Mapping[str, Tensor], replica: int, size: int
) -> dict[str, Tensor]:
    """One replica's weights under the names of `nn.LSTM` and `nn.Linear`.

    Args:
        cell: of the replicas.
        weights: `gates` and `readout` of `Replicas`.
        replica: its index.
        size: its hidden size.

    Returns:
        `recurrent.weight_ih_l0` (G·H, F), …, `readout.weight` (O, H), `readout.bias` (O,).
    """
    width = weights["readout"].shape[2] - 1
    gates = weights["gates"][replica].view(cell.blocks, width, -1)[cell.rows_to_pytorch, :size]
    readout = weights["readout"][replica]
    rows = gates.reshape(cell.blocks * size, -1)
    return {
        "recurrent.weight_ih_l0": rows[:, width:-2].clone(),
        "recurrent.weight_hh_l0": rows[:, :size].clone(),
        "recurrent.bias_ih_l0": rows[:, -2].clone(),
        "recurrent.bias_hh_l0": rows[:, -1].clone(),
        "readout.weight": readout[:, :size].clone(),
        "readout.bias": readout[:, -1].clone(),
    }
