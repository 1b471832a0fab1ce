"""Row readers: the report's RNN, LSTM and biLSTM, and those of any other cell.

Each reads a sequence of feature vectors (for MNIST, 28 rows of 28 pixels) and answers with logits.
One direction reads out all hidden states; the biLSTM reads out its output at the last time step.
Comments give shapes: N sequences, T time steps, F features, H units, C classes.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.resources import precision
from rnn_tui.networks.cell import Cell


class AllStatesReader(nn.Module):
    """Layers whose hidden states of all T time steps, flattened, go to one Linear.

    The `recurrent` layers are batch first, of one direction, and know their `hidden_size` H.
    """

    def __init__(self, recurrent: nn.Module, time_steps: int, classes: int) -> None:
        super().__init__()
        self.recurrent = recurrent
        hidden_size: int = recurrent.hidden_size  # type: ignore[assignment]
        self.readout = nn.Linear(time_steps * hidden_size, classes)

    def forward(self, sequences: Tensor) -> Tensor:
        """Logits (N, C) of `sequences` (N, T, F)."""
        states, _ = self.recurrent(sequences)  # (N, T, H)
        logits: Tensor = self.readout(states.flatten(1))  # (N, T·H) -> (N, C)
        return logits


class LastStepBiLSTM(nn.Module):
    """`nn.LSTM(bidirectional=True)` read out at the last time step, without its wasted work.

    At the last step the backward direction has read one vector only, so in the top layer one
    `LSTMCell` step stands for it: the same function and gradients for about half the work.
    Layers below the top need both directions in full, since the forward direction above reads
    them at every step.
    """

    def __init__(self, features: int, hidden_size: int, layers: int, classes: int) -> None:
        super().__init__()
        self.below: nn.LSTM | None = None
        if layers > 1:
            self.below = nn.LSTM(features, hidden_size, layers - 1, batch_first=True, bidirectional=True)
            features = 2 * hidden_size
        self.forward_direction = nn.LSTM(features, hidden_size, batch_first=True)
        self.backward_direction = nn.LSTMCell(features, hidden_size)
        self.readout = nn.Linear(2 * hidden_size, classes)

    def outputs_at_last_step(self, sequences: Tensor) -> Tensor:
        """Both directions' outputs (N, 2·H) after the last step of `sequences` (N, T, F)."""
        if self.below is not None:
            sequences, _ = self.below(sequences)  # (N, T, 2·H)
        _, (forward, _) = self.forward_direction(sequences)  # (1, N, H)
        backward, _ = self.backward_direction(sequences[:, -1])  # (N, F) -> (N, H)
        return torch.cat([forward[0], backward.to(forward.dtype)], dim=-1)

    def forward(self, sequences: Tensor) -> Tensor:
        """Logits (N, C) of `sequences` (N, T, F)."""
        logits: Tensor = self.readout(self.outputs_at_last_step(sequences))  # (N, C)
        return logits


def build_row_reader(cell: Cell, *, features: int, time_steps: int, classes: int, hidden_size: int, layers: int) -> nn.Module:
    """A reader of that cell, with memory for weights only.

    `layers.initialise` fills them: PyTorch's own constructors would draw from the process's global
    random state.
    """
    with torch.device("meta"):
        network: nn.Module
        if cell.bidirectional:
            network = LastStepBiLSTM(features, hidden_size, layers, classes)
        else:
            network = AllStatesReader(cell.layers(features, hidden_size, layers), time_steps, classes)
    return network.to_empty(device="cpu")


def predict(
    model: nn.Module, weights: Mapping[str, Tensor], inputs: Tensor, *, bfloat16: bool = False, batch_size: int = 1000
) -> Tensor:
    """Logits (N, …) of `inputs` (N, …), on the CPU, with a copy of these weights by parameter name, put into `model`.

    Matrix products are in bfloat16 for a run that was trained and tested so. `CheckpointError` if
    names or shapes do not fit the model.
    """
    try:
        model.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise CheckpointError(f"These weights belong to another model ({printable(error, 120)}).") from error
    model.eval().requires_grad_(False)
    with torch.no_grad(), precision(torch.device("cpu"), bfloat16):
        return torch.cat([model(part).float() for part in torch.split(inputs, batch_size)])
