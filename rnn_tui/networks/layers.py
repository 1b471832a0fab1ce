"""Recurrent layers in PyTorch, of any cell, for what PyTorch lacks; row readers, which consist of
them; and the drawing of initial weights.

A row reader (the report's RNN, LSTM and biLSTM, and those of any other cell) reads a sequence of
feature vectors, for MNIST 28 rows of 28 pixels, and answers with logits. One direction reads out
all hidden states; the biLSTM its output at the last time step. Comments give shapes: N sequences, T
time steps, F features, H units, G blocks of H rows, C classes.

Blank rows are read like others. The state after rows without ink is the same for all images; to
compute it once a step was exact, but faster only for the biLSTM, by 4 %: an extra call of the LSTM
for a few rows costs what it saves.

Initial weights are drawn from a generator of our own and never from the global random state.
"""

import re
from collections.abc import Mapping
from itertools import pairwise
from pkgutil import resolve_name
from typing import Any

import torch
from torch import Tensor, nn

from rnn_tui.engine.errors import CheckpointError, printable
from rnn_tui.engine.training.devices import precision
from rnn_tui.networks.cell import Blocks, Cell, Operations
from rnn_tui.networks.initialisations import INITIALISATIONS, Draw


def _split(rows: Tensor, blocks: int) -> Blocks:
    return rows.chunk(blocks, 1)


TORCH = Operations(torch.sigmoid, torch.tanh, torch.relu, _split)


def recurrent_layers(
    cell: Cell, features: int, hidden_size: int, layers: int, *, bidirectional: bool = False
) -> nn.Module:
    """Make stacked layers of a cell, from sequences (N, T, F) to states (N, T, H) and more.

    They are PyTorch's own if it has them; parameters are called as in `nn.LSTM`.
    """
    if not cell.pytorch:
        return StackedLayers(cell, features, hidden_size, layers, bidirectional=bidirectional)
    module: nn.Module = resolve_name(cell.pytorch)(
        features, hidden_size, layers, batch_first=True, bidirectional=bidirectional
    )
    return module


