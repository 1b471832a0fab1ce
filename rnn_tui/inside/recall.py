"""Inside a recall network: one sequence, digit by digit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_tui.inside.trace import Trace, against_the_mean, checked, layer_trace
from rnn_tui.networks.stepwise import sigmoid, softmax
from rnn_tui.tasks.recall import DIGITS
from rnn_tui.tasks.recall.inference import RecallNetwork

NOTE = (
    "The network answers after the last digit; an answer after an earlier one is what it would say "
    "if the sequence ended there."
)


def trace_sequence(network: RecallNetwork, digits: Sequence[int], replica: int = 0) -> Trace:
    """What a replica of `network` holds while it reads `digits`, a step each.

    Raises:
        CheckpointError: if its weights are too large to compute with.
    """
    inputs = np.eye(DIGITS, dtype=np.float32)[np.asarray(digits)]  # (T, 10)
    weight, bias = network.readout(replica)
    with np.errstate(all="ignore"):
        activations = network.cell(replica).run(inputs[:, None])
        states = activations.states[:, 0]
        logits = states @ weight.T + bias  # (T, 10)
        answers = logits.argmax(axis=1)
        separate = network.replicas[replica].variant.loss == "bce"
        importance = against_the_mean(weight, int(answers[-1])) * states[-1]
        probabilities = sigmoid(logits) if separate else softmax(logits)
    return checked(
        Trace(
            task="recall",
            read=tuple(map(str, digits)),
            inputs=inputs,
            layers=(layer_trace("layer 1", activations, importance),),
            outputs=tuple(map(str, range(DIGITS))),
            logits=logits,
            probabilities=probabilities,
            answers=answers.astype(np.int64),
            prefix_note=NOTE,
        )
    )
