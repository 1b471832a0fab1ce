"""Inside an adder: one addition, place by place."""

from __future__ import annotations

import numpy as np

from rnn_tui.inside.trace import Trace, checked, layer_trace
from rnn_tui.networks.stepwise import Array, sigmoid
from rnn_tui.tasks.adder.inference import AdderNetwork, Addition

NOTE = (
    "The output after a step is the bit of the sum at that place; it depends on nothing that is "
    "read later."
)


def trace_addition(network: AdderNetwork, addition: Addition, replica: int = 0) -> Trace:
    """What a replica of `network` holds while it adds; a step a place, the lowest first.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    bits = np.stack([addition.bits(addition.a), addition.bits(addition.b)], axis=1)  # (T, 2)
    inputs = bits.astype(np.float32)
    weight, bias = network.readout(replica)
    with np.errstate(all="ignore"):
        activations = network.cell(replica).run(inputs[:, None])
        states = activations.states[:, 0]
        logits = states @ weight.T + bias  # (T, 1)
        importance: Array = np.abs(states * weight[0]).mean(axis=0)
    return checked(
        Trace(
            task="adder",
            read=tuple(f"{a} + {b}" for a, b in bits),
            inputs=inputs,
            layers=(layer_trace("layer 1", activations, importance),),
            outputs=("1",),
            logits=logits,
            probabilities=sigmoid(logits),
            answers=(logits[:, 0] >= 0).astype(np.int64),
            prefix_note=NOTE,
        )
    )
