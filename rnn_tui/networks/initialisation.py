"""Initial weights, drawn from a generator of our own and never from the global random state."""

import math

import torch
from torch import Tensor, nn

Recurrent = nn.RNN | nn.LSTM | nn.LSTMCell


@torch.no_grad()
def initialise(
    model: nn.Module, scheme: str, generator: torch.Generator, forget_bias: float = 1.0
) -> None:
    """Fill every weight of `model` in place.

    Args:
        model: made of RNN, LSTM, LSTMCell and Linear modules, on the CPU.
        scheme: `pytorch`, the distributions of `reset_parameters` in PyTorch's own modules; or
            `orthogonal`: recurrent weights orthogonal gate by gate (Saxe et al. 2014), input
            weights Xavier-uniform with gain 0.5 (Glorot & Bengio 2010), readout weights and all
            biases 0 but for the forget gate's (Jozefowicz et al. 2015).
        generator: a CPU generator.
        forget_bias: the forget gate's bias in the `orthogonal` scheme.
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
                    _initialise_recurrent(name, weight, module.hidden_size, generator, forget_bias)


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
    name: str,
    weight: Tensor,
    hidden_size: int,
    generator: torch.Generator,
    forget_bias: float,
) -> None:
    """One parameter of a recurrent layer; the gates lie one below the other in its rows."""
    if name.startswith("weight_hh"):
        for gate in torch.split(weight, hidden_size):
            nn.init.orthogonal_(gate, generator=generator)
    elif name.startswith("weight_ih"):
        for gate in torch.split(weight, hidden_size):
            nn.init.xavier_uniform_(gate, gain=0.5, generator=generator)
    else:
        weight.zero_()
        if name.startswith("bias_ih") and len(weight) == 4 * hidden_size:
            # PyTorch's gates are input, forget, cell, output; one of the two biases is enough.
            weight[hidden_size : 2 * hidden_size] = forget_bias
