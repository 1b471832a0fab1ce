"""A metric: how sure a network is of its answers, right or wrong."""

from torch import Tensor

from rnn_tui.engine.metrics import Measure


def sureness(logits: Tensor, targets: Tensor) -> Tensor:
    """The probability (…) of the most probable class, from logits (…, C)."""
    return logits.softmax(-1).amax(-1)


SURENESS = Measure("sureness", "sureness of the answer", sureness, chart="accuracy")