class StackedLayers(nn.Module):
    """Layers of a cell, each on the states of the one below, with PyTorch's own gradient.

    The weights hold no values yet. They are called as those of `nn.LSTM` are, without those that
    the cell lacks; `load_state_dict` drops those from files of earlier versions.

    Args:
        cell: whose equations they follow.
        features: F of the input.
        hidden_size: units H of each layer, in each direction.
        layers: how many there are.
        bidirectional: whether each layer also reads from the last step to the first.
    """

    def __init__(
        self,
        cell: Cell,
        features: int,
        hidden_size: int,
        layers: int,
        *,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        self.num_layers = layers
        self.directions = ("", "_reverse") if bidirectional else ("",)
        for layer in range(layers):
            read = hidden_size * len(self.directions) if layer else features
            for direction in self.directions:
                _add_weights(self, cell, read, hidden_size, f"_l{layer}{direction}")
        self.register_load_state_dict_pre_hook(_drop_lacking)  # type: ignore[no-untyped-call]

    def forward(self, sequences: Tensor) -> tuple[Tensor, None]:
        """Return the top layer's states (N, T, H), or (N, T, 2·H), for `sequences` (N, T, F)."""
        for layer in range(self.num_layers):
            states = [self._read(sequences, f"_l{layer}{end}") for end in self.directions]
            sequences = torch.cat(states, 2) if len(states) > 1 else states[0]
        return sequences, None

    def _read(self, sequences: Tensor, suffix: str) -> Tensor:
        """Return the states (N, T, H) of a layer in one direction for `sequences` (N, T, F)."""
        backward = suffix.endswith("_reverse")
        if backward:
            sequences = sequences.flip(1)
        states = _states(self, self.cell, sequences, suffix)
        return states.flip(1) if backward else states


class FirstStep(nn.Module):
    """The first step of a cell, from a state of zero; its weights are named as `nn.LSTMCell`'s.

    Args:
        cell: the cell.
        features: F, the size of the input.
        hidden_size: H, the number of units.
    """

    def __init__(self, cell: Cell, features: int, hidden_size: int) -> None:
        super().__init__()
        self.cell = cell
        self.hidden_size = hidden_size
        _add_weights(self, cell, features, hidden_size, "")
        self.register_load_state_dict_pre_hook(_drop_lacking)  # type: ignore[no-untyped-call]

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the states (N, H) after `inputs` (N, F)."""
        return _states(self, self.cell, inputs[:, None], "")[:, 0]


def _add_weights(
    module: nn.Module, cell: Cell, features: int, hidden_size: int, suffix: str
) -> None:
    """Register the weights of a layer in a module; their names end in `suffix`, such as `_l0`."""
    for name, shape in cell.layer_shapes(features, hidden_size).items():
        module.register_parameter(f"{name}{suffix}", nn.Parameter(torch.empty(shape)))


def _states(module: nn.Module, cell: Cell, sequences: Tensor, suffix: str) -> Tensor:
    """Return the states (N, T, H) for `sequences` (N, T, F), with the weights of this suffix."""
    weight = getattr(module, f"weight_ih{suffix}")
    bias = getattr(module, f"bias_ih{suffix}")
    sums = nn.functional.linear(sequences, weight, bias)  # (N, T, G·H)
    hidden_size = len(bias) // cell.blocks
    last = cell.start(sequences.new_zeros(len(sequences), hidden_size))
    states = []
    for read in sums.unbind(1):  # (N, G·H)
        recurrent = None
        if cell.has_recurrent_weights:
            recurrent = nn.functional.linear(  # (N, G·H)
                last.state,
                getattr(module, f"weight_hh{suffix}"),
                getattr(module, f"bias_hh{suffix}"),
            )
        last = cell.step_of_sums(TORCH, read, recurrent, last)
        states.append(last.state)
    return torch.stack(states, 1)


def _drop_lacking(
    module: StackedLayers | FirstStep, weights: dict[str, Any], prefix: str, *_context: object
) -> None:
    """Take the recurrent weights that earlier versions kept from those of a cell that has none."""
    for name in [name for name in weights if name.startswith(prefix)]:
        if not module.cell.is_in_use(name):
            del weights[name]


class _RNNPass(torch.autograd.Function):
    """h = tanh(W·x + b + U·h₋₁ + b′), from a state of 0."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes arguments by position
        context: Any,
        inputs: Tensor,
        of_input: Tensor,
        of_state: Tensor,
        input_bias: Tensor,
        state_bias: Tensor,
    ) -> Tensor:
        """Return the states (T, N, H) of `inputs` (T, N, F).

        Weights have the shapes (H, F) and (H, H), biases (H,).
        """
        # (T, N, H): the sums, which become the states in place
        states = nn.functional.linear(inputs, of_input, input_bias + state_bias)
        steps = states.unbind(0)
        steps[0].tanh_()
        for last, state in pairwise(steps):
            state.addmm_(last, of_state.t()).tanh_()
        context.save_for_backward(inputs, of_input, of_state, states)
        return states

    @staticmethod
    def backward(context: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients on all arguments of `forward`, from those on the states (T, N, H).

        The latter are `above`.

        With D the gradient of the loss on what it is put before, and s the sum in tanh s = h:

            Ds = Dh · (1 − h²)
            Dh₋₁ = Uᵀ · Ds + what comes from above
        """
        inputs, of_input, of_state, states = context.saved_tensors
        # (T, N, H): 1 − h², which becomes Ds in place, from the last step to the first
        sums = torch.addcmul(torch.ones((), dtype=states.dtype), states, states, value=-1)
        steps = sums.unbind(0)
        steps[-1].mul_(above[-1])
        for step in range(len(states) - 2, -1, -1):
            steps[step].mul_(torch.addmm(above[step], steps[step + 1], of_state))
        below = sums @ of_input if context.needs_input_grad[0] else None  # (T, N, F)
        to_input = sums.flatten(0, 1).t() @ inputs.flatten(0, 1)  # (H, F)
        to_state = sums[1:].flatten(0, 1).t() @ states[:-1].flatten(0, 1)  # (H, H)
        bias = sums.sum((0, 1))  # (H,)
        return below, to_input, to_state, bias, bias


class RNNLayers(nn.RNN):
    """`nn.RNN`, batch first and in one direction, whose gradient over time on the CPU is written by
    hand.

    PyTorch takes each step by itself there, with a weight gradient of each: this takes those of all
    steps at once, in two thirds of the time with bfloat16 products. The same for a GRU saves 16 %
    with bfloat16 and 3 % without, which was not worth its code; for an LSTM, PyTorch has one kernel
    for all steps.
    """

    def forward(self, sequences: Tensor, start: Tensor | None = None) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Return the top layer's states (N, T, H) of `sequences` (N, T, F).

        Each layer's last states (L, N, H) are returned, too. States begin at 0 or `start`.
        """
        if start is not None or sequences.device.type != "cpu":
            return super().forward(sequences, start)
        kind = sequences.dtype
        if torch.is_autocast_enabled("cpu"):
            kind = torch.get_autocast_dtype("cpu")
        states = sequences.transpose(0, 1).to(kind).contiguous()  # (T, N, F)
        last_states = []
        for weights in self.all_weights:
            states = _RNNPass.apply(states, *(weight.to(kind) for weight in weights))  # type: ignore[no-untyped-call]
            last_states.append(states[-1])
        return states.transpose(0, 1), torch.stack(last_states)


Recurrent = nn.RNNBase | nn.RNNCellBase | StackedLayers | FirstStep


@torch.no_grad()
def initialise(
    model: nn.Module,
    cell: Cell,
    scheme: str,
    generator: torch.Generator,
    forget_biases: tuple[float, float] = (1.0, 1.0),
    *,
    input_gain: float = 0.5,
) -> None:
    """Fill every weight of `model`, in place, on the CPU.

    Args:
        model: made of `cell`'s recurrent modules and Linear ones.
        cell: the kind of these recurrent modules.
        scheme: a key of `INITIALISATIONS` that suits the cell.
        generator: draws all numbers.
        forget_biases: as in `Draw`.
        input_gain: as in `Draw`.
    """
    fill = INITIALISATIONS[scheme].fill
    for module in model.modules():
        if not isinstance(module, nn.Linear | Recurrent):
            continue
        weights = dict(module.named_parameters(recurse=False))
        for name, weight in weights.items():
            if isinstance(module, nn.Linear):
                features = width = module.in_features
            else:
                features, width = _features_of(name, weights), module.hidden_size
            fill(weight, Draw(name, cell, features, width, generator, forget_biases, input_gain))


def _features_of(name: str, weights: Mapping[str, Tensor]) -> int:
    """Return the number of features that the layer of a parameter reads.

    Args:
        name: of one of the parameters of recurrent layers, such as `bias_hh_l0_reverse`.
        weights: all of them by name.
    """
    _, suffix = re.split("_ih|_hh", name)
    return weights[f"weight_ih{suffix}"].shape[1]


class AllStatesReader(nn.Module):
    """Layers `recurrent`, batch first, one direction, with a `hidden_size` H, whose states of all T
    steps go to one Linear.
    """

    def __init__(self, recurrent: nn.Module, time_steps: int, classes: int) -> None:
        super().__init__()
        self.recurrent = recurrent
        hidden_size: int = recurrent.hidden_size  # type: ignore[assignment]
        self.readout = nn.Linear(time_steps * hidden_size, classes)

    def forward(self, sequences: Tensor, at: slice = slice(None)) -> Tensor:
        """Return logits (N, C) of `sequences` (N, t, F), which are `at` these of the T steps.

        No other states are read out.
        """
        states, _ = self.recurrent(sequences)  # (N, t, H)
        weight = self.readout.weight  # (C, T·H)
        if at != slice(None):
            weight = weight.view(len(weight), -1, states.shape[2])[:, at].flatten(1)  # (C, t·H)
        # (N, t·H) -> (N, C)
        logits: Tensor = nn.functional.linear(states.flatten(1), weight, self.readout.bias)
        return logits


class LastStepBiLSTM(nn.Module):
    """`nn.LSTM(bidirectional=True)` read out at the last time step, without its wasted work.

    At the last step the backward direction has read one vector only, so in the top layer one step
    of an LSTM stands for it: the same function and gradients for about half the work. Layers below
    the top need both directions in full, since the forward direction above reads them at every
    step.
    """

    def __init__(self, features: int, hidden_size: int, layers: int, classes: int) -> None:
        super().__init__()
        self.below: nn.LSTM | None = None
        if layers > 1:
            self.below = nn.LSTM(
                features, hidden_size, layers - 1, batch_first=True, bidirectional=True
            )
            features = 2 * hidden_size
        self.forward_direction = nn.LSTM(features, hidden_size, batch_first=True)
        self.backward_direction = nn.LSTMCell(features, hidden_size)
        self.readout = nn.Linear(2 * hidden_size, classes)

    def outputs_at_last_step(self, sequences: Tensor) -> Tensor:
        """Return both directions' outputs (N, 2·H) after the last step of `sequences` (N, T, F)."""
        if self.below is not None:
            sequences, _ = self.below(sequences)  # (N, T, 2·H)
        _, (forward, _) = self.forward_direction(sequences)  # (1, N, H)
        # The backward direction's step starts from 0: neither its recurrent weights nor its forget
        # gate have a part in it.
        other = self.backward_direction
        # (N, 4·H)
        sums = nn.functional.linear(
            sequences[:, -1], other.weight_ih, other.bias_ih + other.bias_hh
        )
        write, _, candidate, show = sums.chunk(4, 1)
        last = show.sigmoid() * (write.sigmoid() * candidate.tanh()).tanh()
        return torch.cat([forward[0], last.to(forward.dtype)], dim=-1)

    def forward(self, sequences: Tensor, at: slice = slice(None)) -> Tensor:  # noqa: ARG002
        """Return logits (N, C) of `sequences` (N, t, F), whichever of the T steps they are.

        The state after the last one is read out.
        """
        logits: Tensor = self.readout(self.outputs_at_last_step(sequences))  # (N, C)
        return logits


class LastStepReader(nn.Module):
    """Layers of any cell in both directions, read out at the last time step, where the backward
    direction has read one vector only. `LastStepBiLSTM` is the same of an LSTM, and faster.
    """

    def __init__(
        self, cell: Cell, features: int, hidden_size: int, layers: int, classes: int
    ) -> None:
        super().__init__()
        self.below: StackedLayers | None = None
        if layers > 1:
            self.below = StackedLayers(cell, features, hidden_size, layers - 1, bidirectional=True)
            features = 2 * hidden_size
        self.forward_direction = StackedLayers(cell, features, hidden_size, 1)
        self.backward_direction = FirstStep(cell, features, hidden_size)
        self.readout = nn.Linear(2 * hidden_size, classes)

    def forward(self, sequences: Tensor, at: slice = slice(None)) -> Tensor:  # noqa: ARG002
        """Return logits (N, C) of `sequences` (N, t, F), whichever of the T steps they are.

        The state after the last one is read out.
        """
        if self.below is not None:
            sequences, _ = self.below(sequences)  # (N, t, 2·H)
        ahead, _ = self.forward_direction(sequences)  # (N, t, H)
        back = self.backward_direction(sequences[:, -1])  # (N, H)
        logits: Tensor = self.readout(torch.cat([ahead[:, -1], back], dim=1))  # (N, C)
        return logits


def build_row_reader(
    cell: Cell, *, features: int, time_steps: int, classes: int, hidden_size: int, layers: int
) -> nn.Module:
    """Build a reader of that cell, with weights left to `initialise`.

    PyTorch's global random state stays as it was.
    """
    with torch.random.fork_rng(devices=()):
        if cell.bidirectional and cell.pytorch and resolve_name(cell.pytorch) is nn.LSTM:
            return LastStepBiLSTM(features, hidden_size, layers, classes)
        if cell.bidirectional:
            return LastStepReader(cell, features, hidden_size, layers, classes)
        recurrent = recurrent_layers(cell, features, hidden_size, layers)
        return AllStatesReader(recurrent, time_steps, classes)


def layer_gradients(model: nn.Module, layers: int) -> dict[str, list[Tensor]]:
    """Return the last gradients of a row reader's weights, with biases, by the name of their layer.

    A single layer has `input` and `recurrent` weights, in two directions `forward` and `backward`
    ones. Of several layers each is whole, in both directions: `layer 1`, `layer 2`, …
    """
    by_layer: dict[str, list[Tensor]] = {}
    for name, weight in model.named_parameters():
        if weight.grad is not None:
            by_layer.setdefault(_layer_of(name, layers), []).append(weight.grad)
    return by_layer


def _layer_of(name: str, layers: int) -> str:
    """Return the name of a parameter's layer, of a row reader of so many."""
    module, _, weight = name.partition(".")
    if module == "readout":
        return module
    if layers > 1:
        is_top = module in ("forward_direction", "backward_direction")
        number = layers if is_top else int(weight.split("_l")[1].split("_")[0]) + 1
        return f"layer {number}"
    if module != "recurrent":
        return module.removesuffix("_direction")
    return "recurrent" if "_hh_" in weight else "input"


def predict(
    model: nn.Module,
    weights: Mapping[str, Tensor],
    inputs: Tensor,
    *,
    bfloat16: bool = False,
    batch_size: int = 1000,
) -> Tensor:
    """Return logits (N, …) of `inputs` (N, …) by `model` with a copy of these weights, on the CPU.

    The weights are by parameter name.

    Matrix products are in bfloat16 for a run trained and tested so. `CheckpointError` if names or
    shapes do not fit the model.
    """
    try:
        model.load_state_dict(dict(weights))
    except RuntimeError as error:
        raise CheckpointError(
            f"These weights belong to another model ({printable(error, 120)})."
        ) from error
    model.eval().requires_grad_(False)
    with torch.no_grad(), precision(torch.device("cpu"), bfloat16):
        return torch.cat([model(part).float() for part in torch.split(inputs, batch_size)])
